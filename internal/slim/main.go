// Command slim makes the Go core smaller for the wire: it takes out of a
// GOOS=js program what only a stack trace's text needs, writes its data in few
// segments, has the largest table written by a loop when it starts, and gives
// its memory room for a first heap (memory.go). A panic still names its
// functions; files and lines are those of the same program before it was
// slimmed.
//
//	go run ./internal/slim build/core.full.wasm build/core.wasm
//
// What it takes out: the runtime's functions for tools that are not linked
// (unused.go), the tables of files and lines, the trees of inlined
// calls, the shapes of arguments, and the points where a signal must not
// preempt, since wasm has no signals. What the runtime needs to run (frame
// sizes, stack maps, names, panic bounds) stays as it was.
package main

import (
	"fmt"
	"os"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: slim <program.wasm> <out.wasm>")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintf(os.Stderr, "slim %s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}

func run(from, to string) error {
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	slimmed, err := slim(program)
	if err != nil {
		return err
	}
	return os.WriteFile(to, slimmed, 0o644)
}

// slim returns the program without its trace tables. It fails on what is no
// Go program of the layout it knows, and never guesses.
func slim(program []byte) ([]byte, error) {
	m, err := parse(program)
	if err != nil {
		return nil, err
	}
	tables, err := findTables(m.image)
	if err != nil {
		return nil, err
	}
	if _, err := m.stub(tables); err != nil {
		return nil, err
	}
	if err := tables.drop(); err != nil {
		return nil, err
	}
	if err := m.dropBuckets(tables); err != nil {
		return nil, err
	}
	if err := m.growMemory(tables); err != nil {
		return nil, err
	}
	return m.encode(), nil
}
