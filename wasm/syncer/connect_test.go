package syncer_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// The hello names the identity pair, the cursor, and every followed shape with
// whether its rows stand here.
func TestHello(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{Build: "b7"}, syncer.Shape{ID: 3, Name: "items", Ready: true}, syncer.Shape{ID: 5, Name: "docs"})
	b.local.Cursor, b.local.AckedMid, b.local.DurableMid, b.local.LastMid = pos(9), 4, 6, 8
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true, Head: pos(9), LastMid: 4})
	hellos := sent[wire.Hello](t, b.take(), wire.FrameHello)
	if len(hellos) != 1 {
		t.Fatalf("%d hellos, want 1", len(hellos))
	}
	h := hellos[0]
	if h.IncarnationOld != "old" || h.IncarnationNew != "new" || h.Cursor != pos(9) || h.AckedMid != 4 || h.LastMid != 6 || h.Build != "b7" {
		t.Errorf("hello %+v, want pair old/new, cursor 9, acked 4, last durable 6", h)
	}
	if len(h.Subs) != 2 || !h.Subs[0].Have || h.Subs[1].Have || h.Subs[0].ID != 3 {
		t.Errorf("subs %+v, want items held and docs not", h.Subs)
	}
}

// Attempts wait a random time below a ceiling that doubles from 0.5 s to 30 s.
func TestBackoffIsBoundedAndJittered(t *testing.T) {
	t.Parallel()
	var seen [2][]uint32
	for i, seed := range []uint64{1, 2} {
		b := newBench(t, syncer.Config{Seed: seed})
		b.do(syncer.Connect{})
		ceiling := uint32(1000)
		for range 12 {
			b.do(syncer.SocketClosed{ID: b.socket, Code: 1006})
			h := b.m.Health()
			if h.Socket != wire.ConnBackoff || h.RetryMillis == 0 || h.RetryMillis > ceiling {
				t.Fatalf("seed %d: health %+v, want a back-off of at most %d ms", seed, h, ceiling)
			}
			seen[i] = append(seen[i], h.RetryMillis)
			ceiling = min(ceiling*2, 30_001)
			opened := b.socket
			b.pass(int64(h.RetryMillis))
			if b.socket == opened {
				t.Fatalf("seed %d: no attempt after the back-off", seed)
			}
		}
	}
	same := 0
	for i := range seen[0] {
		if seen[0][i] == seen[1][i] {
			same++
		}
	}
	if same == len(seen[0]) {
		t.Errorf("both seeds wait alike: %v", seen[0])
	}
}

// Who connects by hand need not wait for a back-off to pass, which may take 30 s.
func TestConnectByHand(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{Seed: 1})
	b.do(syncer.Connect{})
	for range 8 {
		b.do(syncer.SocketClosed{ID: b.socket, Code: 1006})
		b.pass(30_000)
	}
	b.do(syncer.SocketClosed{ID: b.socket, Code: 1006})
	opened := b.socket
	b.do(syncer.Connect{})
	if h := b.m.Health(); b.socket == opened || h.Socket != wire.ConnConnecting {
		t.Fatalf("health %+v, want an attempt at once", h)
	}
	b.do(syncer.SocketClosed{ID: b.socket, Code: 1006})
	if h := b.m.Health(); h.RetryMillis > 1000 {
		t.Errorf("the next back-off is %d ms, want it to begin anew", h.RetryMillis)
	}
	opened = b.socket
	b.pass(1001)
	b.do(syncer.Connect{}) // while it dials: nothing to do
	if b.socket != opened+1 {
		t.Errorf("%d attempts, want 1", b.socket-opened)
	}
}

// A cut network sends no close: a socket that is silent for 2.5 intervals is
// given up, one that pings is kept, and each ping is answered.
func TestSilence(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true, Limits: wire.Limits{PingMillis: 1000}})
	b.take()
	for i := range uint64(20) {
		b.pass(1000)
		b.recv(wire.FramePing, &wire.Ping{T: i + 1})
	}
	if pongs := sent[wire.Pong](t, b.take(), wire.FramePong); len(pongs) != 20 || pongs[19].T != 20 {
		t.Fatalf("pongs %v, want 20 echoing T", pongs)
	}
	b.pass(2499)
	if !b.m.Live() {
		t.Fatal("given up before 2.5 intervals")
	}
	b.pass(1)
	if b.m.Live() || len(find[syncer.CloseSocket](b.take())) != 1 {
		t.Fatal("not given up after 2.5 intervals of silence")
	}
	b.wantKind(fault.Timeout)
}

