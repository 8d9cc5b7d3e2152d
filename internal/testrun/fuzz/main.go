// Command fuzz runs every fuzz target of the module for a time each. A crasher
// is left in its package's testdata/fuzz, to be committed with the fix.
//
//	go run ./internal/testrun/fuzz -time 30s
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

func main() {
	each := flag.Duration("time", 30*time.Second, "how long each target runs")
	flag.Parse()
	passed, failed, err := fuzz(*each)
	if err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(2)
	}
	fmt.Printf("%d passed, %d failed\n", passed, failed)
	if failed > 0 || passed == 0 {
		os.Exit(1)
	}
}

// fuzz runs the targets one after the other: each uses all the cores.
func fuzz(each time.Duration) (passed, failed int, err error) {
	out, err := exec.Command("go", "list", "-f", "{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}}{{end}}", "./...").Output()
	if err != nil {
		return 0, 0, fmt.Errorf("go list: %w", err)
	}
	for _, pkg := range strings.Fields(string(out)) {
		list, err := exec.Command("go", "test", "-list=^Fuzz", pkg).CombinedOutput()
		if err != nil {
			return passed, failed, fmt.Errorf("list targets of %s: %w: %s", pkg, err, list)
		}
		for _, name := range strings.Fields(string(list)) {
			if !strings.HasPrefix(name, "Fuzz") {
				continue
			}
			fmt.Printf("--- %s %s\n", pkg, name)
			cmd := exec.Command("go", "test", "-run=^$", "-fuzz=^"+name+"$", "-fuzztime="+each.String(), pkg)
			cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
			if cmd.Run() != nil {
				failed++
			} else {
				passed++
			}
		}
	}
	return passed, failed, nil
}
