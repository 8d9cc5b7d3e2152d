package syncer

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// welcome takes in the relay's answer to the hello, step by step through the
// store; then the socket is live.
func (m *Machine) welcome(w *wire.Welcome) {
	if m.phase != phaseHello {
		m.lost(fault.New(fault.Protocol, "connect", "a second welcome"), 0)
		return
	}
	if w.Version < wire.VersionMin || w.Version > wire.Version {
		side := "update the app"
		if w.Version < wire.VersionMin {
			side = "update the relay"
		}
		m.refuse(fault.New(fault.VersionMismatch, "connect", "the relay speaks version "+number(w.Version)+
			", this app "+number(wire.VersionMin)+" to "+number(wire.Version)).WithHint(side))
		return
	}
	m.limits = w.Limits
	m.enter(phaseWelcome, 0)
	m.sampleClock(m.hello.sent, w.ServerMillis)
	m.head = w.Head
	if w.Rewound || m.twin || w.LastMid < m.local.AckedMid || w.LastMid > m.hello.last {
		m.rewind(w)
		return
	}
	if known := slices.Concat(w.Outcomes, w.Coming); len(known) > 0 {
		m.enqueue(0, func() Effect { return Compare{known} }, func(e Stored) {
			if fault.KindOf(e.Err) == fault.Rewound {
				m.rewind(w)
				return
			}
			m.storeFailed("compare mutations", e.Err)
		})
	}
	m.step("confirm the hello", Confirm{w.Term})
	if w.Schema != nil {
		m.step("take the relay's schema", SetSchema{w.Schema})
	}
	if !w.Resume {
		m.enqueue(0, func() Effect { return Resync{w.Head, w.Outcomes} }, func(e Stored) {
			if m.storeFailed("start over", e.Err) {
				return
			}
			m.forced = false
			for _, s := range m.shapes {
				s.outdated()
			}
		})
	} else if len(w.Outcomes) > 0 {
		m.step("settle writes", Settle{w.Outcomes})
	}
	m.enqueue(0, func() Effect {
		m.live(w)
		return nil
	}, nil)
}

func number(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// step has the store do one thing of the welcome.
func (m *Machine) step(op string, e Effect) {
	m.enqueue(0, func() Effect { return e }, func(r Stored) {
		if e, ok := e.(SetSchema); ok && fault.KindOf(r.Err) == fault.SchemaMismatch && e.Schema != nil {
			m.refuse(fault.In(op, r.Err))
			return
		}
		m.storeFailed(op, r.Err)
	})
}

// rewind takes a new identity: the relay does not know this one, or knows
// mids that this database never made, has seen settled, or made otherwise.
// Mutations up to its last mid may have been applied under the old one, but for
// those that were made after the hello: they were never sent.
func (m *Machine) rewind(w *wire.Welcome) {
	m.lost(fault.New(fault.Rewound, "connect", "this database is older than what the relay knows of it, or a copy; it goes on under a new name"), 0)
	e := Rewind{min(w.LastMid, m.hello.last), slices.Concat(w.Outcomes, w.Coming)}
	m.enqueueAlways(func() Effect { return e }, func(r Stored) {
		if !m.storeFailed("take a new identity", r.Err) {
			m.twin = false
		}
	})
}

// metTwin ends an attempt on which a mid turned out to be another write's: the
// next welcome tells what became of each.
func (m *Machine) metTwin(err error) {
	m.twin = true
	m.lost(err, 0)
}

// live starts push and tail.
func (m *Machine) live(w *wire.Welcome) {
	m.enter(phaseLive, 0)
	m.lastErr = nil
	m.told.health = true
	m.liveSince = m.now.Mono
	m.acks.sent = m.local.Cursor
	m.push.begin(max(m.local.AckedMid, w.LastMid) + 1)
	for _, s := range m.shapes {
		if !s.wanted { // followed since the hello
			m.subscribeNow(s, false)
		}
	}
	m.pump()
}

// schemaChange takes a new schema at its place in the stream.
func (m *Machine) schemaChange(c *wire.SchemaChange) {
	if c.Schema != nil {
		m.step("take the relay's new schema", SetSchema{c.Schema})
	}
}
