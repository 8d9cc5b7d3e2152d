package sqlite

import "rockpool.dev/value"

// Limits of the chunks behind Rows: small first, so that a short answer is
// cheap, then larger.
const (
	rowsFirst     = 8
	rowsChunkMax  = 512
	rowsBytesMax  = 64 << 10
	rowsGrowthMul = 8
)

// Rows is an open query. It reads ahead: rows that a later write changes may
// have been read before it.
type Rows struct {
	s     *Stmt
	chunk Chunk
	row   value.Row
	at    int // next row of the chunk
	text  int // offset of the next text
	next  int // rows of the next chunk
	done  bool
	err   error
}

// Query runs the statement and returns its rows, which the caller closes.
func (s *Stmt) Query(args ...value.Value) (*Rows, error) { return s.query(rowsFirst, args) }

func (s *Stmt) query(first int, args []value.Value) (*Rows, error) {
	if err := s.ready(len(args)); err != nil {
		return nil, err
	}
	if err := s.Start(s.c.encode(args)); err != nil {
		return nil, err
	}
	r := &Rows{s: s, next: first, chunk: s.c.spare}
	s.c.spare = Chunk{} // Close gives it back
	return r, nil
}

// Next moves to the next row. It returns false at the end or on an error, see Err.
func (r *Rows) Next() bool {
	for r.at >= r.chunk.Rows() {
		if r.done || r.err != nil {
			r.row = nil
			return false
		}
		r.done, r.err = r.s.Fetch(&r.chunk, r.next, rowsBytesMax)
		if r.err != nil {
			r.row = nil
			return false
		}
		r.at, r.text = 0, 0
		r.next = min(r.next*rowsGrowthMul, rowsChunkMax)
	}
	r.row = make(value.Row, r.chunk.Columns())
	r.text = r.chunk.row(r.row, r.at, r.text)
	r.at++
	return true
}

// Row returns the current row; it is the caller's.
func (r *Rows) Row() value.Row { return r.row }

// Value returns one value of the current row, the first is 0.
func (r *Rows) Value(i int) value.Value { return r.row[i] }

// Err returns the error that ended the rows, or nil.
func (r *Rows) Err() error { return r.err }

// Close ends the query and returns Err. It is idempotent.
func (r *Rows) Close() error {
	if !r.done && !r.s.dead {
		r.s.Reset()
	}
	if len(r.chunk.buf) > 0 {
		r.s.c.spare = Chunk{buf: r.chunk.buf}
		r.chunk = Chunk{}
	}
	r.done, r.at, r.row = true, 0, nil // nothing of the chunk is left
	return r.err
}
