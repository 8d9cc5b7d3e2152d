package host_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"rockpool.dev/wasm/host"
	"rockpool.dev/wire"
)

// unpacked returns the frames of a message as bridge/client/src/frame.ts reads them.
func unpacked(t *testing.T, message []byte) (frames [][]byte) {
	t.Helper()
	if message[0] != byte(wire.PagePack) {
		return [][]byte{message}
	}
	for at := wire.PageHeaderBytes; at < len(message); {
		n := int(binary.LittleEndian.Uint32(message[at:]))
		if at%8 != 0 {
			t.Errorf("a frame at byte %d", at)
		}
		frames = append(frames, message[at+8:at+8+n])
		at = (at + 8 + n + 7) &^ 7
	}
	return frames
}

func TestPacker(t *testing.T) {
	t.Parallel()
	const long = 5000
	type post struct {
		port uint32
		size int
	}
	for _, c := range []struct {
		name     string
		posts    []post
		messages int
	}{
		{"nothing", nil, 0},
		{"one frame", []post{{1, 11}}, 1},
		{"the frames of a read", []post{{1, 60}, {1, 121}, {1, 8}}, 1},
		{"two ports by turns", []post{{1, 9}, {2, 9}, {1, 9}}, 3},
		{"a long frame among short ones", []post{{1, 9}, {1, 10}, {1, long}, {1, 12}, {1, 13}}, 3},
		{"a long frame to another port", []post{{1, 9}, {2, long}, {2, 9}}, 3},
		{"more than a pack holds", slices.Repeat([]post{{7, 4000}}, 9), 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			type sent struct {
				port  uint32
				frame []byte
			}
			var got, want []sent
			messages := 0
			p := host.NewPacker(func(port uint32, message []byte) {
				messages++
				for _, f := range unpacked(t, bytes.Clone(message)) {
					got = append(got, sent{port, f})
				}
			})
			for round := range 2 { // the memory is used again
				for i, s := range c.posts {
					f := bytes.Repeat([]byte{byte(1 + i + 16*round)}, s.size)
					want = append(want, sent{s.port, bytes.Clone(f)})
					p.Post(s.port, f)
					clear(f) // the caller's again
				}
				p.Ended()
				p.Ended()
			}
			if messages != 2*c.messages {
				t.Errorf("%d messages, want %d", messages, 2*c.messages)
			}
			if !slices.EqualFunc(got, want, func(a, b sent) bool { return a.port == b.port && bytes.Equal(a.frame, b.frame) }) {
				t.Errorf("got %d frames, want %d, or others", len(got), len(want))
			}
		})
	}
}
