package store

import (
	"context"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/version"
)

// waitMax bounds WaitFor (SYNC.md §6.2).
const waitMax = 5 * time.Second

// WaitFor waits until the store has reached pos (source.Replica). A position of
// an older epoch has been reached; of a newer one is fault.ResyncNeeded.
func (s *Store) WaitFor(ctx context.Context, pos version.Pos) error {
	ctx, cancel := context.WithTimeout(ctx, waitMax)
	defer cancel()
	for {
		s.state.Lock()
		head, moved := s.meta.pos, s.reached
		s.state.Unlock()
		switch {
		case !head.Less(pos):
			return nil
		case pos.Epoch != head.Epoch:
			return fault.New(fault.ResyncNeeded, "wait for the store", "the position is of an epoch that this relay does not know")
		}
		select {
		case <-moved:
		case <-ctx.Done():
			return fault.New(fault.Timeout, "wait for the store", "it did not reach the position in time")
		}
	}
}
