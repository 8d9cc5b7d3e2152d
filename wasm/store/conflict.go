package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// recordConflicts writes one row for each row on which this mutation met
// another writer. Images that the relay did not send are filled in from what
// this client knows.
func (c *change) recordConflicts(ops []mutation.Op, o *mutation.Outcome) error {
	list := o.Conflicts
	if len(list) == 0 {
		switch o.Status {
		case mutation.Merged:
			list = []mutation.Conflict{{Rule: mutation.RuleMerged}}
		case mutation.Superseded:
			list = []mutation.Conflict{{Rule: mutation.RuleLWWTheirs}}
		case mutation.Parked:
			list = []mutation.Conflict{{Rule: mutation.RuleManual}}
		default:
			return nil
		}
		if len(ops) == 0 {
			return nil
		}
		list[0].Table, list[0].Key = ops[0].Table, ops[0].Key
	}
	for i := range list {
		x := list[i]
		if err := c.complete(ops, &x, o.Status); err != nil {
			return err
		}
		if err := c.keepConflict(&x, o.Mid, o.Status); err != nil {
			return err
		}
	}
	return c.trimConflicts()
}

// overwritten records the rows on which another client's write replaced a
// value that this client had committed.
func (c *change) overwritten(lost []mutation.Conflict) error {
	for i := range lost {
		x := lost[i]
		mid := x.WriterMid
		x.WriterMid = 0
		if err := c.keepConflict(&x, mid, mutation.Superseded); err != nil {
			return err
		}
	}
	if len(lost) == 0 {
		return nil
	}
	return c.trimConflicts()
}

// keepConflict adds one row to the list of conflicts.
func (c *change) keepConflict(x *mutation.Conflict, mid uint64, status mutation.Status) error {
	open := status == mutation.Parked
	notify := x.Rule != mutation.RuleMerged
	now := c.db.opt.NowMillis()
	if err := c.db.run(`INSERT INTO _rockpool_conflict(mid, status, open, notify, millis, schema, body) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		value.Int(int64(mid)), value.Int(int64(status)), value.Bool(open), value.Bool(notify),
		value.Int(now), value.Int(int64(c.db.schema.Version)), value.Blob(x.AppendTo(nil))); err != nil {
		return err
	}
	info := c.db.showConflict(x)
	info.ID, info.Status, info.Open, info.Notify, info.Mid, info.Millis =
		uint64(c.db.w.LastInsertID()), status, open, notify, mid, now
	c.out.NewConflicts = append(c.out.NewConflicts, info)
	return nil
}

// trimConflicts forgets the oldest settled ones beyond conflictsSettledMax.
func (c *change) trimConflicts() error {
	return c.db.run(`DELETE FROM _rockpool_conflict WHERE open = 0 AND id <=
	  (SELECT id FROM _rockpool_conflict WHERE open = 0 ORDER BY id DESC LIMIT 1 OFFSET ?)`, value.Int(conflictsSettledMax))
}

// complete fills in the images of a conflict. It runs before this mutation's
// operations leave the fold.
func (c *change) complete(ops []mutation.Op, x *mutation.Conflict, status mutation.Status) error {
	t := c.db.tables[x.Table]
	if t == nil {
		return nil
	}
	key := rowKey{x.Table, encodeKey(x.Key)}
	var mine []mutation.Op
	for _, op := range ops {
		if op.Table == x.Table && op.Key.Equal(x.Key) {
			mine = append(mine, op)
		}
	}
	kept, gone, err := c.db.lastBase(t, key)
	if err != nil {
		return err
	}
	if x.Base == nil && len(mine) > 0 {
		x.Base = startedFrom(kept, &mine[0])
	}
	if gone {
		kept = nil
	}
	if x.Mine == nil {
		x.Mine = mutation.Fold(t.Table, x.Base, mine)
	}
	image, touched := c.touched[key]
	theirs := kept
	if touched {
		if theirs, err = decodeImage(t, image); err != nil {
			return err
		}
	}
	if x.Theirs == nil && status != mutation.Merged {
		x.Theirs = theirs
	}
	if x.Theirs == nil && status == mutation.Merged {
		x.Theirs = kept
	}
	if x.Chosen == nil && status != mutation.Parked {
		x.Chosen = theirs
	}
	return nil
}

// startedFrom returns the row that a writer saw: the kept image with the
// values that the operation replaced.
func startedFrom(kept value.Row, op *mutation.Op) value.Row {
	switch op.Kind {
	case mutation.Insert:
		return nil
	case mutation.Delete:
		if len(op.Old) > 0 {
			return op.Old
		}
		return kept
	}
	if kept == nil {
		return nil
	}
	row := append(value.Row{}, kept...)
	for i, col := range op.Cols {
		if i < len(op.Old) && int(col) < len(row) {
			row[col] = op.Old[i]
		}
	}
	return row
}

// Conflicts lists every conflict that the app has not dismissed, oldest first.
func (db *DB) Conflicts() ([]wire.ConflictInfo, error) {
	rows, err := db.all(`SELECT id, mid, status, open, notify, millis, schema, body FROM _rockpool_conflict ORDER BY id`)
	if err != nil {
		return nil, fault.In("list conflicts", err)
	}
	out := make([]wire.ConflictInfo, 0, len(rows))
	for _, row := range rows {
		x, err := db.readConflict(row[6], row[7])
		if err != nil {
			return nil, fault.In("list conflicts", err)
		}
		info := db.showConflict(x)
		info.ID, info.Mid, info.Status = uint64(row[0].Int()), uint64(row[1].Int()), mutation.Status(row[2].Int())
		info.Open, info.Notify, info.Millis = row[3].Int() != 0, row[4].Int() != 0, row[5].Int()
		out = append(out, info)
	}
	return out, nil
}

// readConflict decodes a kept conflict into the columns of the schema in force.
func (db *DB) readConflict(version, body value.Value) (*mutation.Conflict, error) {
	x := new(mutation.Conflict)
	if err := x.Decode([]byte(body.Str())); err != nil {
		return nil, fault.Wrap(fault.Corrupt, "read conflict", err)
	}
	old, err := db.schemaOf(uint32(version.Int()))
	if err != nil || old == db.schema {
		return x, err
	}
	before := old.ByID(x.Table)
	if before == nil {
		return x, nil
	}
	t := db.schema.Table(before.Name)
	if t == nil {
		return x, nil
	}
	x.Table = t.ID
	for _, image := range []*value.Row{&x.Base, &x.Mine, &x.Theirs, &x.Chosen} {
		*image = moved(before, t, *image)
	}
	var cols []uint32
	for _, col := range x.Cols {
		if int(col) < len(before.Columns) {
			if i := t.Index(before.Columns[col].Name); i >= 0 {
				cols = append(cols, uint32(i))
			}
		}
	}
	x.Cols = cols
	return x, nil
}

// showConflict names a conflict's tables and columns.
func (db *DB) showConflict(x *mutation.Conflict) wire.ConflictInfo {
	info := wire.ConflictInfo{Rule: x.Rule}
	t := db.tables[x.Table]
	if t == nil {
		return info
	}
	info.Table = t.Name
	info.Key = named(t, t.Key, x.Key)
	info.Base, info.Mine = whole(t, x.Base), whole(t, x.Mine)
	info.Theirs, info.Chosen = whole(t, x.Theirs), whole(t, x.Chosen)
	for _, col := range x.Cols {
		if int(col) < len(t.Columns) {
			info.Cols = append(info.Cols, t.Columns[col].Name)
		}
	}
	return info
}
