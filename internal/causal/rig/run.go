package rig

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"time"

	"rockpool.dev/internal/causal"
	"rockpool.dev/internal/testpg"
)

// Options are one run's.
type Options struct {
	Seed     uint64
	Programs Programs
	Postgres *testpg.Server // fresh
	Dir      string         // empty; what the processes keep goes there
	Clients  int
	// Rate is how many transactions a second all clients make, while they can.
	Rate int
	// Duration is how long they work. HoldMin and HoldMax bound how long a fault
	// lasts, and how long there is none.
	Duration         time.Duration
	HoldMin, HoldMax time.Duration
	// Quiet leaves the nemeses out.
	Quiet bool
	// Lose adds losses of the relay's store and of its replication slot. While a
	// client then starts over, it shows one table's new rows beside another's old
	// ones for a moment: CheckBank tells of it.
	Lose bool
	Log  func(format string, args ...any)
}

// Result is what a run has shown.
type Result struct {
	Seed       uint64
	Statuses   map[causal.Status]int
	Nemeses    map[string]int
	Violations []causal.Violation
	// Stuck are clients whose queue did not empty, or that did not come to
	// Postgres's state, in DrainMax; Wrong is what else must not be.
	Stuck, Wrong []string
	// Drained is how long after the last fault all was at rest.
	Drained   time.Duration
	Registers *causal.History
	Bank      *causal.Bank
}

// OK reports whether nothing was wrong.
func (r *Result) OK() bool { return len(r.Violations)+len(r.Stuck)+len(r.Wrong) == 0 }

// String is one paragraph for people.
func (r *Result) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d ok, %d unknown, %d failed; at rest after %v; nemeses", r.Seed,
		r.Statuses[causal.OK], r.Statuses[causal.Unknown], r.Statuses[causal.Failed], r.Drained.Round(10*time.Millisecond))
	for _, name := range slices.Sorted(maps.Keys(r.Nemeses)) {
		fmt.Fprintf(&b, " %s %d", name, r.Nemeses[name])
	}
	for _, v := range r.Violations {
		fmt.Fprintf(&b, "\n  %s", v)
	}
	for _, s := range r.Stuck {
		fmt.Fprintf(&b, "\n  stuck: %s", s)
	}
	for _, s := range r.Wrong {
		fmt.Fprintf(&b, "\n  wrong: %s", s)
	}
	return b.String()
}

// runner is one run under way.
type runner struct {
	Options
	s *site
	w *workload

	mu    sync.Mutex
	wrong []string
}

// Run plays one run. An error is the rig's own: what it found is in the result.
func Run(ctx context.Context, o Options) (*Result, error) {
	s, err := openSite(ctx, o.Dir, o.Programs, o.Postgres, o.Clients)
	if err != nil {
		return nil, err
	}
	defer s.close()
	r := &runner{Options: o, s: s, w: newWorkload()}
	res := &Result{Seed: o.Seed, Nemeses: map[string]int{}}
	if err := r.work(ctx, res); err != nil {
		return nil, err
	}
	if ctx.Err() != nil {
		return nil, ctx.Err() // cut off: it shows less than it says
	}
	if err := r.rest(ctx, res); err != nil {
		return nil, err
	}
	res.Statuses, res.Registers, res.Bank = r.w.statuses, &r.w.registers, &r.w.bank
	res.Violations = append(causal.CheckRegisters(res.Registers), causal.CheckBank(res.Bank)...)
	res.Wrong = r.found()
	return res, nil
}

// rng returns the source of one part of the run: they do not disturb each other.
func (r *runner) rng(part uint64) *rand.Rand { return rand.New(rand.NewPCG(r.Seed, part)) }

// The parts that draw; each client's is partClients and its number.
const (
	partClientSide = iota + 1
	partServerSide
	partDirect
	partClients
)

// directShare is one direct program's part of the rate.
const directShare = 8

// work lets the clients work while the nemeses do.
func (r *runner) work(ctx context.Context, res *Result) error {
	ctx, stop := context.WithTimeout(ctx, r.Duration)
	defer stop()
	var wg sync.WaitGroup
	for i, c := range r.s.clients {
		w := &writer{
			w: r.w, c: c, rng: r.rng(partClients + uint64(i)), told: func(err error) { r.note("%v", err) },
			pause: time.Second * time.Duration(r.Clients) / time.Duration(r.Rate),
		}
		wg.Go(func() { w.run(ctx) })
	}
	d := &direct{r.w, r.Postgres.DSN(), r.rng(partDirect), time.Second * directShare / time.Duration(r.Rate)}
	wg.Go(func() { d.run(ctx) })
	var errs [2]error
	nemeses := [2]*nemesis{{faults: clientFaults, rng: r.rng(partClientSide)}, {faults: serverFaults, rng: r.rng(partServerSide)}}
	if r.Lose {
		nemeses[1].faults = append(slices.Clone(serverFaults), losses...)
	}
	for i, n := range nemeses {
		if r.Quiet {
			break
		}
		n.s, n.holdMin, n.holdMax = r.s, r.HoldMin, r.HoldMax
		n.log = func(format string, args ...any) {
			r.Log("%6d ms: %s", r.w.at(), fmt.Sprintf(format, args...))
		}
		wg.Go(func() {
			if errs[i] = n.run(ctx); errs[i] != nil {
				stop()
			}
		})
	}
	wg.Wait()
	for i, n := range nemeses {
		maps.Copy(res.Nemeses, n.reached)
		if errs[i] != nil {
			return errs[i]
		}
	}
	return nil
}

// note keeps what must not happen.
func (r *runner) note(format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.wrong) < notesMax {
		r.wrong = append(r.wrong, fmt.Sprintf(format, args...))
	}
}

// notesMax is how many notes are kept.
const notesMax = 20

// found is what was noted, and which processes ended by themselves.
func (r *runner) found() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := r.wrong
	for _, c := range r.s.clients {
		for _, said := range c.daemon.told() {
			out = append(out, c.name+" ended by itself: "+said)
		}
	}
	for _, said := range r.s.relay.told() {
		if strings.Contains(said, "panic") || strings.Contains(said, "fatal error") {
			out = append(out, "the relay ended by itself: "+said)
		} else {
			r.Log("the relay ended by itself and was started again: %s", said)
		}
	}
	return out
}
