package value

import (
	"encoding/binary"
	"math"
)

// Append encodes v after dst: the tag, then nothing (NULL), 8 bytes little
// endian (int, float bits), or u32 little endian length and bytes.
func (v Value) Append(dst []byte) []byte {
	dst = append(dst, byte(v.kind))
	switch v.kind {
	case KindInt, KindFloat:
		dst = binary.LittleEndian.AppendUint64(dst, v.n)
	case KindText, KindBlob:
		dst = binary.LittleEndian.AppendUint32(dst, uint32(len(v.s)))
		dst = append(dst, v.s...)
	}
	return dst
}

// Append encodes the values of r one after the other, without a count.
func (r Row) Append(dst []byte) []byte {
	for _, v := range r {
		dst = v.Append(dst)
	}
	return dst
}

// EncodedLen returns the number of bytes of the value at the start of src,
// without decoding it, or 0 when src is not a whole value.
func EncodedLen(src []byte) int {
	if len(src) == 0 {
		return 0
	}
	switch Kind(src[0]) {
	case KindNull:
		return 1
	case KindInt, KindFloat:
		if len(src) < 9 {
			return 0
		}
		return 9
	case KindText, KindBlob:
		if len(src) < 5 {
			return 0
		}
		n := uint64(binary.LittleEndian.Uint32(src[1:])) + 5
		if n > uint64(len(src)) {
			return 0
		}
		return int(n)
	}
	return 0
}

// RowLen returns the number of bytes of the n values at the start of src, or -1
// when they are not whole.
func RowLen(src []byte, n int) int {
	at := 0
	for range n {
		size := EncodedLen(src[at:])
		if size == 0 {
			return -1
		}
		at += size
	}
	return at
}

// Decode reads one value from the start of src and returns the rest.
// The value copies its bytes. ok is false when src is not a whole value.
func Decode(src []byte) (v Value, rest []byte, ok bool) {
	n := EncodedLen(src)
	if n == 0 {
		return Null, src, false
	}
	switch v.kind = Kind(src[0]); v.kind {
	case KindInt:
		v.n = binary.LittleEndian.Uint64(src[1:])
	case KindFloat:
		bits := binary.LittleEndian.Uint64(src[1:])
		if f := math.Float64frombits(bits); f != f {
			return Null, src[n:], true
		}
		v.n = bits
	case KindText, KindBlob:
		v.s = string(src[5:n])
	}
	return v, src[n:], true
}

// DecodeRow reads n values from the start of src and returns the rest.
// ok is false when src holds fewer than n whole values.
func DecodeRow(src []byte, n int) (row Row, rest []byte, ok bool) {
	if n < 0 || n > len(src) { // a value takes one byte or more: no allocation beyond the input
		return nil, src, false
	}
	row = make(Row, n)
	rest = src
	for i := range row {
		if row[i], rest, ok = Decode(rest); !ok {
			return nil, src, false
		}
	}
	return row, rest, true
}
