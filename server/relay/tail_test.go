package relay_test

import (
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

func stock(n int) []value.Row {
	var out []value.Row
	for i := 1; i <= n; i++ {
		out = append(out, relaytest.Product(int64(i), fmt.Sprintf("p%d", i), fmt.Sprintf("%d.00", i), 10))
	}
	return out
}

// same fails unless a client's rows of a table are the store's.
func same(t *testing.T, w *relaytest.World, c *relaytest.Client, sub uint32, table string) {
	t.Helper()
	sum, rows, _, err := w.Store.Digest(table)
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Digest(sub); got != sum || int64(len(c.Rows[sub])) != rows {
		t.Fatalf("client %s has %d rows of %s with digest %x, want %d with %x", c.ID, len(c.Rows[sub]), table, got, rows, sum)
	}
}

// A client gets a snapshot, then every change of another, and its own outcome.
func TestSnapshotThenTail(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(20)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	b.Follow(1, "products")
	la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
	same(t, w, a, 1, "products")
	la.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 3, -4)))
	lb.Send(t, b.Mutation(relaytest.AddStock(a.Schema, 3, -5), relaytest.Insert(a.Schema.Table("products"), relaytest.Product(99, "new", "1.50", 1))))
	if a.Outcomes[1].Status != mutation.Applied || b.Outcomes[1].Status != mutation.Applied {
		t.Fatalf("outcomes %v and %v, want both applied", a.Outcomes[1], b.Outcomes[1])
	}
	same(t, w, a, 1, "products")
	same(t, w, b, 1, "products")
	row := a.Rows[1][string(value.Row{value.Int(3)}.Append(nil))]
	if row[3].Int() != 1 {
		t.Fatalf("stock = %v, want 10 - 4 - 5", row[3])
	}
	if a.Cursor != w.Store.Head() || a.Cursor.Seq != 2 {
		t.Fatalf("cursor %v, want the head %v", a.Cursor, w.Store.Head())
	}
}

// A client that comes back goes on where it stood, without a snapshot, and
// gets the outcome of what it sent before its socket died.
func TestResume(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(5)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	b.Follow(1, "products")
	la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
	m := a.Mutation(relaytest.AddStock(a.Schema, 1, 1))
	la.Drop(t)
	w.Do(t, w.Core.Open(3, relay.Info{}))
	for range 3 {
		lb.Send(t, b.Mutation(relaytest.AddStock(b.Schema, 2, 1)))
	}
	w.Do(t, w.Core.Closed(3))
	l2 := w.Connect(t, 4, a)
	if !a.Welcome.Resume || len(a.Snaps) != 0 || !a.Ready[1] {
		t.Fatalf("welcome %+v with %d snapshots, want a resumed tail", a.Welcome, len(a.Snaps))
	}
	l2.Send(t, m)
	l2.Send(t, m) // a repeat changes nothing
	same(t, w, a, 1, "products")
	l2.Drop(t)
	w.Connect(t, 5, a)
	if a.Outcomes[1].Status != mutation.Applied || a.Acked != 1 || w.Store.Head().Seq != 4 {
		t.Fatalf("outcome %v, head %v, want it applied once", a.Outcomes[1], w.Store.Head())
	}
	same(t, w, a, 1, "products")
}

// A client that stands behind what it wrote, and does not know how it ended, is
// told: the log brings nothing of before its position. Its welcome was of a new
// start, and it was killed before it had taken the outcomes in.
func TestOutcomeBeforeTheCursor(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(5)})
	a := w.NewClient("a")
	a.Follow(1, "products")
	l := w.Connect(t, 1, a)
	l.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
	if a.Acked != 1 || a.Cursor.Seq != 1 {
		t.Fatalf("acked %d at %v, want 1 at 1", a.Acked, a.Cursor)
	}
	a.Acked = 0
	l.Drop(t)
	w.Connect(t, 2, a)
	if !a.Welcome.Resume || len(a.Welcome.Outcomes) != 1 || a.Welcome.Outcomes[0].Mid != 1 {
		t.Errorf("welcome %+v, want a resumed tail and the outcome of mid 1", a.Welcome)
	}
}

// A client whose claims changed was told of its new rows, and the frame never
// came: what it holds is of the bucket before, and must not be continued. The
// relay goes by what the client says it holds, not by what it has offered.
func TestRowsOfAnotherBucket(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(5)})
	a := w.NewClient("a")
	a.Follow(1, "products")
	l := w.Connect(t, 1, a)
	offered := a.Snaps[1].Stamp
	for _, held := range []uint64{offered, offered ^ 2, 0} {
		a.Stamps[1] = held
		l.Drop(t)
		l = w.Connect(t, l.ID+1, a)
		if again := a.Snaps[1] != nil; !a.Welcome.Resume || again != (held != offered) || offered == 0 {
			t.Errorf("rows of %x, the client's bucket is %x: resume %v, new rows %v", held, offered, a.Welcome.Resume, again)
		}
		same(t, w, a, 1, "products")
	}
}

// The outcome of a transaction that was applied while the socket was dead
// comes with the log.
func TestOutcomeAfterLostAnswer(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(5)})
	a := w.NewClient("a")
	a.Follow(1, "products")
	l := w.Connect(t, 1, a)
	l.Closed = -1 // the frames of the relay are lost from here on
	w.Do(t, w.Core.Receive(1, a.Mutation(relaytest.AddStock(a.Schema, 1, 1))))
	if a.Acked != 0 {
		t.Fatal("the test's client saw what it should not")
	}
	w.Do(t, w.Core.Closed(1))
	w.Connect(t, 2, a)
	if a.Welcome.LastMid != 1 || a.Acked != 1 {
		t.Fatalf("last mid %d, acked %d, want 1 and 1", a.Welcome.LastMid, a.Acked)
	}
	same(t, w, a, 1, "products")
}

