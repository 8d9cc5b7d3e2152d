package codec_test

import (
	"bytes"
	"math"
	"testing"

	"rockpool.dev/codec"
	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// The bytes are protobuf's: examples of its own documentation.
func TestBytesAreProtobufs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name      string
		got, want []byte
	}{
		{"150 in field 1", codec.AppendUint(nil, 1, 150), []byte{0x08, 0x96, 0x01}},
		{"testing in field 2", codec.AppendString(nil, 2, "testing"), append([]byte{0x12, 0x07}, "testing"...)},
		{"zigzag -2", codec.AppendInt(nil, 1, -2), []byte{0x08, 0x03}},
		{"packed 3, 270, 86942 in field 6", codec.AppendPacked(nil, 6, []uint64{3, 270, 86942}), []byte{0x32, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05}},
		{"field 16 has a key of two bytes", codec.AppendBool(nil, 16, true), []byte{0x80, 0x01, 0x01}},
		{"zeros are left out", codec.AppendRow(codec.AppendValue(codec.AppendFloat(codec.AppendBytes(codec.AppendString(codec.AppendBool(codec.AppendInt(nil, 1, 0), 1, false), 1, ""), 1, nil), 1, 0), 1, value.Null), 1, nil), nil},
		{"-0 is not a zero", codec.AppendFloat(nil, 1, math.Copysign(0, -1)), []byte{0x09, 0, 0, 0, 0, 0, 0, 0, 0x80}},
	} {
		if !bytes.Equal(c.got, c.want) {
			t.Errorf("%s: %x, want %x", c.name, c.got, c.want)
		}
	}
}

// A block's length is written after its content, which then has to move: at
// each number of length bytes the content must come through.
func TestBlocksOfEveryLength(t *testing.T) {
	t.Parallel()
	for _, n := range []int{0, 1, 127, 128, 129, 16383, 16384, 1 << 21} {
		content := bytes.Repeat([]byte{7, 8, 9}, n/3+1)[:n]
		dst, at := codec.Begin([]byte("before"), 3)
		dst = codec.End(append(dst, content...), at)
		r := codec.NewReader(dst[len("before"):])
		if !r.Next() || r.Field() != 3 || !bytes.Equal(r.Bytes(), content) || r.Next() || r.Err() != nil {
			t.Errorf("a block of %d bytes does not come back: %v", n, r.Err())
		}
	}
}

func TestReaderSkipsUnknownFields(t *testing.T) {
	t.Parallel()
	src := codec.AppendUint(nil, 100, 5)
	src = codec.AppendFloat(src, 101, 1.5)
	src = codec.AppendString(src, 102, "later")
	src = codec.AppendUint(src, 1, 9)
	r := codec.NewReader(src)
	got := uint64(0)
	for r.Next() {
		if r.Field() == 1 {
			got = r.Uint(64)
		} else {
			r.Skip()
		}
	}
	if got != 9 || r.Err() != nil {
		t.Errorf("read %d, %v past three unknown fields, want 9", got, r.Err())
	}
}

func TestReaderRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		src  []byte
		read func(r *codec.Reader)
	}{
		{"a number cut short", []byte{0x08, 0x80}, func(r *codec.Reader) { r.Uint(64) }},
		{"a number of 65 bits", []byte{0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02}, func(r *codec.Reader) { r.Uint(64) }},
		{"256 in 8 bits", codec.AppendUint(nil, 1, 256), func(r *codec.Reader) { r.Uint(8) }},
		{"2^31 in int32", codec.AppendInt(nil, 1, 1<<31), func(r *codec.Reader) { r.Int(32) }},
		{"2 as a boolean", codec.AppendUint(nil, 1, 2), func(r *codec.Reader) { r.Bool() }},
		{"field number 0", []byte{0x00, 0x00}, func(r *codec.Reader) { r.Skip() }},
		{"a group", []byte{0x0b}, func(r *codec.Reader) { r.Skip() }},
		{"another form", codec.AppendString(nil, 1, "x"), func(r *codec.Reader) { r.Uint(64) }},
		{"a length beyond the end", []byte{0x0a, 0x05, 1}, func(r *codec.Reader) { _ = r.String() }},
		{"a negative length", []byte{0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01}, func(r *codec.Reader) { r.Bytes() }},
		{"a float cut short", []byte{0x09, 1, 2}, func(r *codec.Reader) { r.Float() }},
		{"an element over 32 bits", codec.AppendPacked(nil, 1, []uint64{1, 1 << 32}), func(r *codec.Reader) { codec.Packed[uint32](r, 32) }},
		{"two values as one", codec.AppendRow(nil, 1, value.Row{value.Null, value.Null}), func(r *codec.Reader) { r.Value() }},
		{"a row cut short", []byte{0x0a, 0x02, 0x01, 0x00}, func(r *codec.Reader) { r.Row() }},
		{"a row with an unknown tag", []byte{0x0a, 0x01, 0x05}, func(r *codec.Reader) { r.Row() }},
	} {
		r := codec.NewReader(c.src)
		for r.Next() {
			c.read(&r)
		}
		if fault.KindOf(r.Err()) != fault.Protocol {
			t.Errorf("%s: reading %x gives %v, want a fault of kind protocol", c.name, c.src, r.Err())
		}
	}
}

// Nesting ends at DepthMax, both sides of it.
func TestReaderBoundsDepth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		depth int
		want  fault.Kind
	}{{codec.DepthMax, fault.Unknown}, {codec.DepthMax + 1, fault.Protocol}} {
		var src []byte
		for range c.depth {
			dst, at := codec.Begin(nil, 1)
			src = codec.End(append(dst, src...), at)
		}
		var read func(r *codec.Reader)
		read = func(r *codec.Reader) {
			for r.Next() {
				nested := r.Message()
				read(&nested)
				r.Leave(&nested)
			}
		}
		r := codec.NewReader(src)
		read(&r)
		if fault.KindOf(r.Err()) != c.want {
			t.Errorf("%d levels: %v, want kind %v", c.depth, r.Err(), c.want)
		}
	}
}

func TestAppendDoesNotAllocate(t *testing.T) {
	dst := make([]byte, 0, 4096)
	row := value.Row{value.Int(1), value.Text("x"), value.Null}
	list := []uint32{1, 2, 300}
	text := string(bytes.Repeat([]byte{'x'}, 200))
	if n := testing.AllocsPerRun(100, func() {
		out := codec.AppendRow(codec.AppendPacked(codec.AppendUint(dst, 1, 1<<40), 2, list), 3, row)
		out, at := codec.Begin(out, 4)
		_ = codec.End(codec.AppendString(out, 1, text), at)
	}); n != 0 {
		t.Errorf("encoding into room that is there allocates %v times, want 0", n)
	}
}
