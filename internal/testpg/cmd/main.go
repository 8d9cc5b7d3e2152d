// Command testpg runs a Postgres as long as another command, or until it is
// interrupted, as a user that may (root may not):
//
//	testpg [-data dir] [-seed file.sql] [command argument …]
//
// It says the server's address on its first line and gives it to the command
// as DATABASE_URL. Data in -data is kept, and the seed then is loaded once;
// without -data everything is gone at the end.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"syscall"
	"time"

	"rockpool.dev/internal/testpg"
)

// stopMax is how long the command may take to end after a signal.
const stopMax = 20 * time.Second

func main() {
	data := flag.String("data", "", "`folder` to keep the data in")
	seed := flag.String("seed", "", "SQL `file` for an empty database")
	flag.Parse()
	if err := run(*data, *seed, flag.Args()); err != nil {
		fmt.Fprintln(os.Stderr, "testpg:", err)
		os.Exit(1)
	}
}

func run(data, seed string, command []string) (err error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s, err := testpg.Open(data, func(format string, args ...any) { fmt.Fprintf(os.Stderr, "testpg: "+format+"\n", args...) })
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if seed != "" {
		if err := load(ctx, s.DSN(), seed); err != nil {
			return err
		}
	}
	fmt.Println("postgres:", s.DSN())
	if len(command) == 0 {
		<-ctx.Done()
		return nil
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Env = append(os.Environ(), "DATABASE_URL="+s.DSN())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	// A Ctrl-C reaches the command by itself; a signal to us alone is passed on.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopMax
	err = cmd.Run()
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || cmd.ProcessState != nil && cmd.ProcessState.Success()) {
		return nil // it was asked to end
	}
	return err
}