// Without credit the relay sends at most a window, then nothing; with credit
// the client reaches the head, from the log, in order.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	const window = 64 << 10
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(2), Limits: func(l *relay.Limits) { l.WindowBytes = window }})
	slow, writer := w.NewClient("slow"), w.NewClient("writer")
	slow.Follow(1, "products")
	writer.Follow(1, "products")
	ls, lw := w.Connect(t, 1, slow), w.Connect(t, 2, writer)
	slow.HoldAcks = true
	name := strings.Repeat("x", 4000)
	before := w.Core.Stats().BytesSent
	for i := range 200 {
		row := relaytest.Product(int64(1000+i), fmt.Sprint(name, i), "1.00", 0)
		lw.Send(t, writer.Mutation(relaytest.Insert(writer.Schema.Table("products"), row)))
	}
	if got := slow.Frames[wire.FrameTx] * 4000; got > 2*window {
		t.Fatalf("a client without credit got %d bytes, want about %d", got, window)
	}
	if w.Core.Stats().Lagging != 1 || w.Core.Stats().BytesSent-before < 200*4000 {
		t.Fatalf("stats %+v: want one client behind, and the other served", w.Core.Stats())
	}
	same(t, w, writer, 1, "products")
	slow.HoldAcks = false
	ls.Send(t, relaytest.Frame(wire.FrameAck, &wire.Ack{Pos: slow.Cursor}))
	for range 10 {
		w.Tick(t, relay.TickMillis)
	}
	same(t, w, slow, 1, "products")
	if w.Core.Stats().Lagging != 0 {
		t.Fatal("the client has credit and is still behind")
	}
}

// A transaction larger than a frame comes in parts that each fit one.
func TestParts(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(1)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	b.Follow(1, "products")
	w.Connect(t, 1, a)
	w.Connect(t, 2, b)
	tx, err := w.Store.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3000 {
		if _, err := tx.Run("INSERT INTO products (id, name, stock) VALUES (?, ?, 0)", value.Int(int64(100+i)), value.Text(fmt.Sprint(strings.Repeat("y", 1000), i))); err != nil {
			t.Fatal(err)
		}
	}
	rec, err := tx.Commit(nil, 0, w.Now*1000)
	if err != nil {
		t.Fatal(err)
	}
	w.Do(t, w.Core.Ingested(rec))
	if a.Frames[wire.FrameTx] < 4 {
		t.Fatalf("3 MB came in %d frames", a.Frames[wire.FrameTx])
	}
	same(t, w, a, 1, "products")
	same(t, w, b, 1, "products")
}

// A late subscription joins the tail without a gap or a repeat, also from a
// snapshot that was made for somebody else before.
func TestLateSubscription(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(9)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
	la.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 5)))
	lb.Send(t, b.Follow(7, "products"))
	same(t, w, b, 7, "products")
	la.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 2, 5)))
	same(t, w, b, 7, "products")
	lb.Send(t, relaytest.Frame(wire.FrameUnsub, &wire.Unsub{ID: 7}))
	n := b.Frames[wire.FrameTx]
	la.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 2, 5)))
	if b.Frames[wire.FrameTx] != n {
		t.Fatal("a shape that is not followed any more was sent")
	}
	lb.Send(t, b.Follow(8, "products"))
	same(t, w, b, 8, "products")
	if w.Core.Stats().Buckets != 1 {
		t.Fatalf("%d buckets for one table, want 1", w.Core.Stats().Buckets)
	}
}

// A client of another epoch, or ahead of the truth, or behind the log, starts
// over and keeps its outcomes.
func TestStartOver(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
	for name, cursor := range map[string]version.Pos{
		"other epoch": {Epoch: 6, Seq: 0}, "ahead": {Epoch: 7, Seq: 99}, "nothing": {},
	} {
		c := w.NewClient(name)
		c.Follow(1, "products")
		c.Cursor = cursor
		w.Connect(t, uint64(len(name)), c)
		if c.Welcome == nil || c.Welcome.Resume || c.Snaps[1] == nil || c.Welcome.Schema == nil {
			t.Errorf("%s: welcome %+v, want a new start with the schema", name, c.Welcome)
		}
		same(t, w, c, 1, "products")
	}
}

// A silent client still moves on: empty advances, pings, and their echo.
func TestAdvanceAndProbe(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
	a, b := w.NewClient("a"), w.NewClient("b")
	a.Follow(1, "products")
	la, lb := w.Connect(t, 1, a), w.Connect(t, 2, b)
	la.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 5)))
	if b.Cursor == w.Store.Head() {
		t.Fatal("a client that follows nothing was sent a transaction at once")
	}
	w.Tick(t, 1000)
	if b.Cursor != w.Store.Head() {
		t.Fatalf("cursor %v after a second, want the head", b.Cursor)
	}
	lb.Send(t, relaytest.Frame(wire.FrameAck, &wire.Ack{Pos: b.Cursor, Probe: 42}))
	if n := len(b.Pings); n != 1 || b.Pings[0].Echo != 42 || b.Pings[0].Head != w.Store.Head() {
		t.Fatalf("pings %+v, want an echo of 42 with the head", b.Pings)
	}
	for range 3 {
		w.Tick(t, 15_000)
	}
	if la.Closed != 0 || lb.Closed != 0 {
		t.Fatal("a client that answers pings was cut off")
	}
}
