package listen

import (
	"context"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/relay"
)

// Logged runs a write of the source in the core's turn, so that its record comes
// in the log's order, hands the record out, and returns when it is durable. When
// ctx ends before, the write may still happen.
func (s *Server) Logged(ctx context.Context, write func() (*changelog.Tx, error)) error {
	ended := make(chan error, 1)
	posted := s.loop.post(func(c *relay.Core) []relay.Effect {
		if ctx.Err() != nil {
			ended <- ctx.Err()
			return nil
		}
		rec, err := write()
		if err != nil || rec == nil {
			ended <- err
			return nil
		}
		return append(c.Ingested(rec), relay.Durably{Then: func() { ended <- nil }})
	})
	if !posted {
		return fault.New(fault.Closed, "write to the store", "the relay is stopping")
	}
	select {
	case err := <-ended:
		return err
	case <-s.loop.done:
		return fault.New(fault.OutcomeUnknown, "write to the store", "the relay is stopping")
	case <-ctx.Done():
		return ctx.Err()
	}
}
