package sqlite

import (
	"encoding/binary"
	"hash/maphash"
)

// ChunkOf reads a chunk again from bytes that Framed gave, which it keeps.
func ChunkOf(framed []byte, head int) Chunk {
	return Chunk{Head: head, buf: framed, size: len(framed) - head}
}

// Int returns the integer in a cell.
func (k *Chunk) Int(row, column int) int64 {
	return int64(binary.LittleEndian.Uint64(k.Bytes()[k.num(chunkCells)+8*(row*k.Columns()+column):]))
}

// span is where a row's text and blobs lie: text from at, n bytes of it.
type span struct {
	text, n, blobs int
	hasBlob        bool
}

// spanOf measures the first cols cells of row i, whose text begins at text,
// and returns where the next row's begins.
func (k *Chunk) spanOf(i, cols, text int) (s span, next int) {
	all := k.Columns()
	b := k.Bytes()
	tags := b[chunkHeader+i*all:][:all]
	cells := b[k.num(chunkCells)+8*i*all:]
	s.text, next = text, text
	for c, tag := range tags {
		switch n := int(binary.LittleEndian.Uint32(cells[8*c:])); {
		case tag == tagText:
			next += n
			if c < cols {
				s.n += n
			}
		case tag > tagText && c < cols:
			s.blobs += n
			s.hasBlob = true
		}
	}
	return s, next
}

// Hashes appends a hash of the first cols cells of each of the first rows: rows
// of equal values have equal ones, in whatever chunk they are.
func (k *Chunk) Hashes(seed maphash.Seed, rows, cols int, dst []uint64) []uint64 {
	var h maphash.Hash
	h.SetSeed(seed)
	all, b := k.Columns(), k.Bytes()
	text := 0
	for i := range rows {
		var s span
		s, text = k.spanOf(i, cols, text)
		h.Reset()
		tags := b[chunkHeader+i*all:][:cols]
		cells := b[k.num(chunkCells)+8*i*all:][:8*cols]
		_, _ = h.Write(tags)
		if !s.hasBlob {
			_, _ = h.Write(cells)
		} else { // a blob's cell says where it lies
			for c, tag := range tags {
				if tag <= tagText {
					_, _ = h.Write(cells[8*c : 8*c+8])
					continue
				}
				n, at := int(binary.LittleEndian.Uint32(cells[8*c:])), int(binary.LittleEndian.Uint32(cells[8*c+4:]))
				_, _ = h.Write(cells[8*c : 8*c+4])
				_, _ = h.Write(b[at : at+n])
			}
		}
		_, _ = h.Write(b[k.num(chunkText)+s.text:][:s.n])
		dst = append(dst, h.Sum64())
	}
	return dst
}

// Pick returns a chunk of the first cols cells of some rows, in their order,
// which must rise.
func (k *Chunk) Pick(rows []int, cols int) Chunk {
	all, b := k.Columns(), k.Bytes()
	spans := make([]span, 0, len(rows))
	texts, blobs, text := 0, 0, 0
	for i := 0; len(spans) < len(rows); i++ {
		var s span
		s, text = k.spanOf(i, cols, text)
		if i == rows[len(spans)] {
			spans = append(spans, s)
			texts += s.n
			blobs += s.blobs
		}
	}
	n := len(rows) * cols
	cellsAt := (chunkHeader + n + 7) &^ 7
	textAt := cellsAt + 8*n
	blobAt := (textAt + texts + 7) &^ 7
	out := Chunk{Head: k.Head, size: blobAt + blobs}
	out.buf = make([]byte, k.Head+(out.size+7)&^7)
	o := out.Bytes()
	for i, v := range [8]int{len(rows), cols, cellsAt, textAt, texts, blobAt, k.num(chunkState), out.size} {
		binary.LittleEndian.PutUint32(o[4*i:], uint32(v))
	}
	for j, i := range rows {
		tags := b[chunkHeader+i*all:][:cols]
		cells := o[cellsAt+8*j*cols:][:8*cols]
		copy(o[chunkHeader+j*cols:], tags)
		copy(cells, b[k.num(chunkCells)+8*i*all:])
		textAt += copy(o[textAt:], b[k.num(chunkText)+spans[j].text:][:spans[j].n])
		for c, tag := range tags {
			if tag > tagText {
				size, at := int(binary.LittleEndian.Uint32(cells[8*c:])), int(binary.LittleEndian.Uint32(cells[8*c+4:]))
				binary.LittleEndian.PutUint32(cells[8*c+4:], uint32(blobAt))
				blobAt += copy(o[blobAt:], b[at:at+size])
			}
		}
	}
	return out
}
