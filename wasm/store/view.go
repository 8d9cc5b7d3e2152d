package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// folded is one dirty row before and after a change.
type folded struct {
	x     *table
	key   rowKey
	after value.Row // nil: absent
	// server is true when nothing pending is left on the row: it then wins
	// every unique index.
	server bool
}

// write brings the view up to what c has noted. Rows without pending
// operations go in batches; the others are folded one by one. Everything that
// goes is deleted first, then the new images are written, so that no order of
// rows can collide (SYNC.md §3, rule 4).
func (c *change) write() error {
	if err := c.db.index(); err != nil {
		return err
	}
	if err := c.hiddenAgain(); err != nil {
		return err
	}
	clean := map[uint32][]rowKey{}
	for _, key := range c.order {
		if c.refold[key] {
			continue
		}
		if len(c.db.pend.rows[key]) > 0 {
			c.again(key)
			continue
		}
		clean[key.table] = append(clean[key.table], key)
	}
	dirty, err := c.foldAll()
	if err != nil {
		return err
	}
	for i := range c.db.schema.Tables { // in the schema's order: a run must replay
		if keys := clean[c.db.schema.Tables[i].ID]; keys != nil {
			if err := c.writeClean(c.db.tables[c.db.schema.Tables[i].ID], keys); err != nil {
				return err
			}
		}
	}
	for _, server := range []bool{true, false} {
		for _, f := range dirty {
			if f.server != server || f.after == nil {
				continue
			}
			if err := c.insert(f.x, f.key, f.after, f.server); err != nil {
				return err
			}
		}
	}
	return nil
}

// hiddenAgain gives rows that lost a unique index another chance whenever
// their table changes.
func (c *change) hiddenAgain() error {
	seen := map[uint32]bool{}
	for _, list := range [][]rowKey{c.order, c.refolds} {
		for _, key := range list {
			seen[key.table] = true
		}
	}
	for i := range c.db.schema.Tables {
		t := &c.db.schema.Tables[i]
		if !seen[t.ID] || len(t.Unique) == 0 {
			continue
		}
		rows, err := c.db.all(`SELECT pk FROM _rockpool_base WHERE tbl = ? AND hidden = ?`,
			value.Int(int64(t.ID)), value.Int(baseHidden))
		if err != nil {
			return err
		}
		for _, row := range rows {
			c.again(rowKey{t.ID, row[0].Str()})
		}
	}
	return nil
}

// foldAll computes the rows of c.refolds, keeps their bases, and takes those
// that change out of the view. It returns what is to be written.
func (c *change) foldAll() ([]folded, error) {
	var out []folded
	for _, key := range c.refolds {
		x := c.db.tables[key.table]
		if x == nil {
			continue // the table left the schema: its rows are nobody's
		}
		base, err := c.newBase(x, key)
		if err != nil {
			return nil, err
		}
		ops, err := c.db.rowOps(key)
		if err != nil {
			return nil, err
		}
		if err := c.db.saveBase(key, base, ops, false); err != nil {
			return nil, err
		}
		after := mutation.Show(x.Table, base, ops)
		before, err := c.db.visible(x, keyRow(x.Table, key.key))
		if err != nil {
			return nil, err
		}
		_, remote := c.touched[key]
		if remote {
			for _, op := range c.db.pend.rows[key] {
				c.likely[op.mid] = true
			}
		}
		if (before == nil) == (after == nil) && before.Equal(after) {
			continue
		}
		c.tables[key.table] = true
		if remote || revealed(x, c.left[key], before, after) {
			c.out.Updated++
		}
		if before != nil {
			if err := c.db.run(x.del, keyRow(x.Table, key.key)...); err != nil {
				return nil, err
			}
		}
		out = append(out, folded{x, key, after, len(ops) == 0})
	}
	return out, nil
}

