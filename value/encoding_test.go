package value_test

import (
	"math"
	"strings"
	"testing"

	"rockpool.dev/value"
)

var edges = value.Row{
	value.Null, value.Int(0), value.Int(math.MaxInt64), value.Int(math.MinInt64), value.Int(1 << 53),
	value.Float(0), value.Float(math.Copysign(0, -1)), value.Float(math.Inf(1)), value.Float(math.SmallestNonzeroFloat64),
	value.Text(""), value.Text("a\x00b"), value.Text("🐚 rock pool"), value.Text("\xff\xfe"),
	value.Blob(nil), value.Blob([]byte{0, 1, 2}), value.Text(strings.Repeat("x", 70000)),
}

func TestRowRoundTrip(t *testing.T) {
	t.Parallel()
	src := edges.Append([]byte{42})[1:]
	got, rest, ok := value.DecodeRow(append(src, 9, 9), len(edges))
	if !ok || !got.Equal(edges) || len(rest) != 2 {
		t.Fatalf("DecodeRow = %v, rest %d, ok %v; want the row that was encoded and 2 bytes left", got, len(rest), ok)
	}
}

func TestDecodeRefusesEveryTruncation(t *testing.T) {
	t.Parallel()
	for _, v := range edges[:len(edges)-1] {
		src := v.Append(nil)
		for n := range src {
			if _, _, ok := value.Decode(src[:n]); ok {
				t.Errorf("Decode(%x) accepted %d of %d bytes", src, n, len(src))
			}
		}
	}
}

func TestNaNIsNull(t *testing.T) {
	t.Parallel()
	if v := value.Float(math.NaN()); !v.IsNull() {
		t.Errorf("Float(NaN) = %v, want NULL as SQLite stores it", v)
	}
	src := value.Float(1).Append(nil)
	for i := 1; i < 9; i++ {
		src[i] = 0xff
	}
	if v, _, ok := value.Decode(src); !ok || !v.IsNull() {
		t.Errorf("Decode(NaN) = %v, %v, want NULL", v, ok)
	}
}

func FuzzDecodeRow(f *testing.F) {
	f.Add(edges.Append(nil), len(edges))
	f.Add([]byte{3, 255, 255, 255, 255}, 1)
	f.Fuzz(func(t *testing.T, src []byte, n int) {
		row, rest, ok := value.DecodeRow(src, n)
		if !ok {
			return
		}
		again, _, ok := value.DecodeRow(row.Append(nil), n)
		if !ok || !again.Equal(row) || len(rest) > len(src) {
			t.Fatalf("DecodeRow(%x, %d) does not survive a round trip", src, n)
		}
	})
}
