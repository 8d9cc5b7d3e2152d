package rig_test

import (
	"testing"
	"time"

	"rockpool.dev/internal/causal"
	"rockpool.dev/internal/causal/rig"
	"rockpool.dev/internal/testpg"
)

// A short run on real processes and a real Postgres, with short faults so that
// most kinds come: no violation, and all is at rest in the end. `make causal` runs
// longer ones and keeps a ledger.
func TestRun(t *testing.T) {
	t.Parallel()
	programs, err := rig.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	o := rig.Options{
		Seed: 7, Programs: programs, Postgres: testpg.Start(t), Dir: t.TempDir(), Clients: 3, Rate: 20,
		Duration: 20 * time.Second, HoldMin: 200 * time.Millisecond, HoldMax: time.Second, Log: t.Logf,
	}
	t.Logf("seed %d", o.Seed)
	res, err := rig.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(res)
	if !res.OK() {
		t.Error("the run found something")
	}
	// What was not done cannot be found broken.
	if res.Statuses[causal.OK] == 0 || len(res.Bank.Transfers) == 0 || len(res.Nemeses) == 0 {
		t.Errorf("the run did nothing: %v", res)
	}
}
