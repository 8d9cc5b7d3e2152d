package fanout

import (
	"rockpool.dev/changelog"
	"rockpool.dev/wire"
)

// blockBytesMax is where a bucket's changes are cut, so that a frame is a
// whole number of blocks.
const blockBytesMax = 256 << 10

// Blocks are a bucket's changes in one transaction, each an encoded field
// Blocks of wire.Tx, ready to be appended to a frame. They are shared by every
// socket: nobody changes them.
type Blocks [][]byte

// Bytes is the total length.
func (b Blocks) Bytes() (n int) {
	for _, x := range b {
		n += len(x)
	}
	return n
}

// encoder writes one bucket's changes.
type encoder struct {
	b    *Bucket
	data []byte
	out  Blocks
}

// change adds one row's change and reports whether the bucket sees it: in→in
// and out→in give the whole row, in→out the key alone, out→out nothing.
func (e *encoder) change(c *changelog.Change) bool {
	s := e.b.Spec
	was, is := s.Has(c.Old), s.Has(c.New)
	switch {
	case is:
		if was && s.Columns != nil && s.Project(c.Old).Equal(s.Project(c.New)) {
			return false
		}
		e.data = s.Project(c.New).Append(append(e.data, wire.BlockPut))
	case was:
		e.data = s.Table.KeyOf(c.Old).Append(append(e.data, wire.BlockOut))
	default:
		return false
	}
	if len(e.data) >= blockBytesMax {
		e.cut()
	}
	return true
}

func (e *encoder) cut() {
	tx := wire.Tx{Blocks: []wire.Block{{Bucket: e.b.ID, Table: e.b.Spec.Table.ID, Data: e.data}}}
	e.out = append(e.out, tx.AppendTo(nil))
	e.data = e.data[:0]
}

func (e *encoder) done() Blocks {
	if len(e.data) > 0 {
		e.cut()
	}
	return e.out
}
