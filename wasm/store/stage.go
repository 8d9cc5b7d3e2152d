package store

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/wire"
)

// A shape's new rows are staged beside the table until all are there: chunks
// bring the rows at Snap.Pos, and the tail changes after it overrule them, in
// whatever order the two arrive. stage holds the SQL for one shape.
type stage struct {
	name, out string // quoted tables: rows, and keys that the tail took out
	// chunk never replaces what the tail has brought.
	chunk, put, del    string
	outAdd, outDel     string
	table, outTable    schema.Table
	sel, all, outClear string
}

func newStage(x *table, id uint32) *stage {
	s := &stage{table: *x.Table, outTable: *x.Table}
	s.table.Name = "_rockpool_stage_" + strconv.FormatUint(uint64(id), 10)
	s.table.Unique, s.table.Foreign, s.table.Checks = nil, nil, nil
	s.outTable = s.table
	s.outTable.Name += "_out"
	s.outTable.Columns, s.outTable.Key = nil, nil
	for i, k := range x.Key {
		s.outTable.Columns = append(s.outTable.Columns, x.Columns[k])
		s.outTable.Key = append(s.outTable.Key, uint32(i))
	}
	rows, out := newTable(&s.table), newTable(&s.outTable)
	s.name, s.out = rows.name, out.name
	s.put, s.del, s.sel = "INSERT OR REPLACE"+rows.ins[len("INSERT"):], rows.del, rows.sel
	s.chunk = "INSERT OR IGNORE" + rows.ins[len("INSERT"):]
	s.all = "SELECT " + rows.cols + " FROM " + rows.name
	s.outAdd, s.outDel = "INSERT OR IGNORE"+out.ins[len("INSERT"):], out.del
	s.outClear = "DELETE FROM " + s.out
	return s
}

// dropStages removes what an earlier run staged: the relay answers the next
// subscription with a snapshot at another position.
func (db *DB) dropStages() error {
	rows, err := db.all(`SELECT name FROM sqlite_master WHERE type = 'table' AND name GLOB '_rockpool_stage_*'`)
	if err != nil || len(rows) == 0 {
		return err
	}
	return db.atomic(func() error {
		for _, row := range rows {
			if err := db.exec("DROP TABLE " + schema.Quote(row[0].Str())); err != nil {
				return err
			}
		}
		return nil
	})
}

// StartStage takes the relay's answer that a shape's rows are to be fetched.
// What was staged for it before is dropped. Rows that the shape has brought
// before stay in view until Adopt.
func (db *DB) StartStage(snap *wire.Snap) error {
	s, err := db.shape("stage shape", snap.ID)
	if err != nil {
		return err
	}
	x, err := db.table("stage shape "+s.Name, snap.Table)
	if err != nil {
		return err
	}
	st := newStage(x, s.ID)
	err = db.atomic(func() error {
		for _, t := range []*schema.Table{&st.table, &st.outTable} {
			if err := db.exec("DROP TABLE IF EXISTS " + schema.Quote(t.Name)); err != nil {
				return err
			}
			for _, sql := range schema.DDL(t, schema.Client) {
				if err := db.exec(sql); err != nil {
					return err
				}
			}
		}
		if err := db.assign(s, snap.Table); err != nil {
			return err
		}
		if s.State == ShapeReady {
			return db.outdate(s)
		}
		return nil
	})
	if err != nil {
		return fault.In("stage shape "+s.Name, err)
	}
	s.Staging, s.StagePos, s.Bucket, s.StagedRows, s.cleared = true, snap.Pos, snap.Bucket, 0, false
	s.gap, s.stamp = snap.Pos.Less(db.meta.Cursor), snap.Stamp
	db.bound[s.ID] = true
	return nil
}

// Stage puts a snapshot chunk aside for its shape; the rows go from the
// chunk's bytes into SQLite as they are. A chunk that comes twice changes
// nothing. It returns the chunk's rows. Kinds: protocol, schema_mismatch,
// not_found when the shape is not being staged.
func (db *DB) Stage(id uint32, chunk []byte) (int, error) {
	s, err := db.shape("stage chunk", id)
	if err != nil {
		return 0, err
	}
	if !s.Staging {
		return 0, fault.New(fault.NotFound, "stage chunk of "+s.Name, "no snapshot is being taken")
	}
	x := db.tables[s.Table]
	h, rows, err := wire.DecodeChunk(chunk)
	if err != nil {
		return 0, err
	}
	switch {
	case h.Schema != db.schema.Version:
		return 0, fault.New(fault.SchemaMismatch, "stage chunk of "+s.Name, "the chunk belongs to another version of the schema")
	case h.Table != s.Table || int(h.Columns) != len(x.Columns):
		return 0, fault.New(fault.Protocol, "stage chunk of "+s.Name, "the chunk holds another table's rows")
	}
	if !s.cleared {
		if err := db.atomic(func() error { return db.batch(newStage(x, id).chunk, rows, int(h.Rows)) }); err != nil {
			return 0, fault.In("stage chunk of "+s.Name, err)
		}
	}
	s.StagedRows += uint64(h.Rows)
	return int(h.Rows), nil
}

// stageSink puts the tail's changes into a shape's stage.
type stageSink struct {
	db    *DB
	x     *table
	shape *Shape
	sql   *stage
}

func (s *stageSink) put(key string, row []byte) error {
	if err := s.db.batch(s.sql.put, row, 1); err != nil {
		return err
	}
	return s.db.batch(s.sql.outDel, []byte(key), 1)
}

func (s *stageSink) out(key string) error {
	if err := s.db.batch(s.sql.del, []byte(key), 1); err != nil {
		return err
	}
	return s.db.batch(s.sql.outAdd, []byte(key), 1)
}

// clear empties the stage; chunks that still come hold rows that are gone.
func (s *stageSink) clear() error {
	s.shape.cleared = true
	return s.db.exec("DELETE FROM " + s.sql.name)
}
