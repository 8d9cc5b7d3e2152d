package store

import (
	"slices"

	"rockpool.dev/codec"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Shapes lists what is followed, oldest first.
func (db *DB) Shapes() []Shape {
	out := make([]Shape, len(db.shapes))
	for i, s := range db.shapes {
		out[i] = *s
	}
	return out
}

// shape returns a shape by ID.
func (db *DB) shape(op string, id uint32) (*Shape, error) {
	for _, s := range db.shapes {
		if s.ID == id {
			return s, nil
		}
	}
	return nil, fault.New(fault.NotFound, op, "this shape is not followed")
}

// AddShape follows a shape, or returns it when it is followed already. Its
// rows come by StartStage, Stage and Adopt, or stay by Ready.
func (db *DB) AddShape(name string, args []wire.ShapeArg) (Shape, error) {
	s := &Shape{Name: name, Args: args, State: ShapeNew}
	spec := s.spec()
	for _, s := range db.shapes {
		if string((&Shape{Name: s.Name, Args: s.Args}).spec()) == string(spec) {
			return *s, nil
		}
	}
	if len(db.shapes) >= wire.SubscriptionsMax {
		return Shape{}, fault.New(fault.LimitExceeded, "follow shape "+name, "the limit SubscriptionsMax is reached").
			WithHint("unsubscribe from a shape that is no longer shown")
	}
	// A shape with a table's name is all of that table.
	if t := db.schema.Table(name); t != nil && len(args) == 0 {
		s.Table = t.ID
	}
	err := db.atomic(func() error {
		if err := db.run(`INSERT INTO _rockpool_shape(spec, tbl, state) VALUES (?, ?, ?)`,
			value.Blob(spec), value.Int(int64(s.Table)), value.Int(int64(s.State))); err != nil {
			return err
		}
		s.ID = uint32(db.w.LastInsertID())
		return nil
	})
	if err != nil {
		return Shape{}, fault.In("follow shape "+name, err)
	}
	db.shapes = append(db.shapes, s)
	return *s, nil
}

// Fields of a stored shape beyond those of a wire.Sub, whose decoder passes
// over them.
const (
	specTTL   = 32
	specLeft  = 33
	specEpoch = 34
	specSeq   = 35
)

// spec is what is stored of a shape beside its state.
func (s *Shape) spec() []byte {
	spec := (&wire.Sub{Shape: s.Name, Args: s.Args, Stamp: s.Stamp}).AppendTo(nil)
	spec = codec.AppendInt(codec.AppendInt(spec, specTTL, s.TTLMillis), specLeft, s.LeftMillis)
	return codec.AppendInt(codec.AppendInt(spec, specEpoch, int64(s.At.Epoch)), specSeq, int64(s.At.Seq))
}

// readSpec reads back what spec has made.
func (s *Shape) readSpec(spec []byte) error {
	var sub wire.Sub
	if err := sub.Decode(spec); err != nil {
		return err
	}
	s.Name, s.Args, s.Stamp = sub.Shape, sub.Args, sub.Stamp
	s.TTLMillis, s.LeftMillis, s.At = 0, 0, version.Pos{}
	r := codec.NewReader(spec)
	for r.Next() {
		switch r.Field() {
		case specTTL:
			s.TTLMillis = r.Int(64)
		case specLeft:
			s.LeftMillis = r.Int(64)
		case specEpoch:
			s.At.Epoch = uint32(r.Int(64))
		case specSeq:
			s.At.Seq = uint64(r.Int(64))
		default:
			r.Skip()
		}
	}
	return r.Err()
}

// KeepShape stores how long a shape stays when nobody follows it, and since
// when that is so; 0 for one that is followed.
func (db *DB) KeepShape(id uint32, ttlMillis, leftMillis int64) error {
	const op = "keep shape"
	s, err := db.shape(op, id)
	if err != nil || s.TTLMillis == ttlMillis && s.LeftMillis == leftMillis {
		return err
	}
	kept := *s
	kept.TTLMillis, kept.LeftMillis = ttlMillis, leftMillis
	err = db.atomic(func() error {
		return db.run(`UPDATE _rockpool_shape SET spec = ? WHERE id = ?`, value.Blob(kept.spec()), value.Int(int64(id)))
	})
	if err == nil {
		s.TTLMillis, s.LeftMillis = ttlMillis, leftMillis
	}
	return fault.In(op, err)
}

// loadShapes reads the shapes and keeps what memory alone knows of them.
func (db *DB) loadShapes() error {
	rows, err := db.all(`SELECT id, spec, tbl, state FROM _rockpool_shape ORDER BY id`)
	if err != nil {
		return err
	}
	before := db.shapes
	db.shapes = nil
	for _, row := range rows {
		s := &Shape{}
		for _, old := range before {
			if old.ID == uint32(row[0].Int()) {
				s = old
			}
		}
		if err := s.readSpec([]byte(row[1].Str())); err != nil {
			return fault.Wrap(fault.Corrupt, "read shapes", err)
		}
		s.ID = uint32(row[0].Int())
		s.Table, s.State = uint32(row[2].Int()), ShapeState(row[3].Int())
		db.shapes = append(db.shapes, s)
	}
	return nil
}

// outdate makes a shape stale whose rows stand at the cursor, which moves on
// without them.
func (db *DB) outdate(s *Shape) error {
	s.State, s.At = ShapeStale, db.meta.Cursor
	return db.saveShape(s)
}

// saveShape stores a shape's state.
func (db *DB) saveShape(s *Shape) error {
	return db.run(`UPDATE _rockpool_shape SET state = ?, spec = ? WHERE id = ?`,
		value.Int(int64(s.State)), value.Blob(s.spec()), value.Int(int64(s.ID)))
}

// seen is where the rows of tables that ops write stand: the cursor, or before
// it while the rows shown are older. A write that said more would replace
// others' writes without a conflict.
func (db *DB) seen(ops []mutation.Op) version.Pos {
	at := db.meta.Cursor
	for _, s := range db.shapes {
		if s.State != ShapeStale || !s.At.Less(at) {
			continue
		}
		for i := range ops {
			if ops[i].Table == s.Table {
				at = s.At
				break
			}
		}
	}
	return at
}

// Ready takes the relay's answer that a shape's rows can be continued from
// the cursor. Kinds: not_found; protocol when there are no rows to continue.
func (db *DB) Ready(r *wire.Ready) error {
	s, err := db.shape("continue shape", r.ID)
	if err != nil {
		return err
	}
	if s.State != ShapeReady || s.Staging {
		return fault.New(fault.Protocol, "continue shape "+s.Name, "this database does not hold its rows")
	}
	s.Bucket = r.Bucket
	db.bound[s.ID] = true
	return nil
}

// shared reports whether two or more shapes cover a table, so that rows need
// to know which of them brought them.
func (db *DB) shared(table uint32) bool { return db.covering(table) > 1 }

func (db *DB) covering(table uint32) (n int) {
	for _, s := range db.shapes {
		if s.Table == table {
			n++
		}
	}
	return n
}

func (db *DB) addMember(table uint32, key string, shape uint32) error {
	return db.run(`INSERT OR IGNORE INTO _rockpool_member(tbl, pk, shape) VALUES (?, ?, ?)`,
		value.Int(int64(table)), value.BlobString(key), value.Int(int64(shape)))
}

// dropMember reports whether another shape still covers the row.
func (db *DB) dropMember(table uint32, key string, shape uint32) (bool, error) {
	if err := db.run(`DELETE FROM _rockpool_member WHERE tbl = ? AND pk = ? AND shape = ?`,
		value.Int(int64(table)), value.BlobString(key), value.Int(int64(shape))); err != nil {
		return false, err
	}
	_, still, err := db.one(`SELECT 1 FROM _rockpool_member WHERE tbl = ? AND pk = ? LIMIT 1`,
		value.Int(int64(table)), value.BlobString(key))
	return still, err
}

// assign tells which table a shape covers. The second shape over a table
// makes every row there a member of the first.
func (db *DB) assign(s *Shape, table uint32) error {
	if s.Table == table && db.covering(table) != 2 {
		return nil
	}
	s.Table = table
	if err := db.run(`UPDATE _rockpool_shape SET tbl = ? WHERE id = ?`,
		value.Int(int64(table)), value.Int(int64(s.ID))); err != nil {
		return err
	}
	if db.covering(table) != 2 {
		return nil
	}
	x := db.tables[table]
	for _, first := range db.shapes {
		if first.Table != table || first.ID == s.ID || first.State == ShapeNew {
			continue
		}
		_, has, err := db.one(`SELECT 1 FROM _rockpool_member WHERE tbl = ? AND shape = ? LIMIT 1`,
			value.Int(int64(table)), value.Int(int64(first.ID)))
		if err != nil || has {
			return err
		}
		keys, err := db.shapeKeys(x, first, false)
		if err != nil {
			return err
		}
		for _, key := range keys {
			if err := db.addMember(table, key, first.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// DropShape stops following a shape. Rows that no other shape brings leave
// the view; pending operations on them stay in the outbox.
func (db *DB) DropShape(id uint32) (Applied, error) {
	s, err := db.shape("drop shape", id)
	if err != nil {
		return Applied{}, err
	}
	// The relay sends no more of it: where there is no room to take its rows out
	// they go stale with the next move of the cursor.
	delete(db.bound, id)
	out, err := db.change(db.meta.Cursor, true, func(c *change) error {
		if x := db.tables[s.Table]; x != nil && s.State != ShapeNew {
			if err := (&liveSink{c, x, s, db.shared(s.Table)}).clear(); err != nil {
				return err
			}
		}
		if err := db.run(`DELETE FROM _rockpool_member WHERE shape = ?`, value.Int(int64(id))); err != nil {
			return err
		}
		if db.covering(s.Table) == 2 { // one is left: its rows are the table
			if err := db.run(`DELETE FROM _rockpool_member WHERE tbl = ?`, value.Int(int64(s.Table))); err != nil {
				return err
			}
		}
		if err := db.exec("DROP TABLE IF EXISTS " + stageName(id)); err != nil {
			return err
		}
		return db.run(`DELETE FROM _rockpool_shape WHERE id = ?`, value.Int(int64(id)))
	})
	if err != nil {
		return Applied{}, fault.In("drop shape "+s.Name, err)
	}
	db.shapes = slices.DeleteFunc(db.shapes, func(x *Shape) bool { return x.ID == id })
	return out, nil
}