// Each wait of the connection has an end that is told.
func TestWaitsEnd(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		token bool
		reach func(*bench)
		after int64
	}{
		{"the app gives no token", true, func(*bench) {}, 15_000},
		{"the relay does not answer the dial", false, func(*bench) {}, 15_000},
		{"the relay does not answer the hello", false, func(b *bench) { b.do(syncer.SocketOpened{ID: b.socket}) }, 10_000},
	} {
		b := newBench(t, syncer.Config{HasToken: c.token})
		b.do(syncer.Connect{})
		c.reach(b)
		b.pass(c.after - 1)
		if h := b.m.Health(); h.Socket != wire.ConnConnecting {
			t.Errorf("%s: health %+v before the limit", c.name, h)
		}
		b.pass(1)
		if h := b.m.Health(); h.Socket != wire.ConnBackoff {
			t.Errorf("%s: health %+v after the limit, want back-off", c.name, h)
		}
		b.wantKind(fault.Timeout)
	}
}

// What the relay's last word does to the next attempt.
func TestBye(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		bye  wire.Bye
		want wire.ConnState
		min  uint32
	}{
		{"full relay says when to come back", wire.Bye{Kind: uint16(fault.LimitExceeded), RetryMillis: 7000}, wire.ConnBackoff, 7000},
		{"another protocol version", wire.Bye{Kind: uint16(fault.VersionMismatch)}, wire.ConnRefused, 0},
		{"a forbidden origin", wire.Bye{Kind: uint16(fault.ForbiddenOrigin)}, wire.ConnRefused, 0},
		{"no valid token", wire.Bye{Kind: uint16(fault.Unauthenticated)}, wire.ConnRefused, 0},
		{"a schema that cannot be served", wire.Bye{Kind: uint16(fault.SchemaMismatch)}, wire.ConnRefused, 0},
		{"a schema that is taken in", wire.Bye{Kind: uint16(fault.SchemaMismatch), RetryMillis: 500}, wire.ConnBackoff, 500},
	} {
		b := newBench(t, syncer.Config{})
		b.do(syncer.Connect{})
		b.do(syncer.SocketOpened{ID: b.socket})
		c.bye.Msg = "said why"
		b.recv(wire.FrameBye, &c.bye)
		h := b.m.Health()
		if h.Socket != c.want || h.RetryMillis < c.min {
			t.Errorf("%s: health %+v, want state %d and at least %d ms", c.name, h, c.want, c.min)
		}
		b.wantKind(fault.Kind(c.bye.Kind))
		if c.want == wire.ConnRefused {
			b.take()
			b.pass(120_000)
			if n := len(find[syncer.OpenSocket](b.take())); n != 0 {
				t.Errorf("%s: %d attempts without a person", c.name, n)
			}
			b.do(syncer.Connect{})
			if n := len(find[syncer.OpenSocket](b.take())); n != 1 {
				t.Errorf("%s: %d attempts after Connect, want 1", c.name, n)
			}
		}
	}
}

// An expired token is asked for once more; a fresh one that is refused stops
// the engine until the app gives another.
func TestTokens(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{HasToken: true})
	give := func(jwt string) {
		b.do(syncer.TokenGiven{JWT: jwt})
		if b.socket != 0 {
			b.do(syncer.SocketOpened{ID: b.socket})
		}
	}
	b.do(syncer.Connect{})
	give("one")
	b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true})
	b.recv(wire.FrameBye, &wire.Bye{Kind: uint16(fault.TokenExpired)})
	b.pass(2)
	if n := len(find[syncer.WantToken](b.take())); n != 2 {
		t.Fatalf("asked %d times for a token, want again after it expired", n)
	}
	give("two")
	b.recv(wire.FrameBye, &wire.Bye{Kind: uint16(fault.TokenExpired)})
	if h := b.m.Health(); h.Socket != wire.ConnRefused {
		t.Fatalf("health %+v after a fresh token was refused, want refused", h)
	}
	b.take()
	give("three")
	hellos := sent[wire.Hello](t, b.take(), wire.FrameHello)
	if len(hellos) != 1 || hellos[0].Token != "three" {
		t.Errorf("hellos %+v after a new token, want one with it", hellos)
	}
}

// A welcome is taken in order: identity, schema, new position with what ended
// before it.
func TestWelcome(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items", Ready: true})
	b.local.AckedMid, b.local.DurableMid, b.local.LastMid, b.outbox = 2, 5, 5, 5
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Head: pos(40), LastMid: 3, Outcomes: []mutation.Outcome{{Mid: 3, Status: mutation.Applied}}})
	var order []string
	for _, e := range b.take() {
		switch e := e.(type) {
		case syncer.Confirm:
			order = append(order, "confirm")
		case syncer.Resync:
			order = append(order, "resync")
			if len(e.Outcomes) != 1 || e.Outcomes[0].Mid != 3 {
				t.Errorf("starts over with outcomes %+v, want that of mid 3", e.Outcomes)
			}
		case syncer.Settle:
			order = append(order, "settle")
		case syncer.ReadOutbox:
			order = append(order, "read")
		}
	}
	if len(order) < 3 || order[0] != "confirm" || order[1] != "resync" || order[2] != "read" {
		t.Errorf("store effects %v, want confirm, resync, read", order)
	}
	if b.local.Cursor != pos(40) {
		t.Errorf("cursor %v, want the head", b.local.Cursor)
	}
}

