// Package snapshot makes a bucket's rows at one position into chunks that
// clients fetch by HTTP (SYNC.md §8). A chunk's name is a capability: an HMAC
// that nobody can guess, of rows that never change. It owns the chunks' bytes
// and their limit; it does not know who may have them.
package snapshot

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Set is the chunks of one bucket at one position.
type Set struct {
	Bucket uint32
	Table  uint32
	Pos    version.Pos
	Rows   uint64
	Bytes  uint64
	// URLs are the chunks' addresses, relative to the relay's.
	URLs []string

	key    string
	chunks [][]byte
}

// chunkBytes is where a chunk of several rows ends.
const chunkBytes = wire.ChunkBytesMax - wire.ChunkHeaderBytes

// Build reads a bucket's rows at the store's present position. bucket is its
// number in frames.
func Build(st *store.Store, bucket uint32, s *shape.Spec) (*Set, error) {
	v, err := st.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	set := &Set{Bucket: bucket, Table: s.Table.ID, Pos: v.Pos(), key: s.Key}
	c := &chunker{set: set, header: wire.ChunkHeader{Table: s.Table.ID, Schema: st.Schema().Version, Columns: uint32(len(s.Table.Columns)), Bucket: bucket}}
	if s.Columns != nil {
		c.header.Columns = uint32(len(s.Columns))
	}
	if !s.Empty {
		err = v.Scan(s.Table.ID, s.Cols, s.Vals, func(row value.Row) error {
			if s.Has(row) {
				return c.add(s.Project(row))
			}
			return nil
		})
	}
	if err != nil {
		return nil, fault.In("make a snapshot of "+s.Table.Name, err)
	}
	c.cut()
	return set, nil
}

// chunker gathers rows into chunks.
type chunker struct {
	set    *Set
	header wire.ChunkHeader
	rows   []byte
	n      uint32
	one    []byte
}

func (c *chunker) add(row value.Row) error {
	c.one = row.Append(c.one[:0])
	if len(c.one) > wire.RowBytesMax {
		return fault.New(fault.TooLarge, "make a snapshot", "a row has "+strconv.Itoa(len(c.one))+" bytes, and one may have RowBytesMax, "+strconv.Itoa(wire.RowBytesMax)).
			WithHint("leave the row out of the shape, or keep large values in other storage and their address in the row")
	}
	if c.n > 0 && (len(c.rows)+len(c.one) > chunkBytes || c.n == wire.ChunkRowsMax) {
		c.cut()
	}
	c.rows = append(c.rows, c.one...)
	c.n++
	return nil
}

func (c *chunker) cut() {
	if c.n == 0 {
		return
	}
	c.header.Rows = c.n
	chunk := c.header.AppendTo(make([]byte, 0, wire.ChunkHeaderBytes+len(c.rows)))
	c.set.chunks = append(c.set.chunks, append(chunk, c.rows...))
	c.set.Rows += uint64(c.n)
	c.set.Bytes += uint64(wire.ChunkHeaderBytes + len(c.rows))
	c.rows, c.n = c.rows[:0], 0
}
