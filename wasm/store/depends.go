package store

import (
	"maps"
	"slices"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// dependsOn returns the earlier pending mids whose failure blocks ops: those
// that touched the same rows, and those that inserted rows which ops refer to
// by a foreign key. Increments do not depend on increments, as either makes
// sense without the other; they do on the row's insert.
func (db *DB) dependsOn(ops []mutation.Op) ([]uint64, error) {
	if db.pend.waiting == 0 {
		return nil, nil
	}
	if err := db.index(); err != nil {
		return nil, err
	}
	found := map[uint64]bool{}
	for i := range ops {
		for _, key := range db.opKeys(&ops[i]) {
			db.dependsRow(key, pureDelta(&ops[i]), found)
		}
		db.dependsParents(&ops[i], found)
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// dependsRow adds the mids of a row's pending operations, newest first, up to
// one that itself depends on all before it.
func (db *DB) dependsRow(key rowKey, delta bool, found map[uint64]bool) {
	refs := db.pend.rows[key]
	for i := len(refs) - 1; i >= 0; i-- {
		before := refs[i].delta
		if delta && before {
			continue
		}
		found[refs[i].mid] = true
		if !before {
			return
		}
	}
}

// pureDelta reports whether an operation only adds amounts.
func pureDelta(op *mutation.Op) bool {
	return op.Kind == mutation.Update && len(op.Cols) > 0 && len(op.Deltas) == len(op.Cols)
}

// dependsParents adds the mids that inserted rows which op refers to.
func (db *DB) dependsParents(op *mutation.Op, found map[uint64]bool) {
	x := db.tables[op.Table]
	if x == nil || op.Kind == mutation.Delete {
		return
	}
	for i := range x.Foreign {
		parent, key := db.parent(x, i, op)
		if parent == nil || key == nil {
			continue
		}
		for _, ref := range db.pend.rows[rowKey{parent.ID, encodeKey(key)}] {
			if ref.insert {
				found[ref.mid] = true
			}
		}
	}
}

// parent returns the table and primary key that op's values refer to by
// foreign key i; nil when op does not write all of its columns, one is NULL,
// or the reference is not to the primary key.
func (db *DB) parent(x *table, i int, op *mutation.Op) (*table, value.Row) {
	f := &x.Foreign[i]
	t := db.schema.Table(f.Table)
	if t == nil || len(f.References) != len(t.Key) || len(f.Columns) != len(t.Key) {
		return nil, nil
	}
	key := make(value.Row, len(t.Key))
	for j, name := range f.References {
		at := slices.IndexFunc(t.Key, func(k uint32) bool { return t.Columns[k].Name == name })
		col := slices.Index(op.Cols, uint32(x.Index(f.Columns[j])))
		if at < 0 || col < 0 || op.New[col].IsNull() {
			return nil, nil
		}
		key[at] = op.New[col]
	}
	return db.tables[t.ID], key
}
