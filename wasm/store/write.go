package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Write is one write transaction of the app. Whatever SQL runs on its
// connection until Commit becomes one mutation.
type Write struct {
	db   *DB
	done bool
}

// BeginWrite starts a write transaction: BEGIN IMMEDIATE, captured and
// guarded. Kinds: busy when one is open, limit_exceeded when the outbox is full.
func (db *DB) BeginWrite() (*Write, error) {
	if db.writing != nil {
		return nil, fault.New(fault.Busy, "begin write", "another write transaction is open")
	}
	if err := db.fresh(); err != nil {
		return nil, err
	}
	if db.pend.bytes >= db.opt.OutboxBytesMax {
		return nil, db.outboxFull()
	}
	if err := db.exec("BEGIN IMMEDIATE"); err != nil {
		return nil, fault.In("begin write", err)
	}
	db.writing = &Write{db: db}
	return db.writing, nil
}

func (db *DB) outboxFull() error {
	return fault.New(fault.LimitExceeded, "queue mutation", "the outbox holds OutboxBytesMax bytes that the server has not confirmed").
		WithHint("go online so that they are sent, or discard failed ones")
}

// Conn is the connection to run the app's statements on. BEGIN, COMMIT and
// ROLLBACK on it are the caller's mistake; SAVEPOINT is fine.
func (w *Write) Conn() *sqlite.Conn { return w.db.w }

// Rollback ends the transaction without a trace. It is idempotent, and does
// nothing after Commit.
func (w *Write) Rollback() error {
	if w.done {
		return nil
	}
	w.done = true
	w.db.writing = nil
	w.db.w.SetGuard(w.db.guard)
	if !w.db.w.InTransaction() {
		return nil // SQLite has rolled it back already, as on a full disk
	}
	return fault.In("roll back write", w.db.w.Exec("ROLLBACK"))
}

// Commit queues what the transaction changed on synced tables and commits:
// the rows and their mutation live or die together. On an error everything is
// rolled back. Kinds: constraint and type_mismatch from the early checks,
// limit_exceeded when the outbox is full, and SQLite's own.
func (w *Write) Commit(info CommitInfo) (Committed, error) {
	if w.done {
		return Committed{}, fault.New(fault.Closed, "commit write", "the transaction has ended")
	}
	db := w.db
	if !db.w.InTransaction() {
		w.done, db.writing = true, nil
		return Committed{}, fault.New(fault.RolledBack, "commit write", "SQLite rolled the transaction back")
	}
	db.w.SetGuard(nil)
	out, l, err := w.queue(info)
	if err == nil {
		err = db.exec("COMMIT")
	}
	if err != nil {
		if rerr := w.Rollback(); rerr != nil {
			return Committed{}, rerr
		}
		db.reload()
		return Committed{}, fault.In("commit write", err)
	}
	w.done, db.writing = true, nil
	db.w.SetGuard(db.guard)
	if l != nil {
		db.meta.LastMid, db.meta.HLC = l.mid, l.tx.HLC
		db.pend.bytes += l.bytes
		db.pend.add(l)
		db.pend.trim()
	}
	return out, nil
}

// queue writes the transaction's bookkeeping before its COMMIT.
func (w *Write) queue(info CommitInfo) (Committed, *localTx, error) {
	db := w.db
	log := db.w.CapturedTx()
	norm, err := mutation.Normalize(db.schema, log)
	if err != nil {
		return Committed{}, nil, err
	}
	out := Committed{Tables: db.changedTables(log)}
	// log is SQLite's own buffer: it is read to its end before a captured
	// table is written again.
	if err := db.keepBases(log, norm.Ops); err != nil {
		return Committed{}, nil, err
	}
	if err := db.writeBack(norm); err != nil {
		return Committed{}, nil, err
	}
	asDeltas(norm.Ops, info.Deltas)
	if err := db.check(norm.Ops); err != nil {
		return Committed{}, nil, err
	}
	var l *localTx
	if len(norm.Ops) > 0 {
		if l, err = db.enqueue(norm.Ops, info); err != nil {
			return Committed{}, nil, err
		}
		out.Mid, out.Ops = l.mid, norm.Ops
	}
	if info.IdempotencyKey != "" {
		if err := db.remember(info, out.Mid); err != nil {
			return Committed{}, nil, err
		}
	}
	return out, l, nil
}

// enqueue writes the outbox's rows of one transaction.
func (db *DB) enqueue(ops []mutation.Op, info CommitInfo) (*localTx, error) {
	now := db.opt.NowMillis()
	depends, err := db.dependsOn(ops)
	if err != nil {
		return nil, err
	}
	tx := &mutation.Tx{
		Mid: db.meta.LastMid + 1, Seen: db.meta.Cursor, HLC: nextHLC(db.meta.HLC, now), Schema: db.schema.Version,
		Depends: depends, Ops: ops, Resolves: info.Resolves, IdempotencyKey: info.IdempotencyKey,
	}
	tx.Digest = mutation.Digest(ops)
	body := tx.AppendTo(nil)
	if db.pend.bytes+int64(len(body)) > db.opt.OutboxBytesMax {
		return nil, db.outboxFull()
	}
	if err := db.run(`INSERT INTO _rockpool_tx(mid, state, excluded, millis, bytes, hlc, depends) VALUES (?, ?, 0, ?, ?, ?, ?)`,
		value.Int(int64(tx.Mid)), value.Int(txPending), value.Int(now), value.Int(int64(len(body))),
		value.Int(int64(tx.HLC)), encodeMids(depends)); err != nil {
		return nil, err
	}
	if err := db.saveBody(tx.Mid, body); err != nil {
		return nil, err
	}
	return &localTx{mid: tx.Mid, state: txPending, millis: now, bytes: int64(len(body)), depends: depends, tx: tx}, nil
}

// saveBody writes an encoded mutation.Tx in chunks.
func (db *DB) saveBody(mid uint64, body []byte) error {
	for n, rest := 0, body; len(rest) > 0; n++ {
		part := rest[:min(len(rest), opChunkBytes)]
		rest = rest[len(part):]
		if err := db.run(`INSERT INTO _rockpool_op(mid, n, data) VALUES (?, ?, ?)`,
			value.Int(int64(mid)), value.Int(int64(n)), value.Blob(part)); err != nil {
			return err
		}
	}
	return nil
}

// nextHLC is a clock after last that follows the wall where it can.
func nextHLC(last version.HLC, millis int64) version.HLC {
	return max(last+1, version.HLC(uint64(millis)<<16))
}
