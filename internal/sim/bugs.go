package sim

import (
	"rockpool.dev/mutation"
	"rockpool.dev/wire"
)

// Bug takes one safeguard away and nothing else, to show that the checkers see
// it. Those of the wire and of the disk spoil what passes there; no part of the
// product has a place for them.
type Bug string

// The bugs, by what should hold them off.
const (
	// NoFence takes the source's check of mids away: a mutation that is sent
	// twice is applied twice.
	NoFence Bug = "no fence"
	// NoPolicy lets everybody read the posts of every room.
	NoPolicy Bug = "no read policy"
	// NoExpiry has a relay go on with a token that has run out.
	NoExpiry Bug = "tokens that do not run out"
	// SameEpoch has a store that is built anew go by the epoch of the old one.
	SameEpoch Bug = "a new store under the old epoch"
	// TornCursor has a crash keep a cursor without the rows that belong to it,
	// as if the two were written in two transactions.
	TornCursor Bug = "cursor and rows in two transactions"
	// TornOutbox has a crash keep the rows of the newest write without its
	// outbox entry, as if the two were written in two transactions.
	TornOutbox Bug = "outbox entry and rows in two transactions"
	// Unheard has live queries not hear of a commit now and then.
	Unheard Bug = "commits that live queries do not hear of"
	// LostBlock has a relay leave out a table's rows of a transaction now and then.
	LostBlock Bug = "rows left out of a transaction"
	// SplitTx has a relay send a transaction over two tables as two.
	SplitTx Bug = "a transaction shown table by table"
	// Swapped has a relay send two transactions' rows in the wrong order.
	Swapped Bug = "transactions out of order"
	// Forgotten has a source answer a mutation as applied and write nothing of it.
	Forgotten Bug = "an applied write that is not written"
	// Revived has a source insert a row that an update finds gone.
	Revived Bug = "updates that bring deleted rows back"
	// Foreseen has a client say that it has seen all that the relay has: what it
	// overwrites without having seen it is no conflict then.
	Foreseen Bug = "a client that claims to have seen everything"
	// SetBack has a crash set a client's cursor back behind what was flushed.
	SetBack Bug = "a cursor that goes back"
	// NoFlush has a client's disk say that it has flushed, and do nothing.
	NoFlush Bug = "flushes that do nothing"
	// NoRelayFlush has a relay that is the truth send before it has flushed.
	NoRelayFlush Bug = "a relay that answers before its flush"
	// Swallowed has a relay not answer when one shape is asked for.
	Swallowed Bug = "a subscription that is not answered"
	// NotKept has a client forget what was refused.
	NotKept Bug = "refused writes that are not kept"
	// OldAcks has a relay never tell the outcomes of one kind.
	OldAcks Bug = "outcomes that are not told"
	// Skipped has a replica pass over a record of the stream.
	Skipped Bug = "a record of the stream that is passed over"
)

// Plant is how a bug is played, and how a failure that shows it begins.
type Plant struct {
	Bug    Bug
	Relay  Relay
	Breaks string // the kind of invariant
	Want   []string
}

// PlantSeeds is within how many seeds a bug must show.
const PlantSeeds = 150

