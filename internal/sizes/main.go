// Command sizes measures every file that reaches a user's browser, as it is
// and as gzip and brotli send it, against its budget (budgets.go). It fails
// when a file is over its budget or missing.
//
//	go run ./internal/sizes             the table
//	go run ./internal/sizes -packages   what each Go package costs in the core
//
// It owns the budgets; what is built is the Makefile's to say.
package main

import (
	"flag"
	"fmt"
	"os"
)

func main() {
	packages := flag.Bool("packages", false, "list the Go packages of the core with their bytes")
	flag.Parse()
	var err error
	if *packages {
		err = listPackages(os.Stdout)
	} else {
		err = table(os.Stdout, budgets)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "sizes:", err)
		os.Exit(1)
	}
}
