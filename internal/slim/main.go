// Command slim makes the Go core smaller for the wire: it takes out of a
// GOOS=js program what only a stack trace's text needs, writes its data in few
// segments, has the largest table written by a loop when it starts, gives its
// memory room for a first heap (memory.go), and moves what an ordinary visit
// does not run into a second module (split.go). A panic still names its
// functions; files and lines are those of the same program before it was
// slimmed.
//
//	go run ./internal/slim build/core.full.wasm build/core.wasm build/core.cold.wasm
//	go run ./internal/slim -count build/core.full.wasm build/core.counted.wasm
//
// What it takes out: the runtime's functions for tools that are not linked
// (unused.go), the tables of files and lines, the trees of inlined
// calls, the shapes of arguments, and the points where a signal must not
// preempt, since wasm has no signals. What the runtime needs to run (frame
// sizes, stack maps, names, panic bounds) stays as it was.
//
// With -count the program tells which functions it has run instead (count.go):
// `make cold` writes cold.txt by it.
package main

import (
	_ "embed"
	"fmt"
	"os"
	"strings"
)

// coldList names the functions that an ordinary visit does not run, one a line.
//
//go:embed cold.txt
var coldList string

func main() {
	var err error
	switch args := os.Args[1:]; {
	case len(args) == 3 && args[0] == "-count":
		err = run(args[1], args[2:], func(program []byte) ([][]byte, error) {
			counting, err := counted(program)
			return [][]byte{counting}, err
		})
	case len(args) == 3:
		err = run(args[0], args[1:], func(program []byte) ([][]byte, error) {
			first, second, err := slim(program, strings.Split(coldList, "\n"))
			return [][]byte{first, second}, err
		})
	default:
		fmt.Fprintln(os.Stderr, "usage: slim <program.wasm> <first.wasm> <cold.wasm>\n       slim -count <program.wasm> <counted.wasm>")
		os.Exit(2)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "slim: %v\n", err)
		os.Exit(1)
	}
}

func run(from string, to []string, transform func([]byte) ([][]byte, error)) error {
	program, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	modules, err := transform(program)
	if err != nil {
		return fmt.Errorf("%s: %w", from, err)
	}
	for i, module := range modules {
		if err := os.WriteFile(to[i], module, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// slim returns the program without its trace tables, and the module that the
// functions named in cold have been moved to. It fails on what is no Go program
// of the layout it knows, and never guesses.
func slim(program []byte, cold []string) (first, second []byte, err error) {
	m, err := parse(program)
	if err != nil {
		return nil, nil, err
	}
	tables, err := findTables(m.image)
	if err != nil {
		return nil, nil, err
	}
	move, err := tables.numbers(cold) // before the names are shortened
	if err != nil {
		return nil, nil, err
	}
	if _, err := m.stub(tables); err != nil {
		return nil, nil, err
	}
	if err := tables.drop(); err != nil {
		return nil, nil, err
	}
	if err := m.dropBuckets(tables); err != nil {
		return nil, nil, err
	}
	if err := m.growMemory(tables); err != nil {
		return nil, nil, err
	}
	if len(move) > 0 {
		if second, err = m.split(move); err != nil {
			return nil, nil, err
		}
	}
	return m.encode(), second, nil
}

// counted returns the program as one that counts.
func counted(program []byte) ([]byte, error) {
	m, err := parse(program)
	if err != nil {
		return nil, err
	}
	tables, err := findTables(m.image)
	if err != nil {
		return nil, err
	}
	names, err := tables.uniqueNames()
	if err != nil {
		return nil, err
	}
	if err := m.count(names); err != nil {
		return nil, err
	}
	return m.encode(), nil
}
