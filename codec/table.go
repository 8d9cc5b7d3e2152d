package codec

import (
	"unsafe"

	"rockpool.dev/value"
)

// Message is the table of one struct: where its fields lie in memory and how
// they are written. internal/gen makes one from the `wire:"N"` tags of each
// struct, and with it a function that compiles only while the struct's types
// are those of the table. A pair of functions for each struct in their place
// made the Go core 13 KB larger under brotli, and was no faster.
//
// Every m below points to a struct of the table's type.
type Message struct {
	// Fields are in the order of their numbers.
	Fields []Field
	// Size is the struct's, in bytes.
	Size uintptr
	// New returns a struct of zeros. Grow adds one to a slice and returns it.
	// nil where no message has such a field.
	New  func() unsafe.Pointer
	Grow func(slice unsafe.Pointer) unsafe.Pointer
}

// Field is one line of a table.
type Field struct {
	Number uint32
	Kind   Kind
	At     uintptr  // bytes from the start of the struct
	Of     *Message // of KindMessage, KindPointer and KindList
}

// Kind is a field's type in Go, and with it its form.
type Kind uint8

// The kinds. Named types are of their underlying type's kind.
const (
	KindBool     Kind = iota
	KindUint8         // in form Varint, as all integers
	KindUint16        //
	KindUint32        //
	KindUint64        //
	KindInt32         // zigzag
	KindInt64         // zigzag
	KindFloat         // float64, in form Fixed
	KindString        // in form Bytes, as all that follow
	KindBytes         // []byte
	KindStrings       // []string, one field an element
	KindPacked32      // []uint32
	KindPacked64      // []uint64
	KindValue         // value.Value
	KindRow           // value.Row
	KindMessage       // a struct, left out when it is all zeros
	KindPointer       // to a struct, left out when it is nil
	KindList          // a slice of structs, one field an element
)

// Append encodes m after dst.
func (t *Message) Append(dst []byte, m unsafe.Pointer) []byte {
	for i := range t.Fields {
		f := &t.Fields[i]
		p := unsafe.Add(m, f.At)
		switch f.Kind {
		case KindBool, KindUint8:
			dst = AppendUint(dst, f.Number, uint64(*(*uint8)(p)))
		case KindUint16:
			dst = AppendUint(dst, f.Number, uint64(*(*uint16)(p)))
		case KindUint32:
			dst = AppendUint(dst, f.Number, uint64(*(*uint32)(p)))
		case KindUint64:
			dst = AppendUint(dst, f.Number, *(*uint64)(p))
		case KindInt32:
			dst = AppendInt(dst, f.Number, int64(*(*int32)(p)))
		case KindInt64:
			dst = AppendInt(dst, f.Number, *(*int64)(p))
		case KindFloat:
			dst = AppendFloat(dst, f.Number, *(*float64)(p))
		case KindString:
			dst = AppendString(dst, f.Number, *(*string)(p))
		case KindBytes:
			dst = AppendBytes(dst, f.Number, *(*[]byte)(p))
		case KindStrings:
			for _, s := range *(*[]string)(p) {
				dst = AppendElement(dst, f.Number, s)
			}
		case KindPacked32:
			dst = AppendPacked(dst, f.Number, *(*[]uint32)(p))
		case KindPacked64:
			dst = AppendPacked(dst, f.Number, *(*[]uint64)(p))
		case KindValue:
			dst = AppendValue(dst, f.Number, *(*value.Value)(p))
		case KindRow:
			dst = AppendRow(dst, f.Number, *(*value.Row)(p))
		default:
			dst = f.appendMessages(dst, p)
		}
	}
	return dst
}

// appendMessages encodes the message or the messages of the field at p.
func (f *Field) appendMessages(dst []byte, p unsafe.Pointer) []byte {
	start, at := len(dst), 0
	switch f.Kind {
	case KindMessage:
		dst, at = Begin(dst, f.Number)
		if dst = f.Of.Append(dst, p); len(dst) == at {
			return dst[:start]
		}
		dst = End(dst, at)
	case KindPointer:
		if m := *(*unsafe.Pointer)(p); m != nil {
			dst, at = Begin(dst, f.Number)
			dst = End(f.Of.Append(dst, m), at)
		}
	case KindList:
		list := *(*[]byte)(p) // its length counts structs
		m := unsafe.Pointer(unsafe.SliceData(list))
		for i := range uintptr(len(list)) {
			dst, at = Begin(dst, f.Number)
			dst = End(f.Of.Append(dst, unsafe.Add(m, i*f.Of.Size)), at)
		}
	}
	return dst
}

