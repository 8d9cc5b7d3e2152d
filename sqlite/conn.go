package sqlite

import (
	"errors"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Conn is one connection. See the package comment for concurrency.
type Conn struct {
	eng    engine
	opt    Options
	closed bool
	stmts  map[*Stmt]struct{}
	cache  cache
	guard  *Guard
	args   []byte // scratch for encoded arguments
	spare  Chunk  // scratch for the next Rows
	// failed is the error that a SQL function or collation returned while the
	// running statement ran.
	failed error
}

// Open opens or creates a database: WAL, synchronous=NORMAL, foreign keys not
// enforced, busy at once. New files get page checksums, unless they have a
// key: pages under a cipher carry its own.
// Kinds: storage_unavailable, not_a_database, wrong_key, corrupt, read_only, busy.
func Open(o Options) (*Conn, error) {
	if o.CacheKiB == 0 {
		o.CacheKiB = CacheKiBDefault
	}
	if o.CacheKiB < 0 || o.AutoCheckpoint < 0 || !o.Memory && o.Name == "" {
		return nil, fault.New(fault.InvalidArgument, "open database", "a database needs a name, and limits that are not negative").
			WithHint("correct the options")
	}
	c := &Conn{opt: o, stmts: map[*Stmt]struct{}{}}
	if err := c.eng.open(c, o); err != nil {
		return nil, opening(o, err)
	}
	if err := c.configure(); err != nil {
		_ = c.Close()
		return nil, opening(o, err)
	}
	return c, nil
}

func opening(o Options, err error) error {
	if fault.KindOf(err) == fault.NotADatabase && len(o.Key) > 0 {
		return fault.New(fault.WrongKey, "open database "+o.Name, "the key does not open this file").WithHint(hintOf(fault.WrongKey))
	}
	return fault.In("open database "+o.Name, err)
}

// configure sets what every connection shares, in the order that SQLite needs:
// reserved bytes before the first page, the journal mode before the rest.
func (c *Conn) configure() error {
	if err := c.Exec("PRAGMA busy_timeout=0; PRAGMA cache_size=-" + strconv.Itoa(c.opt.CacheKiB)); err != nil {
		return err
	}
	// The first read of the file: it tells a wrong key or a file of another kind.
	row, _, err := OneRow(c, "SELECT count(*) FROM sqlite_schema")
	if err != nil {
		return err
	}
	if pages, _, err := OneRow(c, "PRAGMA page_count"); err != nil {
		return err
	} else if pages[0].Int() == 0 && row[0].Int() == 0 && len(c.opt.Key) == 0 && !c.opt.Memory && !c.opt.ReadOnly {
		if err := c.eng.reserveChecksums(); err != nil {
			return err
		}
	}
	if !c.opt.ReadOnly && !c.opt.Memory {
		if _, _, err := OneRow(c, "PRAGMA journal_mode=WAL"); err != nil {
			return err
		}
	}
	return c.Exec("PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=OFF; PRAGMA trusted_schema=OFF; PRAGMA cell_size_check=ON;" +
		" PRAGMA wal_autocheckpoint=" + strconv.Itoa(c.opt.AutoCheckpoint))
}

// Close finalizes the statements and closes the connection. It is idempotent.
// An open transaction is rolled back.
func (c *Conn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	for s := range c.stmts {
		s.finalize()
	}
	c.cache.clear()
	return c.eng.close()
}

// Name returns the name that the connection was opened with.
func (c *Conn) Name() string { return c.opt.Name }

// Exec runs any number of statements and drops their results. The statements
// before one that fails have run.
func (c *Conn) Exec(sql string) error {
	at := 0
	for {
		s, tail, err := c.prepareFirst(sql[at:], false)
		if err != nil {
			return shift(err, at)
		}
		if s == nil {
			return nil
		}
		at += tail
		err = s.Run()
		s.finalize()
		if err != nil {
			return err
		}
	}
}

// Prepare compiles exactly one statement; else the kind is invalid_sql.
func (c *Conn) Prepare(sql string) (*Stmt, error) {
	s, tail, err := c.prepareFirst(sql, true)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fault.New(fault.InvalidSQL, "prepare statement", "there is no statement in the text").WithHint("give one statement; a comment alone is none")
	}
	if strings.TrimSpace(sql[tail:]) == "" {
		return s, nil
	}
	if next, _, err := c.prepareFirst(sql[tail:], false); err != nil || next != nil {
		if next != nil {
			next.finalize()
		}
		s.finalize()
		return nil, fault.New(fault.InvalidSQL, "prepare statement", "there is more than one statement in the text").
			WithHint("run them one by one, from the offset on").At(tail)
	}
	return s, nil
}

// PrepareFirst compiles the first statement of a text and returns the byte
// offset behind it. s is nil when only space and comments are left.
func (c *Conn) PrepareFirst(sql string) (s *Stmt, tail int, err error) {
	return c.prepareFirst(sql, true)
}

func (c *Conn) prepareFirst(sql string, persistent bool) (*Stmt, int, error) {
	if c.closed {
		return nil, 0, closed("prepare statement")
	}
	if sql == "" {
		return nil, 0, nil
	}
	h, tail, err := c.eng.prepare(sql, persistent, c.guard)
	if err != nil || !h.ok() {
		return nil, tail, err
	}
	s := &Stmt{c: c, h: h, sql: sql[:tail], params: h.params()}
	c.stmts[s] = struct{}{}
	return s, tail, nil
}