// revealed reports whether operations that left a row have brought a remote
// change into view that they had covered; false when what shows again is what
// their writer had replaced.
func revealed(x *table, left []mutation.Op, before, after value.Row) bool {
	if len(left) == 0 || after == nil {
		return false
	}
	if left[0].Kind == mutation.Delete {
		return len(left[0].Old) == 0 || !after.Equal(left[0].Old)
	}
	if before == nil || left[0].Kind == mutation.Insert {
		return true
	}
	seen := make([]bool, len(x.Columns))
	for i := range left {
		for n, col := range left[i].Cols {
			if seen[col] || slices.Contains(left[i].Deltas, uint32(n)) {
				continue
			}
			seen[col] = true
			if !after[col].Equal(before[col]) && (n >= len(left[i].Old) || !after[col].Equal(left[i].Old[n])) {
				return true
			}
		}
	}
	return false
}

// newBase returns the server's image of a dirty row after this change; nil is
// absent.
func (c *change) newBase(x *table, key rowKey) (value.Row, error) {
	if image, ok := c.touched[key]; ok {
		return decodeImage(x, image)
	}
	base, err := c.db.base(x, key)
	if err != nil {
		return nil, err
	}
	return mutation.Show(x.Table, base, c.fold[key]), nil // as Decide has done
}

// base returns the kept server image of a row with pending operations; nil is
// absent, which is also what no entry means.
func (db *DB) base(x *table, key rowKey) (value.Row, error) {
	image, gone, err := db.lastBase(x, key)
	if gone {
		return nil, err
	}
	return image, err
}

// lastBase returns the newest server image of a row with pending operations,
// and whether the server has deleted the row since.
func (db *DB) lastBase(x *table, key rowKey) (image value.Row, gone bool, err error) {
	row, found, err := db.one(`SELECT hidden, image FROM _rockpool_base WHERE tbl = ? AND pk = ?`,
		value.Int(int64(key.table)), value.BlobString(key.key))
	if err != nil || !found {
		return nil, false, err
	}
	gone = row[0].Int() == baseGone
	if row[1].IsNull() {
		return nil, gone, nil
	}
	image, err = decodeImage(x, []byte(row[1].Str()))
	return image, gone, err
}

// saveBase keeps the server image of a row while operations on it are
// pending. An insert's base is absent by its kind and takes no entry; an
// absent base keeps the image that stood there last.
func (db *DB) saveBase(key rowKey, base value.Row, ops []mutation.Op, hidden bool) error {
	if !hidden && (len(ops) == 0 || base == nil && ops[0].Kind == mutation.Insert) {
		return db.run(`DELETE FROM _rockpool_base WHERE tbl = ? AND pk = ?`,
			value.Int(int64(key.table)), value.BlobString(key.key))
	}
	state, image := baseShown, value.Null
	switch {
	case hidden:
		state = baseHidden
	case base == nil:
		state = baseGone
	}
	if base != nil {
		image = value.Blob(base.Append(nil))
	}
	return db.run(`INSERT INTO _rockpool_base(tbl, pk, hidden, image) VALUES (?, ?, ?, ?)
	  ON CONFLICT(tbl, pk) DO UPDATE SET hidden = excluded.hidden,
	  image = CASE WHEN excluded.hidden = ? THEN image ELSE excluded.image END`,
		value.Int(int64(key.table)), value.BlobString(key.key), value.Int(int64(state)), image, value.Int(baseGone))
}

// decodeImage reads a whole row; nil bytes are an absent row.
func decodeImage(x *table, image []byte) (value.Row, error) {
	if image == nil {
		return nil, nil
	}
	row, rest, ok := value.DecodeRow(image, len(x.Columns))
	if !ok || len(rest) > 0 {
		return nil, fault.New(fault.Corrupt, "read row image of table "+x.Name, "it has not the table's columns")
	}
	return row, nil
}

// writeClean writes rows without pending operations.
func (c *change) writeClean(x *table, keys []rowKey) error {
	if len(x.Unique) == 0 {
		return c.writeBatch(x, keys)
	}
	before := c.out.Updated
	err := c.db.savepoint(func() error { return c.writeBatch(x, keys) })
	if fault.KindOf(err) == fault.Constraint {
		c.out.Updated = before
		return c.writeSlow(x, keys)
	}
	return err
}

