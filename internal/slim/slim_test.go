package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// program grows stacks, collects garbage, recovers, runs goroutines and
// functions that are inlined, and then panics out of bounds.
const program = `package main

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
)

type tree struct{ left, right *tree }

func grow(depth int) (*tree, int) {
	var pad [64]int
	pad[depth%64] = depth
	if depth == 0 {
		return nil, pad[0]
	}
	l, n := grow(depth - 1)
	return &tree{left: l}, n + pad[depth%64]
}

func recovered() (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New(fmt.Sprint(r))
		}
	}()
	var none map[string]int
	none["a"] = 1
	return nil
}

//go:noinline
func outOfBounds(at int) int { return []int{1, 2, 3}[at] }

func main() {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 20 {
				t, n := grow(2000 + i)
				runtime.GC()
				if n != (2000+i)*(2001+i)/2 || t.left == nil {
					panic("lost a frame")
				}
			}
		}()
	}
	wg.Wait()
	fmt.Println(recovered())
	fmt.Println(strings.Repeat("whole ", 2))
	outOfBounds(7)
}
`

func build(t *testing.T, text string) []byte {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"go.mod": "module program\n\ngo 1.26.0\n", "main.go": text} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	cmd := exec.Command("go", "build", "-ldflags=-s -w", "-o", "program.wasm", ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wasm, err := os.ReadFile(filepath.Join(dir, "program.wasm"))
	if err != nil {
		t.Fatal(err)
	}
	return wasm
}

