package txn

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// Limits of interactive transactions.
const (
	// TimeoutMillisDefault ends a transaction whose tab said nothing else.
	TimeoutMillisDefault = 5000
	// TimeoutMillisMax bounds what a tab may ask for: others wait meanwhile.
	TimeoutMillisMax = 60000
	// SavepointsMax bounds nesting.
	SavepointsMax = 100
)

// Tx is an interactive transaction of one tab. It ends by Commit, Rollback,
// its timeout (Manager.Expire), or its tab's end (Manager.CloseOwner).
type Tx struct {
	ID       uint32
	Owner    uint64
	m        *Manager
	w        *store.Write
	key      string
	deadline int64
	saves    int
	deltas   []store.DeltaColumn
	track    *Track
}

// Begin starts an interactive transaction. timeoutMillis 0 takes the default.
// Kinds: busy while another one is open, duplicate when the idempotency key
// was used (ask Status), invalid_argument for too long a timeout.
func (m *Manager) Begin(owner uint64, timeoutMillis uint32, key string) (*Tx, error) {
	if timeoutMillis == 0 {
		timeoutMillis = TimeoutMillisDefault
	}
	if timeoutMillis > TimeoutMillisMax {
		return nil, fault.New(fault.InvalidArgument, "begin transaction",
			"the timeout is longer than TimeoutMillisMax, "+strconv.Itoa(TimeoutMillisMax)+" ms")
	}
	if m.active != nil {
		return nil, fault.New(fault.Busy, "begin transaction", "another interactive transaction is open")
	}
	if _, known, err := m.repeat(key); err != nil {
		return nil, err
	} else if known {
		return nil, fault.New(fault.Duplicate, "begin transaction", "the idempotency key was used: its transaction is committed")
	}
	w, err := m.db.BeginWrite()
	if err != nil {
		return nil, err
	}
	m.lastTx++
	now := m.opt.NowMillis()
	m.active = &Tx{ID: m.lastTx, Owner: owner, m: m, w: w, key: key, deadline: now + int64(timeoutMillis), track: m.states.draft(key, now)}
	return m.active, nil
}

// Tx returns the open transaction with that ID and owner; kind not_found when
// it has ended, as by its timeout.
func (m *Manager) Tx(id uint32, owner uint64) (*Tx, error) {
	if m.active == nil || m.active.ID != id || m.active.Owner != owner {
		return nil, fault.New(fault.NotFound, "use transaction", "it has ended").
			WithHint("it may have passed its timeout; run it again")
	}
	return m.active, nil
}

// Active returns the open transaction of an owner, or nil: for BEGIN and
// COMMIT sent as text.
func (m *Manager) Active(owner uint64) *Tx {
	if m.active != nil && m.active.Owner == owner {
		return m.active
	}
	return nil
}

// Busy reports whether an interactive transaction is open.
func (m *Manager) Busy() bool { return m.active != nil }

// Deadline returns when the open transaction expires.
func (m *Manager) Deadline() (millis int64, ok bool) {
	if m.active == nil {
		return 0, false
	}
	return m.active.deadline, true
}

// Expire rolls back the open transaction when its time is over, and returns
// its ID and owner; nil when there is none.
func (m *Manager) Expire() (*Tx, error) {
	if m.active == nil || m.opt.NowMillis() < m.active.deadline {
		return nil, nil
	}
	tx := m.active
	return tx, tx.Rollback()
}

// CloseOwner rolls back what a tab that is gone has left open.
func (m *Manager) CloseOwner(owner uint64) error {
	if tx := m.Active(owner); tx != nil {
		return tx.Rollback()
	}
	return nil
}

// Conn is the connection, for reads that see the transaction's own writes.
func (t *Tx) Conn() *sqlite.Conn { return t.w.Conn() }

// SQL runs one statement inside the transaction. A failed statement leaves
// the transaction as it was before it. Savepoints may be sent as text; BEGIN,
// COMMIT and ROLLBACK as text act on the transaction.
func (t *Tx) SQL(sql string, args value.Row, each func(*sqlite.Stmt) error) error {
	if err := t.open(); err != nil {
		return err
	}
	switch s := Classify(sql); s.Verb {
	case Savepoint:
		return t.Savepoint(s.Name)
	case Release:
		return t.Release(s.Name)
	case RollbackTo:
		return t.RollbackTo(s.Name)
	case Rollback:
		return t.Rollback()
	case Commit:
		_, err := t.Commit()
		return err
	case Begin:
		return fault.New(fault.InvalidArgument, "begin transaction", "a transaction is open already").
			WithHint("use SAVEPOINT to nest")
	}
	if err := t.m.statement(t.w.Conn(), sql, args, each); err != nil {
		return t.survive(err)
	}
	// An increment that the statement may have set again is no delta any more.
	if s := Classify(sql); s.Table != "" {
		t.forgetDeltas(s.Table)
	}
	return nil
}

