package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// CanAdopt reports whether the staged rows of each shape stand at the cursor,
// so that Adopt may be called once every chunk was staged: the cursor has
// reached the snapshot's position, and what a snapshot from before it lacks has
// come.
func (db *DB) CanAdopt(ids ...uint32) bool {
	for _, id := range ids {
		s, err := db.shape("", id)
		if err != nil || !s.Staging || s.gap || db.meta.Cursor.Less(s.StagePos) {
			return false
		}
	}
	return true
}

// Adopt makes the staged rows of shapes those of their tables, folds the
// pending operations over them, and ends the staging, in one transaction: shapes
// that showed older rows show the new ones at once. Every chunk must have been
// staged. Kinds: not_found, protocol unless CanAdopt.
func (db *DB) Adopt(ids ...uint32) (Applied, error) {
	const op = "adopt shape"
	shapes := make([]*Shape, len(ids))
	for i, id := range ids {
		s, err := db.shape(op, id)
		if err != nil {
			return Applied{}, err
		}
		if !db.CanAdopt(id) {
			return Applied{}, fault.New(fault.Protocol, op+" "+s.Name, "nothing is staged, or its rows are not those of the cursor yet")
		}
		shapes[i] = s
	}
	out, err := db.change(db.meta.Cursor, true, func(c *change) error {
		for _, s := range shapes {
			if err := c.adopt(db.tables[s.Table], s); err != nil {
				return fault.In(op+" "+s.Name, err)
			}
		}
		return nil
	})
	if err != nil {
		return Applied{}, fault.In(op, err)
	}
	for _, s := range shapes {
		s.Staging = false
	}
	return out, nil
}

func (c *change) adopt(x *table, s *Shape) error {
	st := newStage(x, s.ID)
	if err := c.db.exec("DELETE FROM " + st.name + " WHERE " + in(x, st.out)); err != nil {
		return err
	}
	if err := c.db.index(); err != nil {
		return err
	}
	dirty := c.db.dirtyKeys(x.ID)
	_, filled, err := c.db.one("SELECT 1 FROM " + x.name + " LIMIT 1")
	if err != nil {
		return err
	}
	switch {
	case c.db.shared(x.ID) || len(x.Unique) > 0 && (filled || len(dirty) > 0):
		err = c.adoptRows(x, s, st)
	case !filled && len(dirty) == 0:
		err = c.adoptAll(x, st)
	default:
		err = c.adoptDiff(x, st, dirty)
	}
	if err != nil {
		return err
	}
	s.State, s.Stamp = ShapeReady, s.stamp
	if err := c.db.saveShape(s); err != nil {
		return err
	}
	if err := c.db.exec("DROP TABLE IF EXISTS " + st.out); err != nil {
		return err
	}
	return c.db.exec("DROP TABLE IF EXISTS " + st.name)
}

// in is a condition on the key: that the other table has it.
func in(x *table, other string) string {
	return "(" + x.key + ") IN (SELECT " + x.key + " FROM " + other + ")"
}

// dirtyKeys returns the rows of a table that have pending operations.
func (db *DB) dirtyKeys(table uint32) []string {
	var keys []string
	for key := range db.pend.rows {
		if key.table == table {
			keys = append(keys, key.key)
		}
	}
	slices.Sort(keys)
	return keys
}

// adoptAll fills an empty table: the stage takes its place where no view,
// trigger or unique index depends on it, else its records are copied.
func (c *change) adoptAll(x *table, st *stage) error {
	n, _, err := c.db.one("SELECT count(*) FROM " + st.name)
	if err != nil || n[0].Int() == 0 {
		return err
	}
	c.out.Updated += uint64(n[0].Int())
	c.tables[x.ID] = true
	_, used, err := c.db.one(`SELECT 1 FROM sqlite_master WHERE type IN ('view', 'trigger')
	  OR type = 'table' AND name <> ? AND sql LIKE 'CREATE VIRTUAL%' LIMIT 1`, value.Text(x.Name))
	if err != nil {
		return err
	}
	if used || len(x.Unique) > 0 {
		return c.db.exec("INSERT INTO " + x.name + "(" + x.cols + ") " + st.all)
	}
	// The app's own indexes go with the table; they are made again.
	indexes, err := c.db.all(`SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`, value.Text(x.Name))
	if err != nil {
		return err
	}
	if err := c.db.exec("DROP TABLE " + x.name); err != nil {
		return err
	}
	if err := c.db.exec("ALTER TABLE " + st.name + " RENAME TO " + x.name); err != nil {
		return err
	}
	for _, row := range indexes {
		if err := c.db.exec(row[0].Str()); err != nil {
			return err
		}
	}
	return nil
}

// adoptDiff makes the table equal to the stage by SQL, changing only rows that
// differ. Dirty rows are kept out of it and folded by write.
func (c *change) adoptDiff(x *table, st *stage, dirty []string) error {
	if err := c.db.exec(st.outClear); err != nil {
		return err
	}
	for _, key := range dirty {
		row, found, err := c.db.one(st.sel, keyRow(x.Table, key)...)
		if err != nil {
			return err
		}
		if found {
			c.touch(rowKey{x.ID, key}, row.Append(nil))
		} else {
			c.touch(rowKey{x.ID, key}, nil)
		}
		if err := c.db.batch(st.outAdd, []byte(key), 1); err != nil {
			return err
		}
	}
	start := c.db.w.TotalChanges()
	if err := c.db.exec("DELETE FROM " + x.name + " WHERE NOT " + in(x, st.name) + " AND NOT " + in(x, st.out)); err != nil {
		return err
	}
	isKey := make([]bool, len(x.Columns))
	cols := make([]string, len(x.Columns))
	for i := range x.Columns {
		cols[i] = schema.Quote(x.Columns[i].Name)
	}
	for _, k := range x.Key {
		isKey[k] = true
	}
	if err := c.db.exec("INSERT INTO " + x.name + "(" + x.cols + ") " + st.all +
		" WHERE NOT " + in(x, st.out) + x.onConflict(cols, isKey)); err != nil {
		return err
	}
	if n := c.db.w.TotalChanges() - start; n > 0 {
		c.out.Updated += uint64(n)
		c.tables[x.ID] = true
	}
	return nil
}

// adoptRows notes every row of the stage and everything that is not in it any
// more, and leaves the rest to write: for tables of several shapes, and for
// unique indexes that old rows may hold.
func (c *change) adoptRows(x *table, s *Shape, st *stage) error {
	shared := c.db.shared(x.ID)
	sink := &liveSink{c, x, s, shared}
	before, err := c.db.shapeKeys(x, s, shared)
	if err != nil {
		return err
	}
	rows, err := c.db.all(st.all)
	if err != nil {
		return err
	}
	staged := make(map[string]bool, len(rows))
	for _, row := range rows {
		key := keyOf(x.Table, row)
		staged[key] = true
		if err := sink.put(key, row.Append(nil)); err != nil {
			return err
		}
	}
	for _, key := range before {
		if staged[key] {
			continue
		}
		if err := sink.out(key); err != nil {
			return err
		}
	}
	return nil
}
