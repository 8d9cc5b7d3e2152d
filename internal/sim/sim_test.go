package sim_test

import (
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/internal/sim"
	"rockpool.dev/mutation"
)

// seedsOf is how many seeds a test plays: more with SIM_SEEDS.
func seedsOf(t *testing.T, n int) int {
	t.Helper()
	if v, err := strconv.Atoi(os.Getenv("SIM_SEEDS")); err == nil {
		return v
	}
	if testing.Short() {
		return max(1, n/4)
	}
	return n
}

func options() sim.Options { return sim.Options{Dir: sim.TempDir()} }

// Clients and the model relay keep every invariant through faults, and come
// to rest.
func TestModelRelay(t *testing.T) {
	t.Parallel()
	o := options()
	o.Relay = sim.Model
	total, seed, err := sim.Seeds(o, 1, seedsOf(t, 60), 2, nil)
	if err != nil {
		t.Fatalf("seed %d: %v\nreplay: go run ./internal/sim/cmd -relay model -seed %d", seed, err, seed)
	}
	t.Log(total)
	reached(t, total, o)
}

// reached fails when a fault never happened, or an outcome.
func reached(t *testing.T, total sim.Stats, o sim.Options) {
	t.Helper()
	if none := total.Missing(o); len(none) > 0 && !testing.Short() {
		t.Errorf("the seeds never met: %s", strings.Join(none, ", "))
	}
	for status, n := range total.Outcomes {
		if s := mutation.Status(status); n == 0 && s != 0 && !testing.Short() {
			t.Errorf("no write ended with status %d", s)
		}
	}
}

// Clients and the relay's own core and store, as the truth and as a replica of
// a database, keep every invariant through faults, and come to rest.
func TestRelay(t *testing.T) {
	t.Parallel()
	total, seed, err := sim.Seeds(options(), 1, seedsOf(t, 60), 2, nil)
	if err != nil {
		t.Fatalf("seed %d: %v\nreplay: go run ./internal/sim/cmd -seed %d", seed, err, seed)
	}
	t.Log(total)
	reached(t, total, options())
}

// A profile that is put back from a backup is noticed: it goes on under a new
// client ID, and every invariant holds for both.
func TestBackups(t *testing.T) {
	t.Parallel()
	o := options()
	o.Backups = true
	total, seed, err := sim.Seeds(o, 1, seedsOf(t, 40), 2, nil)
	if err != nil {
		t.Fatalf("seed %d: %v\nreplay: go run ./internal/sim/cmd -backups -seed %d", seed, err, seed)
	}
	t.Log(total)
	if total.Twins == 0 {
		t.Errorf("the seeds did too little: %s", total)
	}
}

// Seeds that once failed: 6 wrote over stale rows as if it had seen what came
// behind them, 969 unsubscribed with a full storage, and kept rows
// that it called those of the cursor.
func TestFoundBefore(t *testing.T) {
	t.Parallel()
	for _, seed := range []uint64{6, 168, 969} {
		o := options()
		o.Seed = seed
		if _, err := sim.Run(o); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
}

// The same seed does the same, line by line.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, partner := range []sim.Relay{sim.Model, sim.Embedded, sim.Postgres} {
		play := func() string {
			var b strings.Builder
			o := options()
			o.Relay, o.Seed, o.Trace = partner, 7, &b
			if _, err := sim.Run(o); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		if a, b := play(), play(); a != b {
			t.Fatalf("two runs of seed 7 differ (relay %s)", partner)
		}
	}
}

// What is built wrong is seen: each bug takes one safeguard away, and nothing
// else. Each is found within PlantSeeds, by the invariant that it breaks.
func TestTheCheckersSee(t *testing.T) {
	t.Parallel()
	for _, p := range sim.Plants() {
		t.Run(string(p.Bug)+" "+string(p.Relay), func(t *testing.T) {
			t.Parallel()
			o := options()
			o.Bug, o.Relay = p.Bug, p.Relay
			_, seed, err := sim.Seeds(o, 1, sim.PlantSeeds, 1, nil)
			if err == nil {
				t.Fatalf("%d seeds passed", sim.PlantSeeds)
			}
			if !slices.ContainsFunc(p.Want, func(w string) bool { return strings.HasPrefix(err.Error(), w) }) {
				t.Errorf("seed %d: %v, want a failure that begins with one of %q", seed, err, p.Want)
			}
			t.Logf("seed %d: %v", seed, err)
		})
	}
}