// Plants lists every bug with the relay on which it is looked for.
func Plants() []Plant {
	return []Plant{
		{NoFence, Embedded, "exactly once", []string{"I9"}},
		{NoFence, Postgres, "exactly once", []string{"I9"}},
		{NoFence, Model, "exactly once", []string{"I9"}},
		{SameEpoch, Postgres, "one log an epoch", []string{"I1", "I4", "I5", "I6", "no rest"}},
		{NoPolicy, ByTurns, "no leak outside a shape", []string{"I8"}},
		{NoExpiry, ByTurns, "no leak after a token has run out", []string{"I8"}},
		// What a cursor jumped over may be a row, or the outcome of a write.
		{TornCursor, ByTurns, "cursor and rows are one", []string{"I1", "I4", "no rest"}},
		{TornOutbox, ByTurns, "a write and its mutation are one", []string{"I4", "I9"}},
		{Unheard, ByTurns, "live queries", []string{"I10"}},
		{LostBlock, ByTurns, "convergence", []string{"I1", "I4", "no rest"}},
		{SplitTx, ByTurns, "atomic visibility", []string{"I4"}},
		{Swapped, ByTurns, "log order", []string{"I4", "I1"}},
		{Forgotten, Embedded, "no lost acknowledged write", []string{"I2"}},
		{Forgotten, Postgres, "no lost acknowledged write", []string{"I2"}},
		{Revived, Embedded, "no resurrection", []string{"I7"}},
		{Foreseen, ByTurns, "causality", []string{"I6"}},
		{SetBack, ByTurns, "monotonic reads", []string{"I5"}},
		{NoFlush, ByTurns, "a resolved promise is durable", []string{"I3", "I5"}},
		{NoRelayFlush, Embedded, "durable before it is told", []string{"I2"}},
		{Swallowed, ByTurns, "liveness", []string{"no rest"}},
		{NotKept, ByTurns, "no silent loss", []string{"I3"}},
		{OldAcks, ByTurns, "every promise settles", []string{"I3", "no rest", "I4"}},
		{Skipped, Postgres, "a replica is its source", []string{"I9", "I1"}},
	}
}

// spoilDown is what arrives of a relay's frame under a bug of the wire.
func (w *world) spoilDown(l *link, frame []byte) [][]byte {
	t := wire.RelayFrame(frame[0])
	switch {
	case w.opt.Bug == Swallowed && (t == wire.FrameSnap || t == wire.FrameReady):
		var id wire.Unsub // the first field of both
		if id.Decode(frame[2:]) == nil && id.ID%3 == 2 {
			return nil
		}
	case t == wire.FrameTx && frame[1] == 0:
		var m wire.Tx
		if m.Decode(frame[2:]) == nil {
			if out := w.spoilTx(l, &m); out != nil {
				return out
			}
		}
	}
	return [][]byte{frame}
}

// spoilTx is what arrives of a transaction, or nil for what was sent.
func (w *world) spoilTx(l *link, m *wire.Tx) [][]byte {
	encode := func(m *wire.Tx) []byte { return m.AppendTo([]byte{byte(wire.FrameTx), 0}) }
	switch n := len(m.Blocks); {
	case w.opt.Bug == LostBlock && n > 0 && w.rng.IntN(20) == 0:
		m.Blocks = m.Blocks[:n-1]
	case w.opt.Bug == SplitTx && n > 1 && m.Part == 0 && m.Last:
		first := *m
		first.To, first.Blocks, first.Acks, first.Lost = m.From, m.Blocks[:1], nil, nil
		m.Blocks = m.Blocks[1:]
		return [][]byte{encode(&first), encode(m)}
	case w.opt.Bug == Swapped && n > 0:
		if l.held == nil {
			l.held, m.Blocks = m.Blocks, nil
		} else {
			m.Blocks, l.held = append(m.Blocks, l.held...), nil
		}
	case w.opt.Bug == OldAcks && len(m.Acks) > 0:
		kept := m.Acks[:0]
		for _, a := range m.Acks {
			if a.Status == mutation.Applied {
				kept = append(kept, a)
			}
		}
		m.Acks = kept
	default:
		return nil
	}
	return [][]byte{encode(m)}
}

// spoilUp is what arrives of a client's frame under a bug.
func (w *world) spoilUp(l *link, frame []byte) []byte {
	if w.opt.Bug != Foreseen || wire.RelayFrame(frame[0]) != wire.FrameMut || l.relay.down {
		return frame
	}
	m := new(mutation.Tx)
	if m.Decode(frame[2:]) != nil {
		return frame
	}
	m.Seen = l.relay.node.Head()
	return m.AppendTo(append([]byte(nil), frame[:2]...))
}
