package syncer_test

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

func urls(n int) (out []string) {
	for i := range n {
		out = append(out, fmt.Sprintf("/chunk/%d", i))
	}
	return out
}

// Chunks are fetched four at a time, staged, and adopted when all are here and
// the cursor has come to the snapshot's position.
func TestSnapshot(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items"})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.recv(wire.FrameSnap, &wire.Snap{ID: 1, Pos: pos(2), Bucket: 9, Table: 1, URLs: urls(6), Rows: 60})
	fetches := find[syncer.StartFetch](b.take())
	if len(fetches) != 4 {
		t.Fatalf("%d fetches, want 4 at a time", len(fetches))
	}
	for len(fetches) > 0 {
		b.do(syncer.Fetched{ID: fetches[0].ID, Body: make([]byte, 10)})
		all := b.take()
		if n := len(find[syncer.AdoptShapes](all)); n != 0 {
			t.Fatal("adopted before the cursor came to the snapshot's position")
		}
		fetches = append(fetches[1:], find[syncer.StartFetch](all)...)
	}
	b.recv(wire.FrameTx, &wire.Tx{To: pos(2), Last: true})
	all := b.take()
	if len(find[syncer.AdoptShapes](all)) != 1 || len(find[syncer.ShapeSettled](all)) != 1 {
		t.Fatalf("effects %v, want the shape adopted and told", all)
	}
	if s := b.m.Status().Shapes[0]; !s.Ready || s.RowsLoaded != 60 {
		t.Errorf("status %+v, want 60 rows and ready", s)
	}
}

// The chunks of the shape with the higher priority come first, also before those
// of one whose snapshot was there earlier.
func TestPriority(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items"}, syncer.Shape{ID: 2, Name: "lines"})
	b.do(syncer.Subscribed{Shape: syncer.Shape{ID: 2, Name: "lines", Priority: 1}})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.recv(wire.FrameSnap, &wire.Snap{ID: 1, Table: 1, URLs: urls(6)})
	fetches := find[syncer.StartFetch](b.take())
	b.recv(wire.FrameSnap, &wire.Snap{ID: 2, Table: 2, URLs: []string{"/lines/0", "/lines/1"}})
	var order []string
	for len(fetches) > 0 {
		b.do(syncer.Fetched{ID: fetches[0].ID, Body: make([]byte, 10)})
		more := find[syncer.StartFetch](b.take())
		for _, f := range more {
			order = append(order, f.URL)
		}
		fetches = append(fetches[1:], more...)
	}
	if got, want := fmt.Sprint(order), "[/lines/0 /lines/1 /chunk/4 /chunk/5]"; got != want {
		t.Errorf("fetched %s, want %s", got, want)
	}
}

// A failed chunk is fetched again; one that the relay no longer has, or that
// fails four times, makes the engine ask for a new snapshot, and say so.
func TestSnapshotFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		status int
		fails  int
		resubs int
	}{
		{"a passing failure", 503, 1, 0},
		{"no answer, four times", 0, 4, 1},
		{"the snapshot is gone", 410, 1, 1},
	} {
		b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items"})
		b.live(wire.Welcome{Resume: true, Limits: wire.Limits{PingMillis: 600_000}})
		b.recv(wire.FrameSnap, &wire.Snap{ID: 1, Table: 1, URLs: urls(1)})
		for range c.fails {
			f := find[syncer.StartFetch](b.take())
			if len(f) != 1 {
				t.Fatalf("%s: %d fetches, want 1", c.name, len(f))
			}
			b.do(syncer.FetchFailed{ID: f[0].ID, Status: c.status})
			if c.resubs == 0 || b.m.Status().Shapes[0].Error == nil {
				b.pass(10_000)
			}
		}
		b.pass(2_000)
		all := b.take()
		if n := count(all, wire.FrameSub); n != c.resubs {
			t.Errorf("%s: asked again %d times, want %d", c.name, n, c.resubs)
		}
		if c.resubs == 0 {
			b.do(syncer.Fetched{ID: find[syncer.StartFetch](all)[0].ID})
			if s := b.m.Status().Shapes[0]; !s.Ready {
				t.Errorf("%s: not ready after the second fetch", c.name)
			}
		}
	}
}

