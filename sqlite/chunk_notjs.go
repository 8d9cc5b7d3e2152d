//go:build !js

package sqlite

import (
	"encoding/binary"
	"math"
	"unicode/utf8"

	"github.com/ncruces/go-sqlite3"
)

// chunkWriter encodes rows as the C engine's chunk.c does, byte for byte.
type chunkWriter struct {
	k                      *Chunk
	b                      []byte
	cols, rows, need       int
	cells, text, at, blobs int
	blobCells              []int // cells whose offset moves when the chunk closes up
}

func newChunkWriter(k *Chunk, cols, maxRows int) *chunkWriter {
	w := &chunkWriter{k: k, b: k.buf[k.Head:], cols: cols}
	w.cells = (chunkHeader + maxRows*cols + 7) &^ 7
	w.text = w.cells + maxRows*cols*8
	w.at, w.blobs = w.text, len(w.b)
	return w
}

// add encodes the current row, or returns false when it does not fit.
func (w *chunkWriter) add(s *sqlite3.Stmt) bool {
	at, blobs, moved := w.at, w.blobs, len(w.blobCells)
	for i := range w.cols {
		tag, cell := byte(tagNull), w.b[w.cells+8*(w.rows*w.cols+i):]
		switch s.ColumnType(i) {
		case sqlite3.INTEGER:
			tag = tagInt
			binary.LittleEndian.PutUint64(cell, uint64(s.ColumnInt64(i)))
		case sqlite3.FLOAT:
			tag = tagReal
			binary.LittleEndian.PutUint64(cell, math.Float64bits(s.ColumnFloat(i)))
		case sqlite3.TEXT:
			raw := s.ColumnRawText(i)
			tag = tagText
			if !utf8.Valid(raw) {
				tag = tagRaw
			}
			if !w.bytes(raw, cell, tag) {
				return w.undo(s, at, blobs, moved)
			}
		case sqlite3.BLOB:
			tag = tagBlob
			if !w.bytes(s.ColumnRawBlob(i), cell, tag) {
				return w.undo(s, at, blobs, moved)
			}
		default:
			binary.LittleEndian.PutUint64(cell, 0)
		}
		w.b[chunkHeader+w.rows*w.cols+i] = tag
	}
	w.rows++
	return true
}

func (w *chunkWriter) bytes(raw, cell []byte, tag byte) bool {
	n := len(raw)
	if n > w.blobs-w.at {
		return false
	}
	binary.LittleEndian.PutUint32(cell, uint32(n))
	if tag == tagText {
		copy(w.b[w.at:], raw)
		w.at += n
		binary.LittleEndian.PutUint32(cell[4:], uint32(utf16Len(raw)))
		return true
	}
	w.blobs -= n
	copy(w.b[w.blobs:], raw)
	binary.LittleEndian.PutUint32(cell[4:], uint32(w.blobs))
	w.blobCells = append(w.blobCells, len(w.b)-len(cell)+4)
	return true
}

// undo takes a row back that did not fit, and says how large a chunk it needs.
func (w *chunkWriter) undo(s *sqlite3.Stmt, at, blobs, moved int) bool {
	w.at, w.blobs, w.blobCells = at, blobs, w.blobCells[:moved]
	w.need = chunkHeader + 9*w.cols + 16
	for i := range w.cols {
		switch s.ColumnType(i) {
		case sqlite3.TEXT:
			w.need += len(s.ColumnRawText(i))
		case sqlite3.BLOB:
			w.need += len(s.ColumnRawBlob(i))
		}
	}
	return false
}

// finish closes the gaps that unused rows and room left, and writes the header.
func (w *chunkWriter) finish(state int) {
	n := w.rows * w.cols
	cells := (chunkHeader + n + 7) &^ 7
	text := cells + 8*n
	at := text + w.at - w.text
	blobs := (at + 7) &^ 7
	end := blobs + len(w.b) - w.blobs
	copy(w.b[cells:], w.b[w.cells:w.cells+8*n])
	copy(w.b[text:], w.b[w.text:w.at])
	copy(w.b[blobs:], w.b[w.blobs:])
	for _, c := range w.blobCells {
		c += cells - w.cells
		binary.LittleEndian.PutUint32(w.b[c:], binary.LittleEndian.Uint32(w.b[c:])-uint32(w.blobs-blobs))
	}
	clear(w.b[chunkHeader+n : cells])
	clear(w.b[at:blobs])
	for i, v := range [8]int{w.rows, w.cols, cells, text, at - text, blobs, state, end} {
		binary.LittleEndian.PutUint32(w.b[4*i:], uint32(v))
	}
	w.k.size = end
}

// utf16Len returns the UTF-16 units of valid UTF-8.
func utf16Len(b []byte) (n int) {
	for _, c := range b {
		switch {
		case c < 0x80, c >= 0xc0 && c < 0xf0:
			n++
		case c >= 0xf0:
			n += 2
		}
	}
	return n
}
