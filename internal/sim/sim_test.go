package sim_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/internal/sim"
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
	o.Fake = true
	total, seed, err := sim.Seeds(o, 1, seedsOf(t, 60), 2, nil)
	if err != nil {
		t.Fatalf("seed %d: %v\nreplay: go run ./internal/sim/cmd -fake -seed %d", seed, err, seed)
	}
	t.Log(total)
	if total.Crashes == 0 || total.RelayCrashes == 0 || total.HalfOpen == 0 || total.Outcomes[4] == 0 {
		t.Errorf("the seeds did too little: %s", total)
	}
}

// Clients and the relay's own core, store and embedded source keep every
// invariant through faults, and come to rest.
func TestRelay(t *testing.T) {
	t.Parallel()
	total, seed, err := sim.Seeds(options(), 1, seedsOf(t, 60), 2, nil)
	if err != nil {
		t.Fatalf("seed %d: %v\nreplay: go run ./internal/sim/cmd -seed %d", seed, err, seed)
	}
	t.Log(total)
	if total.Crashes == 0 || total.RelayCrashes == 0 || total.HalfOpen == 0 || total.Outcomes[4] == 0 || total.Outcomes[2] == 0 {
		t.Errorf("the seeds did too little: %s", total)
	}
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
}

// The same seed does the same, line by line.
func TestReplay(t *testing.T) {
	t.Parallel()
	for _, fake := range []bool{true, false} {
		play := func() string {
			var b strings.Builder
			o := options()
			o.Fake, o.Seed, o.Trace = fake, 7, &b
			if _, err := sim.Run(o); err != nil {
				t.Fatal(err)
			}
			return b.String()
		}
		if a, b := play(), play(); a != b {
			t.Fatalf("two runs of seed 7 differ (model relay %v)", fake)
		}
	}
}

// What is built wrong is seen: each switch takes one safeguard away.
func TestTheCheckersSee(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		set  func(*sim.Options)
		want string
	}{
		{"without the relay's fence", func(o *sim.Options) { o.NoFence = true }, "I9"},
		{"without the model's fence", func(o *sim.Options) { o.NoFence, o.Fake = true, true }, "I9"},
		{"cursor and rows in two transactions", func(o *sim.Options) { o.TornCursor = true }, "I4"},
		{"outbox entry and rows in two transactions", func(o *sim.Options) { o.TornOutbox = true }, "I"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := options()
			c.set(&o)
			_, seed, err := sim.Seeds(o, 1, 300, 1, nil)
			if err == nil {
				t.Fatal("300 seeds passed")
			}
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("seed %d: %v, want a broken %s", seed, err, c.want)
			}
			t.Logf("seed %d: %v", seed, err)
		})
	}
}