// A lost socket forgets a half-fetched snapshot: the next hello asks again.
func TestSnapshotDoesNotOutliveItsSocket(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items"})
	b.live(wire.Welcome{Resume: true})
	b.recv(wire.FrameSnap, &wire.Snap{ID: 1, Table: 1, URLs: urls(2)})
	f := find[syncer.StartFetch](b.take())
	b.do(syncer.SocketClosed{ID: b.socket})
	if n := len(find[syncer.CancelFetch](b.take())); n != 2 {
		t.Errorf("%d fetches cancelled, want 2", n)
	}
	b.do(syncer.Fetched{ID: f[0].ID})
	if n := len(find[syncer.StageChunk](b.take())); n != 0 {
		t.Errorf("a chunk of the lost socket was staged")
	}
}

// Deny is told and ends nothing else; Unsubscribe drops the shape.
func TestDenyAndUnsubscribe(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "secret"}, syncer.Shape{ID: 2, Name: "items"})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.recv(wire.FrameDeny, &wire.Deny{ID: 1, Kind: uint16(fault.NoPolicy), Msg: "no policy", Hint: "add one"})
	told := find[syncer.ShapeSettled](b.take())
	if len(told) != 1 || !told[0].Final || fault.KindOf(told[0].Err) != fault.NoPolicy || !b.m.Live() {
		t.Errorf("told %+v, live %v", told, b.m.Live())
	}
	b.do(syncer.Unsubscribed{ID: 2})
	all := b.take()
	if count(all, wire.FrameUnsub) != 1 || len(find[syncer.DropShape](all)) != 1 {
		t.Errorf("effects %v, want the shape dropped on both sides", all)
	}
	if n := len(b.m.Status().Shapes); n != 1 {
		t.Errorf("%d shapes in the status, want 1", n)
	}
	b.recv(wire.FrameReady, &wire.Ready{ID: 2}) // crossed the unsubscribe
	if len(find[syncer.BindShape](b.take())) != 0 {
		t.Error("a dropped shape was bound")
	}
}

// A forced round ends when what was written before it is settled and the
// cursor has reached a head asked for after it began; counts start over.
func TestRound(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.LastMid, b.local.DurableMid, b.outbox = 1, 1, 1
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.do(syncer.SyncNow{})
	probes := sent[wire.Ack](t, b.take(), wire.FrameAck)
	if len(probes) != 1 || probes[0].Probe == 0 {
		t.Fatalf("acks %v, want a probe", probes)
	}
	b.recv(wire.FramePing, &wire.Ping{T: 1, Head: pos(0)}) // not an answer to it
	b.recv(wire.FramePing, &wire.Ping{T: 2, Head: pos(2), Echo: probes[0].Probe})
	b.recv(wire.FrameTx, &wire.Tx{To: pos(1), Last: true, Acks: []mutation.Outcome{{Mid: 1, Status: mutation.Applied}}})
	if n := len(find[syncer.RoundDone](b.take())); n != 0 {
		t.Fatal("the round ended before the head")
	}
	b.recv(wire.FrameTx, &wire.Tx{From: pos(1), To: pos(2), Last: true})
	done := find[syncer.RoundDone](b.take())
	if len(done) != 1 || done[0].Err != nil || done[0].Asked != 1 || done[0].Round.Pos != pos(2) {
		t.Fatalf("rounds %+v, want one at position 2", done)
	}
}

// Every round that was asked for ends: offline, paused, refused, or too slow.
func TestRoundsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		reach func(*bench)
		after int64
		kind  fault.Kind
	}{
		{"turned off", func(b *bench) {}, 0, fault.Offline},
		{"paused", func(b *bench) { b.do(syncer.Pause{On: true}) }, 0, fault.Offline},
		{"the network is away", func(b *bench) { b.do(syncer.Connect{}) }, 30_000, fault.Timeout},
		{"no answer", func(b *bench) { b.live(wire.Welcome{Resume: true, Limits: wire.Limits{PingMillis: 600_000}}) }, 30_000, fault.Timeout},
	} {
		b := newBench(t, syncer.Config{})
		c.reach(b)
		b.do(syncer.SyncNow{})
		b.pass(c.after)
		done := find[syncer.RoundDone](b.take())
		if len(done) != 1 || done[0].Asked != 1 || fault.KindOf(done[0].Err) != c.kind {
			t.Errorf("%s: rounds %+v, want one of kind %v", c.name, done, c.kind)
		}
	}
}