// A relay that knows other mids than this database takes it for another one.
func TestRewound(t *testing.T) {
	t.Parallel()
	known := []mutation.Outcome{{Mid: 4, ID: 7}}
	for _, c := range []struct {
		name    string
		welcome wire.Welcome
		upto    uint64
	}{
		{"told so", wire.Welcome{Rewound: true, LastMid: 4, Coming: known}, 4},
		{"it settled mids that were never made here", wire.Welcome{LastMid: 9, Outcomes: known}, 5},
		{"it forgot mids that are settled here", wire.Welcome{LastMid: 2}, 2},
		{"it settled another's under a mid of here", wire.Welcome{LastMid: 4, Coming: known}, 4},
	} {
		b := newBench(t, syncer.Config{})
		b.local.AckedMid, b.local.DurableMid, b.local.LastMid = 3, 5, 5
		b.do(syncer.Wrote{Local: b.local})
		b.do(syncer.Connect{})
		b.do(syncer.SocketOpened{ID: b.socket})
		b.fail = func(e syncer.Effect) error {
			if _, ok := e.(syncer.Compare); ok {
				return fault.New(fault.Rewound, "compare mutations", "a twin's")
			}
			return nil
		}
		c.welcome.Version = wire.Version
		b.recv(wire.FrameWelcome, &c.welcome)
		all := b.take()
		if r := find[syncer.Rewind](all); len(r) != 1 || r[0].LastMid != c.upto || len(r[0].Outcomes) != len(c.welcome.Outcomes)+len(c.welcome.Coming) {
			t.Errorf("%s: rewinds %v, want one up to %d with what is known", c.name, r, c.upto)
		}
		if n := len(find[syncer.Settle](all)) + len(find[syncer.Confirm](all)); n != 0 {
			t.Errorf("%s: %d steps of the welcome were taken", c.name, n)
		}
		b.wantKind(fault.Rewound)
	}
}

// A mid that was made after the hello is not the one that the relay had settled
// by then: a twin has used the number.
func TestMidMadeAfterTheHello(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.AckedMid, b.local.DurableMid, b.local.LastMid = 9, 9, 9
	b.do(syncer.Wrote{Local: b.local})
	b.do(syncer.Connect{})
	b.do(syncer.SocketOpened{ID: b.socket})
	b.local.DurableMid, b.local.LastMid = 10, 10
	b.do(syncer.Wrote{Local: b.local})
	b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true, LastMid: 10})
	if r := find[syncer.Rewind](b.take()); len(r) != 1 || r[0].LastMid != 9 {
		t.Errorf("rewinds %v, want one: the relay's mid 10 is a twin's, and the one of here was never sent", r)
	}
	b.wantKind(fault.Rewound)
}

// A mid that a twin has used for something else ends the attempt, by the relay's
// word or by an outcome that is not its own; the next welcome says what became
// of each mid, and the database goes on under a new name.
func TestTwin(t *testing.T) {
	t.Parallel()
	for name, meet := range map[string]func(b *bench){
		"the relay says so": func(b *bench) { b.recv(wire.FrameBye, &wire.Bye{Kind: uint16(fault.Duplicate)}) },
		"an outcome is another's": func(b *bench) {
			b.recv(wire.FrameTx, &wire.Tx{From: b.local.Cursor, To: pos(9), Last: true, Acks: []mutation.Outcome{{Mid: 4}}})
		},
	} {
		b := newBench(t, syncer.Config{})
		b.local.AckedMid, b.local.DurableMid, b.local.LastMid, b.outbox = 3, 7, 9, 9
		b.do(syncer.Wrote{Local: b.local})
		b.live(wire.Welcome{Resume: true, LastMid: 3})
		b.take()
		b.fail = func(e syncer.Effect) error {
			if _, ok := e.(syncer.Apply); ok {
				return fault.New(fault.Rewound, "settle mutation", "a twin's")
			}
			return nil
		}
		meet(b)
		if h := b.m.Health(); h.Socket != wire.ConnBackoff {
			t.Errorf("%s: health %+v, want another attempt", name, h)
		}
		b.pass(60_000)
		b.do(syncer.SocketOpened{ID: b.socket})
		b.recv(wire.FrameWelcome, &wire.Welcome{Version: wire.Version, Resume: true, LastMid: 5, Outcomes: []mutation.Outcome{{Mid: 4, ID: 1}}, Coming: []mutation.Outcome{{Mid: 5, ID: 2}}})
		if r := find[syncer.Rewind](b.take()); len(r) != 1 || r[0].LastMid != 5 || len(r[0].Outcomes) != 2 {
			t.Errorf("%s: rewinds %v, want one up to 5 with both outcomes", name, r)
		}
		b.wantKind(fault.Rewound)
	}
}

