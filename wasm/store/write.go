package store

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
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
	if err := db.run("BEGIN IMMEDIATE"); err != nil {
		return nil, fault.In("begin write", err)
	}
	db.writing = &Write{db: db}
	return db.writing, nil
}

func (db *DB) outboxFull() error {
	return fault.New(fault.LimitExceeded, "queue mutation", "the outbox holds OutboxBytesMax bytes that the server has not confirmed").
		WithHint("go online so that they are sent, or discard failed ones")
}

// tooLarge refuses what could never be sent: as mids have no gap, it would
// hold up everything behind it.
func tooLarge(bytes int) error {
	return fault.New(fault.TooLarge, "queue mutation", "the transaction has "+strconv.Itoa(bytes)+" bytes, and one may have MutationBytesMax, "+
		strconv.Itoa(wire.MutationBytesMax)).WithHint("write in several transactions")
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
// too_large beyond wire.MutationBytesMax, limit_exceeded when the outbox is
// full, and SQLite's own.
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
		err = db.commit()
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
		db.meta.LastMid, db.meta.HLC = l.mid, l.hlc
		db.pend.bytes += l.bytes
		db.pend.add(l)
		db.pend.trim()
	}
	return out, nil
}

// bulkMin is the bytes of a capture log from which the short way of a bulk
// load is tried.
const bulkMin = 16 << 10

// queue writes the transaction's bookkeeping before its COMMIT.
func (w *Write) queue(info CommitInfo) (Committed, *localTx, error) {
	db := w.db
	log := db.w.CapturedTx()
	out := Committed{Tables: db.changedTables(log)}
	l, err := db.queueBulk(log, info)
	if err == nil && l == nil {
		l, out.Ops, err = db.queueOps(log, info)
	}
	if err != nil {
		return Committed{}, nil, err
	}
	if l != nil {
		out.Mid = l.mid
	}
	if info.IdempotencyKey != "" {
		if err := db.remember(info, out.Mid); err != nil {
			return Committed{}, nil, err
		}
	}
	if info.Replaces != 0 {
		if err := db.run(`UPDATE _rockpool_once SET mid = ? WHERE mid = ?`, value.Int(int64(out.Mid)), value.Int(int64(info.Replaces))); err != nil {
			return Committed{}, nil, err
		}
	}
	return out, l, nil
}

// queueOps queues what a capture log means; no transaction when no synced row
// changed.
func (db *DB) queueOps(log sqlite.CaptureLog, info CommitInfo) (*localTx, []mutation.Op, error) {
	norm, err := mutation.Normalize(db.schema, log)
	if err != nil {
		return nil, nil, err
	}
	// log is SQLite's own buffer: it is read to its end before a captured
	// table is written again.
	if err := db.keepBases(log, norm.Ops); err != nil {
		return nil, nil, err
	}
	if err := db.writeBack(norm); err != nil {
		return nil, nil, err
	}
	asDeltas(norm.Ops, info.Deltas)
	if err := db.check(norm.Ops); err != nil {
		return nil, nil, err
	}
	if len(norm.Ops) == 0 {
		return nil, nil, nil
	}
	tx := db.newTx(info)
	if tx.Depends, err = db.dependsOn(norm.Ops); err != nil {
		return nil, nil, err
	}
	tx.Ops, tx.Seen = norm.Ops, db.seen(norm.Ops)
	tx.Seal()
	tx.Identify()
	l, err := db.enqueue(tx, tx.AppendTo(nil))
	return l, norm.Ops, err
}

// queueBulk queues a bulk load, straight from the captured bytes; nil when the
// log is short or is something else.
func (db *DB) queueBulk(log sqlite.CaptureLog, info CommitInfo) (*localTx, error) {
	if len(log) < bulkMin {
		return nil, nil
	}
	var busy func(uint32, []byte) bool
	if db.pend.waiting > 0 {
		if err := db.index(); err != nil {
			return nil, err
		}
		busy = func(table uint32, key []byte) bool { return len(db.pend.rows[rowKey{table, string(key)}]) > 0 }
	}
	b, ok := mutation.BulkInserts(db.schema, log, busy)
	if !ok || b.Rows == 0 {
		return nil, nil
	}
	tx := db.newTx(info)
	tx.Digest = b.Digest
	tx.Identify()
	l, err := db.enqueue(tx, tx.AppendBulk(nil, b))
	if l != nil {
		l.tx = nil // its operations are decoded when they are asked for
	}
	return l, err
}

// newTx returns the head of the next transaction.
func (db *DB) newTx(info CommitInfo) *mutation.Tx {
	return &mutation.Tx{
		Mid: db.meta.LastMid + 1, Seen: db.meta.Cursor, HLC: nextHLC(db.meta.HLC, db.opt.NowMillis()),
		Schema: db.schema.Version, Resolves: info.Resolves, IdempotencyKey: info.IdempotencyKey,
	}
}

// enqueue writes the outbox's rows of one transaction; body is its encoded form.
func (db *DB) enqueue(tx *mutation.Tx, body []byte) (*localTx, error) {
	now := db.opt.NowMillis()
	if len(body) > wire.MutationBytesMax {
		return nil, tooLarge(len(body))
	}
	if db.pend.bytes+int64(len(body)) > db.opt.OutboxBytesMax {
		return nil, db.outboxFull()
	}
	if err := db.run(`INSERT INTO _rockpool_tx(mid, state, excluded, millis, bytes, hlc, depends) VALUES (?, ?, 0, ?, ?, ?, ?)`,
		value.Int(int64(tx.Mid)), value.Int(txPending), value.Int(now), value.Int(int64(len(body))),
		value.Int(int64(tx.HLC)), encodeMids(tx.Depends)); err != nil {
		return nil, err
	}
	if err := db.saveBody(tx.Mid, body); err != nil {
		return nil, err
	}
	return &localTx{mid: tx.Mid, state: txPending, millis: now, hlc: tx.HLC, bytes: int64(len(body)), depends: tx.Depends, tx: tx}, nil
}

// saveBody writes an encoded mutation.Tx in chunks.
func (db *DB) saveBody(mid uint64, body []byte) error {
	for n, rest := 0, string(body); len(rest) > 0; n++ {
		part := rest[:min(len(rest), opChunkBytes)]
		rest = rest[len(part):]
		if err := db.run(`INSERT INTO _rockpool_op(mid, n, data) VALUES (?, ?, ?)`,
			value.Int(int64(mid)), value.Int(int64(n)), value.BlobString(part)); err != nil {
			return err
		}
	}
	return nil
}

// nextHLC is a clock after last that follows the wall where it can.
func nextHLC(last version.HLC, millis int64) version.HLC {
	return max(last+1, version.HLC(uint64(millis)<<16))
}
