package arch

import (
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var laws = []struct {
	name  string
	check func([]file) []string
	// path and text break the law, alone.
	path, text string
}{
	{"arrows", checkArrows, "schema/x.go", "package schema\nimport _ \"rockpool.dev/wire\"\n"},
	{"unknown package", checkArrows, "newcomer/x.go", "package newcomer\n"},
	{"sides", checkSides, "wasm/store/x.go", "package store\nimport _ \"rockpool.dev/server/store\"\n"},
	{"contracts import neither", checkSides, "wire/x.go", "package wire\nimport _ \"rockpool.dev/wasm/store\"\n"},
	{"edges", checkEdges, "wasm/store/x.go", "package store\nimport _ \"syscall/js\"\n"},
	{"wasmimport", checkEdges, "wasm/store/x.go", "package store\n\n//go:wasmimport a b\nfunc b()\n"},
	{"clock", checkLent, "wasm/syncer/x.go", "package syncer\nimport \"time\"\nvar t = time.Now()\n"},
	{"weight", checkHeavy, "mutation/x.go", "package mutation\nimport _ \"fmt\"\n"},
	{"goroutines", checkGoroutines, "wasm/host/x.go", "package host\nfunc f() {\n\tgo func() {}()\n}\n"},
	{"third party", checkThirdParty, "server/relay/x.go", "package relay\nimport _ \"github.com/jackc/pgx/v5\"\n"},
	{"new dependency", checkThirdParty, "server/relay/x.go", "package relay\nimport _ \"example.org/new\"\n"},
	{"queues", checkQueues, "server/session/x.go", "package session\nvar q = make(chan int, 64)\n"},
	{"waits: receive", checkWaits, "wasm/host/x.go", "package host\nfunc f(c chan int) { <-c }\n"},
	{"waits: send", checkWaits, "wasm/host/x.go", "package host\nfunc f(c chan int) { c <- 1 }\n"},
	{"waits: select", checkWaits, "wasm/host/x.go", "package host\nfunc f() { select {} }\n"},
	{"waits: lock", checkWaits, "wasm/store/x.go", "package store\nimport \"sync\"\nvar mu sync.Mutex\n"},
	{"waits: sleep", checkWaits, "sqlite/x.go", "package sqlite\nimport \"time\"\nfunc f() { time.Sleep(1) }\n"},
}

func TestLaws(t *testing.T) {
	t.Parallel()
	files, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	if len(files) < 50 {
		t.Fatalf("only %d Go files were found", len(files))
	}
	for _, law := range laws {
		t.Run(law.name, func(t *testing.T) {
			for _, b := range law.check(files) {
				t.Error(b)
			}
		})
	}
}

// Each law must be able to fail.
func TestLawsNoticeABreach(t *testing.T) {
	t.Parallel()
	for _, law := range laws {
		f, err := parse(law.path, law.text)
		if err != nil {
			t.Fatalf("%s: %v", law.name, err)
		}
		if got := law.check([]file{f}); len(got) != 1 {
			t.Errorf("%s: %d breaches found in\n%s\nwant 1", law.name, len(got), law.text)
		}
	}
}

// What is excused must exist, or the list hides nothing.
func TestGoroutineListIsCurrent(t *testing.T) {
	t.Parallel()
	files, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for path := range goroutines {
		at := slices.IndexFunc(files, func(f file) bool { return f.path == path })
		if at < 0 || !starts.MatchString(files[at].text) {
			t.Errorf("%s starts no goroutine any more: take it off the list", path)
		}
	}
}

// wasm_exec.js is the toolchain's: our imports are added by the loader.
func TestWasmExecIsTheToolchains(t *testing.T) {
	t.Parallel()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := readFile(filepath.Join(strings.TrimSpace(string(root)), "lib", "wasm", "wasm_exec.js"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := readFile(filepath.Join("..", "..", "wasm_exec.js")); err != nil || got != want {
		t.Errorf("wasm_exec.js differs from the toolchain's (%v): copy it again", err)
	}
}
