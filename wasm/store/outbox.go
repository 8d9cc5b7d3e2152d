package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// ReadOutbox returns up to max pending transactions from mid `from` on, in
// order, as they go on the wire. Only flushed ones are returned: a crash must
// not be able to rewind a client behind what it has sent (SYNC.md §3, rule 6).
// One that failed here, or was taken back, before it was sent, goes as a placeholder, as mids have
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