// A relay that speaks an older version is followed as far back as VersionMin.
// One further apart is refused with both versions and the side to update.
func TestVersions(t *testing.T) {
	t.Parallel()
	for theirs, hint := range map[uint32]string{
		wire.VersionMin - 1: "update the relay", wire.VersionMin: "", wire.Version - 1: "", wire.Version: "", wire.Version + 1: "update the app",
	} {
		b := newBench(t, syncer.Config{})
		b.do(syncer.Connect{})
		b.do(syncer.SocketOpened{ID: b.socket})
		b.recv(wire.FrameWelcome, &wire.Welcome{Version: theirs, Resume: true})
		if hint == "" {
			if !b.m.Live() {
				t.Errorf("version %d: health %+v, want a live socket", theirs, b.m.Health())
			}
			continue
		}
		b.wantKind(fault.VersionMismatch)
		if h := b.m.Health(); h.Socket != wire.ConnRefused || h.LastError.Hint != hint {
			t.Errorf("version %d: health %+v, error %+v", theirs, h, h.LastError)
		}
	}
}

// Frames that cannot be read, come too early or claim compression end the
// socket with kind protocol and never panic.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"empty", nil},
		{"one byte", []byte{byte(wire.FrameTx)}},
		{"compressed", []byte{byte(wire.FrameTx), wire.FlagDeflate, 1}},
		{"cut field", []byte{byte(wire.FrameTx), 0, 0x22, 0xff}},
		{"too long", make([]byte, wire.FrameBytesMax+1)},
		{"second welcome", frameOf(wire.FrameWelcome, &wire.Welcome{Version: wire.Version})},
	} {
		b := newBench(t, syncer.Config{})
		b.live(wire.Welcome{Resume: true})
		b.do(syncer.SocketFrame{ID: b.socket, Data: c.data})
		if b.m.Live() {
			t.Errorf("%s: the socket lives on", c.name)
		}
		b.wantKind(fault.Protocol)
	}
}

// Pause and Disconnect close the socket and start nothing; Pause(false)
// starts again without waiting.
func TestPause(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.do(syncer.Pause{On: true})
	b.pass(300_000)
	all := b.take()
	if len(find[syncer.CloseSocket](all)) != 1 || len(find[syncer.OpenSocket](all)) != 0 {
		t.Fatalf("paused: effects %v", all)
	}
	b.do(syncer.Pause{On: false})
	if len(find[syncer.OpenSocket](b.take())) != 1 {
		t.Error("no attempt after the pause")
	}
}

// A store that cannot go on stops the engine; one that is full is tried again
// later; both are told.
func TestStoreFailures(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		kind fault.Kind
		want wire.ConnState
		min  uint32
	}{
		{fault.Corrupt, wire.ConnRefused, 0},
		{fault.QuotaExceeded, wire.ConnBackoff, 30_000},
		{fault.IO, wire.ConnBackoff, 0},
	} {
		b := newBench(t, syncer.Config{})
		b.live(wire.Welcome{Resume: true})
		b.fail = func(e syncer.Effect) error {
			if _, ok := e.(syncer.Apply); ok {
				return fault.New(c.kind, "apply", "cannot")
			}
			return nil
		}
		b.recv(wire.FrameTx, &wire.Tx{To: pos(1), Last: true})
		if h := b.m.Health(); h.Socket != c.want || h.RetryMillis < c.min {
			t.Errorf("%v: health %+v, want state %d", c.kind, h, c.want)
		}
		b.wantKind(c.kind)
	}
}

// A hello says in which term its cursor was reached, and a welcome in which it
// stands from now on.
func TestTerm(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{})
	b.local.Term = 8
	b.do(syncer.Wrote{Local: b.local})
	b.live(wire.Welcome{Resume: true, Term: 9})
	all := b.take()
	if h := sent[wire.Hello](t, all, wire.FrameHello); len(h) != 1 || h[0].Term != 8 {
		t.Errorf("hellos %+v, want one with term 8", h)
	}
	if c := find[syncer.Confirm](all); len(c) != 1 || c[0].Term != 9 {
		t.Errorf("confirmed %+v, want term 9", c)
	}
}
