// Command sim plays seeds of the simulation. It prints the first seed that
// fails with the line that replays it; a single seed is played with its trace.
//
//	go run ./internal/sim/cmd -seeds 1000 -seed 1
//	go run ./internal/sim/cmd -seed 42
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"

	"rockpool.dev/internal/sim"
)

// gcPercent lets garbage grow: a seed has little that lives.
const gcPercent = 400

func main() {
	seeds := flag.Int("seeds", 0, "how many seeds to play; 0 plays one with its trace")
	seed := flag.Uint64("seed", 1, "the first seed")
	partner := flag.String("relay", "", "embedded, postgres or model; by turns without")
	backups := flag.Bool("backups", false, "replace clients' files by older copies")
	quiet := flag.Bool("quiet", false, "no trace")
	flag.Parse()
	debug.SetGCPercent(gcPercent)
	opt := sim.Options{Relay: sim.Relay(*partner), Backups: *backups, Dir: sim.TempDir()}
	if *seeds <= 0 {
		if !*quiet {
			opt.Trace = os.Stdout
		}
		opt.Seed = *seed
		stats, err := sim.Run(opt)
		fmt.Println(stats)
		finish(*seed, *partner, *backups, err)
		return
	}
	start := time.Now()
	total, failed, err := sim.Seeds(opt, *seed, *seeds, runtime.NumCPU(), progress(*seeds, os.Stderr))
	fmt.Println(total)
	if err == nil {
		fmt.Printf("%d seeds from %d passed in %v\n", *seeds, *seed, time.Since(start).Round(time.Millisecond))
	}
	finish(failed, *partner, *backups, err)
}

// progress prints a line now and then.
func progress(n int, to io.Writer) func(done int) {
	every := max(n/10, 50)
	return func(done int) {
		if done%every == 0 {
			fmt.Fprintf(to, "%d of %d seeds\n", done, n)
		}
	}
}

func finish(seed uint64, partner string, backups bool, err error) {
	if err == nil {
		return
	}
	flags := ""
	if partner != "" {
		flags = " -relay " + partner
	}
	if backups {
		flags += " -backups"
	}
	fmt.Printf("seed %d failed: %v\nreplay: go run ./internal/sim/cmd%s -seed %d\n", seed, err, flags, seed)
	os.Exit(1)
}
