package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// statementsMax bounds the statements of ours that are kept prepared.
const statementsMax = 512

// stmt returns a prepared statement of ours. They are kept apart from the
// connection's own cache: what was compiled without the app's guard must not
// be found by the same text from the app.
func (db *DB) stmt(sql string) (*sqlite.Stmt, error) {
	if s := db.stmts[sql]; s != nil {
		return s, nil
	}
	s, err := db.w.Prepare(sql)
	if err == nil {
		db.stmts[sql] = s
	}
	return s, err
}

// sweep closes the prepared statements when there are too many: those of
// staging tables come and go.
func (db *DB) sweep() error {
	if len(db.stmts) <= statementsMax {
		return nil
	}
	return db.closeStatements()
}

func (db *DB) closeStatements() error {
	var first error
	for sql, s := range db.stmts {
		if err := s.Close(); err != nil && first == nil {
			first = err
		}
		delete(db.stmts, sql)
	}
	return first
}

// Close lets go of what the store holds on its connection, which stays open.
func (db *DB) Close() error {
	if db.writing != nil {
		if err := db.writing.Rollback(); err != nil {
			return err
		}
	}
	return db.closeStatements()
}

// exec runs statements of ours that are not worth keeping prepared.
func (db *DB) exec(sql string) error {
	if err := db.before(sql); err != nil {
		return err
	}
	return db.w.Exec(sql)
}

// before lets a test fail or observe every statement of ours; nil outside tests.
func (db *DB) before(sql string) error {
	if db.hook == nil {
		return nil
	}
	return db.hook(sql)
}

// run executes a statement of ours.
func (db *DB) run(sql string, args ...value.Value) error {
	if err := db.before(sql); err != nil {
		return err
	}
	s, err := db.stmt(sql)
	if err != nil {
		return err
	}
	return s.Run(args...)
}

// one returns the first row of a query of ours.
func (db *DB) one(sql string, args ...value.Value) (row value.Row, found bool, err error) {
	err = db.each(sql, args, 1, oneBytes, func(r value.Row) bool {
		row, found = r, true
		return false
	})
	return row, found, err
}

// all returns every row of a query of ours, so that no cursor is open while
// its caller writes.
func (db *DB) all(sql string, args ...value.Value) (out []value.Row, err error) {
	err = db.each(sql, args, eachRows, eachBytes, func(r value.Row) bool {
		out = append(out, r)
		return true
	})
	return out, err
}

// Sizes of the chunks that each reads.
const (
	eachRows  = 256
	eachBytes = 32 << 10
	oneBytes  = 1 << 10
)

// each calls f for every row until it returns false. f must run no statement.
func (db *DB) each(sql string, args value.Row, rows, bytes int, f func(value.Row) bool) error {
	if err := db.before(sql); err != nil {
		return err
	}
	s, err := db.stmt(sql)
	if err != nil {
		return err
	}
	if s.Params() != len(args) {
		return fault.New(fault.Internal, "run a statement of the store", "it takes another number of values")
	}
	db.args = args.Append(db.args[:0])
	if err := s.Start(db.args); err != nil {
		return err
	}
	defer s.Reset()
	for done := false; !done; {
		if done, err = s.Fetch(&db.chunk, rows, bytes); err != nil {
			return err
		}
		for _, row := range db.chunk.Decode() {
			if !f(row) {
				return nil
			}
		}
	}
	return nil
}

// batch runs a statement once for each of n encoded bind sets.
func (db *DB) batch(sql string, sets []byte, n int) error {
	if n == 0 {
		return nil
	}
	if err := db.before(sql); err != nil {
		return err
	}
	s, err := db.stmt(sql)
	if err != nil {
		return err
	}
	_, err = s.RunBatch(sets, n)
	return err
}

// internal runs f without the app's guard. It opens no transaction. What f
// changes on captured tables goes into TakeChanges' log; quiet turns the
// recording off, for calls that change many rows: it makes SQLite compile every
// statement anew.
func (db *DB) internal(quiet bool, f func() error) error {
	if db.w.InTransaction() {
		return fault.New(fault.Busy, "use the store", "a write transaction is open")
	}
	db.w.SetGuard(nil)
	err := db.sweep()
	if err == nil {
		err = db.fresh()
	}
	if err == nil && quiet {
		err, db.changes.Lost = db.w.Capture(nil), true
	}
	if err == nil {
		err = f()
	}
	if quiet {
		if cerr := db.w.Capture(db.captured); err == nil {
			err = cerr
		}
	}
	db.w.SetGuard(db.guard)
	return err
}

// atomic runs f in one transaction of ours. When f or the commit fails the
// file is as before, and so is what the store keeps in memory.
func (db *DB) atomic(f func() error) error { return db.atomically(false, f) }

func (db *DB) atomically(quiet bool, f func() error) error {
	err := db.internal(quiet, func() error {
		if err := db.run("BEGIN IMMEDIATE"); err != nil {
			return err
		}
		err := f()
		if err == nil {
			err = db.commit()
		}
		if err != nil && db.w.InTransaction() {
			if rerr := db.w.Exec("ROLLBACK"); rerr != nil {
				return fault.In("roll back", rerr)
			}
		}
		return err
	})
	if err != nil && db.tables != nil {
		db.reload()
	}
	return err
}

// reload returns memory to what the file says after a failed call. When that
// fails too, the next call does it first.
func (db *DB) reload() { db.stale = db.load() != nil }

// fresh makes sure that memory is what the file says.
func (db *DB) fresh() error {
	if !db.stale {
		return nil
	}
	if err := db.load(); err != nil {
		return fault.In("read the store again", err)
	}
	db.stale = false
	return nil
}

// savepoint runs f inside a savepoint and undoes it when f fails.
func (db *DB) savepoint(f func() error) error {
	if err := db.exec("SAVEPOINT _rockpool_s"); err != nil {
		return err
	}
	err := f()
	if err != nil {
		if rerr := db.w.Exec("ROLLBACK TO _rockpool_s"); rerr != nil {
			return rerr
		}
	}
	if rerr := db.w.Exec("RELEASE _rockpool_s"); err == nil {
		err = rerr
	}
	return err
}
