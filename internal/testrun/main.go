// Command testrun runs every test suite and prints a line for each and the
// sum last. It fails when a suite failed, did not run, ran no test, or skipped
// one. Usage: go run ./internal/testrun [suite …]
package main

import (
	"fmt"
	"os"
	"slices"
)

func main() {
	wanted := os.Args[1:]
	for _, name := range wanted {
		if !slices.ContainsFunc(suites, func(s suite) bool { return s.name == name }) {
			fmt.Fprintf(os.Stderr, "testrun: there is no suite %q\n", name)
			os.Exit(2)
		}
	}
	var sum count
	var lines []string
	failed := false
	for _, s := range suites {
		if len(wanted) > 0 && !slices.Contains(wanted, s.name) {
			continue
		}
		fmt.Printf("== %s: %s\n", s.name, s.what)
		got, err := s.run()
		line := fmt.Sprintf("%s: %d passed, %d failed, %d skipped", s.name, got.passed, got.failed, got.skipped)
		switch {
		case err != nil:
			line, failed = line+" ("+err.Error()+")", true
		case got.failed > 0:
			failed = true
		case got.passed == 0:
			line, failed = line+" (no test ran)", true
		case got.skipped > 0:
			line, failed = line+" (skipping is not allowed)", true
		}
		sum.passed += got.passed
		sum.failed += got.failed
		sum.skipped += got.skipped
		lines = append(lines, line)
	}
	fmt.Println()
	for _, line := range lines {
		fmt.Println(line)
	}
	if failed && sum.failed == 0 {
		sum.failed = 1 // a suite that did not run is a failure in the sum too
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", sum.passed, sum.failed, sum.skipped)
	if failed {
		os.Exit(1)
	}
}
