//go:build !js

package host_test

import (
	"testing"

	"rockpool.dev/wire"
)

const minute = 60_000

// follows joins a port that follows a shape of a relay that is not there.
func (w *world) follows(port uint32, shape string, ttl uint64) {
	w.t.Helper()
	w.h.PortOpen(port)
	w.hello(port, wire.PageVersion, 1)
	var o wire.Opened
	w.done(w.send(port, wire.PageOpen, &wire.OpenDatabase{Name: "shop", Schema: testSchema(), RelayURL: "ws://relay/sync"}), &o)
	if shape != "" {
		w.send(port, wire.PageSubscribe, &wire.Subscribe{Shape: shape, TTLMillis: ttl})
	}
}

// A tab that goes away leaves its shapes as one that says so: their time to live
// begins with the last. Without one they outlast a reload, but not for ever.
func TestShapesOfClosedTabs(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	w.follows(1, "products", 10*minute)
	w.follows(2, "products", 10*minute)
	w.follows(3, "", 0)
	w.send(1, wire.PageSubscribe, &wire.Subscribe{Shape: "others"})
	w.send(3, wire.PageSubscribe, &wire.Subscribe{Shape: "stopped"})
	shapes := func(want int64, when string) {
		t.Helper()
		if n := w.count(3, "SELECT count(*) FROM _rockpool_shape"); n != want {
			t.Fatalf("%s: %d shapes, want %d", when, n, want)
		}
	}
	shapes(3, "at first")
	w.send(3, wire.PageUnsubscribe, &wire.Unsubscribe{Shape: "stopped"})
	w.pass(1)
	shapes(2, "one without a time to live was left")
	w.h.PortClose(1)
	w.pass(20 * minute)
	shapes(2, "another tab follows it")
	w.h.PortClose(2)
	w.pass(9 * minute)
	shapes(2, "before its time is over")
	w.pass(2 * minute)
	shapes(1, "its time is over")
	w.pass(29 * 24 * 60 * minute)
	shapes(1, "the tab may come back")
	for range 3 {
		w.pass(24 * 60 * minute)
	}
	shapes(0, "it did not come back")
}

// A shape that nobody asks for again after a restart ends with its time to
// live, which goes on over restarts; one that is asked for begins anew.
func TestShapesAfterRestart(t *testing.T) {
	t.Chdir(t.TempDir())
	micros := int64(1_000_000)
	var w *world
	restart := func() {
		if w != nil {
			micros = w.micros
			w.h.Freeze()
		}
		w = newWorld(t)
		w.micros = micros
		w.follows(1, "", 0)
	}
	shapes := func(want int64, when string) {
		t.Helper()
		if n := w.count(1, "SELECT count(*) FROM _rockpool_shape"); n != want {
			t.Fatalf("%s: %d shapes, want %d", when, n, want)
		}
	}
	restart()
	w.send(1, wire.PageSubscribe, &wire.Subscribe{Shape: "products", TTLMillis: 10 * minute})
	for range 3 {
		w.pass(6 * minute)
		restart()
		w.pass(minute / 2)
		shapes(1, "it was followed to the end")
		w.send(1, wire.PageSubscribe, &wire.Subscribe{Shape: "products", TTLMillis: 10 * minute})
	}
	restart()
	w.pass(6 * minute)
	shapes(1, "nobody asks for it, and its time is not over")
	restart()
	w.pass(6 * minute)
	shapes(0, "its time is over, in two runs")
}

// The relay is asked first for what has the higher priority.
func TestShapePriority(t *testing.T) {
	t.Chdir(t.TempDir())
	w := newWorld(t)
	w.follows(1, "", 0)
	for _, s := range []wire.Subscribe{{Shape: "last", Priority: -1}, {Shape: "middle"}, {Shape: "first", Priority: 7}} {
		w.send(1, wire.PageSubscribe, &s)
	}
	w.h.SocketOpened(1)
	var hello wire.Hello
	if len(w.sent) != 1 || hello.Decode(w.sent[0][2:]) != nil || len(hello.Subs) != 3 {
		t.Fatalf("sent %x", w.sent)
	}
	for i, want := range []string{"first", "middle", "last"} {
		if got := hello.Subs[i].Shape; got != want {
			t.Errorf("place %d: %s, want %s", i, got, want)
		}
	}
}
