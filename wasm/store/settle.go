package store

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// settle takes outcomes: the operations of each mid leave the fold, and what
// did not apply is kept where the app can see it (SYNC.md §6.2, §7).
func (c *change) settle(outcomes []mutation.Outcome) error {
	for i := range outcomes {
		o := &outcomes[i]
		l, err := c.db.awaits(o)
		if err != nil {
			return err
		}
		c.acked = max(c.acked, o.Mid)
		if l == nil {
			if err := c.late(o); err != nil {
				return err
			}
			continue
		}
		if err := c.db.explain(l, o); err != nil {
			return err
		}
		if err := c.settleOne(l, o); err != nil {
			return err
		}
		c.out.Outcomes = append(c.out.Outcomes, *o)
	}
	return nil
}

// awaits returns the pending transaction that o is the outcome of, or nil when
// that is settled. fault.Rewound for one that is of what a copy of this database
// has made under the mid.
func (db *DB) awaits(o *mutation.Outcome) (*localTx, error) {
	l := db.pend.txs[o.Mid]
	twin := o.Mid > db.meta.LastMid
	if l == nil && !twin || l != nil && l.state != txPending {
		return nil, nil
	}
	if !twin && o.ID != 0 { // a relay or a build from before does not know IDs
		if _, err := db.ops(l); err != nil {
			return nil, err
		}
		twin = !o.Of(l.tx.ID)
	}
	if twin {
		return nil, fault.New(fault.Rewound, "settle mutation", "a copy of this database has used the number "+strconv.FormatUint(o.Mid, 10)+" for another write")
	}
	return l, nil
}

func (c *change) settleOne(l *localTx, o *mutation.Outcome) error {
	ops, err := c.db.ops(l)
	if err != nil {
		return err
	}
	if err := c.recordConflicts(ops, o); err != nil {
		return err
	}
	switch o.Status {
	case mutation.Applied, mutation.Merged, mutation.Superseded:
	case mutation.Parked, mutation.Rejected, mutation.Blocked:
		return c.fail(l, o)
	default:
		return fault.New(fault.Protocol, "settle mutation", "unknown status")
	}
	wasInView := l.inView()
	if err := c.leave(l); err != nil {
		return err
	}
	if wasInView && o.Status != mutation.Applied {
		c.undone(ops)
	}
	if o.Status == mutation.Superseded && gone(o) {
		return c.keepFailed(l, o, txGone)
	}
	if wasInView && (o.Status != mutation.Superseded || len(o.Conflicts) > 0) {
		c.foldApplied(ops, o)
	}
	return c.db.forget(l)
}

// fail ends a pending transaction that did not apply: its operations and those
// that depend on them leave the view, its data is kept.
func (c *change) fail(l *localTx, o *mutation.Outcome) error {
	ops, err := c.db.ops(l)
	if err != nil {
		return err
	}
	wasInView := l.inView()
	if err := c.leave(l); err != nil {
		return err
	}
	if wasInView {
		c.undone(ops)
	}
	if wasInView && o.Status != mutation.Parked { // a parked one waits for a person: its conflict tells of it
		c.out.RolledBack = append(c.out.RolledBack, RolledBack{l.mid, c.db.showOps(ops)})
	}
	if err := c.exclude(l.mid); err != nil {
		return err
	}
	state := int64(txRejected)
	switch o.Status {
	case mutation.Parked:
		state = txParked
	case mutation.Blocked:
		state = txBlocked
	}
	return c.keepFailed(l, o, state)
}

// leave takes a transaction's operations out of the fold and notes the rows to
// compute again.
func (c *change) leave(l *localTx) error {
	touched, err := c.db.unindex(l)
	if err != nil {
		return err
	}
	c.again(touched...)
	return nil
}

// undone notes operations that left rows and do not stand at the source.
func (c *change) undone(ops []mutation.Op) {
	for i := range ops {
		for _, key := range c.db.opKeys(&ops[i]) {
			c.left[key] = append(c.left[key], ops[i])
		}
	}
}

