package codec

import (
	"encoding/binary"
	"math"

	"rockpool.dev/value"
)

// AppendUvarint appends v, 7 bits a byte, low bits first.
func AppendUvarint(dst []byte, v uint64) []byte { return binary.AppendUvarint(dst, v) }

func appendKey(dst []byte, field uint32, form Form) []byte {
	return AppendUvarint(dst, uint64(field)<<3|uint64(form))
}

// AppendUint appends a field, or nothing when v is 0.
func AppendUint(dst []byte, field uint32, v uint64) []byte {
	if v == 0 {
		return dst
	}
	return AppendUvarint(appendKey(dst, field, Varint), v)
}

// AppendInt appends a field in zigzag form, or nothing when v is 0.
func AppendInt(dst []byte, field uint32, v int64) []byte {
	return AppendUint(dst, field, uint64(v)<<1^uint64(v>>63))
}

// AppendBool appends a field, or nothing when v is false.
func AppendBool(dst []byte, field uint32, v bool) []byte {
	if !v {
		return dst
	}
	return append(appendKey(dst, field, Varint), 1)
}

// AppendFloat appends a field, or nothing when v is +0. NaN keeps its bits.
func AppendFloat(dst []byte, field uint32, v float64) []byte {
	bits := math.Float64bits(v)
	if bits == 0 {
		return dst
	}
	return binary.LittleEndian.AppendUint64(appendKey(dst, field, Fixed), bits)
}

// AppendString appends a field, or nothing when v is "".
func AppendString(dst []byte, field uint32, v string) []byte {
	if v == "" {
		return dst
	}
	return AppendElement(dst, field, v)
}

// AppendElement appends one element of a list of texts, "" too.
func AppendElement(dst []byte, field uint32, v string) []byte {
	dst = AppendUvarint(appendKey(dst, field, Bytes), uint64(len(v)))
	return append(dst, v...)
}

// AppendBytes appends a field, or nothing when v is empty.
func AppendBytes(dst []byte, field uint32, v []byte) []byte {
	if len(v) == 0 {
		return dst
	}
	dst = AppendUvarint(appendKey(dst, field, Bytes), uint64(len(v)))
	return append(dst, v...)
}

// AppendPacked appends a list of unsigned integers, or nothing when v is empty.
func AppendPacked[T ~uint32 | ~uint64](dst []byte, field uint32, v []T) []byte {
	if len(v) == 0 {
		return dst
	}
	dst, at := Begin(dst, field)
	for _, n := range v {
		dst = AppendUvarint(dst, uint64(n))
	}
	return End(dst, at)
}

// AppendValue appends one SQL value, or nothing when v is NULL.
func AppendValue(dst []byte, field uint32, v value.Value) []byte {
	if v.IsNull() {
		return dst
	}
	dst, at := Begin(dst, field)
	return End(v.Append(dst), at)
}

// AppendRow appends a row of SQL values, or nothing when it has none.
func AppendRow(dst []byte, field uint32, v value.Row) []byte {
	if len(v) == 0 {
		return dst
	}
	dst, at := Begin(dst, field)
	return End(v.Append(dst), at)
}

// Begin starts a field of form Bytes whose length is not known yet. The caller
// appends its content and passes at to End.
func Begin(dst []byte, field uint32) (out []byte, at int) {
	dst = append(appendKey(dst, field, Bytes), 0)
	return dst, len(dst)
}

// End writes the length of what was appended since Begin. Content of 128
// bytes or more moves by the length's further bytes.
func End(dst []byte, at int) []byte {
	n := len(dst) - at
	if n < 0x80 {
		dst[at-1] = byte(n)
		return dst
	}
	var length [binary.MaxVarintLen64]byte
	used := binary.PutUvarint(length[:], uint64(n))
	dst = append(dst, length[1:used]...)
	copy(dst[at+used-1:], dst[at:at+n])
	copy(dst[at-1:], length[:used])
	return dst
}

// EndNonEmpty is End for a message that is held by value: when it is all
// zeros, the field is left out. start is len(dst) before Begin.
func EndNonEmpty(dst []byte, start, at int) []byte {
	if len(dst) == at {
		return dst[:start]
	}
	return End(dst, at)
}
