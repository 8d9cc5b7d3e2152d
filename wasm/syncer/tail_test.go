package syncer_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// Parts are applied as one transaction when the last has come; a part 0
// discards what came before.
func TestParts(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true})
	part := func(n uint32, last bool) *wire.Tx {
		return &wire.Tx{To: pos(1), Part: n, Last: last, Blocks: []wire.Block{{Bucket: n + 1}}}
	}
	b.take()
	b.recv(wire.FrameTx, part(0, false))
	b.recv(wire.FrameTx, part(1, false))
	b.recv(wire.FrameTx, part(0, false))
	b.recv(wire.FrameTx, part(1, true))
	got := find[syncer.Apply](b.take())
	if len(got) != 1 || len(got[0].Tx.Blocks) != 2 || got[0].Tx.Blocks[1].Bucket != 2 {
		t.Fatalf("applied %+v, want one transaction of two blocks", got)
	}
}

// A hole in the stream ends the socket and is never applied.
func TestHoles(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		txs  []*wire.Tx
	}{
		{"from beyond the cursor", []*wire.Tx{{From: pos(2), To: pos(3), Last: true}}},
		{"from before it", []*wire.Tx{{To: pos(2), Last: true}, {From: pos(1), To: pos(3), Last: true}}},
		{"backwards", []*wire.Tx{{To: pos(2), Last: true}, {From: pos(2), To: pos(1), Last: true}}},
		{"a part is missing", []*wire.Tx{{To: pos(1)}, {To: pos(1), Part: 2, Last: true}}},
		{"a part of another transaction", []*wire.Tx{{To: pos(1)}, {To: pos(2), Part: 1, Last: true}}},
		{"a part without its first", []*wire.Tx{{To: pos(1), Part: 1, Last: true}}},
	} {
		b := newBench(t, syncer.Config{})
		b.live(wire.Welcome{Resume: true})
		b.take()
		for _, x := range c.txs {
			b.recv(wire.FrameTx, x)
		}
		if n := len(find[syncer.Apply](b.take())); n != len(c.txs)-1 && n != 0 || b.m.Live() {
			t.Errorf("%s: %d applied, live %v", c.name, n, b.m.Live())
		}
		b.wantKind(fault.Protocol)
	}
}

// Frames wait while the store works; heartbeats do not. Too many end the socket.
func TestInbox(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.hold = true
	for i := range uint64(10) {
		b.recv(wire.FrameTx, &wire.Tx{From: b.from(i), To: pos(i + 1), Last: true})
	}
	b.recv(wire.FramePing, &wire.Ping{T: 1})
	if all := b.take(); len(find[syncer.Apply](all)) > 1 || count(all, wire.FramePong) != 1 {
		t.Fatalf("effects %v, want one apply out and a pong", all)
	}
	b.release()
	if n := len(find[syncer.Apply](b.take())); n != 9 || b.local.Cursor != pos(10) {
		t.Fatalf("%d applied later, cursor %v; want the other 9 in order", n, b.local.Cursor)
	}
	b.hold = true
	big := make([]byte, 900<<10)
	for i := 0; i < 12 && b.m.Live(); i++ {
		b.recv(wire.FrameTx, &wire.Tx{From: pos(10), To: pos(11), Last: true, Blocks: []wire.Block{{Data: big}}})
	}
	if b.m.Live() {
		t.Fatal("frames pile up without a bound")
	}
	b.wantKind(fault.LimitExceeded)
}

// Acks name flushed positions: after a second, or at once after 256 KiB.
func TestAcks(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.recv(wire.FrameTx, &wire.Tx{To: pos(1), Last: true})
	b.pass(999)
	if all := b.take(); count(all, wire.FrameAck) != 0 {
		t.Fatal("acknowledged too early")
	}
	b.pass(1)
	all := b.take()
	acks := sent[wire.Ack](t, all, wire.FrameAck)
	if len(acks) != 1 || acks[0].Pos != pos(1) || len(find[syncer.Flush](all)) != 1 {
		t.Fatalf("acks %v, want position 1 after a flush", acks)
	}
	b.recv(wire.FrameTx, &wire.Tx{From: pos(1), To: pos(2), Last: true, Blocks: []wire.Block{{Data: make([]byte, 300<<10)}}})
	if acks := sent[wire.Ack](t, b.take(), wire.FrameAck); len(acks) != 1 || acks[0].Pos != pos(2) {
		t.Fatalf("acks %v after 300 KiB, want one at once", acks)
	}
}

