package session

import (
	"errors"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

func at(seq uint64) version.Pos { return version.Pos{Epoch: 1, Seq: seq} }

// Credit is what was sent and not acknowledged, once.
func TestWindow(t *testing.T) {
	var w Window
	w.Begin(at(10))
	w.Sent(at(10), 50) // moves the client nowhere: no acknowledgement will come
	w.Sent(at(11), 100)
	w.Sent(at(11), 20)
	w.Sent(at(12), 30)
	if w.Bytes() != 150 || w.Full(151) || !w.Full(150) {
		t.Fatalf("%d bytes on their way, want 150, full at that", w.Bytes())
	}
	w.Ack(at(11))
	w.Ack(at(10)) // late
	if w.Bytes() != 30 || w.Acked() != at(11) {
		t.Fatalf("%d bytes after an acknowledgement of 11, acked %v, want 30", w.Bytes(), w.Acked())
	}
	w.Ack(at(12))
	if w.Bytes() != 0 {
		t.Fatalf("%d bytes at the end, want 0", w.Bytes())
	}
}

// A bucket of 3 that gets 10 a second: the wait that is told is enough, and no
// more is gathered than the burst.
func TestRate(t *testing.T) {
	r := NewRate(10, 3, 1000)
	for range 3 {
		if _, ok := r.Take(1000); !ok {
			t.Fatal("the burst was refused")
		}
	}
	wait, ok := r.Take(1000)
	if ok || wait < 100 || wait > 110 {
		t.Fatalf("Take = %d ms, %v, want about 100 ms", wait, ok)
	}
	if _, ok := r.Take(1000 + wait); !ok {
		t.Fatal("refused after the wait that was told")
	}
	for n := range 4 {
		if _, ok := r.Take(60_000); ok != (n < 3) {
			t.Fatalf("after a minute, take %d = %v", n, ok)
		}
	}
	if _, ok := r.Take(1000); ok {
		t.Fatal("a clock that went back gave a token")
	}
}

// Every goodbye has a remedy, and a hint of its own stands.
func TestByeHasARemedy(t *testing.T) {
	for kind := range remedies {
		var b wire.Bye
		if err := b.Decode(ByeOf(fault.New(kind, "do", "it failed"), 7)[2:]); err != nil || b.Hint == "" || b.RetryMillis != 7 || fault.Kind(b.Kind) != kind {
			t.Errorf("%v: %+v, %v", kind, b, err)
		}
	}
	var b wire.Bye
	if err := b.Decode(ByeOf(fault.New(fault.Protocol, "do", "it failed").WithHint("do this"), 0)[2:]); err != nil || b.Hint != "do this" {
		t.Errorf("a hint of its own became %q (%v)", b.Hint, err)
	}
}

// What Postgres says of itself is not for clients; what we say of it is.
func TestByeKeepsTheSourcesOwnWords(t *testing.T) {
	t.Parallel()
	theirs := errors.New("failed to connect to `user=relay database=shop`: 10.0.0.7:5432: connection refused")
	for _, c := range []struct {
		err  error
		want string
	}{
		{fault.Wrap(fault.SourceUnavailable, "look up the fence", theirs), "look up the fence: source_unavailable"},
		{fault.In("connect", fault.Wrap(fault.Internal, "read the catalog", theirs)), "connect: read the catalog: internal"},
		{fault.New(fault.SourceUnavailable, "follow Postgres", "it is away"), "follow Postgres: it is away: source_unavailable"},
		{theirs, "unknown"},
		{fault.Wrap(fault.Protocol, "read a frame", errors.New("field 3 is cut off")), "read a frame: field 3 is cut off"},
	} {
		var b wire.Bye
		if err := b.Decode(ByeOf(c.err, 0)[2:]); err != nil || b.Msg != c.want {
			t.Errorf("%v is told as %q (%v), want %q", c.err, b.Msg, err, c.want)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	hello := Encode(wire.FrameHello, &wire.Hello{Version: 1, ClientID: "c"})
	for _, c := range []struct {
		name  string
		frame []byte
		first bool
		kind  fault.Kind
	}{
		{"a hello", hello, true, fault.Unknown},
		{"a second hello", hello, false, fault.Protocol},
		{"a mutation first", []byte{byte(wire.FrameMut), 0}, true, fault.Protocol},
		{"nothing", nil, true, fault.Protocol},
		{"flags", []byte{byte(wire.FramePong), 64}, false, fault.Protocol},
		{"the relay's own type", []byte{byte(wire.FrameWelcome), 0}, false, fault.Protocol},
		{"a body that ends early", hello[:len(hello)-1], true, fault.Protocol},
		{"a hello beyond its limit", append([]byte{byte(wire.FrameHello), 0}, make([]byte, wire.HelloBytesMax)...), true, fault.TooLarge},
	} {
		if _, err := Decode(c.frame, c.first); fault.KindOf(err) != c.kind {
			t.Errorf("%s: Decode = %v (%v), want %v", c.name, err, fault.KindOf(err), c.kind)
		}
	}
}
