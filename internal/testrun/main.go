// Command testrun runs the project's test suites, prints one line a suite and
// the sum last, each as "N passed, N failed, N skipped". It ends non-zero when
// a test failed, a suite did not run, ran nothing, or skipped a test: a test
// that cannot run here is a test that fails here.
//
//	go run ./internal/testrun                 every suite
//	go run ./internal/testrun go e2e          some
//
// It owns the table of suites (suites.go). Which Go package belongs to which
// suite follows from what its tests import (packages.go), so a new test needs
// no registration. Whole logs are in build/testrun/SUITE.log.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

func main() {
	list := flag.Bool("list", false, "print the suites and stop")
	flag.Parse()
	if *list {
		for _, s := range suites {
			fmt.Printf("%-14s %s\n", s.name, s.why)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ok, err := run(ctx, flag.Args())
	if err != nil {
		fmt.Fprintln(os.Stderr, "testrun:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// run runs the chosen suites and reports whether all is well.
func run(ctx context.Context, only []string) (ok bool, err error) {
	chosen, err := choose(suites, only)
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(logDir, 0o755); err != nil {
		return false, err
	}
	var lines []string
	var sum counts
	ok = true
	for _, s := range chosen {
		start := time.Now()
		fmt.Printf("--- %s: %s\n", s.name, s.why)
		c, err := runOne(ctx, s)
		lines = append(lines, fmt.Sprintf("%s: %s", s.name, c))
		fmt.Printf("%s (%v)\n", lines[len(lines)-1], time.Since(start).Round(100*time.Millisecond))
		if verdict := judge(c, err); verdict != "" {
			fmt.Printf("%s: FAILED: %s; the whole log is %s\n", s.name, verdict, s.logPath())
			ok = false
			if c.failed == 0 {
				c.failed = 1 // the sum must not look clean
			}
		}
		sum.add(c)
	}
	fmt.Println("---")
	fmt.Println(strings.Join(lines, "\n"))
	fmt.Println(sum)
	return ok, nil
}

// runOne runs a suite within its time, with its own log.
func runOne(ctx context.Context, s suite) (c counts, err error) {
	ctx, cancel := context.WithTimeout(ctx, suiteMax)
	defer cancel()
	log, err := os.Create(s.logPath())
	if err != nil {
		return c, err
	}
	defer log.Close()
	return s.run(ctx, log)
}

// judge says why a suite's outcome is a failure, or nothing.
func judge(c counts, err error) string {
	switch {
	case err != nil:
		return err.Error()
	case c.failed > 0:
		return fmt.Sprintf("%d tests failed", c.failed)
	case c.skipped > 0:
		return fmt.Sprintf("%d tests were skipped, and a skipped test proves nothing", c.skipped)
	case c.passed == 0:
		return "it ran no test"
	}
	return ""
}

// choose returns the suites named in only, in the table's order.
func choose(all []suite, only []string) ([]suite, error) {
	if len(only) == 0 {
		return all, nil
	}
	names := slices.Clone(only)
	var chosen []suite
	for _, s := range all {
		if i := slices.Index(names, s.name); i >= 0 {
			chosen = append(chosen, s)
			names = slices.Delete(names, i, i+1)
		}
	}
	if len(names) > 0 {
		return nil, fmt.Errorf("no suite %q: testrun -list names them", names)
	}
	return chosen, nil
}
