package rig

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// nemesis does faults one after the other.
type nemesis struct {
	s      *site
	rng    *rand.Rand
	faults []fault
	// A fault lasts from holdMin to holdMax; between two there is as much.
	holdMin, holdMax time.Duration
	log              func(format string, args ...any)
	reached          map[string]int
}

// run draws faults until ctx ends, each as often as any other, and ends the one
// that is under way.
func (n *nemesis) run(ctx context.Context) error {
	n.reached = map[string]int{}
	for {
		bag := slices.Clone(n.faults)
		n.rng.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
		for _, f := range bag {
			if !rest(ctx, n.span()) {
				return nil
			}
			if err := n.do(ctx, f); err != nil {
				return fmt.Errorf("nemesis %s: %w", f.name, err)
			}
		}
	}
}

func (n *nemesis) do(ctx context.Context, f fault) error {
	hold := n.span()
	n.log("%s for %v", f.name, hold)
	end, err := f.begin(n.s, n.rng)
	if err != nil {
		return err
	}
	n.reached[f.name]++
	rest(ctx, hold)
	return end()
}

func (n *nemesis) span() time.Duration {
	return n.holdMin + time.Duration(n.rng.Int64N(int64(n.holdMax-n.holdMin)+1))
}
