package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// Numbers of a former client ID, apart from the mids that are sent, which have
// no gap. JavaScript holds them exactly, as it does whole numbers below 2^53.
const (
	// settledMidFirst numbers what was settled under it: idempotency keys and
	// conflicts go on naming that, not the write that takes its mid.
	settledMidFirst = 1 << 51
	// failedMidFirst numbers failed transactions.
	failedMidFirst = 1 << 52
)

// Rewind gives a database that is a copy or an old backup a new client ID
// (SYNC.md §6.4). lastMid is the newest mid that was made before the hello and
// that the source has settled under the old one; known are the outcomes of such
// mids that the relay still has. Their IDs tell what a pending mid up to lastMid
// is: this profile's own, which is settled; or one that a twin has used for
// another write, so that this one was never applied and is queued again. Of one
// without an outcome nobody knows: it becomes failed with kind rewound, and a
// person decides. Later ones are queued again. What is queued is numbered from 1.
func (db *DB) Rewind(id string, lastMid uint64, known []mutation.Outcome) (Applied, error) {
	outcomes := map[uint64]*mutation.Outcome{}
	for i := range known {
		if o := &known[i]; o.ID != 0 {
			outcomes[o.Mid] = o
		}
	}
	out, err := db.change(db.meta.Cursor, false, func(c *change) error {
		for _, mid := range slices.Clone(db.pend.mids) {
			l := db.pend.txs[mid]
			if l.state != txPending {
				if err := c.rewindFailed(l, outcomes[mid]); err != nil {
					return err
				}
				continue
			}
			if err := c.rewind(l, mid <= lastMid, outcomes[mid]); err != nil {
				return err
			}
		}
		c.acked = 0
		c.last = func() error { // the fold reads operations by their old mids
			if err := db.renumber(); err != nil {
				return err
			}
			if err := db.run(`UPDATE _rockpool_meta SET client_id = ?, incarnation = '', incarnation_next = '' WHERE id = 1`, value.Text(id)); err != nil {
				return err
			}
			return db.load()
		}
		return nil
	})
	if err != nil {
		return Applied{}, fault.In("take a new client ID", err)
	}
	return out, fault.In("take a new client ID", db.Flush())
}

// rewind decides about one pending transaction; settled says that the source
// has settled its mid, and o how, if that is known.
func (c *change) rewind(l *localTx, settled bool, o *mutation.Outcome) error {
	applied, known := false, false
	if settled && o != nil {
		if _, err := c.db.ops(l); err != nil {
			return err
		}
		applied, known = l.tx.ID == o.ID, l.tx.ID != 0
	}
	switch {
	case applied:
		return c.settle([]mutation.Outcome{*o})
	case settled && !known:
		return c.fail(l, &mutation.Outcome{
			Mid: l.mid, Status: mutation.Rejected, Kind: uint16(fault.Rewound),
			Detail: "this database is a copy; the mutation may have been applied already",
		})
	case l.excluded:
		return c.fail(l, &mutation.Outcome{
			Mid: l.mid, Status: mutation.Blocked, Kind: uint16(fault.Blocked),
			Detail: "it depends on a mutation that was not applied, or may have been applied already",
		})
	}
	return nil
}

// rewindFailed decides about one that had failed here and whose mid nobody waits
// for any more.
func (c *change) rewindFailed(l *localTx, o *mutation.Outcome) error {
	if o != nil {
		return c.late(o)
	}
	if l.state == txGivenUp {
		return c.db.forget(l)
	}
	return nil
}

// renumber gives pending transactions the mids from 1 and failed ones mids
// that are never sent. Memory is read again afterwards.
func (db *DB) renumber() error {
	to := map[uint64]uint64{}
	pending, failed := uint64(0), uint64(failedMidFirst)
	for _, mid := range db.pend.mids {
		if db.pend.txs[mid].state == txPending {
			pending++
			to[mid] = pending
		} else {
			for failed++; db.pend.txs[failed] != nil; failed++ {
			}
			to[mid] = failed
			if mid >= failedMidFirst {
				to[mid] = mid // of an earlier rewind
			}
		}
	}
	if err := db.renumberSettled(to); err != nil {
		return err
	}
	for _, mid := range db.pend.mids { // ascending, and pending mids only fall: no target is taken
		if to[mid] == mid {
			continue
		}
		if err := db.renumberOne(mid, to); err != nil {
			return err
		}
	}
	return nil
}

// renumberSettled sets what is remembered of settled mids apart. It runs before
// any pending mid falls.
func (db *DB) renumberSettled(pending map[uint64]uint64) error {
	rows, err := db.all(`SELECT mid FROM _rockpool_once UNION SELECT mid FROM _rockpool_conflict ORDER BY mid`)
	if err != nil {
		return err
	}
	next := uint64(settledMidFirst)
	for _, row := range rows {
		if mid := uint64(row[0].Int()); mid >= settledMidFirst && mid < failedMidFirst {
			next = max(next, mid)
		}
	}
	for _, row := range rows {
		mid := uint64(row[0].Int())
		if _, ok := pending[mid]; ok || mid == 0 || mid >= settledMidFirst {
			continue
		}
		next++
		for _, sql := range []string{`UPDATE _rockpool_conflict SET mid = ? WHERE mid = ?`, `UPDATE _rockpool_once SET mid = ? WHERE mid = ?`} {
			if err := db.run(sql, value.Int(int64(next)), row[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

func (db *DB) renumberOne(mid uint64, to map[uint64]uint64) error {
	body, err := db.loadBody(mid)
	if err != nil {
		return err
	}
	var tx mutation.Tx
	if err := tx.Decode(body); err != nil {
		return fault.Wrap(fault.Corrupt, "read outbox", err)
	}
	tx.Mid = to[mid]
	if tx.Resolves != 0 {
		tx.Resolves = 0 // a mid of the former client ID
	}
	var depends []uint64
	for _, d := range tx.Depends {
		if n, ok := to[d]; ok && n < failedMidFirst {
			depends = append(depends, n)
		}
	}
	tx.Depends = depends
	old, now := value.Int(int64(mid)), value.Int(int64(tx.Mid))
	if err := db.run(`DELETE FROM _rockpool_op WHERE mid = ?`, old); err != nil {
		return err
	}
	body = tx.AppendTo(nil)
	if err := db.saveBody(tx.Mid, body); err != nil {
		return err
	}
	if err := db.run(`UPDATE _rockpool_tx SET mid = ?, bytes = ?, depends = ? WHERE mid = ?`,
		now, value.Int(int64(len(body))), encodeMids(depends), old); err != nil {
		return err
	}
	for _, sql := range []string{
		`UPDATE _rockpool_rejected SET mid = ? WHERE mid = ?`,
		`UPDATE _rockpool_conflict SET mid = ? WHERE mid = ?`,
		`UPDATE _rockpool_once SET mid = ? WHERE mid = ?`,
	} {
		if err := db.run(sql, now, old); err != nil {
			return err
		}
	}
	return nil
}
