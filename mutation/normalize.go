package mutation

import (
	"encoding/binary"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Normalized is what a transaction's captured changes mean.
type Normalized struct {
	// Ops has one operation a row, in the order in which rows were first touched.
	Ops []Op
	// Rewrite lists the values that are not in their canonical form yet: the
	// visible rows must be given it, or the server's echo would look like a change.
	Rewrite []Rewrite
}

// Rewrite is the canonical form of some columns of one row.
type Rewrite struct {
	Table  uint32
	Key    value.Row
	Cols   []uint32
	Values value.Row
}

// touched is one row of a transaction: as it was before, and as it is; nil is
// absent.
type touched struct {
	table       *schema.Table
	before, now value.Row
}

// captureHeaderBytes is the fixed part of a capture record, whose layout
// package sqlite states: u32 size, u8 operation, u8 trigger depth, u16
// columns, u32 table.
const captureHeaderBytes = 12

// Normalize turns a capture log into operations (SYNC.md §6.1): what the whole
// transaction did to each row, whatever statements did it. Rows that triggers
// wrote are dropped: the source runs its own. Local tables are dropped.
// fault.TypeMismatch when a value has no canonical form.
func Normalize(s *schema.Schema, log []byte) (Normalized, error) {
	rows := map[string]*touched{}
	var order []*touched
	touch := func(t *schema.Table, key value.Row) *touched {
		id := rowID(t, key)
		x := rows[id]
		if x == nil {
			x = &touched{table: t}
			rows[id] = x
			order = append(order, x)
		}
		return x
	}
	for len(log) > 0 {
		rec, rest, ok := nextRecord(log)
		if !ok {
			return Normalized{}, fault.New(fault.Internal, "read captured changes", "a record is cut short")
		}
		log = rest
		t := s.ByID(rec.table)
		if t == nil || t.LocalOnly || rec.depth > 0 {
			continue
		}
		if rec.old != nil {
			x := touch(t, t.KeyOf(rec.old))
			if x.before == nil && x.now == nil {
				x.before = rec.old
			}
			x.now = nil
		}
		if rec.new != nil {
			touch(t, t.KeyOf(rec.new)).now = rec.new
		}
	}
	var out Normalized
	for _, x := range order {
		if err := out.add(x); err != nil {
			return Normalized{}, err
		}
	}
	return out, nil
}

func rowID(t *schema.Table, key value.Row) string {
	return string(key.Append(binary.LittleEndian.AppendUint32(nil, t.ID)))
}

type record struct {
	depth    uint8
	table    uint32
	old, new value.Row
}

func nextRecord(log []byte) (rec record, rest []byte, ok bool) {
	head, images, rest, ok := cutRecord(log)
	if !ok {
		return rec, log, false
	}
	rec.depth, rec.table = head.depth, head.table
	if head.op != uint8(Insert) {
		if rec.old, images, ok = value.DecodeRow(images, head.columns); !ok {
			return rec, log, false
		}
	}
	if head.op != uint8(Delete) {
		if rec.new, images, ok = value.DecodeRow(images, head.columns); !ok {
			return rec, log, false
		}
	}
	return rec, rest, len(images) == 0
}

// recordHead is the fixed part of a capture record.
type recordHead struct {
	op, depth uint8
	columns   int
	table     uint32
}

// cutRecord cuts the first record off; images are its encoded rows.
func cutRecord(log []byte) (head recordHead, images, rest []byte, ok bool) {
	if len(log) < captureHeaderBytes {
		return head, nil, log, false
	}
	size := uint64(binary.LittleEndian.Uint32(log))
	if size < captureHeaderBytes || size > uint64(len(log)) {
		return head, nil, log, false
	}
	head = recordHead{log[4], log[5], int(binary.LittleEndian.Uint16(log[6:])), binary.LittleEndian.Uint32(log[8:])}
	return head, log[captureHeaderBytes:size:size], log[size:], true
}

// add appends the operation that leads from x.before to x.now.
func (n *Normalized) add(x *touched) error {
	t := x.table
	switch {
	case x.before == nil && x.now == nil:
		return nil
	case x.now == nil:
		n.Ops = append(n.Ops, Op{Table: t.ID, Kind: Delete, Key: t.KeyOf(x.before), Old: x.before})
		return nil
	}
	op := Op{Table: t.ID, Kind: Insert, Key: t.KeyOf(x.now)}
	if x.before != nil {
		op.Kind = Update
	}
	back := Rewrite{Table: t.ID, Key: op.Key}
	for i := range t.Columns {
		c := &t.Columns[i]
		raw := x.now[i]
		if c.Generated || op.Kind == Update && raw.Equal(x.before[i]) {
			continue
		}
		v, err := c.Canonical(raw)
		if err != nil {
			return fault.In("write to "+t.Name, err)
		}
		if !v.Equal(raw) {
			back.Cols, back.Values = append(back.Cols, uint32(i)), append(back.Values, v)
		}
		if op.Kind == Insert {
			if !v.IsNull() { // the source fills in what is left out
				op.Cols, op.New = append(op.Cols, uint32(i)), append(op.New, v)
			}
			continue
		}
		if v.Equal(x.before[i]) {
			continue
		}
		if amount, ok := Amount(v, x.before[i]); ok && t.StrategyOf(i) == schema.StrategyDelta {
			op.Deltas, v = append(op.Deltas, uint32(len(op.Cols))), amount
		}
		op.Cols, op.Old, op.New = append(op.Cols, uint32(i)), append(op.Old, x.before[i]), append(op.New, v)
	}
	if len(back.Cols) > 0 {
		n.Rewrite = append(n.Rewrite, back)
		op.Key = canonicalKey(t, op.Key, back)
	}
	if op.Kind == Insert || len(op.Cols) > 0 {
		n.Ops = append(n.Ops, op)
	}
	return nil
}

// canonicalKey is the key after the values of back are written.
func canonicalKey(t *schema.Table, key value.Row, back Rewrite) value.Row {
	out := append(value.Row(nil), key...)
	for i, k := range t.Key {
		for j, col := range back.Cols {
			if col == k {
				out[i] = back.Values[j]
			}
		}
	}
	return out
}
