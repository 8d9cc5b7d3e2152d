package txn

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// Resolve settles a conflict as one more write.
func (m *Manager) Resolve(r *wire.Resolve) (Result, error) {
	return m.store(func() (store.Committed, error) { return m.db.Resolve(r) })
}

// Recall takes the transaction of a back where it is queued, so that Act can go
// on; it does nothing to one that has failed. sent says that a socket has it: then
// only its outcome decides. Applied is what left the view, to be told also when Act
// fails: the transaction is then kept as a failed one.
func (m *Manager) Recall(a wire.OutboxAct, sent bool) (store.Applied, error) {
	const op = "take a transaction back"
	switch {
	case !m.db.Queued(a.Mid):
		return store.Applied{}, nil
	case m.active != nil:
		return store.Applied{}, fault.New(fault.Busy, op, "an interactive transaction is open")
	case sent:
		return store.Applied{}, fault.New(fault.Forbidden, op, "it is on its way to the server").
			WithHint("wait for its outcome, or disconnect first")
	case !a.Discard && len(a.Ops) == 0:
		return store.Applied{}, fault.New(fault.Forbidden, op, "it is queued, and sent by itself").
			WithHint("discard it, or give the operations to write instead")
	}
	out, err := m.db.Recall(a.Mid)
	if err == nil {
		m.commits++
	}
	return out, err
}

// Act retries, replaces or discards a failed transaction.
func (m *Manager) Act(a wire.OutboxAct) (Result, error) {
	return m.store(func() (store.Committed, error) {
		switch {
		case a.Discard:
			return m.db.Discard(a.Mid)
		case len(a.Ops) == 0:
			return m.db.Retry(a.Mid)
		}
		return m.db.Replace(a.Mid, func(c *sqlite.Conn, info *store.CommitInfo) error {
			_, err := m.operations(c, a.Ops, &info.Deltas)
			return err
		})
	})
}

// store runs a write that package store makes by itself.
func (m *Manager) store(f func() (store.Committed, error)) (Result, error) {
	if m.active != nil {
		return Result{}, fault.New(fault.Busy, "write", "an interactive transaction is open")
	}
	done, err := f()
	if err != nil {
		return Result{}, err
	}
	m.took(done, "")
	if done.Ended != 0 {
		m.note(done.Ended, wire.TxRolledBack, nil)
	}
	return Result{Mid: done.Mid, Tables: done.Tables, Ticket: m.commits, Closed: done.Closed, Ended: done.Ended}, nil
}
