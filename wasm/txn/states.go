package txn

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// historyMax is how many ended transactions are remembered.
const historyMax = 256

// Track is where one local transaction stands and when it got there.
type Track struct {
	// Local numbers the transactions of this run; Mid is 0 before the commit
	// and for those that changed no synced row.
	Local uint64
	Mid   uint64
	State wire.TxState
	Key   string
	// Millis holds the time of entry into each state, 0 for never.
	Millis [wire.TxBlocked + 1]int64
	// Outcome is the server's answer, or nil.
	Outcome *mutation.Outcome
}

// History lists the states that it has been in, in the order of their moments.
func (t *Track) History() []wire.TxMoment {
	var out []wire.TxMoment
	for state, at := range t.Millis {
		if at != 0 {
			out = append(out, wire.TxMoment{State: wire.TxState(state), Millis: at})
		}
	}
	for i := 1; i < len(out); i++ { // nearly sorted, as states are numbered
		for j := i; j > 0 && out[j].Millis < out[j-1].Millis; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

// states is the recent transactions: those that wait, and a bounded history.
type states struct {
	last  uint64
	byMid map[uint64]*Track
	// open are the drafts; ended is oldest first.
	open, ended []*Track
	// fresh are applied and not flushed yet.
	fresh []*Track
}

func (s *states) draft(key string, now int64) *Track {
	s.last++
	t := &Track{Local: s.last, Key: key}
	s.set(t, wire.TxDraft, now)
	s.open = append(s.open, t)
	return t
}

// end takes a draft off the open ones; it is in the history when it was
// rolled back.
func (s *states) end(t *Track) {
	s.open = slices.DeleteFunc(s.open, func(x *Track) bool { return x == t })
}

func (s *states) set(t *Track, state wire.TxState, now int64) {
	t.State, t.Millis[state] = state, now
	switch state {
	case wire.TxAccepted, wire.TxRolledBack, wire.TxRejected, wire.TxBlocked, wire.TxConflicted:
		s.ended = append(s.ended, t)
		if len(s.ended) > historyMax {
			s.ended = slices.Delete(s.ended, 0, len(s.ended)-historyMax)
		}
	}
}

func (s *states) applied(mid uint64, key string, now int64) {
	s.last++
	t := &Track{Local: s.last, Mid: mid, Key: key}
	t.Millis[wire.TxDraft] = now
	s.set(t, wire.TxApplied, now)
	s.byMid[mid] = t
	s.fresh = append(s.fresh, t)
}

// durable marks every mid up to last.
func (s *states) durable(last uint64, now int64) {
	s.fresh = slices.DeleteFunc(s.fresh, func(t *Track) bool {
		if t.Mid > last {
			return false
		}
		if t.State == wire.TxApplied {
			s.set(t, wire.TxDurable, now)
		}
		return true
	})
}

// Sent notes that the socket has taken a mid. It changes no data.
func (m *Manager) Sent(mid uint64) {
	if t := m.states.byMid[mid]; t != nil && t.State == wire.TxDurable {
		m.states.set(t, wire.TxSent, m.opt.NowMillis())
	}
}

// Unsent notes that a socket is gone: what it had taken is durable only.
func (m *Manager) Unsent() {
	for _, t := range m.states.byMid {
		if t.State == wire.TxSent {
			t.State = wire.TxDurable
		}
	}
}

// Applied notes outcomes and returns the tracks that changed. Transactions of
// an earlier run get a track of their outcome alone.
func (m *Manager) Applied(a store.Applied) []Track {
	var out []Track
	for i := range a.Outcomes {
		o := a.Outcomes[i]
		out = append(out, *m.note(o.Mid, StateOf(o.Status), &o))
	}
	for _, r := range a.RolledBack {
		if !slices.ContainsFunc(a.Outcomes, func(o mutation.Outcome) bool { return o.Mid == r.Mid }) {
			out = append(out, *m.note(r.Mid, wire.TxBlocked, nil))
		}
	}
	return out
}

// note brings a transaction to a state, with its outcome if it has one.
func (m *Manager) note(mid uint64, state wire.TxState, o *mutation.Outcome) *Track {
	t := m.states.byMid[mid]
	if t == nil && o == nil { // one that had ended: an outcome's mid may name another after a rewind
		t, _ = m.states.find(mid)
	}
	if t == nil {
		m.states.last++
		t = &Track{Local: m.states.last, Mid: mid}
	}
	if o != nil {
		t.Outcome = o
		delete(m.states.byMid, mid)
	}
	if t.State != state {
		m.states.set(t, state, m.opt.NowMillis())
	}
	return t
}

// StateOf returns the state that an outcome brings a transaction to.
func StateOf(s mutation.Status) wire.TxState {
	switch s {
	case mutation.Applied, mutation.Merged, mutation.Superseded:
		return wire.TxAccepted
	case mutation.Parked:
		return wire.TxConflicted
	case mutation.Blocked:
		return wire.TxBlocked
	}
	return wire.TxRejected
}

// Track returns what is known of a mid in this run.
func (m *Manager) Track(mid uint64) (Track, bool) {
	if t, ok := m.states.find(mid); ok {
		return *t, true
	}
	return Track{}, false
}

func (s *states) find(mid uint64) (*Track, bool) {
	if t := s.byMid[mid]; t != nil {
		return t, true
	}
	for i := len(s.ended) - 1; i >= 0; i-- {
		if t := s.ended[i]; t.Mid == mid && mid != 0 {
			return t, true
		}
	}
	return nil, false
}

// History lists this run's transactions: the open, those that wait, and the
// last historyMax that ended, by the order in which they began.
func (m *Manager) History() []Track {
	seen := map[*Track]bool{}
	var out []Track
	add := func(t *Track) {
		if !seen[t] {
			seen[t] = true
			out = append(out, *t)
		}
	}
	for _, t := range m.states.ended {
		add(t)
	}
	for _, t := range m.states.byMid {
		add(t)
	}
	for _, t := range m.states.open {
		add(t)
	}
	slices.SortFunc(out, func(a, b Track) int { return int(int64(a.Local) - int64(b.Local)) })
	return out
}

// Outbox lists the local transactions that have not ended well, with the
// states that this run knows.
func (m *Manager) Outbox() ([]wire.OutboxEntry, error) {
	list, err := m.db.Outbox()
	for i := range list {
		t, ok := m.Track(list[i].Mid)
		if !ok {
			continue
		}
		list[i].History = t.History()
		if t.State == wire.TxSent && list[i].State == wire.TxDurable {
			list[i].State = wire.TxSent
		}
	}
	return list, err
}

// Status tells what became of a write, by idempotency key or mid. Known is
// false when this database never committed it.
func (m *Manager) Status(key string, mid uint64) (wire.WriteDone, error) {
	out := wire.WriteDone{Mid: mid}
	if key != "" {
		once, known, err := m.db.Known(key)
		if err != nil {
			return out, fault.In("look up a write", err)
		}
		out.Known, out.Mid = known, once.Mid
	} else {
		meta := m.db.Meta()
		out.Known = mid != 0 && mid <= meta.LastMid
	}
	if t, ok := m.Track(out.Mid); ok && t.Outcome != nil {
		out.Outcome = t.Outcome
		return out, nil
	}
	// It ended in an earlier run, perhaps another tab's, or is out of the history.
	var err error
	out.Outcome, err = m.db.Settled(out.Mid)
	return out, err
}
