package store

import "rockpool.dev/sqlite"

// ChangesBytesMax is how many bytes of changed rows are kept for TakeChanges.
const ChangesBytesMax = 256 << 10

// Changes is what commits have done to the rows of captured tables.
type Changes struct {
	// Log is their records, commit by commit.
	Log sqlite.CaptureLog
	// Lost says that rows were changed that Log has not: too many for it, or
	// more than are worth recording. The tables are known from elsewhere.
	Lost bool
	// Commits counts the commits since the store was opened, Log's included;
	// Since those before Log.
	Since, Commits uint64
}

// TakeChanges returns what has been committed since the last call, durable or not.
func (db *DB) TakeChanges() Changes {
	out := db.changes
	db.changes.Log, db.changes.Lost, db.changes.Since = nil, false, out.Commits
	return out
}

// Commits counts the commits so far, which a snapshot that begins now shows.
func (db *DB) Commits() uint64 { return db.changes.Commits }

// Captured reports whether the changes of a table are recorded.
func (db *DB) Captured(table string) bool {
	_, ok := db.captured[table]
	return ok
}

// commit ends the open transaction and keeps what it has changed.
func (db *DB) commit() error {
	kept, changes := len(db.changes.Log), db.changes
	if log := db.w.CapturedTx(); kept+len(log) > ChangesBytesMax {
		changes.Log, changes.Lost = nil, true
	} else {
		changes.Log = append(changes.Log, log...)
	}
	if err := db.run("COMMIT"); err != nil {
		return err
	}
	changes.Commits++
	db.changes = changes
	return nil
}
