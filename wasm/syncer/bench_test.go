package syncer_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/version"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// bench is a machine with a clock that the test moves and a store that does
// what it is told at once, without rows.
type bench struct {
	t     *testing.T
	m     *syncer.Machine
	now   syncer.Now
	local syncer.Local
	// fail, if set, is the error of the next store effect of that type.
	fail func(syncer.Effect) error
	// hold keeps store effects unanswered.
	hold    bool
	held    []syncer.Effect
	all     []syncer.Effect // everything since the last take
	socket  syncer.SocketID
	wake    int64
	outbox  uint64 // newest mid in the outbox
	ready   map[uint32]uint64
	bodyLen int
}

func newBench(t *testing.T, cfg syncer.Config, shapes ...syncer.Shape) *bench {
	t.Helper()
	b := &bench{t: t, m: syncer.New(cfg), now: syncer.Now{Mono: 1, Wall: 1_700_000_000_000}, bodyLen: 10, ready: map[uint32]uint64{}}
	b.local.ClientID = "me"
	for _, s := range shapes {
		if s.Ready {
			b.ready[s.ID] = s.Stamp
		}
	}
	b.do(syncer.Start{Local: b.local, Shapes: shapes})
	return b
}

// do steps the machine and answers its store effects.
func (b *bench) do(ev syncer.Event) {
	b.t.Helper()
	queue := []syncer.Event{ev}
	for len(queue) > 0 {
		ev, queue = queue[0], queue[1:]
		for _, e := range b.m.Step(b.now, ev) {
			b.all = append(b.all, e)
			switch e := e.(type) {
			case syncer.OpenSocket:
				b.socket = e.ID
			case syncer.Wake:
				b.wake = e.At
			}
			if isStore(e) {
				if b.hold {
					b.held = append(b.held, e)
					continue
				}
				queue = append(queue, b.answer(e))
			}
		}
	}
}

func isStore(e syncer.Effect) bool {
	switch e.(type) {
	case syncer.Rotate, syncer.Confirm, syncer.Compare, syncer.Rewind, syncer.SetSchema, syncer.Resync, syncer.Settle,
		syncer.Apply, syncer.Flush, syncer.ReadOutbox, syncer.BindShape, syncer.StageShape,
		syncer.StageChunk, syncer.AdoptShapes, syncer.DropShape:
		return true
	}
	return false
}

func (b *bench) answer(e syncer.Effect) syncer.Stored {
	var r syncer.Stored
	if b.fail != nil {
		r.Err = b.fail(e)
	}
	if r.Err == nil {
		switch e := e.(type) {
		case syncer.Rotate:
			r.Old, r.New, r.Ready = "old", "new", b.ready
		case syncer.Resync:
			b.local.Cursor, b.ready = e.Pos, nil
			for _, a := range e.Outcomes {
				b.local.AckedMid = a.Mid
			}
		case syncer.Apply:
			b.local.Cursor = e.Tx.To
			for _, a := range e.Tx.Acks {
				b.local.AckedMid = a.Mid
			}
		case syncer.Settle:
			for _, a := range e.Outcomes {
				b.local.AckedMid = a.Mid
			}
		case syncer.ReadOutbox:
			for mid := e.From; mid <= min(b.outbox, b.local.DurableMid) && len(r.Out) < e.Max; mid++ {
				r.Out = append(r.Out, syncer.Outgoing{Mid: mid, Body: make([]byte, b.bodyLen)})
			}
		case syncer.StageChunk:
			r.Rows = len(e.Chunk)
		case syncer.AdoptShapes:
			r.Adopted = true
		}
	}
	r.Local = b.local
	return r
}

// release answers what was held.
func (b *bench) release() {
	b.t.Helper()
	b.hold = false
	for len(b.held) > 0 {
		e := b.held[0]
		b.held = b.held[1:]
		b.do(b.answer(e))
	}
}

// take returns the effects since the last take.
func (b *bench) take() []syncer.Effect {
	all := b.all
	b.all = nil
	return all
}

// pass moves the clock by steps of the machine's own wake-ups.
func (b *bench) pass(ms int64) {
	b.t.Helper()
	end := b.now.Mono + ms
	for n := 0; b.wake != 0 && b.wake <= end; n++ {
		if n > 100_000 {
			b.t.Fatalf("the timer never rests")
		}
		at := max(b.wake, b.now.Mono)
		b.now.Wall += at - b.now.Mono
		b.now.Mono = at
		b.do(syncer.Tick{})
	}
	b.now.Wall += end - b.now.Mono
	b.now.Mono = end
}

type encoder interface{ AppendTo([]byte) []byte }

func frameOf(t wire.RelayFrame, body encoder) []byte {
	return body.AppendTo([]byte{byte(t), 0})
}

// recv hands the machine a frame of the relay.
func (b *bench) recv(t wire.RelayFrame, body encoder) {
	b.t.Helper()
	b.do(syncer.SocketFrame{ID: b.socket, Data: frameOf(t, body)})
}

// live brings the machine to a live socket.
func (b *bench) live(w wire.Welcome) {
	b.t.Helper()
	b.do(syncer.Connect{})
	b.do(syncer.SocketOpened{ID: b.socket})
	w.Version = wire.Version
	if w.Limits.PingMillis == 0 {
		w.Limits.PingMillis = 10_000
	}
	b.recv(wire.FrameWelcome, &w)
	if !b.m.Live() {
		b.t.Fatalf("after the welcome: health %+v, want a live socket", b.m.Health())
	}
}

// find returns the effects of one type.
func find[E syncer.Effect](all []syncer.Effect) (out []E) {
	for _, e := range all {
		if x, ok := e.(E); ok {
			out = append(out, x)
		}
	}
	return out
}

// sent decodes the frames of one type among the effects.
func sent[M any, P interface {
	*M
	Decode([]byte) error
}](t *testing.T, all []syncer.Effect, f wire.RelayFrame) (out []M) {
	t.Helper()
	for _, s := range find[syncer.Send](all) {
		if wire.RelayFrame(s.Data[0]) != f {
			continue
		}
		var m M
		if err := P(&m).Decode(s.Data[2:]); err != nil {
			t.Fatalf("decode frame %d: %v", f, err)
		}
		out = append(out, m)
	}
	return out
}

func count(all []syncer.Effect, f wire.RelayFrame) (n int) {
	for _, s := range find[syncer.Send](all) {
		if wire.RelayFrame(s.Data[0]) == f {
			n++
		}
	}
	return n
}

func pos(seq uint64) version.Pos { return version.Pos{Epoch: 1, Seq: seq} }

// from is where transaction seq+1 begins: the first one at the zero cursor.
func (b *bench) from(seq uint64) version.Pos {
	if seq == 0 {
		return version.Pos{}
	}
	return pos(seq)
}

func (b *bench) wantKind(kind fault.Kind) {
	b.t.Helper()
	h := b.m.Health()
	if h.LastError == nil || fault.Kind(h.LastError.Kind) != kind {
		b.t.Errorf("health %+v with error %+v, want kind %v", h, h.LastError, kind)
	}
}