// A round that is asked for while an older connection is dialled, or stands
// there dead, dials once more before it fails.
func TestRoundDialsOnceMore(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		reach func(*bench)
	}{
		{"dialling", func(b *bench) { b.do(syncer.Connect{}) }},
		{"open", func(b *bench) { b.live(wire.Welcome{Resume: true}) }},
	} {
		b := newBench(t, syncer.Config{})
		c.reach(b)
		b.take()
		b.do(syncer.SyncNow{})
		for i := range 2 {
			before := b.socket
			b.do(syncer.SocketClosed{ID: before})
			all := b.take()
			if i == 0 && (b.socket == before || len(find[syncer.RoundDone](all)) != 0) {
				t.Errorf("%s: effects %v, want another attempt and no end of the round", c.name, all)
			}
			if done := find[syncer.RoundDone](all); i == 1 && (len(done) != 1 || fault.KindOf(done[0].Err) != fault.Offline) {
				t.Errorf("%s: rounds %+v, want one that ends offline", c.name, done)
			}
		}
	}
}

// The interval starts rounds by itself while the socket is live.
func TestInterval(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{SyncIntervalMillis: 5000})
	b.live(wire.Welcome{Resume: true})
	rounds := 0
	for range 30 {
		b.pass(1000)
		all := b.take()
		for _, a := range sent[wire.Ack](t, all, wire.FrameAck) {
			b.recv(wire.FramePing, &wire.Ping{T: 1, Echo: a.Probe})
		}
		b.recv(wire.FramePing, &wire.Ping{T: 1})
		rounds += len(find[syncer.RoundDone](append(all, b.take()...)))
	}
	if rounds != 6 {
		t.Errorf("%d rounds in 30 s, want 6", rounds)
	}
}

// The clock's offset comes from the exchange with the shortest round trip.
func TestClockOffset(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.do(syncer.Connect{})
	b.do(syncer.SocketOpened{ID: b.socket})
	server := b.now.Wall + 60_000 // ahead by a minute
	b.pass(400)
	b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true, ServerMillis: server + 390})
	if c := find[syncer.ClockOffset](b.take()); len(c) != 1 || c[0].Millis != 60_190 {
		t.Fatalf("offsets %v, want 60190 from a round trip of 400 ms", c)
	}
	b.do(syncer.Nudge{})
	b.pass(20)
	probe := sent[wire.Ack](t, b.take(), wire.FrameAck)[0].Probe
	b.recv(wire.FramePing, &wire.Ping{T: 1, ServerMillis: b.now.Wall + 60_000 - 10, Echo: probe})
	if c := find[syncer.ClockOffset](b.take()); len(c) != 1 || c[0].Millis != 60_000 {
		t.Fatalf("offsets %v, want 60000 from a round trip of 20 ms", c)
	}
	if h := b.m.Health(); h.RTTMicros != 20_000 {
		t.Errorf("round trip %d µs, want 20000", h.RTTMicros)
	}
}

// A clock that is right stays as it is, however long the way and however
// uneven: two devices' clocks are compared by the later of two writes.
func TestRightClockIsLeftAlone(t *testing.T) {
	t.Parallel()
	for _, afterMillis := range []int64{0, 30, 370, 400} { // until the relay wrote its answer
		b := newBench(t, syncer.Config{})
		b.do(syncer.Connect{})
		b.do(syncer.SocketOpened{ID: b.socket})
		asked := b.now.Wall
		b.pass(400)
		b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true, ServerMillis: asked + afterMillis})
		if c := find[syncer.ClockOffset](b.take()); len(c) != 0 {
			t.Errorf("answered after %d of 400 ms: offsets %v, want none", afterMillis, c)
		}
	}
}
