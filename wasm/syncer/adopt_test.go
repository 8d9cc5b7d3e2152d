package syncer_test

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// startOver brings a machine, two of whose shapes show rows, to a socket on
// which it starts over from another position.
func startOver(t *testing.T) *bench {
	t.Helper()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items", Ready: true}, syncer.Shape{ID: 2, Name: "lines", Ready: true})
	b.ready = map[uint32]uint64{1: 0, 2: 0}
	b.live(wire.Welcome{Resume: false, Head: pos(5), Limits: wire.Limits{PingMillis: 600_000}})
	b.take()
	return b
}

// snapOf has a shape's rows arrive in one chunk, and returns the shapes that
// were adopted.
func (b *bench) snapOf(id uint32) string {
	b.t.Helper()
	b.recv(wire.FrameSnap, &wire.Snap{ID: id, Pos: pos(5), Table: id, URLs: urls(1)})
	return b.fetched()
}

func (b *bench) fetched() string {
	b.t.Helper()
	all := b.take()
	for _, f := range find[syncer.StartFetch](all) {
		b.do(syncer.Fetched{ID: f.ID})
		all = append(all, b.take()...)
	}
	return fmt.Sprint(find[syncer.AdoptShapes](all))
}

func (b *bench) want(what, got, want string) {
	b.t.Helper()
	if got != want {
		b.t.Errorf("%s: adopted %s, want %s", what, got, want)
	}
}

// Shapes that show older rows get their new ones at once, in one transaction;
// one that is new waits until then.
func TestStaleShapesAreAdoptedTogether(t *testing.T) {
	t.Parallel()
	b := startOver(t)
	b.do(syncer.Subscribed{Shape: syncer.Shape{ID: 3, Name: "new"}})
	b.want("the first", b.snapOf(1), "[]")
	b.want("a new one", b.snapOf(3), "[]")
	b.want("the second", b.snapOf(2), "[{[1 2]} {[3]}]")
	for _, s := range b.m.Status().Shapes {
		if !s.Ready {
			t.Errorf("%s is not ready", s.Shape)
		}
	}
}

// What a restart finds stale is adopted together too.
func TestStaleShapesOfBefore(t *testing.T) {
	t.Parallel()
	b := newBench(t, syncer.Config{}, syncer.Shape{ID: 1, Name: "items", Stale: true}, syncer.Shape{ID: 2, Name: "lines", Stale: true})
	b.live(wire.Welcome{Resume: true})
	b.take()
	b.recv(wire.FrameTx, &wire.Tx{To: pos(5), Last: true})
	b.want("the first", b.snapOf(1), "[]")
	b.want("the second", b.snapOf(2), "[{[1 2]}]")
}

// A shape that is denied, dropped, or cannot be had again and again does not
// hold up the others.
func TestAdoptWithoutThoseThatCannotBeHad(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*bench){
		"denied":  func(b *bench) { b.recv(wire.FrameDeny, &wire.Deny{ID: 2, Kind: uint16(fault.NoPolicy)}) },
		"dropped": func(b *bench) { b.do(syncer.Unsubscribed{ID: 2}) },
	} {
		b := startOver(t)
		b.want(name, b.snapOf(1), "[]")
		end(b)
		b.want(name, b.fetched(), "[{[1]}]")
	}
	b := startOver(t)
	b.want("with the other's missing", b.snapOf(1), "[]")
	tries := 0
	for adopted := "[]"; adopted == "[]"; tries++ {
		if tries > 10 {
			t.Fatalf("still waits after %d snapshots that were gone", tries)
		}
		b.recv(wire.FrameSnap, &wire.Snap{ID: 2, Pos: pos(5), Table: 2, URLs: urls(1)})
		f := find[syncer.StartFetch](b.take())
		b.do(syncer.FetchFailed{ID: f[0].ID, Status: 410})
		adopted = fmt.Sprint(find[syncer.AdoptShapes](b.take()))
		b.pass(120_000)
		b.take()
	}
	if tries != 5 {
		t.Errorf("waited for %d snapshots, want 5", tries)
	}
}

// A snapshot that takes the place of one that was about to be adopted is
// waited for.
func TestAdoptWaitsForTheNewSnapshot(t *testing.T) {
	t.Parallel()
	b := startOver(t)
	b.want("the first", b.snapOf(1), "[]")
	b.recv(wire.FrameSnap, &wire.Snap{ID: 2, Pos: pos(5), Table: 2, URLs: urls(1)})
	f := find[syncer.StartFetch](b.take())
	b.hold = true
	b.do(syncer.Fetched{ID: f[0].ID}) // the last chunk that is missing
	b.recv(wire.FrameSnap, &wire.Snap{ID: 1, Pos: pos(5), Table: 1, URLs: urls(1)})
	b.release()
	b.want("with another snapshot of the first", b.fetched(), "[{[1 2]}]")
}
