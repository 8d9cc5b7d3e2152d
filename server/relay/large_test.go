package relay_test

import (
	"fmt"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// A transaction and a row longer than a frame travel in several, up to the
// source and down to everybody, and so does a conflict that shows such rows.
func TestLongerThanAFrame(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	b.Follow(1, "products")
	la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
	products, row := a.Schema.Table("products"), relaytest.Product(1, "p1", "1.00", 10)
	mine := b.Mutation(relaytest.Set(products, row, "name", value.Text(strings.Repeat("b", 3<<20)))) // has not seen a's
	long := a.Mutation(relaytest.Set(products, row, "name", value.Text(strings.Repeat("a", 2<<20))))
	if len(long) < 2*wire.FrameBytesMax {
		t.Fatalf("the mutation has %d bytes: the test needs more than a frame", len(long))
	}
	la.Send(t, long)
	same(t, w, b, 1, "products")
	lb.Send(t, mine)
	if a.Outcomes[1].Status != mutation.Applied || b.Outcomes[1].Status != mutation.Merged {
		t.Fatalf("outcomes %v and %v, want applied and merged", a.Outcomes[1].Status, b.Outcomes[1].Status)
	}
	if x := b.Outcomes[1].Conflicts; len(x) != 1 || len(x[0].Theirs) == 0 || len(x[0].Theirs[1].Str()) != 2<<20 {
		t.Fatalf("conflicts %d, want one with the whole of theirs", len(x))
	}
	same(t, w, a, 1, "products")
	same(t, w, b, 1, "products")
	if a.MaxFrame > wire.FrameBytesMax || b.MaxFrame > wire.FrameBytesMax {
		t.Errorf("frames of %d and %d bytes", a.MaxFrame, b.MaxFrame)
	}
}

// A snapshot has rows longer than a chunk, each alone in its own, and a client
// takes them; one that is longer than any is refused with the limit.
func TestSnapshotOfLongRows(t *testing.T) {
	t.Parallel()
	rows := stock(5)
	rows[1][1] = value.Text(strings.Repeat("b", 3<<20))
	rows[3][1] = value.Text(strings.Repeat("d", wire.MutationBytesMax))
	w := relaytest.NewWorld(t, relaytest.Options{Seed: rows})
	a := w.NewClient("a")
	a.Follow(1, "products")
	w.Connect(t, 1, a)
	same(t, w, a, 1, "products")
	var sizes []int
	for _, url := range a.Snaps[1].URLs {
		b, err := w.Cache.Chunk(url)
		if err != nil {
			t.Fatal(err)
		}
		h, _, err := wire.DecodeChunk(b)
		if err != nil || h.Rows > 1 && len(b) > wire.ChunkBytesMax {
			t.Errorf("a chunk of %d rows has %d bytes (%v)", h.Rows, len(b), err)
		}
		sizes = append(sizes, int(h.Rows))
	}
	if fmt.Sprint(sizes) != "[1 1 1 1 1]" {
		t.Errorf("chunks of %v rows, want a long one alone", sizes)
	}
	rows[3][1] = value.Text(strings.Repeat("d", wire.RowBytesMax))
	w = relaytest.NewWorld(t, relaytest.Options{Seed: rows})
	b := w.NewClient("b")
	b.Follow(1, "products")
	w.Connect(t, 1, b)
	if d := b.Denied[1]; d == nil || fault.Kind(d.Kind) != fault.TooLarge || !strings.Contains(d.Msg, strconv.Itoa(wire.RowBytesMax)) || d.Hint == "" {
		t.Errorf("a row beyond the limit: %+v, want too_large with the limit and a way out", d)
	}
}

// What a socket may send in parts is bounded.
func TestPartsAreBounded(t *testing.T) {
	t.Parallel()
	hello := func(w *relaytest.World) []byte { return w.NewClient("c").Hello() }
	part := func(kind wire.RelayFrame, more bool) []byte {
		f := make([]byte, wire.FrameBytesMax)
		f[0] = byte(kind)
		if more {
			f[1] = wire.FlagMore
		}
		return f
	}
	endless := make([][]byte, wire.MutationBytesMax/wire.FrameBytesMax+1)
	for i := range endless {
		endless[i] = part(wire.FrameMut, true)
	}
	for i, c := range []struct {
		name   string
		frames [][]byte
		want   fault.Kind
	}{
		{"a mutation without end", endless, fault.TooLarge},
		{"an acknowledgement in parts", [][]byte{part(wire.FrameAck, true)}, fault.Protocol},
		{"another frame inside a mutation", [][]byte{part(wire.FrameMut, true), {byte(wire.FramePong), 0}}, fault.Protocol},
	} {
		w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(1)})
		bye, code := refused(t, w, uint64(10+i), append([][]byte{hello(w)}, c.frames...)...)
		if bye == nil || fault.Kind(bye.Kind) != c.want || code == 0 {
			t.Errorf("%s: bye %+v and close code %d, want kind %v", c.name, bye, code, c.want)
		}
	}
}
