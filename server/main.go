// Command rockpool is the relay: it keeps browsers' databases in step with
// Postgres, or with its own SQLite.
//
//	rockpool dev    [--seed dir] [--web dir]         everything open, on this machine
//	rockpool relay  [--config rockpool.yaml]         secure by default
//	rockpool generate --from postgres://… --out dir  types and tables for an app
//	rockpool sql    --store file "select …"          read the relay's store
//	rockpool doctor [--config rockpool.yaml]         what is wrong, and what to do
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"rockpool.dev/fault"
)

// version is set by the build.
var version = "dev"

type command struct {
	run  func(ctx context.Context, args []string) error
	help string
}

var commands = map[string]command{
	"dev":      {runDev, "serve on this machine with every table open: embedded database, demo data, web apps"},
	"relay":    {runRelay, "serve as rockpool.yaml says"},
	"generate": {runGenerate, "write a database's schema as TypeScript, Go and SQL"},
	"sql":      {runSQL, "run a reading statement on a relay's store"},
	"doctor":   {runDoctor, "say what is wrong and what to do"},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "rockpool:", err)
		if hint := fault.HintOf(err); hint != "" {
			fmt.Fprintln(os.Stderr, "  →", hint)
		}
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		usage()
		return fault.New(fault.InvalidArgument, "start", "a command is missing").WithHint("try: rockpool dev")
	}
	switch args[0] {
	case "help", "-h", "--help":
		usage()
		return nil
	case "version", "--version":
		fmt.Println("rockpool", version)
		return nil
	}
	c, ok := commands[args[0]]
	if !ok {
		usage()
		return fault.New(fault.InvalidArgument, "start", "there is no command "+args[0])
	}
	return c.run(ctx, args[1:])
}

func usage() {
	fmt.Println("usage: rockpool <command> [flags]")
	for _, name := range []string{"dev", "relay", "generate", "sql", "doctor", "help", "version"} {
		fmt.Printf("  %-8s %s\n", name, commands[name].help)
	}
}
