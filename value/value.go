// Package value holds one dynamic SQL value and the tagged encoding of rows
// of them. The same bytes are SQLite bind sets, capture records, outbox
// operations, tail blocks and snapshot chunks, so a row crosses every layer
// without being translated. It owns no SQL types: those are package schema's.
package value

import "math"

// Kind says which of SQLite's five storage classes a Value has.
// The numbers are the tags of the encoding and never change.
type Kind uint8

// The storage classes, https://www.sqlite.org/datatype3.html#storage_classes_and_datatypes.
const (
	KindNull  Kind = 0
	KindInt   Kind = 1
	KindFloat Kind = 2
	KindText  Kind = 3
	KindBlob  Kind = 4
)

// Value is one immutable SQL value. The zero Value is NULL.
type Value struct {
	s    string // text or blob bytes
	n    uint64 // int64, or the bits of a float64
	kind Kind
}

// Row is the values of one row, in column order.
type Row []Value

// Null is SQL NULL.
var Null Value

// Int returns a 64-bit integer.
func Int(v int64) Value { return Value{kind: KindInt, n: uint64(v)} }

// Bool returns 1 or 0, the stored form of a boolean.
func Bool(v bool) Value {
	if v {
		return Int(1)
	}
	return Int(0)
}

// Float returns a double. SQLite stores NaN as NULL; so does this.
func Float(v float64) Value {
	if v != v {
		return Null
	}
	return Value{kind: KindFloat, n: math.Float64bits(v)}
}

// Text returns a text value. The bytes need not be valid UTF-8; SQLite does not check either.
func Text(v string) Value { return Value{kind: KindText, s: v} }

// Blob returns a copy of v.
func Blob(v []byte) Value { return Value{kind: KindBlob, s: string(v)} }

// BlobString returns a blob that shares the bytes of v.
func BlobString(v string) Value { return Value{kind: KindBlob, s: v} }

// Kind returns the storage class.
func (v Value) Kind() Kind { return v.kind }

// IsNull reports whether v is NULL.
func (v Value) IsNull() bool { return v.kind == KindNull }

// Int returns the integer, a float truncated toward zero, or 0 for other kinds.
func (v Value) Int() int64 {
	switch v.kind {
	case KindInt:
		return int64(v.n)
	case KindFloat:
		return int64(math.Float64frombits(v.n))
	default:
		return 0
	}
}

// Float returns the number as a double, or 0 for other kinds.
func (v Value) Float() float64 {
	switch v.kind {
	case KindInt:
		return float64(int64(v.n))
	case KindFloat:
		return math.Float64frombits(v.n)
	default:
		return 0
	}
}

// Str returns the bytes of a text or blob as a string, or "" for other kinds.
func (v Value) Str() string { return v.s }

// Equal reports whether both have the same kind and the same content.
// Canonical forms make this the equality of SQL values; NULL equals NULL.
func (v Value) Equal(w Value) bool { return v == w }

// Equal reports whether both rows have the same length and equal values.
func (r Row) Equal(o Row) bool {
	if len(r) != len(o) {
		return false
	}
	for i := range r {
		if r[i] != o[i] {
			return false
		}
	}
	return true
}
