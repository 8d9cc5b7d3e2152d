package relay_test

import (
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// A snapshot that was overtaken while it was made is told at its own position,
// and what it lacks comes in the next frame; without a change of its rows it is
// told at the client's position, and nothing follows.
func TestSnapshotOvertaken(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		write func(w *relaytest.World, c *relaytest.Client) []byte
		gap   bool
	}{
		{"a row of it changed", func(w *relaytest.World, c *relaytest.Client) []byte {
			return c.Mutation(relaytest.AddStock(c.Schema, 2, 5))
		}, true},
		{"another table changed", func(w *relaytest.World, c *relaytest.Client) []byte {
			return c.Mutation(relaytest.Insert(c.Schema.Table("lines"), value.Row{value.Int(1), value.Text(orderID), value.Int(1)}))
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3), Apart: true})
			reader, writer := w.NewClient("reader"), w.NewClient("writer")
			lw := w.Connect(t, 1, writer)
			lw.Send(t, writer.Mutation(relaytest.Insert(writer.Schema.Table("orders"), order)))
			reader.Follow(1, "products")
			lr := w.Connect(t, 2, reader)
			made := w.Built(t)
			lw.Send(t, test.write(w, writer))
			w.Do(t, w.Core.Snapped(made))
			head := w.Store.Head()
			s := reader.Snaps[1]
			if s == nil || reader.Cursor != head || (s.Pos == made.Set.Pos) != test.gap || (s.Pos == head) == test.gap {
				t.Fatalf("snapshot %+v of %v for a client at %v, head %v; want a gap: %v", s, made.Set.Pos, reader.Cursor, head, test.gap)
			}
			same(t, w, reader, 1, "products")
			txs := reader.Frames[wire.FrameTx]
			if want := map[bool]int{true: 2, false: 1}[test.gap]; txs != want { // the advance, and the gap
				t.Errorf("%d transactions, want %d", txs, want)
			}
			lw.Send(t, writer.Mutation(relaytest.AddStock(writer.Schema, 3, 1)))
			same(t, w, reader, 1, "products")
			lr.Drop(t)
		})
	}
}

const orderID = "00000000-0000-7000-8000-000000000001"

var order = value.Row{value.Text(orderID), value.Null, value.Text("c"), value.Null}

// A gap that is larger than gapBytesMax is not sent: the rows are read again,
// and a shape that never stands still is refused in the end.
func TestSnapshotGapIsBounded(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(1), Apart: true})
	reader, writer := w.NewClient("reader"), w.NewClient("writer")
	lw := w.Connect(t, 1, writer)
	reader.Follow(1, "products")
	w.Connect(t, 2, reader)
	large := strings.Repeat("x", 900<<10)
	for n := 0; reader.Denied[1] == nil; n++ {
		if n > 10 {
			t.Fatal("the rows are read again and again")
		}
		made := w.Built(t)
		var ops []mutation.Op
		for i := range 10 {
			id := int64(100 + 10*n + i)
			ops = append(ops, relaytest.Insert(writer.Schema.Table("products"), relaytest.Product(id, fmt.Sprint(large, id), "1.00", 0)))
		}
		lw.Send(t, writer.Mutation(ops...))
		w.Do(t, w.Core.Snapped(made))
		if reader.Snaps[1] != nil {
			t.Fatalf("a gap of %d bytes was sent", 10*len(large))
		}
	}
	if d := reader.Denied[1]; fault.Kind(d.Kind) != fault.LimitExceeded || d.Hint == "" {
		t.Errorf("denied with %+v, want limit_exceeded and a remedy", d)
	}
}
