package main

import (
	"context"
	"io"
	"path/filepath"
	"time"
)

const (
	// suiteMax bounds one suite; afterwards its processes are killed.
	suiteMax = 40 * time.Minute
	// logDir receives each suite's whole output.
	logDir = "build/testrun"
	// engineLdflags puts Go's data above the engine's heap (wasm/engine/layout.mjs).
	engineLdflags = "-D=142606336"
)

// suite is one row of the table.
type suite struct {
	name string
	why  string
	run  func(ctx context.Context, log io.Writer) (counts, error)
}

func (s suite) logPath() string { return filepath.Join(logDir, s.name+".log") }

// suites is the table, in the order they run: quick and telling ones first.
var suites = []suite{
	{
		name: "go", why: "every Go package natively with -race, but for those of postgres and sim",
		run: goSuite(kindNative, native, "-race", "-p=2"),
	},
	{
		name: "wasm-node", why: "packages that ship to the browser and need no database, as js/wasm in Node",
		run: goSuite(kindWasmNode, wasm, "-p=2", "-exec="+wasmExec()),
	},
	{
		name: "engine-node", why: "packages on package sqlite, as js/wasm on the real engine in Node",
		run: goSuite(kindEngineNode, wasm, "-p=1", "-ldflags="+engineLdflags, "-exec="+rooted("internal/enginehost/run.mjs")),
	},
	{
		name: "wasm-chromium", why: "tests that import internal/workertest, in a Worker in Chromium with OPFS",
		run: goSuite(kindChromium, wasm, "-p=1", "-ldflags="+engineLdflags, "-exec="+rooted("internal/workertest/run.mjs")),
	},
	{name: "typescript", why: "vitest over bridge/ and web/", run: vitest},
	{
		name: "postgres", why: "packages whose tests import internal/testpg, on a real Postgres, with -race",
		run: goSuite(kindPostgres, native, "-race", "-p=1"),
	},
	{
		name: "sim", why: "client and relay cores on one seed, some with -race, then 200 seeds (or SEEDS)",
		run: simulate,
	},
	{name: "e2e", why: "Playwright in the system's Chromium", run: playwright},
}