// gone reports whether an update lost to a delete.
func gone(o *mutation.Outcome) bool {
	return slices.ContainsFunc(o.Conflicts, func(x mutation.Conflict) bool { return x.Rule == mutation.RuleGone })
}

// foldApplied keeps applied operations in view on rows whose new server image
// has not come with this frame and will come with the shape's next rows.
func (c *change) foldApplied(ops []mutation.Op, o *mutation.Outcome) {
	for _, op := range ops {
		if !c.db.behind(op.Table) {
			continue
		}
		for _, key := range c.db.opKeys(&op) {
			if lost(o, op.Table, op.Key) {
				continue
			}
			c.fold[key] = append(c.fold[key], op)
		}
	}
}

// lost reports whether an outcome says that another's value stands.
func lost(o *mutation.Outcome, table uint32, key value.Row) bool {
	for i := range o.Conflicts {
		x := &o.Conflicts[i]
		if x.Table == table && x.Key.Equal(key) && (x.Rule == mutation.RuleLWWTheirs || x.Rule == mutation.RuleGone) {
			return true
		}
	}
	return false
}

// forget deletes a transaction from the outbox.
func (db *DB) forget(l *localTx) error {
	db.pend.remove(l.mid)
	if err := db.run(`DELETE FROM _rockpool_op WHERE mid = ?`, value.Int(int64(l.mid))); err != nil {
		return err
	}
	if err := db.run(`DELETE FROM _rockpool_rejected WHERE mid = ?`, value.Int(int64(l.mid))); err != nil {
		return err
	}
	return db.run(`DELETE FROM _rockpool_tx WHERE mid = ?`, value.Int(int64(l.mid)))
}

// keepFailed moves a transaction out of the queue and keeps its data.
func (c *change) keepFailed(l *localTx, o *mutation.Outcome, state int64) error {
	c.db.pend.become(l, state)
	if err := c.db.run(`UPDATE _rockpool_tx SET state = ?, excluded = 1 WHERE mid = ?`,
		value.Int(state), value.Int(int64(l.mid))); err != nil {
		return err
	}
	return c.db.run(`INSERT OR REPLACE INTO _rockpool_rejected(mid, status, kind, code, detail, millis) VALUES (?, ?, ?, ?, ?, ?)`,
		value.Int(int64(l.mid)), value.Int(int64(o.Status)), value.Int(int64(o.Kind)),
		value.Text(o.Code), value.Text(o.Detail), value.Int(c.db.opt.NowMillis()))
}

// exclude takes what depends on a failed mid out of view. Those mids are still
// sent, as mids have no gap, and the relay answers them with blocked.
func (c *change) exclude(failed uint64) error {
	out := map[uint64]bool{failed: true}
	for _, mid := range slices.Clone(c.db.pend.mids) {
		l := c.db.pend.txs[mid]
		if mid <= failed || !l.inView() || !slices.ContainsFunc(l.depends, func(d uint64) bool { return out[d] }) {
			continue
		}
		out[mid] = true
		ops, err := c.db.ops(l)
		if err != nil {
			return err
		}
		if err := c.leave(l); err != nil { // sets l.excluded
			return err
		}
		c.undone(ops)
		c.out.RolledBack = append(c.out.RolledBack, RolledBack{mid, c.db.showOps(ops)})
		if err := c.db.run(`UPDATE _rockpool_tx SET excluded = 1 WHERE mid = ?`, value.Int(int64(mid))); err != nil {
			return err
		}
	}
	return nil
}

// behind reports whether a table's rows may lag behind the cursor, as a shape
// over it has no rows yet or old ones. A shape whose table is not known yet
// may be over any.
func (db *DB) behind(table uint32) bool {
	return slices.ContainsFunc(db.shapes, func(s *Shape) bool {
		return s.State != ShapeReady && (s.Table == table || s.Table == 0)
	})
}
