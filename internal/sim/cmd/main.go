// Command sim plays seeds of the simulation. It prints the first seed that
// fails with the line that replays it, and which faults no seed met; a single
// seed is played with its trace.
//
//	go run ./internal/sim/cmd -seeds 1000 -seed 1
//	go run ./internal/sim/cmd -seed 42
//	go run ./internal/sim/cmd -seeds 20000 -seed 100000 -ledger docs/sim.md
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strings"
	"time"

	"rockpool.dev/internal/ledger"
	"rockpool.dev/internal/sim"
)

// gcPercent lets garbage grow: a seed has little that lives.
const gcPercent = 400

type flags struct {
	seeds   int
	seed    uint64
	partner string
	backups bool
	quiet   bool
	ledger  string
	bugs    bool
}

func main() {
	var f flags
	flag.IntVar(&f.seeds, "seeds", 0, "how many seeds to play; 0 plays one with its trace")
	flag.Uint64Var(&f.seed, "seed", 1, "the first seed")
	flag.StringVar(&f.partner, "relay", "", "embedded, postgres or model; by turns without")
	flag.BoolVar(&f.backups, "backups", false, "replace clients' files by older copies")
	flag.BoolVar(&f.quiet, "quiet", false, "no trace")
	flag.StringVar(&f.ledger, "ledger", "", "`file` to append a line to")
	flag.BoolVar(&f.bugs, "bugs", false, "print the first seed that finds each planted bug, as rows of a table")
	flag.Parse()
	debug.SetGCPercent(gcPercent)
	if f.bugs {
		bugs()
		return
	}
	failed, err := f.play()
	if err != nil {
		fmt.Printf("seed %d failed: %v\nreplay: go run ./internal/sim/cmd%s -seed %d\n", failed, err, f.kind(), failed)
		os.Exit(1)
	}
}

// play plays one seed or many. It returns the seed that failed and why.
func (f *flags) play() (failed uint64, err error) {
	opt := sim.Options{Relay: sim.Relay(f.partner), Backups: f.backups, Dir: sim.TempDir()}
	if f.seeds <= 0 {
		if !f.quiet {
			opt.Trace = os.Stdout
		}
		opt.Seed = f.seed
		stats, err := sim.Run(opt)
		fmt.Println(stats)
		return f.seed, err
	}
	commit, start := ledger.Commit(), time.Now()
	total, failed, err := sim.Seeds(opt, f.seed, f.seeds, runtime.NumCPU(), progress(f.seeds, os.Stderr))
	took := time.Since(start)
	fmt.Println(total)
	missing := total.Missing(opt)
	if len(missing) > 0 {
		fmt.Println("never met:", strings.Join(missing, ", "))
	}
	if err == nil {
		fmt.Printf("%d seeds from %d passed in %v\n", f.seeds, f.seed, took.Round(time.Millisecond))
	}
	if f.ledger != "" {
		if lerr := ledger.Append(f.ledger, f.line(start, commit, took, total, opt, failed, err)); lerr != nil {
			fmt.Fprintln(os.Stderr, lerr)
			os.Exit(1)
		}
	}
	return failed, err
}

// bugs prints a row for each planted bug.
func bugs() {
	for _, p := range sim.Plants() {
		opt := sim.Options{Relay: p.Relay, Bug: p.Bug, Dir: sim.TempDir()}
		found := "**not found**"
		_, seed, err := sim.Seeds(opt, 1, sim.PlantSeeds, 1, nil)
		if err != nil {
			found = fmt.Sprint(seed)
			if text := err.Error(); len(text) > saidMax {
				err = errors.New(strings.ToValidUTF8(text[:saidMax], "") + "…")
			}
		}
		relay := string(p.Relay)
		if relay == "" {
			relay = "by turns"
		}
		fmt.Printf("| %s | %s | %s | %s | %s |\n", p.Breaks, p.Bug, relay, found, strings.NewReplacer("\n", " ", "|", "\\|").Replace(fmt.Sprint(err)))
	}
}

// saidMax is how much of a failure a row shows, in bytes.
const saidMax = 100

// kind is the flags that say which kind of run it is.
func (f *flags) kind() (out string) {
	if f.partner != "" {
		out = " -relay " + f.partner
	}
	if f.backups {
		out += " -backups"
	}
	return out
}

// line is the seeds' line of the ledger: a row of a Markdown table.
func (f *flags) line(when time.Time, commit string, took time.Duration, total sim.Stats, opt sim.Options, failed uint64, err error) string {
	var met []string
	for _, c := range total.Faults(opt) {
		met = append(met, fmt.Sprintf("%s %d", c.Kind, c.N))
	}
	verdict := "clean"
	if err != nil {
		verdict = fmt.Sprintf("FAILED at %d", failed)
	}
	never := strings.Join(total.Missing(opt), ", ")
	if never == "" {
		never = "none"
	}
	return fmt.Sprintf("| %s | %s |%s | %d–%d | %v | %d | %d | %s | %s | %s |\n",
		when.UTC().Format("2006-01-02 15:04"), commit, f.kind(), f.seed, f.seed+uint64(f.seeds)-1, took.Round(time.Second),
		total.Writes, total.Checks+total.Older, strings.Join(met, ", "), never, verdict)
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
