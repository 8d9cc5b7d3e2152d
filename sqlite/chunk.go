package sqlite

import (
	"encoding/binary"
	"math"

	"rockpool.dev/value"
)

// Chunk is some rows of a result, in the form that crosses to the page. The
// layout, offsets from the first byte, all numbers little endian:
//
//	0  u32 rows, columns, cell offset, text offset, text bytes, blob offset, state, bytes of the chunk
//	32 u8  tag of each cell, row by row
//	   8-byte cells at the cell offset (a multiple of 8), row by row
//	   all text in cell order, UTF-8, at the text offset
//	   blobs and text that is not UTF-8, at the blob offset or after it
//
//	tag 0 NULL · 1 int64 · 2 float64 · 3 text: u32 bytes, u32 UTF-16 units
//	    4 blob and 5 text that is not UTF-8: u32 bytes, u32 offset in the chunk
//
// The state is 0 when more rows follow and 1 at the end. The zero Chunk is
// ready to be filled; its memory is used again for the next rows.
type Chunk struct {
	// Head is how many bytes stay free before the chunk, for a frame's header;
	// a multiple of 8.
	Head int
	buf  []byte // Head, then the chunk with room to spare
	size int    // bytes of the chunk
}

const (
	chunkHeader = 32
	chunkRows   = 0
	chunkCols   = 4
	chunkCells  = 8
	chunkText   = 12
	chunkTextN  = 16
	chunkBlobs  = 20
	chunkState  = 24
	chunkBytes  = 28

	tagNull = 0
	tagInt  = 1
	tagReal = 2
	tagText = 3
	tagBlob = 4
	tagRaw  = 5

	stateMore  = 0
	stateDone  = 1
	stateSmall = 2

	// chunkBytesMin holds a row of a few columns without growing.
	chunkBytesMin = 512
)

// Bytes returns the encoded rows: valid until the next Fetch into the chunk.
func (k *Chunk) Bytes() []byte {
	if k.size == 0 {
		return nil
	}
	return k.buf[k.Head : k.Head+k.size : k.Head+k.size]
}

// Framed returns Head free bytes and then the encoded rows.
func (k *Chunk) Framed() []byte { return k.buf[: k.Head+k.size : k.Head+k.size] }

// Rows returns the number of rows.
func (k *Chunk) Rows() int { return k.num(chunkRows) }

// Columns returns the number of columns.
func (k *Chunk) Columns() int { return k.num(chunkCols) }

func (k *Chunk) num(at int) int {
	if k.size == 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(k.buf[k.Head+at:]))
}

// room makes the buffer hold n bytes of chunk.
func (k *Chunk) room(n int) {
	n = (n + 7) &^ 7
	if len(k.buf) < k.Head+n {
		k.buf = make([]byte, k.Head+n)
	}
	k.size = 0
}

// clear makes a chunk of no rows.
func (k *Chunk) clear(cols int) {
	k.room(chunkHeader)
	for i, v := range [8]uint32{0, uint32(cols), chunkHeader, chunkHeader, 0, chunkHeader, stateDone, chunkHeader} {
		binary.LittleEndian.PutUint32(k.buf[k.Head+4*i:], v)
	}
	k.size = chunkHeader
}

// row decodes row i into dst. text is the offset of its first text within the
// chunk's text; the result is that of the next row.
func (k *Chunk) row(dst value.Row, i, text int) int {
	b := k.Bytes()
	tags := b[chunkHeader+i*len(dst):]
	cells := b[k.num(chunkCells)+8*i*len(dst):]
	texts := b[k.num(chunkText):]
	for c := range dst {
		cell := cells[8*c:]
		n := int(binary.LittleEndian.Uint32(cell))
		switch tags[c] {
		case tagInt:
			dst[c] = value.Int(int64(binary.LittleEndian.Uint64(cell)))
		case tagReal:
			dst[c] = value.Float(math.Float64frombits(binary.LittleEndian.Uint64(cell)))
		case tagText:
			dst[c] = value.Text(string(texts[text : text+n]))
			text += n
		case tagBlob:
			at := int(binary.LittleEndian.Uint32(cell[4:]))
			dst[c] = value.Blob(b[at : at+n])
		case tagRaw:
			at := int(binary.LittleEndian.Uint32(cell[4:]))
			dst[c] = value.Text(string(b[at : at+n]))
		default:
			dst[c] = value.Null
		}
	}
	return text
}

// Decode returns all rows.
func (k *Chunk) Decode() []value.Row {
	rows := make([]value.Row, k.Rows())
	text := 0
	for i := range rows {
		rows[i] = make(value.Row, k.Columns())
		text = k.row(rows[i], i, text)
	}
	return rows
}

// fetch fills dst. A row that does not fit makes the buffer grow.
func (s *Stmt) fetch(dst *Chunk, maxRows, maxBytes int) (done bool, err error) {
	cols := max(len(s.Columns()), 1)
	size := max(maxBytes, chunkBytesMin, chunkHeader+17*cols+8)
	// Half of the room at most is for cells, so that text has some too.
	maxRows = max(1, min(maxRows, (size/2-chunkHeader)/(9*cols)))
	dst.room(size)
	for {
		state, need, err := s.h.fetch(dst, maxRows)
		if err != nil {
			dst.size = 0
			return true, err
		}
		if state != stateSmall {
			return state == stateDone, nil
		}
		maxRows = 1
		dst.room(need)
	}
}
