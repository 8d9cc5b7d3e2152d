package store

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// ReadOutbox returns up to max pending transactions from mid `from` on, in
// order, as they go on the wire. Only flushed ones are returned: a crash must
// not be able to rewind a client behind what it has sent (SYNC.md §3, rule 6).
// One that failed here, before it was sent, goes as a placeholder, as mids have
// no gap.
func (db *DB) ReadOutbox(from uint64, max int) ([]Outgoing, error) {
	var out []Outgoing
	first, _ := slices.BinarySearch(db.pend.mids, from)
	for _, mid := range db.pend.mids[first:] {
		pending := db.pend.txs[mid].state == txPending
		if !pending && (mid <= db.meta.AckedMid || mid >= settledMidFirst) {
			continue
		}
		if mid > db.durable || len(out) >= max {
			break
		}
		body, err := db.loadBody(mid)
		if err == nil && !pending {
			body, err = placeholder(body)
		}
		if err != nil {
			return nil, fault.In("read outbox", err)
		}
		out = append(out, Outgoing{mid, body})
	}
	return out, nil
}

// placeholder returns a transaction of the same mid that every relay rejects,
// as it is of no version of the schema: what depends on it is then blocked.
func placeholder(body []byte) ([]byte, error) {
	var tx mutation.Tx
	if err := tx.Decode(body); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read outbox", err)
	}
	tx.Schema, tx.Ops, tx.IdempotencyKey = 0, nil, ""
	tx.Seal()
	return tx.AppendTo(nil), nil
}

// rejectTooLarge takes transactions out of the queue that no relay takes, as
// builds without the limit made them: they would hold up everything behind
// them. Their data is kept.
func (db *DB) rejectTooLarge() error {
	for _, mid := range slices.Clone(db.pend.mids) {
		l := db.pend.txs[mid]
		if l.state != txPending || l.bytes <= wire.MutationBytesMax {
			continue
		}
		err := tooLarge(int(l.bytes))
		if _, err := db.change(db.meta.Cursor, false, func(c *change) error {
			return c.fail(l, &mutation.Outcome{
				Mid: mid, Status: mutation.Rejected, Kind: uint16(fault.TooLarge), Detail: err.Error() + "; " + fault.HintOf(err),
			})
		}); err != nil {
			return err
		}
	}
	return nil
}

// Known returns what is remembered of an idempotency key; false when it was
// never used, or so long ago that it is forgotten.
func (db *DB) Known(key string) (Once, bool, error) {
	if key == "" {
		return Once{}, false, nil
	}
	row, found, err := db.one(`SELECT mid, millis, result FROM _rockpool_once WHERE key = ?`, value.Text(key))
	if err != nil || !found {
		return Once{}, false, fault.In("look up idempotency key", err)
	}
	return Once{Mid: uint64(row[0].Int()), Millis: row[1].Int(), Result: []byte(row[2].Str())}, true, nil
}

// remember keeps an idempotency key in the transaction that it names.
func (db *DB) remember(info CommitInfo, mid uint64) error {
	now := db.opt.NowMillis()
	result := value.Null
	if len(info.Result) > 0 && len(info.Result) <= onceResultBytesMax {
		result = value.Blob(info.Result)
	}
	err := db.run(`INSERT INTO _rockpool_once(key, mid, millis, result) VALUES (?, ?, ?, ?)`,
		value.Text(info.IdempotencyKey), value.Int(int64(mid)), value.Int(now), result)
	if fault.KindOf(err) == fault.Constraint {
		return fault.New(fault.Duplicate, "remember idempotency key", "the key was used before")
	}
	if err != nil {
		return err
	}
	// Of keys that are too old or too many a few more do no harm, while an
	// index by age would cost every transaction a page.
	if db.onces++; db.onces%onceSweepWrites != 1 {
		return nil
	}
	return db.sweepKeys(now)
}

// sweepKeys forgets the keys that are too old, and the oldest of too many.
func (db *DB) sweepKeys(now int64) error {
	if err := db.run(`DELETE FROM _rockpool_once WHERE millis < ?`, value.Int(now-onceMillisMax)); err != nil {
		return err
	}
	row, _, err := db.one(`SELECT count(*) FROM _rockpool_once`)
	if err != nil || row[0].Int() <= onceRowsMax {
		return err
	}
	return db.run(`DELETE FROM _rockpool_once WHERE key IN
	  (SELECT key FROM _rockpool_once ORDER BY millis DESC LIMIT -1 OFFSET ?)`, value.Int(onceRowsMax))
}

// failed returns a local transaction that waits for a person.
func (db *DB) failed(op string, mid uint64) (*localTx, error) {
	l := db.pend.txs[mid]
	if l == nil {
		return nil, fault.New(fault.NotFound, op, "there is no local transaction "+strconv.FormatUint(mid, 10))
	}
	if l.state == txPending {
		return nil, fault.New(fault.Forbidden, op, "the server has not answered it yet").
			WithHint("wait for its outcome; a queued mutation cannot be taken back, write the opposite instead")
	}
	if mid > db.meta.AckedMid && mid < settledMidFirst {
		return nil, fault.New(fault.Forbidden, op, "it was refused here, and the server does not know yet").
			WithHint("go online first: its place in the queue must be sent")
	}
	return l, nil
}

// Discard gives up a parked, rejected or blocked transaction; its conflicts
// are closed. The view does not change: its effect left with its outcome.
func (db *DB) Discard(mid uint64) (Committed, error) {
	l, err := db.failed("discard mutation", mid)
	if err != nil {
		return Committed{}, err
	}
	var out Committed
	err = db.atomic(func() error {
		// Its key names nothing any more: a repeat is a new write.
		if err := db.run(`DELETE FROM _rockpool_once WHERE mid = ?`, value.Int(int64(mid))); err != nil {
			return err
		}
		return db.drop(l, &out)
	})
	if err != nil {
		return Committed{}, fault.In("discard mutation", err)
	}
	return out, nil
}

// drop deletes a failed transaction and its open conflicts, and says so in out.
func (db *DB) drop(l *localTx, out *Committed) error {
	if err := db.forget(l); err != nil {
		return err
	}
	rows, err := db.all(`SELECT id FROM _rockpool_conflict WHERE mid = ? AND open = 1 ORDER BY id`, value.Int(int64(l.mid)))
	if err != nil {
		return err
	}
	out.Ended = l.mid
	for _, row := range rows {
		out.Closed = append(out.Closed, uint64(row[0].Int()))
	}
	return db.run(`DELETE FROM _rockpool_conflict WHERE mid = ? AND open = 1`, value.Int(int64(l.mid)))
}

// Retry writes a failed transaction's operations again, over what stands now,
// as a new mutation, and drops the old one.
func (db *DB) Retry(mid uint64) (Committed, error) {
	l, err := db.failed("retry mutation", mid)
	if err != nil {
		return Committed{}, err
	}
	ops, err := db.ops(l)
	if err != nil {
		return Committed{}, fault.In("retry mutation", err)
	}
	out, err := db.rewrite(l, ops, nil)
	return out, fault.In("retry mutation", err)
}
