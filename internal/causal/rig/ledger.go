package rig

import (
	"fmt"
	"time"

	"rockpool.dev/internal/causal"
)

// Line is a run's line of the ledger: a row of a Markdown table.
func (r *Result) Line(when time.Time, commit string, o Options) string {
	total := 0
	for _, n := range r.Nemeses {
		total += n
	}
	kinds := len(clientFaults) + len(serverFaults)
	if o.Lose {
		kinds += len(losses)
	}
	verdict := "clean"
	if !r.OK() {
		verdict = "FAILED"
	}
	return fmt.Sprintf("| %s | %s | %d | %v | %d | %d | %d | %d | %d of %d kinds, %d times | %.1f s | %d | %d | %d | %s |\n",
		when.UTC().Format("2006-01-02 15:04"), commit, r.Seed, o.Duration, o.Clients,
		r.Statuses[causal.OK], r.Statuses[causal.Unknown], r.Statuses[causal.Failed],
		len(r.Nemeses), kinds, total, r.Drained.Seconds(),
		len(r.Violations), len(r.Stuck), len(r.Wrong), verdict)
}
