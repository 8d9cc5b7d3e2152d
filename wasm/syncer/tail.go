package syncer

import (
	"rockpool.dev/fault"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// partState is the transaction that is coming in.
type partState struct {
	tx    *wire.Tx
	next  uint32
	bytes int
}

// ackState is what the relay is to be told about.
type ackState struct {
	sent  version.Pos // newest acknowledged position
	bytes int         // received since
	at    int64       // when an ack is due, 0 for nothing to tell
	busy  bool        // a flush is under way
}

// txPart takes one part of a transaction; the last one hands it to the store.
func (m *Machine) txPart(t *wire.Tx, bytes int) {
	p := &m.parts
	if t.Part == 0 {
		*p = partState{tx: t}
	} else {
		if p.tx == nil || t.Part != p.next || t.From != p.tx.From || t.To != p.tx.To || t.Schema != p.tx.Schema {
			m.lost(fault.New(fault.Protocol, "read transaction", "its parts do not follow each other"), 0)
			return
		}
		p.tx.Blocks = append(p.tx.Blocks, t.Blocks...)
		p.tx.Acks = append(p.tx.Acks, t.Acks...)
		p.tx.Lost = append(p.tx.Lost, t.Lost...)
	}
	p.next = t.Part + 1
	p.bytes += bytes
	if p.bytes > txBytesMax {
		m.lost(fault.New(fault.TooLarge, "read transaction", "it is larger than the limit"), backoffMax)
		return
	}
	if !t.Last {
		return
	}
	tx, size := p.tx, p.bytes
	*p = partState{}
	m.apply(tx, size)
}

// apply has the store take a whole transaction.
func (m *Machine) apply(tx *wire.Tx, size int) {
	m.enqueue(size, func() Effect {
		if tx.From != m.local.Cursor || tx.To.Less(tx.From) {
			m.lost(fault.New(fault.Protocol, "read transaction", "it does not begin where this database stands"), 0)
			return nil
		}
		return Apply{tx}
	}, func(e Stored) {
		if e.Err != nil {
			m.applyFailed(e.Err)
			return
		}
		m.failures = 0
		m.applied(size)
		m.sawHead(tx.To)
	})
}

// applied accounts for a stored transaction.
func (m *Machine) applied(size int) {
	m.acks.bytes += size
	if m.acks.at == 0 {
		m.acks.at = m.now.Mono + ackMillis
	}
	m.tryAdopt()
	m.pump()
}

// applyFailed ends the socket; a transaction that fails again and again at
// one place is passed by with new snapshots.
func (m *Machine) applyFailed(err error) {
	if fault.KindOf(err) == fault.Rewound {
		m.metTwin(fault.In("apply a transaction", err))
		return
	}
	if m.failCursor != m.local.Cursor {
		m.failCursor, m.failures = m.local.Cursor, 0
	}
	if k := fault.KindOf(err); k != fault.QuotaExceeded && k != fault.OutOfMemory {
		m.failures++
	}
	if m.failures >= applyFailuresMax {
		m.failures = 0
		m.forced = true
	}
	m.storeFailed("apply a transaction", err)
}

// ackDue flushes and acknowledges after enough time or bytes.
func (m *Machine) ackDue() {
	a := &m.acks
	if m.phase != phaseLive || a.busy || a.at == 0 || a.bytes < ackBytes && m.now.Mono < a.at {
		return
	}
	a.busy = true
	a.bytes, a.at = 0, 0
	m.enqueue(0, func() Effect { return Flush{} }, func(e Stored) {
		m.acks.busy = false
		if m.storeFailed("flush", e.Err) {
			return
		}
		if m.local.Cursor != m.acks.sent {
			m.acks.sent = m.local.Cursor
			m.send(wire.FrameAck, 0, &wire.Ack{Pos: m.acks.sent})
		}
		m.pump() // the flush may have covered local writes
	})
}

// sawHead notes the relay's position.
func (m *Machine) sawHead(p version.Pos) {
	if m.head.Less(p) {
		m.head = p
		m.told.dirty = true
	}
}
