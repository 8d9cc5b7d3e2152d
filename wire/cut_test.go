package wire_test

import (
	"bytes"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// A message of any length comes out as it went in, in frames within the limit.
func TestCutFrame(t *testing.T) {
	t.Parallel()
	const limit = 16
	for n := range 200 {
		frame := append([]byte{byte(wire.FrameMut), 0}, bytes.Repeat([]byte{7}, n)...)
		for i := range frame[2:] {
			frame[2+i] = byte(i)
		}
		want := bytes.Clone(frame)
		var join wire.FrameJoiner
		parts := wire.CutFrame(frame, limit)
		for i, part := range parts {
			if len(part) > limit || (part[1]&wire.FlagMore != 0) != (i < len(parts)-1) {
				t.Fatalf("%d bytes: part %d of %d has %d bytes and flags %d", n, i, len(parts), len(part), part[1])
			}
			got, err := join.Add(part, len(want))
			if err != nil || (got == nil) != (i < len(parts)-1) {
				t.Fatalf("%d bytes: part %d gave %d bytes, %v", n, i, len(got), err)
			}
			if got != nil && !bytes.Equal(got, want) {
				t.Fatalf("%d bytes: joined %x, want %x", n, got, want)
			}
		}
	}
}

func TestFrameJoinerRefuses(t *testing.T) {
	t.Parallel()
	more := func(kind wire.RelayFrame, n int) []byte {
		return append([]byte{byte(kind), wire.FlagMore}, make([]byte, n)...)
	}
	last := func(kind wire.RelayFrame, n int) []byte { return append([]byte{byte(kind), 0}, make([]byte, n)...) }
	for name, c := range map[string]struct {
		frames [][]byte
		want   fault.Kind
	}{
		"another message inside one":  {[][]byte{more(wire.FrameMut, 4), last(wire.FrameAck, 4)}, fault.Protocol},
		"over the limit, last part":   {[][]byte{more(wire.FrameMut, 6), last(wire.FrameMut, 7)}, fault.TooLarge},
		"over the limit, no end":      {[][]byte{more(wire.FrameMut, 6), more(wire.FrameMut, 7)}, fault.TooLarge},
		"over the limit at its start": {[][]byte{more(wire.FrameMut, 13)}, fault.TooLarge},
	} {
		var join wire.FrameJoiner
		var err error
		for _, f := range c.frames {
			_, err = join.Add(f, 14)
		}
		if fault.KindOf(err) != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
		if whole, err := join.Add(last(wire.FramePong, 0), 14); err != nil || len(whole) != 2 {
			t.Errorf("%s: the next message: %x, %v", name, whole, err)
		}
	}
}
