package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// A loader as bridge/worker/src/cold.ts is one, around the toolchain's.
const joiner = `
const fs = require('fs')
const exporter = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 2, 5, 1, 0, 0, 0, 0, 7, 4, 1, 0, 0, 0)
const [, first, cold] = process.argv
globalThis.fs = fs
require(process.env.WASM_EXEC)
const go = new Go()
const core = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(first)), go.importObject)
const load = () => {
  console.log('loading')
  new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(cold)), { core: core.exports })
}
const table = Object.values(core.exports).find((one) => one instanceof WebAssembly.Table)
table.set(0, new WebAssembly.Instance(new WebAssembly.Module(exporter), { '': { '': load } }).exports[''])
go.run(core)
`

// runParts runs a program of two parts and returns what it wrote.
func runParts(t *testing.T, first, cold []byte) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string][]byte{"first.wasm": first, "cold.wasm": cold} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("node", "-e", joiner, filepath.Join(dir, "first.wasm"), filepath.Join(dir, "cold.wasm"))
	cmd.Env = append(os.Environ(), "WASM_EXEC="+filepath.Join(goroot(t), "lib/wasm/wasm_exec.js"))
	out, _ := cmd.CombinedOutput() // the program ends with a panic
	return string(out)
}

func allNames(t *testing.T, program []byte) (names []string) {
	t.Helper()
	m, err := parse(program)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := findTables(m.image)
	if err != nil {
		t.Fatal(err)
	}
	all, err := tables.uniqueNames()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range all {
		names = append(names, name)
	}
	return names
}

// With every function in the cold part that can be, goroutines switch, the
// garbage collector walks stacks and panics unwind across both.
func TestSplitProgramRuns(t *testing.T) {
	full := build(t, program)
	for what, cold := range map[string][]string{
		"all":  allNames(t, full),
		"main": {"main.main", "main.main.func1", "main.recovered", "main.recovered.func1", "main.outOfBounds", "strings.Repeat"},
	} {
		first, second, err := slim(full, cold)
		if err != nil {
			t.Fatal(err)
		}
		wrote := runParts(t, first, second)
		for _, want := range []string{
			"assignment to entry in nil map", "whole whole", "index out of range [7] with length 3", "main.outOfBounds", "main.main",
		} {
			if !strings.Contains(wrote, want) {
				t.Errorf("%s cold: %q is not in what it wrote:\n%s", what, want, wrote)
			}
		}
		if n := strings.Count(wrote, "loading"); n != 1 {
			t.Errorf("%s cold: the cold part was loaded %d times", what, n)
		}
	}
}

// What is moved is gone from the first part, and loaded only when it is called.
func TestColdPartIsLoadedWhenItIsCalled(t *testing.T) {
	full := build(t, program)
	whole, _, err := slim(full, nil)
	if err != nil {
		t.Fatal(err)
	}
	first, second, err := slim(full, []string{"fmt.(*fmt).fmtFloat", "fmt.(*pp).fmtComplex", "strconv.FormatFloat", "fmt.(*pp).badVerb"})
	if err != nil {
		t.Fatal(err)
	}
	if saved := len(whole) - len(first); saved < 1000 {
		t.Errorf("the first part is %d bytes smaller", saved)
	}
	if wrote := runParts(t, first, second); strings.Contains(wrote, "loading") || !strings.Contains(wrote, "whole whole") {
		t.Errorf("it wrote\n%s", wrote)
	}
}

func TestPartsOfTwoBuildsDoNotGoTogether(t *testing.T) {
	first, _, err := slim(build(t, program), []string{"main.recovered"})
	if err != nil {
		t.Fatal(err)
	}
	_, second, err := slim(build(t, strings.Replace(program, "whole", "other", 1)+"\nvar More = 1\n\nfunc init() { More++ }\n"), []string{"main.recovered"})
	if err != nil {
		t.Fatal(err)
	}
	if wrote := runParts(t, first, second); !strings.Contains(wrote, "LinkError") {
		t.Errorf("it wrote\n%s", wrote)
	}
}

func TestCountedProgramTellsWhatRan(t *testing.T) {
	counting, err := counted(build(t, program))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "counting.wasm")
	if err := os.WriteFile(path, counting, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", `
globalThis.fs = require('fs')
require(process.env.WASM_EXEC)
const go = new Go()
const core = new WebAssembly.Instance(new WebAssembly.Module(fs.readFileSync(process.argv[1])), go.importObject)
process.on('exit', () => {
  for (const name of ['main.recovered', 'fmt.(*pp).fmtComplex']) console.log(name, core.exports['ran ' + name].value)
})
go.run(core)`, path)
	cmd.Env = append(os.Environ(), "WASM_EXEC="+filepath.Join(goroot(t), "lib/wasm/wasm_exec.js"))
	out, _ := cmd.CombinedOutput()
	if wrote := string(out); !strings.Contains(wrote, "main.recovered 1\n") || !strings.Contains(wrote, "fmt.(*pp).fmtComplex 0\n") {
		t.Errorf("it wrote\n%s", wrote)
	}
}