// writeBatch deletes what is gone and upserts the rest, two calls in all.
func (c *change) writeBatch(x *table, keys []rowKey) error {
	var gone, put []byte
	var ngone, nput int
	for _, key := range keys {
		if image := c.touched[key]; image == nil {
			gone = append(gone, key.key...)
			ngone++
		} else {
			put = append(put, image...)
			nput++
		}
	}
	start := c.db.w.TotalChanges()
	if err := c.db.batch(x.del, gone, ngone); err != nil {
		return err
	}
	if err := c.db.batch(x.put, put, nput); err != nil {
		return err
	}
	if n := c.db.w.TotalChanges() - start; n > 0 {
		c.out.Updated += uint64(n)
		c.tables[x.ID] = true
	}
	return nil
}

// writeSlow is writeBatch row by row: delete all that change, then insert.
func (c *change) writeSlow(x *table, keys []rowKey) error {
	var changed []folded
	for _, key := range keys {
		after, err := decodeImage(x, c.touched[key])
		if err != nil {
			return err
		}
		before, err := c.db.visible(x, keyRow(x.Table, key.key))
		if err != nil {
			return err
		}
		if (before == nil) == (after == nil) && before.Equal(after) {
			continue
		}
		c.out.Updated++
		c.tables[x.ID] = true
		if before != nil {
			if err := c.db.run(x.del, keyRow(x.Table, key.key)...); err != nil {
				return err
			}
		}
		changed = append(changed, folded{x, key, after, true})
	}
	for _, f := range changed {
		if f.after == nil {
			continue
		}
		if err := c.insert(x, f.key, f.after, true); err != nil {
			return err
		}
	}
	return nil
}

// insert writes a row that is not in the view. Where a unique index refuses
// it, a server row takes the place of whoever holds it, and an optimistic row
// stays out of view until its outcome comes.
func (c *change) insert(x *table, key rowKey, row value.Row, server bool) error {
	err := c.db.run(x.ins, row...)
	if fault.KindOf(err) != fault.Constraint || !unique(err) {
		return err
	}
	if !server {
		return c.hide(x, key)
	}
	for i, u := range x.Unique {
		holders, err := c.holders(x, i, u.Columns, row)
		if err != nil {
			return err
		}
		for _, holder := range holders {
			if err := c.db.run(x.del, keyRow(x.Table, holder.key)...); err != nil {
				return err
			}
			if len(c.db.pend.rows[holder]) == 0 {
				continue // a server row that this client need not have been told is gone
			}
			if err := c.hide(x, holder); err != nil {
				return err
			}
		}
	}
	return c.db.run(x.ins, row...)
}

// holders returns the other rows that have row's values in a unique constraint.
func (c *change) holders(x *table, i int, cols []uint32, row value.Row) ([]rowKey, error) {
	args := make(value.Row, len(cols))
	for j, col := range cols {
		if args[j] = row[col]; args[j].IsNull() {
			return nil, nil
		}
	}
	rows, err := c.db.all(x.find[i], args...)
	if err != nil {
		return nil, err
	}
	var out []rowKey
	for _, r := range rows {
		out = append(out, rowKey{x.ID, encodeKey(r)})
	}
	return out, nil
}

// hide marks a row with pending operations as out of the view.
func (c *change) hide(x *table, key rowKey) error {
	base, err := c.db.base(x, key)
	if err != nil {
		return err
	}
	for _, op := range c.db.pend.rows[key] {
		c.likely[op.mid] = true
	}
	c.tables[x.ID] = true
	return c.db.saveBase(key, base, nil, true)
}

// unique reports whether err is a unique or primary key violation.
func unique(err error) bool {
	code := sqlite.ExtendedCode(err)
	return code == sqlite.ConstraintUnique || code == sqlite.ConstraintPrimaryKey || code == sqlite.ConstraintRowID
}
