package arch

import (
	"os"
	"regexp"
	"slices"
	"strings"
)

func readFile(p string) (string, error) {
	b, err := os.ReadFile(p)
	return string(b), err
}

// local cuts the module's name off an import path.
func local(p string) (string, bool) { return strings.CutPrefix(p, module+"/") }

// matches reports whether a package is what a pattern of the arrows means.
func matches(pattern, pkg string) bool {
	if below, ok := strings.CutSuffix(pattern, "/..."); ok {
		return strings.HasPrefix(pkg, below+"/")
	}
	return pattern == pkg || pattern == "." && slices.Contains(append([]string{"sqlite", "query/sqlfn", "query/sqlgen"}, contracts...), pkg)
}

func allowed(pkg string) (list []string, known bool) {
	if list, ok := roots[pkg]; ok {
		return list, true
	}
	if list, ok := arrows[pkg]; ok {
		return list, true
	}
	for pattern, list := range arrows {
		if strings.HasSuffix(pattern, "/...") && matches(pattern, pkg) {
			return list, true
		}
	}
	return nil, false
}

// checkArrows: arrows point one way; an upward import makes two packages one.
func checkArrows(files []file) (broken []string) {
	for _, f := range files {
		list, known := allowed(f.pkg)
		if !known {
			broken = append(broken, f.path+": package "+f.pkg+" has no line in internal/arch: add it, with what it may import")
			continue
		}
		if f.test {
			continue // tests may also import suites and helpers
		}
		for _, i := range f.imports {
			to, ours := local(i)
			if !ours || to == f.pkg || to == "fault" || to == "internal/clock" || slices.ContainsFunc(list, func(p string) bool { return matches(p, to) }) {
				continue
			}
			broken = append(broken, f.path+": "+f.pkg+" may not import "+to+": its arrow in internal/arch does not lead there")
		}
	}
	return broken
}

// checkSides: wasm and server meet in the contracts; a cross import is a leak.
func checkSides(files []file) (broken []string) {
	side := func(pkg string) string {
		head, _, _ := strings.Cut(pkg, "/")
		return head
	}
	for _, f := range files {
		for _, i := range f.imports {
			to, ours := local(i)
			if !ours {
				continue
			}
			from, into := side(f.pkg), side(to)
			if from == "wasm" && into == "server" || from == "server" && into == "wasm" || slices.Contains(contracts, from) && (into == "wasm" || into == "server") {
				broken = append(broken, f.path+" imports "+to+": the two ends meet in the contract packages only")
			}
		}
	}
	return broken
}

// edges are where JavaScript may be met.
var edges = []string{"wasm/edge", "wasm", "server/edge", "internal/workertest", "internal/enginehost"}

// checkEdges: syscall/js and wasmimport only at the edges, so that everything
// else builds, races and simulates natively.
func checkEdges(files []file) (broken []string) {
	for _, f := range files {
		for _, i := range f.imports {
			if (i == "syscall/js" || strings.HasPrefix(i, "github.com/hack-pad/safejs")) && !slices.Contains(edges, f.pkg) && !(f.test && f.js) {
				broken = append(broken, f.path+" imports "+i+": only "+strings.Join(edges, ", ")+" may")
			}
		}
		if strings.Contains(f.text, "\n//go:wasmimport") && !slices.Contains(edges, f.pkg) && f.pkg != "sqlite" {
			broken = append(broken, f.path+" has a wasmimport: only the edges and sqlite may")
		}
	}
	return broken
}

// core are the packages that are given time, randomness, network and disk.
func core(pkg string) bool {
	head, rest, _ := strings.Cut(pkg, "/")
	return slices.Contains(contracts, head) || head == "wasm" && rest != "" && rest != "edge"
}

// lent are calls that core packages must be given as values.
var lent = regexp.MustCompile(`\b(time\.(Now|Since|After|Sleep|NewTimer|NewTicker|Tick)|rand\.(Int|IntN|Uint64|Float64|N|Read|Perm|Shuffle))\(`)

// checkLent: a core package that reads the clock cannot be simulated.
func checkLent(files []file) (broken []string) {
	for _, f := range files {
		if f.test || !core(f.pkg) {
			continue
		}
		if call := lent.FindString(f.text); call != "" {
			broken = append(broken, f.path+" calls "+call+"…): core packages get clock and randomness as values")
		}
	}
	return broken
}

// checkHeavy: what the Worker's binary links is the user's waiting time.
func checkHeavy(files []file) (broken []string) {
	for _, f := range files {
		if f.test || f.native || !core(f.pkg) && f.pkg != "sqlite" || strings.HasSuffix(f.path, "_notjs.go") {
			continue
		}
		for _, i := range f.imports {
			if reason, ok := heavy[i]; ok {
				broken = append(broken, f.path+" imports "+i+", which reaches the browser: "+reason)
			}
		}
	}
	return broken
}

// goroutines lists the files that start goroutines, with who waits for them.
var goroutines = map[string]string{
	"internal/sim/seeds.go":            "the workers end with the seeds; the caller waits for them",
	"server/assemble.go":               "the stream and the trimming end with serve, which waits for both",
	"server/ingest/ingest.go":          "the stream's goroutine ends with Run's context; Run waits for it",
	"server/listen/away.go":            "it serves until Close, which waits for it",
	"server/listen/loop.go":            "the core's loop ends with the server, which waits for it",
	"server/listen/server.go":          "the HTTP server ends with Close, which waits for it",
	"server/listen/socket.go":          "a socket's reader and writer end with it; the server waits for both",
	"internal/testpg/server.go":        "launch's waiter ends with the process; halt waits for it",
	"server/source/postgres/load.go":   "the copy's writer ends with the pipe; copyTable waits for it",
	"server/source/postgres/source.go": "the heartbeat ends with Run, which waits for it",
	"server/source/postgres/stream.go": "the reader ends with run, which drains it",
}

var starts = regexp.MustCompile(`(?m)^\s*go (func\b|[a-z][\w.]*\()`)

// checkGoroutines: every goroutine has an owner that waits for it.
func checkGoroutines(files []file) (broken []string) {
	for _, f := range files {
		if !f.test && starts.MatchString(f.text) && goroutines[f.path] == "" && !strings.HasPrefix(f.pkg, "internal/arch") {
			broken = append(broken, f.path+" starts a goroutine: say in internal/arch who owns it and waits for it")
		}
	}
	return broken
}
