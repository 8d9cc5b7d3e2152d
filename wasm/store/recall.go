package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// Queued reports whether a mid waits to be sent or for its outcome.
func (db *DB) Queued(mid uint64) bool {
	l := db.pend.txs[mid]
	return l != nil && l.state == txPending
}

// Recall takes a queued transaction back: it and what was built on it leave the
// view, and it is failed with kind cancelled, to be discarded, retried or
// replaced like one that the server refused. Its mid is sent without its
// operations, as mids have no gap, and is rejected then; what depends on it is
// blocked. The caller makes sure that no socket has taken it. One that an
// earlier socket had taken may turn out to have been applied: its outcome then
// says so (late). Applied.Outcomes has the cancellation. Kinds: not_found,
// forbidden when it has ended.
func (db *DB) Recall(mid uint64) (Applied, error) {
	const op = "take a mutation back"
	l, err := db.local(op, mid)
	if err != nil {
		return Applied{}, err
	}
	if l.state != txPending {
		return Applied{}, fault.New(fault.Forbidden, op, "it has ended")
	}
	out, err := db.change(db.meta.Cursor, false, func(c *change) error {
		o := mutation.Outcome{
			Mid: mid, Status: mutation.Rejected, Kind: uint16(fault.Cancelled),
			Detail: "it was taken back on this device before the server had decided",
		}
		c.out.Outcomes = append(c.out.Outcomes, o)
		return c.fail(l, &o)
	})
	return out, fault.In(op, err)
}

// owed reports whether the server waits for a mid: no later one is taken
// before it.
func (db *DB) owed(mid uint64) bool { return mid > db.meta.AckedMid && mid < settledMidFirst }

// letGo ends a failed transaction of which nothing is wanted any more. One
// whose place in the queue is still to be sent keeps that, its ID, and why it
// failed.
func (db *DB) letGo(l *localTx) error {
	if !db.owed(l.mid) {
		return db.forget(l)
	}
	tx, _, err := db.stored(l.mid)
	if err != nil {
		return err
	}
	tx.Ops, tx.IdempotencyKey = nil, ""
	tx.Seal()
	if err := db.rewriteBody(l.mid, tx); err != nil {
		return err
	}
	if l.tx != nil {
		db.pend.cached -= l.bytes
	}
	bytes := int64(len(tx.AppendTo(nil)))
	db.pend.bytes += bytes - l.bytes
	db.pend.become(l, txGivenUp)
	l.bytes, l.tx = bytes, nil
	return db.run(`UPDATE _rockpool_tx SET state = ? WHERE mid = ?`, value.Int(txGivenUp), value.Int(int64(l.mid)))
}

// late takes the first answer about a transaction that had failed here. It says
// that the mid was rejected, or that the transaction had reached the server
// before it was taken back: then it stands, and must not be written again.
func (c *change) late(o *mutation.Outcome) error {
	db := c.db
	l := db.pend.txs[o.Mid]
	if l == nil || !db.owed(o.Mid) {
		return nil // told before
	}
	ops, err := db.ops(l)
	if err != nil {
		return err
	}
	stands := false
	switch o.Status {
	case mutation.Applied, mutation.Merged, mutation.Superseded:
		stands = o.Of(l.tx.ID)
	}
	if !stands {
		if l.state == txGivenUp {
			return db.forget(l)
		}
		return nil
	}
	if err := c.recordConflicts(ops, o); err != nil {
		return err
	}
	c.out.Outcomes = append(c.out.Outcomes, *o)
	return db.forget(l)
}
