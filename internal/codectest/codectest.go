// Package codectest holds what every message's test repeats: fuzzing a decoder
// from its golden files, and the laws of a round trip.
package codectest

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"rockpool.dev/fault"
)

// Message is what internal/gen writes for each struct.
type Message interface {
	AppendTo(dst []byte) []byte
	Decode(src []byte) error
}

// hostile are inputs that no decoder may accept blindly: cut numbers, lengths
// beyond the end, negative lengths, forms that do not exist, deep nesting.
var hostile = [][]byte{
	nil,
	{0},
	{0xff},
	{8},
	{9, 1},
	{10, 5},
	{10, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1},
	{11},
	{15},
	{8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2},
	{10, 5, 3, 0xff, 0xff, 0xff, 0xff},
	{10, 1, 0},
	{26, 2, 0, 0},
	{58, 1, 9},
	bytes.Repeat([]byte{42, 126}, 64),
}

// Fuzz checks that a decoder never panics, fails with fault.Protocol only, and
// that what it accepts comes back the same from its own encoding. Seeds are
// the golden files of that name ("wire.Tx").
func Fuzz(f *testing.F, name string, empty func() Message) {
	f.Helper()
	for _, src := range hostile {
		f.Add(src)
	}
	for _, path := range Golden(f, name) {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		m := empty()
		if err := m.Decode(src); err != nil {
			if fault.KindOf(err) != fault.Protocol {
				t.Fatalf("Decode(%x) = %v, want a fault of kind protocol", src, err)
			}
			return
		}
		once := m.AppendTo(nil)
		again := empty()
		if err := again.Decode(once); err != nil {
			t.Fatalf("Decode(%x) accepted what it cannot read again from %x: %v", src, once, err)
		}
		if twice := again.AppendTo(nil); !bytes.Equal(once, twice) {
			t.Fatalf("a second round trip of %x changed %x to %x", src, once, twice)
		}
	})
}

// Dir is testdata/golden.
func Dir() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..", "testdata", "golden")
}

// Golden lists the golden .bin files of a message, or of all for "*".
func Golden(t testing.TB, name string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(Dir(), name+".*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
