package store

import (
	"maps"
	"slices"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
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

// BlockedDetail says why a transaction ends whose ground is gone.
const BlockedDetail = "a write it depends on was not applied"

// Cause returns the transaction that a blocked one builds on, directly or not,
// and that was not applied by itself: 0 for one that is not blocked, or when
// the other was given up meanwhile.
func (db *DB) Cause(mid uint64) uint64 {
	l := db.pend.txs[mid]
	if l == nil || db.stateOf(l) != wire.TxBlocked {
		return 0
	}
	for _, d := range l.depends { // earlier ones, so this ends
		on := db.pend.txs[d]
		switch {
		case on == nil || on.inView() || on.state == txGivenUp:
		case db.stateOf(on) != wire.TxBlocked:
			return d
		default:
			if root := db.Cause(d); root != 0 {
				return root
			}
		}
	}
	return 0
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