// inNode runs a program and returns what it wrote.
func inNode(t *testing.T, wasm []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.wasm")
	if err := os.WriteFile(path, wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", filepath.Join(goroot(t), "lib/wasm/wasm_exec_node.js"), path).CombinedOutput()
	if err == nil {
		t.Fatalf("the program did not panic:\n%s", out)
	}
	return string(out)
}

func TestSlimmedProgramRuns(t *testing.T) {
	full := build(t, program)
	slimmed, _, err := slim(full, nil)
	if err != nil {
		t.Fatal(err)
	}
	before, after := inNode(t, full), inNode(t, slimmed)
	for _, want := range []string{
		"assignment to entry in nil map", "whole whole", "index out of range [7] with length 3", "main.outOfBounds", "main.main",
	} {
		if !strings.Contains(before, want) || !strings.Contains(after, want) {
			t.Errorf("%q is not in what it wrote:\n%s", want, after)
		}
	}
	if !strings.Contains(before, "main.go:") || strings.Contains(after, "main.go:") {
		t.Errorf("its files and lines are still there:\n%s", after)
	}
	if again, _, err := slim(slimmed, nil); err != nil || !bytes.Equal(again, slimmed) {
		t.Errorf("slimming twice changed it again (%v)", err)
	}
}

func TestUnusedFunctionsAreTraps(t *testing.T) {
	m, err := parse(build(t, program))
	if err != nil {
		t.Fatal(err)
	}
	tables, err := findTables(m.image)
	if err != nil {
		t.Fatal(err)
	}
	before := len(m.before)
	n, err := m.stub(tables)
	if err != nil {
		t.Fatal(err)
	}
	if saved := before - len(m.before); n < 50 || saved < 50_000 {
		t.Errorf("%d traps saved %d bytes: have the runtime's names changed?", n, saved)
	}
}

// Without the table the program runs too, and looks for a function from the
// first one on: so what instantiating the module writes is compared itself.
func TestBucketsAreWrittenAtStart(t *testing.T) {
	full := build(t, program)
	slimmed, _, err := slim(full, nil)
	if err != nil {
		t.Fatal(err)
	}
	m, err := parse(full)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := findTables(m.image)
	if err != nil {
		t.Fatal(err)
	}
	table, at := tables.buckets()
	if len(table) < 100_000 {
		t.Fatalf("the table has %d bytes", len(table))
	}
	if m, err = parse(slimmed); err != nil {
		t.Fatal(err)
	}
	if left := m.image.view(at, len(table)); left != nil && slices.Max(left) != 0 {
		t.Error("the table is still in the slimmed program")
	}
	path := filepath.Join(t.TempDir(), "slimmed.wasm")
	if err := os.WriteFile(path, slimmed, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("node", "-e", `
const [path, at, n] = process.argv.slice(1)
const module = new WebAssembly.Module(require('fs').readFileSync(path)), imports = {}
for (const one of WebAssembly.Module.imports(module)) (imports[one.module] ??= {})[one.name] = () => 0
const { mem } = new WebAssembly.Instance(module, imports).exports
process.stdout.write(new Uint8Array(mem.buffer, Number(at), Number(n)))`, path, strconv.Itoa(at), strconv.Itoa(len(table)))
	written, err := cmd.Output()
	if err != nil || !bytes.Equal(written, table) {
		t.Errorf("the module writes another table (%d bytes, %v)", len(written), err)
	}
}

// A runtime that finds room in its memory does not ask the browser for more.
func TestMemoryHasRoomForTheFirstHeap(t *testing.T) {
	full := build(t, `package main

var kept [][]byte

func main() {
	for range 2 << 20 / 4096 {
		kept = append(kept, make([]byte, 4096))
	}
}
`)
	slimmed, _, err := slim(full, nil)
	if err != nil {
		t.Fatal(err)
	}
	if before, after := growths(t, full), growths(t, slimmed); before == 0 || after != 0 {
		t.Errorf("the memory grows %d times for a heap of 2 MB, and %d times before it is slimmed", after, before)
	}
}

// growths runs a program and returns how often its memory grew.
func growths(t *testing.T, wasm []byte) int {
	t.Helper()
	path := filepath.Join(t.TempDir(), "program.wasm")
	if err := os.WriteFile(path, wasm, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("node", "-e", `
const [exec, path] = process.argv.slice(1)
globalThis.fs = require('fs')
require(exec)
const go = new Go()
const reset = go.importObject.gojs['runtime.resetMemoryDataView']
let grown = 0
go.importObject.gojs['runtime.resetMemoryDataView'] = (sp) => {
  reset(sp)
  grown++
}
WebAssembly.instantiate(fs.readFileSync(path), go.importObject)
  .then(({ instance }) => go.run(instance))
  .then(() => console.log(grown))`, filepath.Join(goroot(t), "lib/wasm/wasm_exec.js"), path).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	n, err := strconv.Atoi(strings.TrimSpace(string(out)))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func goroot(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(root))
}

func TestNoGoProgram(t *testing.T) {
	for name, c := range map[string]struct{ wasm, want string }{
		"nothing":        {"", "no wasm module"},
		"text":           {"<!doctype html>", "no wasm module"},
		"no data":        {"\x00asm\x01\x00\x00\x00", "has no data"},
		"cut off":        {"\x00asm\x01\x00\x00\x00\x0b\x7f", "ends inside"},
		"cut segment":    {"\x00asm\x01\x00\x00\x00\x0b\x06\x01\x00\x41\x08\x0b\x7f", "ends inside"},
		"passive":        {"\x00asm\x01\x00\x00\x00\x0b\x04\x01\x01\x01a", "not with a constant address"},
		"not Go":         {"\x00asm\x01\x00\x00\x00\x0b\x07\x01\x00\x41\x08\x0b\x01a", "no function tables"},
		"address no end": {"\x00asm\x01\x00\x00\x00\x0b\x05\x01\x00\x41\x88\x88", "ends inside"},
	} {
		if _, _, err := slim([]byte(c.wasm), nil); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}

func FuzzSlim(f *testing.F) {
	f.Add([]byte("\x00asm\x01\x00\x00\x00\x0b\x07\x01\x00\x41\x08\x0b\x01a"))
	f.Fuzz(func(t *testing.T, wasm []byte) {
		if len(wasm) < 1<<16 {
			_, _, _ = slim(wasm, nil) // it may refuse, and must not panic
		}
	})
}
