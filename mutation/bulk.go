package mutation

import (
	"bytes"
	"unicode/utf8"

	"rockpool.dev/codec"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Bulk is the operations of a bulk load in their encoded form. It is what
// Normalize and Tx.AppendTo make of the same log, byte for byte, without a
// value in memory for each cell.
type Bulk struct {
	// Ops is field 7 of a Tx, once an operation.
	Ops    []byte
	Digest uint64
	// Rows is the number of operations.
	Rows int
}

// BulkInserts encodes a capture log that inserts rows of tables without
// conditions and does nothing else. ok is false when that does not hold, when
// a value is not in its stored form, or when busy, if not nil, says so of a
// row: then Normalize is the way.
func BulkInserts(s *schema.Schema, log []byte, busy func(table uint32, key []byte) bool) (b Bulk, ok bool) {
	b.Digest = digestStart
	e := bulkEncoder{out: make([]byte, 0, len(log)+len(log)/4)}
	for len(log) > 0 {
		head, images, rest, ok := cutRecord(log)
		if !ok || head.op != uint8(Insert) || head.depth != 0 {
			return Bulk{}, false
		}
		log = rest
		if e.table == nil || e.table.ID != head.table {
			if !e.use(s.ByID(head.table)) {
				return Bulk{}, false
			}
		}
		if e.table.LocalOnly {
			continue
		}
		at, ok := e.insert(images, busy)
		if !ok {
			return Bulk{}, false
		}
		b.Digest = digestOp(b.Digest, e.out[at:])
		e.out = codec.End(e.out, at)
		b.Rows++
	}
	b.Ops = e.out
	return b, true
}

// AppendBulk encodes m with the operations of b in the place of m.Ops, which
// are none.
func (m *Tx) AppendBulk(dst []byte, b Bulk) []byte {
	head := *m
	head.Resolves, head.IdempotencyKey, head.ID, head.Ops = 0, "", 0, nil
	dst = append(head.AppendTo(dst), b.Ops...)
	tail := Tx{Resolves: m.Resolves, IdempotencyKey: m.IdempotencyKey, ID: m.ID}
	return tail.AppendTo(dst)
}

// bulkEncoder keeps what is the same for every row of a table.
type bulkEncoder struct {
	out   []byte
	table *schema.Table
	// plain columns hold text as it is written.
	plain  []bool
	starts []int
	cols   []uint32
}

// use turns to another table; false when its rows need to be looked at.
func (e *bulkEncoder) use(t *schema.Table) bool {
	if t == nil || len(t.Checks) > 0 || len(t.Foreign) > 0 {
		return false
	}
	e.table, e.plain, e.starts = t, make([]bool, len(t.Columns)), make([]int, len(t.Columns)+1)
	for i := range t.Columns {
		// A trailing blank tells the types that drop it.
		v, err := t.Columns[i].Canonical(value.Text("a "))
		e.plain[i] = t.Columns[i].Type == schema.TypeText && err == nil && v.Str() == "a "
	}
	return true
}

// insert appends one operation behind its field's header, whose place it returns.
func (e *bulkEncoder) insert(image []byte, busy func(uint32, []byte) bool) (at int, ok bool) {
	t := e.table
	e.cols = e.cols[:0]
	n := 0
	for i := range t.Columns {
		e.starts[i] = n
		size := value.EncodedLen(image[n:])
		if size == 0 || !e.fits(i, image[n:n+size]) {
			return 0, false
		}
		if image[n] != byte(value.KindNull) && !t.Columns[i].Generated {
			e.cols = append(e.cols, uint32(i))
		}
		n += size
	}
	e.starts[len(t.Columns)] = n
	if n != len(image) {
		return 0, false
	}
	var field int
	e.out, at = codec.Begin(e.out, 7)
	e.out = codec.AppendUint(e.out, 1, uint64(t.ID))
	e.out = codec.AppendUint(e.out, 2, uint64(Insert))
	e.out, field = codec.Begin(e.out, 3)
	for _, k := range t.Key {
		e.out = append(e.out, image[e.starts[k]:e.starts[k+1]]...)
	}
	if busy != nil && busy(t.ID, e.out[field:]) {
		return 0, false
	}
	e.out = codec.End(e.out, field)
	e.out = codec.AppendPacked(e.out, 4, e.cols)
	e.out, field = codec.Begin(e.out, 6)
	for _, c := range e.cols {
		e.out = append(e.out, image[e.starts[c]:e.starts[c+1]]...)
	}
	e.out = codec.End(e.out, field)
	return at, len(e.cols) > 0
}

// fits reports whether a value may stand in column i as it is.
func (e *bulkEncoder) fits(i int, encoded []byte) bool {
	c := &e.table.Columns[i]
	switch {
	case encoded[0] == byte(value.KindNull):
		return !c.NotNull || c.Generated || c.Identity || c.Default != ""
	case e.plain[i] && encoded[0] == byte(value.KindText):
		text := encoded[5:] // Postgres refuses NUL and invalid UTF-8
		return utf8.Valid(text) && bytes.IndexByte(text, 0) < 0
	}
	v, _, ok := value.Decode(encoded)
	if !ok {
		return false
	}
	w, err := c.Canonical(v)
	return err == nil && w.Equal(v)
}
