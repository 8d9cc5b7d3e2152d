package codec

import (
	"encoding/binary"
	"math"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Reader walks the fields of one message. The first fault stops it: from then
// on Next is false and every read returns zero. Nothing is allocated before
// the bytes for it have been seen.
//
//	for r.Next() {
//		switch r.Field() {
//		case 1:
//			m.Seq = r.Uint()
//		default:
//			r.Skip()
//		}
//	}
//	return r.Err()
type Reader struct {
	rest  []byte
	err   *fault.Error
	field uint32
	form  Form
	depth uint8
}

// NewReader reads src, which must not change while it is read. What is read
// copies its bytes, so src may be reused afterwards.
func NewReader(src []byte) Reader { return Reader{rest: src} }

// Err is nil or the first fault, of kind fault.Protocol.
func (r *Reader) Err() error {
	if r.err == nil {
		return nil // not a typed nil
	}
	return r.err
}

func (r *Reader) fail(msg string) {
	if r.err == nil {
		r.err = fault.New(fault.Protocol, "decode message", msg)
	}
	r.rest = nil
}

// Next reads the key of the next field; false at the end or after a fault.
// Each field that Next announces must be read or skipped.
func (r *Reader) Next() bool {
	if len(r.rest) == 0 {
		return false
	}
	key := r.uvarint()
	if r.err != nil {
		return false
	}
	r.form = Form(key & 7)
	if r.form > Bytes || key>>3 == 0 || key>>3 > FieldMax {
		r.fail("a field's key is not one of ours")
		return false
	}
	r.field = uint32(key >> 3)
	return true
}

// Field is the number of the field that Next announced.
func (r *Reader) Field() uint32 { return r.field }

func (r *Reader) uvarint() uint64 {
	if len(r.rest) > 0 && r.rest[0] < 0x80 {
		v := r.rest[0]
		r.rest = r.rest[1:]
		return uint64(v)
	}
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail("a number is cut short or longer than 64 bits")
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *Reader) want(form Form) bool {
	if r.err == nil && r.form != form {
		r.fail("a field has another form than its type")
	}
	return r.err == nil
}

// bytes returns the content of a field of form Bytes; it shares the input.
func (r *Reader) bytes() []byte {
	if !r.want(Bytes) {
		return nil
	}
	n := r.uvarint()
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.rest)) {
		r.fail("a length goes beyond the end")
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Skip passes over a field of any form.
func (r *Reader) Skip() {
	switch r.form {
	case Varint:
		r.uvarint()
	case Fixed:
		r.fixed()
	case Bytes:
		r.bytes()
	}
}

func (r *Reader) fixed() uint64 {
	if len(r.rest) < 8 {
		r.fail("a float is cut short")
		return 0
	}
	v := binary.LittleEndian.Uint64(r.rest)
	r.rest = r.rest[8:]
	return v
}

// Uint reads an unsigned integer of the given bits.
func (r *Reader) Uint(bits uint) uint64 {
	if !r.want(Varint) {
		return 0
	}
	v := r.uvarint()
	if bits < 64 && v>>bits != 0 {
		r.fail("a number does not fit its field")
		return 0
	}
	return v
}

// Int reads a zigzag signed integer of the given bits.
func (r *Reader) Int(bits uint) int64 {
	u := r.Uint(bits)
	return int64(u>>1) ^ -int64(u&1)
}

// Bool reads 0 or 1.
func (r *Reader) Bool() bool { return r.Uint(1) == 1 }

// Float reads a float64.
func (r *Reader) Float() float64 {
	if !r.want(Fixed) {
		return 0
	}
	return math.Float64frombits(r.fixed())
}

// String reads text; its bytes are copied and need not be valid UTF-8.
func (r *Reader) String() string { return string(r.bytes()) }

// Bytes reads bytes into a slice of their own; nil when there are none.
func (r *Reader) Bytes() []byte {
	b := r.bytes()
	if len(b) == 0 {
		return nil
	}
	return append(make([]byte, 0, len(b)), b...)
}

// Packed reads a list of unsigned integers of the given bits.
func Packed[T ~uint32 | ~uint64](r *Reader, bits uint) []T {
	src := r.bytes()
	if len(src) == 0 {
		return nil
	}
	n := 0
	for _, b := range src {
		if b < 0x80 {
			n++
		}
	}
	list := Reader{rest: src, form: Varint}
	out := make([]T, 0, n)
	for len(list.rest) > 0 && list.err == nil {
		out = append(out, T(list.Uint(bits)))
	}
	if list.err != nil {
		r.fail(list.err.Msg)
		return nil
	}
	return out
}

// Value reads one SQL value.
func (r *Reader) Value() value.Value {
	v, rest, ok := value.Decode(r.bytes())
	if r.err == nil && (!ok || len(rest) > 0) {
		r.fail("a field is not one SQL value")
	}
	return v
}

// Row reads a row of SQL values; nil when it has none.
func (r *Reader) Row() value.Row {
	src := r.bytes()
	n := 0
	for rest := src; len(rest) > 0; n++ {
		size := value.EncodedLen(rest)
		if size == 0 {
			r.fail("a row's value is cut short")
			return nil
		}
		rest = rest[size:]
	}
	if n == 0 {
		return nil
	}
	row, _, ok := value.DecodeRow(src, n)
	if !ok {
		r.fail("a row's value is cut short")
	}
	return row
}

// Message returns a Reader over a nested message. Give it to Leave when it
// has been read to its end.
func (r *Reader) Message() Reader {
	src := r.bytes()
	if r.err == nil && r.depth >= DepthMax {
		r.fail("messages nest deeper than is allowed")
		src = nil
	}
	return Reader{rest: src, depth: r.depth + 1, err: r.err}
}

// Leave takes over the fault of a nested Reader.
func (r *Reader) Leave(nested *Reader) {
	if nested.err != nil {
		r.err, r.rest = nested.err, nil
	}
}
