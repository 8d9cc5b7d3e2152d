// Command causal runs the workloads of package causal on real processes and a
// real Postgres under nemeses, and keeps a ledger.
//
//	go run ./internal/causal/cmd -runs 25 -seconds 60 -seed 1 -ledger docs/causal.md
//
// A run that finds something writes its history beside its seed under -keep.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"rockpool.dev/internal/causal/rig"
	"rockpool.dev/internal/ledger"
	"rockpool.dev/internal/testpg"
)

// noSeed says that none was given.
const noSeed = 0

type flags struct {
	runs         int
	seed         uint64
	ledger, keep string
	options      rig.Options
	verbose      bool
}

func main() {
	var f flags
	flag.IntVar(&f.runs, "runs", 1, "how many runs")
	flag.Uint64Var(&f.seed, "seed", noSeed, "the first run's seed; without one, the clock's")
	flag.StringVar(&f.ledger, "ledger", "", "`file` to append a line a run to")
	flag.StringVar(&f.keep, "keep", "build/causal", "`folder` for the histories of runs that found something")
	flag.IntVar(&f.options.Clients, "clients", 5, "how many client processes")
	flag.IntVar(&f.options.Rate, "rate", 20, "transactions a second of all clients")
	seconds := flag.Int("seconds", 60, "how long they work")
	flag.DurationVar(&f.options.HoldMin, "hold-min", 300*time.Millisecond, "the shortest fault")
	flag.DurationVar(&f.options.HoldMax, "hold-max", 3*time.Second, "the longest fault")
	flag.BoolVar(&f.options.Quiet, "quiet", false, "no nemeses")
	flag.BoolVar(&f.options.Lose, "lose", false, "lose the relay's store and its replication slot too")
	flag.BoolVar(&f.verbose, "v", false, "tell each fault")
	flag.Parse()
	f.options.Duration = time.Duration(*seconds) * time.Second
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, f); err != nil {
		fmt.Fprintln(os.Stderr, "causal:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, f flags) error {
	dir, err := os.MkdirTemp("", "causal-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if f.options.Programs, err = rig.Build(dir); err != nil {
		return err
	}
	if f.seed == noSeed {
		f.seed = uint64(time.Now().Unix())
	}
	commit := ledger.Commit()
	failed := 0
	for i := range f.runs {
		o := f.options
		o.Seed = f.seed + uint64(i)
		res, err := one(ctx, o, filepath.Join(dir, fmt.Sprint(i)), f.verbose)
		if err != nil {
			return fmt.Errorf("seed %d: %w", o.Seed, err)
		}
		fmt.Println(res)
		if f.ledger != "" {
			if err := ledger.Append(f.ledger, res.Line(time.Now(), commit, o)); err != nil {
				return err
			}
		}
		if !res.OK() {
			failed++
			if err := keep(f.keep, res); err != nil {
				return err
			}
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d runs found something", failed, f.runs)
	}
	return nil
}

// one plays one run on a Postgres of its own.
func one(ctx context.Context, o rig.Options, dir string, verbose bool) (res *rig.Result, err error) {
	o.Log = func(string, ...any) {}
	if verbose {
		o.Log = func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	o.Dir = dir
	if o.Postgres, err = testpg.Open("", o.Log); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, o.Postgres.Close()) }()
	return rig.Run(ctx, o)
}

// keep writes the history of a run that found something.
func keep(dir string, res *rig.Result) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	text, err := json.Marshal(res)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, fmt.Sprintf("seed-%d.json", res.Seed)), text, 0o644)
}
