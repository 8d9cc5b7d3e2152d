package syncer

import (
	"rockpool.dev/fault"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// roundState is a forced round: everything written before it has been settled
// and the cursor has reached a head that was told after it began.
type roundState struct {
	running bool
	again   bool   // a connection older than the last SyncNow carries it: its end says nothing of now
	asked   int    // SyncNow that it answers
	by      int64  // Mono: given up then
	next    int64  // Mono: the interval's next round
	probe   uint64 // number of its probe, 0 before it left
	mid     uint64 // newest mid when it began
	head    version.Pos
	hasHead bool
	// updated and conflicts count since the last RoundDone.
	updated, conflicts uint64
}

// answered takes the head that was asked for when the round began.
func (r *roundState) answered(p *wire.Ping) {
	if r.running && r.probe != 0 && p.Echo >= r.probe && !r.hasHead {
		r.head, r.hasHead = p.Head, true
	}
}

func (m *Machine) syncNow() {
	m.round.asked++
	switch m.phase {
	case phaseRefused:
		m.roundBegin()
		m.roundFail(failureError("sync", m.lastErr))
		return
	case phaseIdle:
		m.roundBegin()
		msg := "the connection is turned off"
		if m.paused {
			msg = "sync is paused"
		}
		m.roundFail(fault.New(fault.Offline, "sync", msg))
		return
	case phaseBackoff:
		m.roundBegin()
		m.redial()
		return
	}
	// A round under way may have read a head from before this call.
	m.roundBegin()
	m.round.again = true
}

// roundBegin starts a round, or starts the one under way over.
func (m *Machine) roundBegin() {
	r := &m.round
	if !r.running {
		r.by = m.now.Mono + roundMillisMax
	}
	r.running, r.again, r.probe, r.hasHead = true, false, 0, false
	r.mid = m.local.LastMid
}

// roundDue starts the interval's rounds and gives up those that hang.
func (m *Machine) roundDue() {
	r := &m.round
	if every := m.cfg.SyncIntervalMillis; every > 0 && m.now.Mono >= r.next {
		r.next = m.now.Mono + every
		if m.phase == phaseLive && !r.running {
			m.roundBegin()
		}
	}
	if r.running && m.now.Mono >= r.by {
		m.roundFail(fault.New(fault.Timeout, "sync", "the relay did not settle everything in time"))
	}
}

// roundCheck probes for the head and ends the round that has reached its end.
func (m *Machine) roundCheck() {
	r := &m.round
	if !r.running || m.phase != phaseLive {
		return
	}
	if r.probe == 0 {
		m.probe()
		r.probe = m.clock.probe
		return
	}
	if !r.hasHead || m.local.Cursor.Less(r.head) || m.local.AckedMid < r.mid {
		return
	}
	m.roundEnd(nil)
}

// roundAgain reports, once, that the connection which just ended was there
// before the round was asked for: another attempt answers it.
func (m *Machine) roundAgain() bool {
	again := m.round.running && m.round.again
	m.round.again = false
	return again
}

// roundFail ends the round with an error. Rounds that nobody asked for end
// without a word: the health says what is wrong.
func (m *Machine) roundFail(err error) {
	if m.round.running {
		m.roundEnd(err)
	}
}

func (m *Machine) roundEnd(err error) {
	r := &m.round
	asked := r.asked
	r.running, r.asked = false, 0
	if err != nil && asked == 0 {
		return
	}
	done := RoundDone{Round: wire.SyncRound{Pos: m.local.Cursor}, Asked: asked, Err: err}
	if err == nil {
		done.Round.Updated, done.Round.Conflicts = r.updated, r.conflicts
		r.updated, r.conflicts = 0, 0
	}
	m.emit(done)
}

func (m *Machine) roundMoment() (at int64) {
	r := &m.round
	if r.running {
		at = r.by
	}
	if m.cfg.SyncIntervalMillis > 0 && (at == 0 || r.next < at) {
		at = r.next
	}
	return at
}

func failureError(op string, f *wire.Failure) error {
	if f == nil {
		return fault.New(fault.Offline, op, "not connected")
	}
	return fault.New(fault.Kind(f.Kind), op, f.Msg).WithHint(f.Hint)
}
