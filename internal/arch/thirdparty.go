package arch

import (
	"slices"
	"strings"
)

// owner says where a third-party module may be imported. What it is for stands
// in docs/dependencies.md, once.
type owner struct {
	module   string
	packages []string // folders, or folder/... for those below too
}

// owners keep each third-party module behind few packages, so that replacing
// it touches one folder.
var owners = []owner{
	{"github.com/hack-pad/safejs", []string{"wasm/edge", "wasm"}},
	{"github.com/syumai/workers", []string{"server/edge"}},
	{"github.com/ncruces/go-sqlite3", []string{"sqlite", "sqlite/...", "internal/sim"}},
	{"github.com/ncruces/julianday", []string{"sqlite"}},
	{"github.com/jackc/pgx/v5", []string{"server/source/postgres", "internal/testpg", "internal/testpg/cmd", "internal/causal/rig"}},
	{"github.com/jackc/pglogrepl", []string{"server/source/postgres"}},
	{"github.com/supabase-community", []string{"server/source/supabase"}},
	{"github.com/coder/websocket", []string{"server/session", "server/listen", "server/relay/relaytest", "internal/headless"}},
	{"github.com/golang-jwt/jwt/v5", []string{"server/auth"}},
	{"github.com/MicahParks", []string{"server/auth"}},
	{"github.com/goccy/go-yaml", []string{"server/config", "server/seed", "server"}},
	{"github.com/klauspost/compress", []string{"server/listen", "server/snapshot"}},
	{"github.com/andybalholm/brotli", []string{"internal/sizes", "server/listen"}},
	{"github.com/prometheus/client_golang", []string{"server/admin", "server/listen"}},
	{"github.com/nats-io", []string{"server/jetstream"}},
	{"golang.org/x/crypto", []string{"server/auth"}},
	{"golang.org/x/sync", []string{"server/..."}},
	{"golang.org/x/time", []string{"server/..."}},
	{"golang.org/x/text", []string{"server/..."}},
	{"github.com/anishathalye/porcupine", []string{"internal/sim"}},
	{"pgregory.net/rapid", []string{"internal/codectest", "internal/sim"}}, // and tests
}

// ownerOf returns the row of an import path.
func ownerOf(path string) (owner, bool) {
	i := slices.IndexFunc(owners, func(o owner) bool { return path == o.module || strings.HasPrefix(path, o.module+"/") })
	if i < 0 {
		return owner{}, false
	}
	return owners[i], true
}

// checkThirdParty: a third-party module stays behind one package, and is a
// decision. Tests may use any module that the table knows.
func checkThirdParty(files []file) (broken []string) {
	for _, f := range files {
		for _, path := range f.imports {
			host, _, _ := strings.Cut(path, "/")
			if !strings.Contains(host, ".") || host == module {
				continue
			}
			o, known := ownerOf(path)
			switch {
			case !known:
				broken = append(broken, f.path+" imports "+path+": a new dependency is a decision: add its row to internal/arch/thirdparty.go and to docs/dependencies.md")
			case !f.test && !slices.ContainsFunc(o.packages, func(p string) bool { return matches(p, f.pkg) }):
				broken = append(broken, f.path+" imports "+path+": it stays behind "+strings.Join(o.packages, ", "))
			}
		}
	}
	return broken
}

// checkDocumented: each module that go.mod requires directly, and each package
// that an npm workspace of ours depends on, has a row in docs/dependencies.md.
func checkDocumented(names []string, page string) (broken []string) {
	rows := map[string]bool{}
	for line := range strings.Lines(page) {
		cells := strings.Split(line, "|")
		if len(cells) < 4 {
			continue
		}
		for name := range strings.SplitSeq(cells[1], ",") {
			rows[strings.TrimSpace(name)] = true
		}
	}
	for _, name := range names {
		scope, _, _ := strings.Cut(name, "/")
		if !rows[name] && !rows[scope+"/*"] {
			broken = append(broken, name+" has no row in docs/dependencies.md: say what it is for and, if it ships to the browser, its bytes")
		}
	}
	return broken
}