// Operations runs operations inside the transaction: all of them or none.
func (t *Tx) Operations(ops []wire.Operation) ([]wire.NamedRow, error) {
	if err := t.open(); err != nil {
		return nil, err
	}
	c := t.w.Conn()
	if err := c.Exec("SAVEPOINT _rockpool_ops"); err != nil {
		return nil, t.survive(err)
	}
	deltas := t.deltas
	rows, err := t.m.operations(c, ops, &deltas)
	if err != nil {
		if c.InTransaction() {
			if rerr := c.Exec("ROLLBACK TO _rockpool_ops"); rerr != nil {
				return nil, rerr
			}
			if rerr := c.Exec("RELEASE _rockpool_ops"); rerr != nil {
				return nil, rerr
			}
		}
		return nil, t.survive(err)
	}
	if err := c.Exec("RELEASE _rockpool_ops"); err != nil {
		return nil, t.survive(err)
	}
	t.deltas = deltas
	return rows, nil
}

// Savepoint marks a place to return to.
func (t *Tx) Savepoint(name string) error {
	if err := t.open(); err != nil {
		return err
	}
	if t.saves >= SavepointsMax {
		return fault.New(fault.LimitExceeded, "set savepoint", "the limit SavepointsMax is reached")
	}
	if err := t.w.Conn().Exec("SAVEPOINT " + schema.Quote(name)); err != nil {
		return t.survive(err)
	}
	t.saves++
	return nil
}

// Release forgets a savepoint and keeps what came after it.
func (t *Tx) Release(name string) error { return t.point("RELEASE ", name) }

// RollbackTo undoes what came after a savepoint, which stays.
func (t *Tx) RollbackTo(name string) error {
	t.deltas = nil // which increments are left is not known: they go as plain updates
	return t.point("ROLLBACK TO ", name)
}

func (t *Tx) point(verb, name string) error {
	if err := t.open(); err != nil {
		return err
	}
	return t.survive(t.w.Conn().Exec(verb + schema.Quote(name)))
}

// Commit ends the transaction and queues its mutation.
func (t *Tx) Commit() (Result, error) {
	if err := t.open(); err != nil {
		return Result{}, err
	}
	t.m.active = nil
	t.m.states.end(t.track)
	res, err := t.m.commit(t.w, store.CommitInfo{IdempotencyKey: t.key, Deltas: t.deltas})
	if err != nil {
		t.m.states.set(t.track, wire.TxRolledBack, t.m.opt.NowMillis())
		return Result{}, err
	}
	return res, nil
}

// Rollback ends the transaction without a trace. It is idempotent.
func (t *Tx) Rollback() error {
	if t.m.active != t {
		return nil
	}
	t.m.active = nil
	t.m.states.end(t.track)
	t.m.states.set(t.track, wire.TxRolledBack, t.m.opt.NowMillis())
	return t.w.Rollback()
}

// open reports whether t may still be used.
func (t *Tx) open() error {
	if t.m.active != t {
		return fault.New(fault.Closed, "use transaction", "it has ended")
	}
	return nil
}

// survive returns err. When SQLite has rolled the transaction back on its own
// (disk full, out of memory, OR ROLLBACK), t ends.
func (t *Tx) survive(err error) error {
	if err == nil || t.w.Conn().InTransaction() {
		return err
	}
	if rerr := t.Rollback(); rerr != nil {
		return rerr
	}
	return fault.In("the transaction was rolled back", err)
}

// forgetDeltas makes increments of a table plain updates.
func (t *Tx) forgetDeltas(table string) {
	kept := t.deltas[:0:0]
	x := t.m.db.Schema().Table(table)
	for _, d := range t.deltas {
		if x == nil || d.Table != x.ID {
			kept = append(kept, d)
		}
	}
	t.deltas = kept
}
