package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// budget is one shipped file.
type budget struct {
	name string
	// content returns the file's bytes.
	content func() ([]byte, error)
	// max is how many bytes it may have under brotli at its best setting; the
	// reason is what the user waits for on a first visit.
	max int
	// over is a smaller file that the user has anyway, or nil: only what comes on
	// top of it is counted.
	over func() ([]byte, error)
}

// budgets is the table. A change that moves a figure says so in its commit.
var budgets = []budget{
	{name: "Go core", content: file("build/core.wasm"), max: 600_000},
	{name: "  its second part, loaded behind it", content: file("build/core.cold.wasm"), max: 340_000},
	{name: "SQLite engine", content: file("wasm/engine/rockpool-engine.wasm"), max: 440_000},
	{name: "page JavaScript (client and react, without React)", content: bundle(whole), max: 25_000},
	{name: "  later, when a query builder is shown", content: lazy(whole, "query-form"), max: 3_600},
	{name: "  later, when there is a conflict to show", content: lazy(whole, "conflict-card"), max: 2_600},
	{
		name:    "with live, useLiveQuery's warm start",
		content: bundle(whole + `; export * from '@rockpool/react/live'`),
		max:     1_500,
		over:    bundle(whole),
	},
	{name: "Worker JavaScript", content: bundle(`import '../../bridge/worker/src/entry.ts'`), max: 15_000},
	{
		name:    "with models, Prisma's shape",
		content: bundle(page + `; export * from '@rockpool/client/models'`),
		max:     7_000,
		over:    bundle(page),
	},
	{
		name:    "with all of expr, what conditions are made of",
		content: bundle(page + `; export * from '@rockpool/client/expr'`),
		max:     2_600,
		over:    bundle(page),
	},
	adapter("kysely", 2_000),
	adapter("prisma", 3_000),
	adapter("drizzle", 3_000),
	adapter("planetscale", 6_500),
	adapter("supabase", 6_500),
}

// whole is all that a page may have of ours, but for other clients.
const whole = `export * from '@rockpool/client'; export * from '@rockpool/react'`

// page is what a page has of ours without React.
const page = `export * from '@rockpool/client'`

// adapter is what a package for another client adds to a page with ours; that
// client itself is not counted.
func adapter(name string, max int) budget {
	return budget{
		name:    "with " + name + " (without " + name + " itself)",
		content: bundle(page + `; export * from '@rockpool/` + name + `'`),
		max:     max,
		over:    bundle(page),
	}
}

// file reads a file from the root of the repository.
func file(path string) func() ([]byte, error) {
	return func() ([]byte, error) { return os.ReadFile(path) }
}

// table prints a row for each budget and returns an error when one is over or
// cannot be measured.
func table(w io.Writer, budgets []budget) error {
	var failed error
	fmt.Fprintf(w, "%-50s %10s %10s %10s %10s\n", "bytes", "raw", "gzip", "brotli", "budget")
	for _, b := range budgets {
		content, err := b.content()
		if err == nil && len(content) == 0 {
			err = errors.New("it is empty")
		}
		if err != nil {
			fmt.Fprintf(w, "%-50s missing\n", b.name)
			failed = errors.Join(failed, fmt.Errorf("%s: %w", b.name, err))
			continue
		}
		s := measure(content)
		if b.over != nil {
			base, err := b.over()
			if err != nil {
				failed = errors.Join(failed, fmt.Errorf("%s: %w", b.name, err))
				continue
			}
			s = s.less(measure(base))
		}
		fmt.Fprintf(w, "%-50s %10d %10d %10d %10d\n", b.name, s.raw, s.gzip, s.brotli, b.max)
		if s.brotli > b.max {
			failed = errors.Join(failed, fmt.Errorf("%s is %d bytes over its budget of %d", b.name, s.brotli-b.max, b.max))
		}
	}
	return failed
}
