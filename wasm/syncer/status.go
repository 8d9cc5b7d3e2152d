package syncer

import (
	"rockpool.dev/wire"
)

// statusState is what has been told and what is owed.
type statusState struct {
	health bool // owed at once
	dirty  bool // owed, but not more often than statusMillis
	last   int64
	ever   bool
	at     int64 // Mono: told then, 0 for nothing owed
}

// tell emits what is owed.
func (m *Machine) tell() {
	t := &m.told
	if t.health {
		t.health = false
		t.dirty = true
		m.emit(HealthChanged{m.Health()})
	}
	t.at = 0
	if !t.dirty {
		return
	}
	if t.ever && m.now.Mono-t.last < statusMillis {
		t.at = t.last + statusMillis
		return
	}
	t.dirty, t.ever, t.last = false, true, m.now.Mono
	m.emit(StatusChanged{m.Status()})
}

// Health is the socket's side of the health; the host adds the database's.
func (m *Machine) Health() wire.Health {
	h := wire.Health{
		Attempts: m.attempts, RTTMicros: uint64(m.clock.rtt) * 1000, LastError: m.lastErr, SinceMillis: m.since,
	}
	switch m.phase {
	case phaseIdle:
		h.Socket = wire.ConnIdle
	case phaseToken, phaseIdentity, phaseDialing, phaseHello, phaseWelcome:
		h.Socket = wire.ConnConnecting
	case phaseLive:
		h.Socket = wire.ConnOpen
	case phaseBackoff:
		h.Socket = wire.ConnBackoff
		h.RetryMillis = uint32(max(0, m.deadline-m.now.Mono))
	case phaseRefused:
		h.Socket = wire.ConnRefused
	}
	return h
}

// Status is where sync stands. Table names are the driver's to fill in.
func (m *Machine) Status() wire.SyncStatus {
	s := wire.SyncStatus{
		Pos: m.local.Cursor, Head: m.head, Pending: m.local.Pending, Parked: m.local.Parked,
		Failed: m.local.Failed, Paused: m.paused, LastMillis: m.lastWall,
	}
	if s.Head.Less(s.Pos) {
		s.Head = s.Pos
	}
	for _, x := range m.shapes {
		if x.gone {
			continue
		}
		st := wire.ShapeStatus{
			Shape: x.Name, Args: x.Args, Ready: x.Ready, RowsLoaded: x.rows, Bytes: x.bytes, Error: x.err,
		}
		if x.snap != nil {
			st.RowsTotal, st.BytesTotal = x.snap.Rows, x.snap.Bytes
		}
		s.Shapes = append(s.Shapes, st)
	}
	return s
}

// Live reports whether push and tail run.
func (m *Machine) Live() bool { return m.phase == phaseLive }