// A transaction that always fails is passed by with new snapshots after three
// attempts: the hello then claims nothing.
func TestPoisonedApply(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items", Ready: true})
	b.local.Cursor = pos(7)
	b.fail = func(e syncer.Effect) error {
		if _, ok := e.(syncer.Apply); ok {
			return fault.New(fault.Internal, "apply", "always")
		}
		return nil
	}
	b.do(syncer.Wrote{Local: b.local})
	b.do(syncer.Connect{})
	for range 3 {
		b.do(syncer.SocketOpened{ID: b.socket})
		b.take()
		b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true})
		b.recv(wire.FrameTx, &wire.Tx{From: pos(7), To: pos(8), Last: true})
		b.pass(int64(b.m.Health().RetryMillis))
	}
	b.take()
	b.do(syncer.SocketOpened{ID: b.socket})
	h := sent[wire.Hello](t, b.take(), wire.FrameHello)
	if len(h) != 1 || !h[0].Cursor.IsZero() || h[0].Subs[0].Have {
		t.Fatalf("hello %+v after three failures, want one that claims no rows", h)
	}
}

// Mutations go in order within the window, are not sent twice on a socket, and
// settled ones make room.
func TestPushWindow(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.LastMid, b.local.DurableMid, b.outbox = 100, 90, 100
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true, Limits: wire.Limits{MutationsInFlight: 8}})
	all := b.take()
	if n := count(all, wire.FrameMut); n != 8 {
		t.Fatalf("%d mutations in flight, want 8", n)
	}
	told := find[syncer.Sent](all)
	b.recv(wire.FrameTx, &wire.Tx{To: pos(1), Last: true, Acks: []mutation.Outcome{{Mid: 3, Status: mutation.Applied}}})
	all = b.take()
	if n := count(all, wire.FrameMut); n != 3 {
		t.Fatalf("%d mutations after 3 were settled, want 3", n)
	}
	told = append(told, find[syncer.Sent](all)...)
	for i := uint64(1); i < 40; i++ {
		b.recv(wire.FrameTx, &wire.Tx{From: pos(i), To: pos(i + 1), Last: true, Acks: []mutation.Outcome{{Mid: 3 + i*3, Status: mutation.Applied}}})
	}
	next := uint64(1)
	for _, s := range append(told, find[syncer.Sent](b.take())...) {
		if s.First != next {
			t.Fatalf("told that %d to %d were sent, and nothing of %d", s.First, s.Last, next)
		}
		next = s.Last + 1
	}
	if next != 91 {
		t.Fatalf("told of what was sent up to %d, want the newest flushed mid, 90", next-1)
	}
}

// A retry goes back, once, after a rest; answers to the same loss do not start
// more runs, and a mid that gets nowhere rests longer each time.
func TestRetry(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.LastMid, b.local.DurableMid, b.outbox = 4, 4, 4
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true, Limits: wire.Limits{PingMillis: 600_000}})
	if n := count(b.take(), wire.FrameMut); n != 4 {
		t.Fatalf("%d mutations, want 4", n)
	}
	for range 3 {
		b.recv(wire.FrameRetry, &wire.Retry{FromMid: 2})
	}
	if n := count(b.take(), wire.FrameMut); n != 0 {
		t.Fatalf("%d mutations at once after a retry, want a rest", n)
	}
	b.pass(100)
	if n := count(b.take(), wire.FrameMut); n != 3 {
		t.Fatalf("%d mutations after the rest, want 2 to 4 once", n)
	}
	b.recv(wire.FrameRetry, &wire.Retry{FromMid: 2})
	b.pass(150)
	if n := count(b.take(), wire.FrameMut); n != 0 {
		t.Fatalf("%d mutations, want a longer rest for the same mid", n)
	}
	b.recv(wire.FrameRetry, &wire.Retry{FromMid: 2, AfterMillis: 5000})
	b.pass(4999)
	if n := count(b.take(), wire.FrameMut); n != 0 {
		t.Fatal("the relay's own rest was not kept")
	}
	b.pass(1)
	if n := count(b.take(), wire.FrameMut); n != 3 {
		t.Fatalf("%d mutations, want 3", n)
	}
}

