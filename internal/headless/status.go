package headless

import (
	"context"

	"rockpool.dev/wire"
)

// Status is where a client stands.
type Status struct {
	// Epoch and Seq are the log position up to which the rows are.
	Epoch uint32 `json:"epoch"`
	Seq   uint64 `json:"seq"`
	// Pending counts transactions that the relay has not settled, Parked those
	// that wait for a person, Failed those that were rejected or depend on one.
	Pending int `json:"pending"`
	Parked  int `json:"parked"`
	Failed  int `json:"failed"`
	// Socket is wire.ConnState as a number: 2 is open.
	Socket int `json:"socket"`
	// Loading says that rows of a shape are still to come.
	Loading bool `json:"loading"`
	// LastError is why the socket ended last, or "".
	LastError string `json:"last_error,omitempty"`
}

// Status asks the outbox itself, not a figure that an event brought.
func (c *Client) Status(ctx context.Context) (Status, error) {
	a, err := c.page.ask(ctx, wire.PageOutbox, (&wire.Empty{}).AppendTo)
	if err != nil {
		return Status{}, err
	}
	var list wire.OutboxList
	if err := list.Decode(a.body); err != nil {
		return Status{}, err
	}
	var s Status
	for _, e := range list.Entries {
		switch e.State {
		case wire.TxConflicted:
			s.Parked++
		case wire.TxRejected, wire.TxBlocked:
			s.Failed++
		default:
			s.Pending++
		}
		if e.Detail != "" {
			s.LastError = e.Detail
		}
	}
	c.loop.do(func() {
		p := c.page
		s.Epoch, s.Seq = p.sync.Pos.Epoch, p.sync.Pos.Seq
		s.Socket = int(p.health.Socket)
		if f := p.health.LastError; f != nil && s.LastError == "" {
			s.LastError = f.Op + ": " + f.Msg
		}
		for _, shape := range p.sync.Shapes {
			s.Loading = s.Loading || !shape.Ready
		}
	})
	return s, nil
}