// shift moves an error's offset by n bytes of text before it.
func shift(err error, n int) error {
	var f *fault.Error
	if n > 0 && errors.As(err, &f) && f.Offset >= 0 {
		f.Offset += n
	}
	return err
}

// InTransaction reports whether BEGIN or SAVEPOINT opened a transaction.
func (c *Conn) InTransaction() bool { return !c.closed && !c.eng.autocommit() }

// Changes returns the rows that the last INSERT, UPDATE or DELETE changed.
func (c *Conn) Changes() int64 {
	if c.closed {
		return 0
	}
	return c.eng.changes()
}

// TotalChanges returns the rows changed since the connection was opened.
func (c *Conn) TotalChanges() int64 {
	if c.closed {
		return 0
	}
	return c.eng.totalChanges()
}

// LastInsertID returns the rowid of the last inserted row.
func (c *Conn) LastInsertID() int64 {
	if c.closed {
		return 0
	}
	return c.eng.lastInsertID()
}

// SetProgress has stop called about every n steps of SQLite's machine (natively
// at least 1,000). When it returns true the running statement ends with
// fault.Cancelled; in a transaction of its own it is rolled back, and an INSERT,
// UPDATE or DELETE inside a transaction undoes only itself. nil removes it.
func (c *Conn) SetProgress(n int, stop func() bool) {
	if !c.closed {
		c.eng.setProgress(n, stop)
	}
}

// SetGuard puts a guard on the statements compiled from now on, or takes it
// away (nil). A statement keeps the guard that it was compiled under.
func (c *Conn) SetGuard(g *Guard) {
	if c.closed || g == c.guard {
		return
	}
	c.guard = g
	c.eng.setGuard(g)
}

// Function defines a scalar SQL function. nArgs is -1 for any number. A
// deterministic one may be used in indexes.
func (c *Conn) Function(name string, nArgs int, deterministic bool, fn ScalarFunction) error {
	if c.closed {
		return closed("define function")
	}
	return c.eng.function(name, nArgs, deterministic, fn)
}

// Aggregate defines an aggregate function; makes returns one group's state.
func (c *Conn) Aggregate(name string, nArgs int, makes func() Aggregate) error {
	if c.closed {
		return closed("define aggregate")
	}
	return c.eng.aggregate(name, nArgs, makes)
}

// Collation defines a collating sequence.
func (c *Conn) Collation(name string, cmp Collation) error {
	if c.closed {
		return closed("define collation")
	}
	return c.eng.collation(name, cmp)
}

// Capture records each changed row of the main database's tables named in
// tables (table name to id) from now on; nil ends it. Not inside a transaction.
// Call it again when the columns of a captured table have changed. A VIRTUAL
// generated column is NULL in the records.
func (c *Conn) Capture(tables map[string]uint32) error {
	if c.closed {
		return closed("capture changes")
	}
	if c.InTransaction() {
		return fault.New(fault.InvalidArgument, "capture changes", "a transaction is open").WithHint("commit it first")
	}
	return c.eng.capture(tables)
}

// CapturedTx returns what the open transaction has changed so far. A failed
// statement, ROLLBACK TO and ROLLBACK leave nothing of what they undid; at the
// end of the transaction the log is empty. INSERT OR FAIL and UPDATE OR FAIL
// keep rows of a failed statement without a record: refuse them on captured
// tables.
func (c *Conn) CapturedTx() CaptureLog {
	if c.closed {
		return nil
	}
	return c.eng.captured()
}

// Flush makes all commits durable: it flushes the WAL file to storage.
// It is a no-op for memory.
func (c *Conn) Flush() error {
	if c.closed {
		return closed("flush")
	}
	return c.eng.flush()
}

// CheckpointMode says how far a checkpoint goes, https://www.sqlite.org/c3ref/wal_checkpoint_v2.html.
type CheckpointMode int

// The modes.
const (
	CheckpointPassive  CheckpointMode = 0
	CheckpointFull     CheckpointMode = 1
	CheckpointRestart  CheckpointMode = 2
	CheckpointTruncate CheckpointMode = 3
)

// Checkpoint copies the WAL into the database file and returns the frames of
// the WAL and how many of them are copied now. Readers on older snapshots may
// hold it back: fault.Busy for all modes but passive.
func (c *Conn) Checkpoint(mode CheckpointMode) (walFrames, checkpointed int, err error) {
	if c.closed {
		return 0, 0, closed("checkpoint")
	}
	return c.eng.checkpoint(mode)
}

// WALBytes returns the size of the WAL file, 0 when there is none.
func (c *Conn) WALBytes() int64 {
	if c.closed {
		return 0
	}
	return c.eng.walBytes()
}

// encode puts arguments into the connection's scratch buffer.
func (c *Conn) encode(args []value.Value) []byte {
	c.args = value.Row(args).Append(c.args[:0])
	return c.args
}

// OneRow runs a query and returns its first row, and whether there was one.
// The statement is cached.
func OneRow(c *Conn, sql string, args ...value.Value) (value.Row, bool, error) {
	s, err := c.Cached(sql)
	if err != nil {
		return nil, false, err
	}
	rows, err := s.query(1, args)
	if err != nil {
		return nil, false, err
	}
	defer rows.Close()
	if !rows.Next() {
		return nil, false, rows.Err()
	}
	return rows.Row(), true, nil
}
