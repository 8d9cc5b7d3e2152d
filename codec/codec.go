// Package codec is the primitives of our messages: the protobuf wire format
// (https://protobuf.dev/programming-guides/encoding/) over byte slices, without
// reflection, and the reading and writing of whole structs by tables that
// internal/gen makes of their `wire:"N"` tags. It owns bytes, not messages.
//
// A message is a sequence of fields: a varint key (number<<3 | form), then
//
//	form 0  varint: bool, unsigned, and zigzag signed integers
//	form 1  8 bytes little endian: float64
//	form 2  varint length and that many bytes: text, bytes, messages, packed
//	        unsigned integers, and rows of tagged values (package value)
//
// Fields with the zero value are left out; a pointer that is set is written
// even when its message is empty. Unknown fields are skipped, so a newer side
// may add some. A number that comes twice overwrites, in a list it appends.
package codec

//go:generate go run rockpool.dev/internal/gen

// Form is how a field's bytes are laid out. The numbers are protobuf's.
type Form uint8

// The forms.
const (
	Varint Form = 0
	Fixed  Form = 1
	Bytes  Form = 2
)

// DepthMax is how deep messages may nest; deeper input is fault.Protocol. A
// query nests two messages a level (query.Select in query.Expr).
const DepthMax = 64

// FieldMax is the largest field number.
const FieldMax = 1<<29 - 1
