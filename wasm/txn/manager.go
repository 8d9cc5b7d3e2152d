package txn

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
)

// Options are what a Manager takes from outside.
type Options struct {
	// NewKey returns a fresh UUIDv7 for a row whose key the app left out.
	NewKey func() string
	// NowMillis is the client's clock, milliseconds since 1970.
	NowMillis func() int64
}

// Result is what a write became. The write is in the view; it is durable once
// Manager.Flushed() has reached Ticket.
type Result struct {
	// Mid is the queued mutation, or 0 when no synced row changed.
	Mid uint64
	// Repeat is true when the idempotency key had been used: nothing was
	// applied again, and the other fields are the first call's where known.
	Repeat bool
	// Changes and LastID are SQLite's figures for the last statement.
	Changes, LastID int64
	// Tables are the names of the changed tables.
	Tables []string
	Ticket uint64
	// Closed lists the conflicts that Resolve or Act took off the list; Ended
	// is the failed transaction that it dropped, or 0.
	Closed []uint64
	Ended  uint64
}

// Manager runs the write transactions of one database. Not safe for
// concurrent use.
type Manager struct {
	db  *store.DB
	opt Options
	// active is the interactive transaction, or nil.
	active *Tx
	lastTx uint32
	// commits counts commits; flushed is the count at the last flush.
	commits, flushed uint64
	states           states
}

// New returns the manager of db.
func New(db *store.DB, opt Options) *Manager {
	m := &Manager{db: db, opt: opt}
	m.states.byMid = map[uint64]*Track{}
	return m
}

// NeedsFlush reports whether commits wait to become durable.
func (m *Manager) NeedsFlush() bool { return m.commits > m.flushed }

// Flushed returns the newest durable ticket.
func (m *Manager) Flushed() uint64 { return m.flushed }

// Flush makes every commit so far durable: one flush for all that wait. On an
// error nothing has become durable, and the call may be repeated.
func (m *Manager) Flush() error {
	commits := m.commits
	if err := m.db.Flush(); err != nil {
		return fault.In("flush", err)
	}
	m.flushed = commits
	m.states.durable(m.db.Durable(), m.opt.NowMillis())
	return nil
}

// Write runs f in a write transaction of its own. When f or the commit fails,
// nothing of it stays. Kinds: busy while an interactive transaction is open.
func (m *Manager) Write(key string, f func(c *sqlite.Conn) error) (Result, error) {
	return m.write(key, func(c *sqlite.Conn, _ *store.CommitInfo) error { return f(c) })
}

// Answered is Write for an answer that a repeat of the key is given again.
func (m *Manager) Answered(key string, f func(c *sqlite.Conn) (answer []byte, err error)) (answer []byte, res Result, err error) {
	res, err = m.write(key, func(c *sqlite.Conn, info *store.CommitInfo) (err error) {
		if answer, err = f(c); key != "" {
			info.Result = answer
		}
		return err
	})
	if err != nil || !res.Repeat {
		return answer, res, err
	}
	once, _, err := m.db.Known(key)
	return once.Result, res, err
}

// SQL runs one writing statement in a transaction of its own. each, if not
// nil, steps the statement itself, which has no arguments bound yet, and may
// read its rows (RETURNING); else it is run to its end with args. Kinds: those
// of SQLite, forbidden for OR FAIL on a synced table, invalid_argument for a
// statement about transactions.
func (m *Manager) SQL(sql string, args value.Row, key string, each func(*sqlite.Stmt) error) (Result, error) {
	return m.write(key, func(c *sqlite.Conn, _ *store.CommitInfo) error { return m.statement(c, sql, args, each) })
}

// write is the one way to a transaction that is not interactive.
func (m *Manager) write(key string, f func(*sqlite.Conn, *store.CommitInfo) error) (Result, error) {
	if again, known, err := m.repeat(key); known || err != nil {
		return again, err
	}
	if m.active != nil {
		return Result{}, fault.New(fault.Busy, "write", "an interactive transaction is open").
			WithHint("it ends by commit, rollback or its timeout")
	}
	w, err := m.db.BeginWrite()
	if err != nil {
		return Result{}, err
	}
	info := store.CommitInfo{IdempotencyKey: key}
	if err := f(w.Conn(), &info); err != nil {
		if rerr := w.Rollback(); rerr != nil {
			return Result{}, rerr
		}
		return Result{}, err
	}
	return m.commit(w, info)
}

// commit ends w and takes a ticket.
func (m *Manager) commit(w *store.Write, info store.CommitInfo) (Result, error) {
	res := Result{Changes: w.Conn().Changes(), LastID: w.Conn().LastInsertID()}
	done, err := w.Commit(info)
	if err != nil {
		return Result{}, err
	}
	m.took(done, info.IdempotencyKey)
	res.Mid, res.Tables, res.Ticket = done.Mid, done.Tables, m.commits
	return res, nil
}

// took counts a commit that the store made, also one of Resolve or Retry.
func (m *Manager) took(done store.Committed, key string) {
	m.commits++
	if done.Mid != 0 {
		m.states.applied(done.Mid, key, m.opt.NowMillis())
	}
}

// repeat answers a key that was used before.
func (m *Manager) repeat(key string) (Result, bool, error) {
	once, known, err := m.db.Known(key)
	if err != nil || !known {
		return Result{}, false, err
	}
	return Result{Mid: once.Mid, Repeat: true, Ticket: m.commits}, true, nil
}

// statement runs one statement of the app's.
func (m *Manager) statement(c *sqlite.Conn, sql string, args value.Row, each func(*sqlite.Stmt) error) error {
	if err := m.allowed(sql); err != nil {
		return err
	}
	s, err := c.Cached(sql)
	if err != nil {
		return err
	}
	if each != nil {
		return each(s)
	}
	return s.Run(args...)
}

// allowed refuses what would break the rule that a row and its mutation live
// or die together.
func (m *Manager) allowed(sql string) error {
	s := Classify(sql)
	switch {
	case s.Verb == Empty:
		return fault.New(fault.InvalidSQL, "run statement", "the text holds no statement").WithHint("give it one statement")
	case s.Verb != Other:
		return fault.New(fault.InvalidArgument, "run statement", "a statement about transactions came as a write").
			WithHint("use an interactive transaction")
	case s.OrFail && m.db.Schema().Table(s.Table) != nil:
		return fault.New(fault.Forbidden, "run statement", "OR FAIL on the synced table "+s.Table+" could leave half of the statement").
			WithHint("use OR ABORT, which is the default, or OR IGNORE")
	}
	return nil
}
