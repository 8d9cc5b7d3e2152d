package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// changedTables names the tables of a capture log, in the schema's order.
func (db *DB) changedTables(log sqlite.CaptureLog) (names []string) {
	seen := map[uint32]bool{}
	last := uint32(0)
	for {
		r, rest, ok := log.Next()
		if !ok {
			break
		}
		if r.Table != last {
			seen[r.Table], last = true, r.Table
		}
		log = rest
	}
	for i := range db.schema.Tables {
		if t := &db.schema.Tables[i]; seen[t.ID] {
			names = append(names, t.Name)
		}
	}
	return names
}

// keepBases keeps the server's image of each row that ops are the first to
// change. An insert's base is absent by its kind, so a bulk load needs no look
// at its rows. Records of triggers are passed over, as Normalize does.
func (db *DB) keepBases(log sqlite.CaptureLog, ops []mutation.Op) error {
	if err := db.index(); err != nil {
		return err
	}
	want := map[rowKey]bool{}
	for i := range ops {
		key := rowKey{ops[i].Table, encodeKey(ops[i].Key)}
		if ops[i].Kind != mutation.Insert && len(db.pend.rows[key]) == 0 {
			want[key] = true
		}
	}
	for len(want) > 0 {
		r, rest, ok := log.Next()
		if !ok {
			return nil
		}
		log = rest
		x := db.tables[r.Table]
		if x == nil || r.Depth > 0 || r.Op == sqlite.CaptureInsert {
			continue
		}
		n := value.RowLen(r.Images, r.Columns)
		if n < 0 {
			return fault.New(fault.Internal, "read captured changes", "a record is cut short")
		}
		image := r.Images[:n]
		key := rowKey{r.Table, x.ImageKey(image)}
		if !want[key] {
			continue
		}
		delete(want, key) // the first record alone tells what stood there before
		if err := db.run(`INSERT OR REPLACE INTO _rockpool_base(tbl, pk, hidden, image) VALUES (?, ?, 0, ?)`,
			value.Int(int64(key.table)), value.BlobString(key.key), value.Blob(image)); err != nil {
			return err
		}
	}
	return nil
}
