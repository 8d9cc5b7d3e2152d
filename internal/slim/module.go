package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const (
	dataSection = 11
	// gapMax is the most zero bytes inside a segment: a segment's own header
	// weighs more than they do once compressed.
	gapMax = 64
	// areaGapMax is the most zero bytes inside an area of the image: between
	// Go's read-only data and the rest lies the engine's heap, 130 MiB.
	areaGapMax = 1 << 20
)

// module is a wasm module with its data laid out as memory.
type module struct {
	before, after []byte // the sections around the data section, as they are
	image         image
}

// image is the memory that the data segments fill, in areas by address.
type image []area

type area struct {
	at    int
	bytes []byte
}

// view returns n bytes at an address, or nil when they are not all in one area.
func (m image) view(at, n int) []byte {
	for _, a := range m {
		if at >= a.at && n >= 0 && at+n <= a.at+len(a.bytes) {
			return a.bytes[at-a.at : at-a.at+n]
		}
	}
	return nil
}

type segment struct {
	at    int
	bytes []byte
}

var errShort = errors.New("it ends inside a section")

func parse(program []byte) (*module, error) {
	if !bytes.HasPrefix(program, []byte(magic)) {
		return nil, errors.New("it is no wasm module of version 1")
	}
	for at := 8; at < len(program); {
		id, start, end, err := section(program, at)
		if err != nil {
			return nil, err
		}
		if id == dataSection {
			segments, err := parseSegments(program[start:end])
			if err != nil {
				return nil, err
			}
			return &module{before: program[:at], after: program[end:], image: layOut(segments)}, nil
		}
		at = end
	}
	return nil, errors.New("it has no data")
}

// section reads a section's head at `at`: what it is, and where its content is.
func section(program []byte, at int) (id byte, from, end int, err error) {
	size, n := binary.Uvarint(program[at+1:])
	from = at + 1 + n
	if n <= 0 || size > uint64(len(program)-from) {
		return 0, 0, 0, errShort
	}
	return program[at], from, from + int(size), nil
}

// parseSegments reads active segments of memory 0 at constant addresses, the
// only ones that Go writes.
func parseSegments(body []byte) ([]segment, error) {
	count, n := binary.Uvarint(body)
	if n <= 0 {
		return nil, errShort
	}
	at := n
	var segments []segment
	for range count {
		if at+2 > len(body) {
			return nil, errShort
		}
		if body[at] != 0 || body[at+1] != 0x41 {
			return nil, fmt.Errorf("a data segment begins with %x, not with a constant address in memory 0", body[at:at+2])
		}
		address, n := varint32(body[at+2:])
		at += 2 + n
		if n <= 0 || at >= len(body) || body[at] != 0x0b {
			return nil, errShort
		}
		size, n := binary.Uvarint(body[at+1:])
		at += 1 + n
		if n <= 0 || size > uint64(len(body)-at) {
			return nil, errShort
		}
		segments = append(segments, segment{int(address), body[at : at+int(size)]})
		at += int(size)
	}
	return segments, nil
}

func layOut(segments []segment) image {
	slices.SortFunc(segments, func(x, y segment) int { return x.at - y.at })
	var m image
	for _, s := range segments {
		if len(m) == 0 || s.at-(m[len(m)-1].at+len(m[len(m)-1].bytes)) > areaGapMax {
			m = append(m, area{at: s.at &^ 7}) // a word's first bytes may be zero and in no segment
		}
		a := &m[len(m)-1]
		if end := s.at + len(s.bytes) - a.at; end > len(a.bytes) {
			a.bytes = append(a.bytes, make([]byte, end-len(a.bytes))...)
		}
		copy(a.bytes[s.at-a.at:], s.bytes)
	}
	return m
}

// encode writes the module with its memory in few segments.
func (m *module) encode() []byte {
	segments := m.image.segments()
	body := binary.AppendUvarint(nil, uint64(len(segments)))
	for _, s := range segments {
		body = append(body, 0, 0x41)
		body = appendVarint32(body, int32(s.at))
		body = append(body, 0x0b)
		body = binary.AppendUvarint(body, uint64(len(s.bytes)))
		body = append(body, s.bytes...)
	}
	out := append(slices.Clone(m.before), dataSection)
	out = binary.AppendUvarint(out, uint64(len(body)))
	return append(append(out, body...), m.after...)
}

// segments cuts the memory where more than gapMax bytes are zero.
func (m image) segments() []segment {
	var out []segment
	for _, a := range m {
		first, last := -1, -1 // of the segment being measured: its first and last byte that is not zero
		for i, b := range a.bytes {
			if b == 0 {
				continue
			}
			if first >= 0 && i-last > gapMax {
				out = append(out, segment{a.at + first, a.bytes[first : last+1]})
				first = -1
			}
			if first < 0 {
				first = i
			}
			last = i
		}
		if first >= 0 {
			out = append(out, segment{a.at + first, a.bytes[first : last+1]})
		}
	}
	return out
}

// varint32 reads a signed LEB128; n is 0 when it does not end.
func varint32(b []byte) (v int32, n int) {
	var x int64
	for i, c := range b {
		if i == 5 {
			return 0, 0
		}
		x |= int64(c&0x7f) << (7 * i)
		if c&0x80 == 0 {
			if c&0x40 != 0 {
				x |= -1 << (7 * (i + 1))
			}
			return int32(x), i + 1
		}
	}
	return 0, 0
}

func appendVarint32(b []byte, v int32) []byte {
	for {
		c := byte(v & 0x7f)
		v >>= 7
		if (v == 0 && c&0x40 == 0) || (v == -1 && c&0x40 != 0) {
			return append(b, c)
		}
		b = append(b, c|0x80)
	}
}
