package builder

import (
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Cursor reads a statement's rows chunk by chunk. The zero Cursor is ready to
// be started; its memory is used again for the next statement.
type Cursor struct {
	stmt  *sqlite.Stmt
	chunk sqlite.Chunk
	args  []byte
	rows  uint64
}

// HeadBytes is how many bytes Framed leaves free for a header.
const HeadBytes = 8

// Start binds values and begins. Kinds: wrong_parameters, and SQLite's own.
func (u *Cursor) Start(s *sqlite.Stmt, args value.Row) error {
	u.stmt, u.rows = s, 0
	u.chunk.Head = HeadBytes
	u.args = args.Append(u.args[:0])
	return s.Start(u.args)
}

// Next reads the next chunk, whose bytes are valid until the call after.
func (u *Cursor) Next() (done bool, err error) {
	done, err = u.stmt.Fetch(&u.chunk, ChunkRowsMax, ChunkBytesMax)
	if err == nil {
		u.rows += uint64(u.chunk.Rows())
	}
	return done, err
}

// Empty reports whether the last chunk has no rows.
func (u *Cursor) Empty() bool { return u.chunk.Rows() == 0 }

// Framed returns HeadBytes free bytes and the chunk.
func (u *Cursor) Framed() []byte { return u.chunk.Framed() }

// Bytes returns the chunk.
func (u *Cursor) Bytes() []byte { return u.chunk.Bytes() }

// Rows counts the rows read so far.
func (u *Cursor) Rows() uint64 { return u.rows }

// Close ends the query. It is idempotent.
func (u *Cursor) Close() {
	if u.stmt != nil {
		u.stmt.Reset()
		u.stmt = nil
	}
}