// A mutation longer than a frame goes in several, whole and in order.
func TestLongMutation(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.LastMid, b.local.DurableMid, b.outbox, b.bodyLen = 1, 1, 1, 5<<19
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true})
	var join wire.FrameJoiner
	frames, bytes := 0, 0
	for _, s := range find[syncer.Send](b.take()) {
		if wire.RelayFrame(s.Data[0]) != wire.FrameMut {
			continue
		}
		frames++
		if len(s.Data) > wire.FrameBytesMax {
			t.Errorf("a frame of %d bytes", len(s.Data))
		}
		whole, err := join.Add(s.Data, wire.MutationBytesMax)
		if err != nil {
			t.Fatal(err)
		}
		bytes += max(0, len(whole)-2)
	}
	if frames != 3 || bytes != b.bodyLen {
		t.Errorf("%d frames with a message of %d bytes, want 3 with %d", frames, bytes, b.bodyLen)
	}
}

// A transaction of the relay in frames that are cut is applied once whole; a
// message without end ends the socket.
func TestLongFrames(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true})
	b.take()
	tx := &wire.Tx{To: pos(1), Last: true, Schema: 1, Blocks: []wire.Block{{Data: make([]byte, 3<<20)}}}
	parts := wire.CutFrame(tx.AppendTo([]byte{byte(wire.FrameTx), 0}), wire.FrameBytesMax)
	for i, part := range parts {
		b.do(syncer.SocketFrame{ID: b.socket, Data: part})
		if n := len(find[syncer.Apply](b.take())); (n == 1) != (i == len(parts)-1) {
			t.Fatalf("after part %d of %d: %d transactions applied", i, len(parts), n)
		}
	}
	part := append([]byte{byte(wire.FrameTx), wire.FlagMore}, make([]byte, wire.FrameBytesMax-2)...)
	closed := 0
	for i := 0; i < 80 && closed == 0; i++ {
		b.do(syncer.SocketFrame{ID: b.socket, Data: part})
		closed = len(find[syncer.CloseSocket](b.take()))
	}
	if closed == 0 {
		t.Error("a message without end is taken")
	}
}

// A mutation beyond the limit is told, not sent and not skipped.
func TestStuck(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.LastMid, b.local.DurableMid, b.outbox, b.bodyLen = 2, 2, 2, wire.MutationBytesMax+1
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true})
	all := b.take()
	if s := find[syncer.Stuck](all); len(s) != 1 || s[0].Mid != 1 || fault.KindOf(s[0].Err) != fault.TooLarge {
		t.Errorf("told %v, want mid 1 too large", s)
	}
	if n := count(all, wire.FrameMut); n != 0 {
		t.Errorf("%d mutations sent", n)
	}
	if b.m.Took(1) {
		t.Error("the socket is said to have it")
	}
	// It was taken back: its place is sent, and what waits behind it.
	b.bodyLen = 20
	b.do(syncer.Recalled{Local: b.local})
	if n := count(b.take(), wire.FrameMut); n != 2 || !b.m.Took(1) || !b.m.Took(2) || b.m.Took(3) {
		t.Errorf("%d mutations sent, want both", n)
	}
	b.do(syncer.SocketClosed{ID: b.socket})
	if b.m.Took(1) {
		t.Error("a socket that is closed is said to have it")
	}
}