// Decode reads all of src into m, which keeps nothing of what it held and
// shares nothing with src. fault.Protocol when src is no such message; m is
// then of no use.
func (t *Message) Decode(src []byte, m unsafe.Pointer) error {
	t.clear(m)
	r := NewReader(src)
	t.read(&r, m)
	return r.Err()
}

// read is Decode inside another message; m is all zeros, the fault is r's.
func (t *Message) read(r *Reader, m unsafe.Pointer) {
	i := 0
	for r.Next() {
		// Fields come in order, as a rule: the search goes on from the last one.
		if i == len(t.Fields) || t.Fields[i].Number > r.field {
			i = 0
		}
		for i < len(t.Fields) && t.Fields[i].Number < r.field {
			i++
		}
		if i == len(t.Fields) || t.Fields[i].Number != r.field {
			r.Skip()
			continue
		}
		t.Fields[i].read(r, unsafe.Add(m, t.Fields[i].At))
	}
}

// read reads the field that Next announced to p.
func (f *Field) read(r *Reader, p unsafe.Pointer) {
	switch f.Kind {
	case KindBool:
		*(*bool)(p) = r.Bool()
	case KindUint8:
		*(*uint8)(p) = uint8(r.Uint(8))
	case KindUint16:
		*(*uint16)(p) = uint16(r.Uint(16))
	case KindUint32:
		*(*uint32)(p) = uint32(r.Uint(32))
	case KindUint64:
		*(*uint64)(p) = r.Uint(64)
	case KindInt32:
		*(*int32)(p) = int32(r.Int(32))
	case KindInt64:
		*(*int64)(p) = r.Int(64)
	case KindFloat:
		*(*float64)(p) = r.Float()
	case KindString:
		*(*string)(p) = r.String()
	case KindBytes:
		*(*[]byte)(p) = r.Bytes()
	case KindStrings:
		list := (*[]string)(p)
		*list = append(*list, r.String())
	case KindPacked32:
		*(*[]uint32)(p) = Packed[uint32](r, 32)
	case KindPacked64:
		*(*[]uint64)(p) = Packed[uint64](r, 64)
	case KindValue:
		*(*value.Value)(p) = r.Value()
	case KindRow:
		*(*value.Row)(p) = r.Row()
	default:
		f.readMessage(r, p)
	}
}

// readMessage reads a message into the field at p.
func (f *Field) readMessage(r *Reader, p unsafe.Pointer) {
	nested := r.Message()
	switch f.Kind {
	case KindMessage:
		f.Of.clear(p) // the field may have come before
	case KindPointer:
		m := f.Of.New()
		*(*unsafe.Pointer)(p) = m
		p = m
	case KindList:
		p = f.Of.Grow(p)
	}
	f.Of.read(&nested, p)
	r.Leave(&nested)
}

// clear makes m all zeros, field by field for the sake of the garbage
// collector, which must see a pointer go.
func (t *Message) clear(m unsafe.Pointer) {
	for i := range t.Fields {
		f := &t.Fields[i]
		p := unsafe.Add(m, f.At)
		switch f.Kind {
		case KindBool, KindUint8:
			*(*uint8)(p) = 0
		case KindUint16:
			*(*uint16)(p) = 0
		case KindUint32, KindInt32:
			*(*uint32)(p) = 0
		case KindUint64, KindInt64, KindFloat:
			*(*uint64)(p) = 0
		case KindString:
			*(*string)(p) = ""
		case KindValue:
			*(*value.Value)(p) = value.Null
		case KindMessage:
			f.Of.clear(p)
		case KindPointer:
			*(*unsafe.Pointer)(p) = nil
		default: // slices
			*(*[]byte)(p) = nil
		}
	}
}
