package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestTable: a file over its budget, an empty and a missing one each fail the
// run and are named.
func TestTable(t *testing.T) {
	t.Parallel()
	content := []byte(strings.Repeat("the tide goes out and the pool stays ", 100))
	size := measure(content).brotli
	of := func(b []byte, err error) func() ([]byte, error) { return func() ([]byte, error) { return b, err } }
	for _, tt := range []struct {
		name string
		b    budget
		want string // a part of the error; empty is none
	}{
		{"at its budget", budget{name: "f", content: of(content, nil), max: size}, ""},
		{"one byte over", budget{name: "f", content: of(content, nil), max: size - 1}, "f is 1 bytes over"},
		{"only what comes on top", budget{name: "f", content: of(content, nil), over: of(content, nil)}, ""},
		{"on top of nothing", budget{name: "f", content: of(content, nil), over: of(nil, errors.New("no base"))}, "f: no base"},
		{"empty", budget{name: "f", content: of(nil, nil), max: size}, "empty"},
		{"missing", budget{name: "f", content: of(nil, errors.New("no such file")), max: size}, "f: no such file"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			err := table(&out, []budget{tt.b})
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("table = %v, want %q in it\n%s", err, tt.want, &out)
			}
		})
	}
}

// TestNeeded: what a chunk imports counts with it, what it loads later does not.
func TestNeeded(t *testing.T) {
	t.Parallel()
	built := chunks{
		"entry.js":   []byte(`import{a}from"react";import{b as c}from"./words-1.js";const d=()=>import("./later-2.js");export{d}`),
		"words-1.js": []byte(`import"./side-3.js";export{b}`),
		"later-2.js": []byte(`import{b}from"./words-1.js";export*from"./more-4.js"`),
	}
	for from, want := range map[string]string{
		"entry.js":   "entry.js words-1.js side-3.js",
		"later-2.js": "later-2.js words-1.js more-4.js side-3.js",
	} {
		if got := strings.Join(built.needed(from), " "); got != want {
			t.Errorf("needed(%q) = %q, want %q", from, got, want)
		}
	}
}

func TestPackageOf(t *testing.T) {
	t.Parallel()
	packages := plain([]string{"fmt", "slices", "internal/poll", "rockpool.dev/wasm/store", "rockpool.dev/wasm"})
	for name, want := range map[string]string{
		"fmt.Println":                                "fmt",
		"internal_poll.__FD_.Read":                   "internal/poll",
		"rockpool.dev_wasm_store.__DB_.Apply":        "rockpool.dev/wasm/store",
		"slices.SortFunc_go.shape._example.org_x.T_": "slices",
		"main.main.func1":                            "rockpool.dev/wasm",
		"type_.eq.time.T":                            "(the linker's)",
		"wasm_pc_f_loop":                             "(the linker's)",
	} {
		if got := packageOf(name, packages); got != want {
			t.Errorf("packageOf(%q) = %q, want %q", name, got, want)
		}
	}
}

// TestCodeByPackage reads a module that the toolchain really makes.
func TestCodeByPackage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nimport \"strconv\"\n\nfunc main() { println(strconv.Quote(\"x\")) }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	binary := filepath.Join(dir, "main.wasm")
	cmd := exec.Command("go", "build", "-ldflags=-w", "-o", binary, source)
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v: %s", err, out)
	}
	module, err := os.ReadFile(binary)
	if err != nil {
		t.Fatal(err)
	}
	packages := plain([]string{"runtime", "strconv"})
	code, err := codeByPackage(module, packages)
	if err != nil {
		t.Fatal(err)
	}
	for _, pkg := range []string{"runtime", "strconv", "rockpool.dev/wasm"} {
		if len(code[pkg]) == 0 {
			t.Errorf("no code of package %s", pkg)
		}
	}
	if len(code["runtime"]) < len(code["rockpool.dev/wasm"]) {
		t.Errorf("runtime has %d bytes of code, main %d", len(code["runtime"]), len(code["rockpool.dev/wasm"]))
	}
	if _, err := codeByPackage(module[:len(module)/2], packages); err == nil {
		t.Error("half a module is no error")
	}
}
