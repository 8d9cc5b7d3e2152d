package host

import (
	"cmp"
	"slices"

	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

const (
	// rejoinMillis is how long after the start a shape stays at least: the app
	// comes to ask for it again.
	rejoinMillis = 60_000
	// awayMillis is how long a shape without a time to live stays when its last
	// tab just went away, without a word: it is closed, or reloads, and will want
	// its rows when it is back, perhaps offline.
	awayMillis = 30 * 24 * 3600 * 1000
	// shapesMillis is how often it is looked, at least: timers hold 31 bits.
	shapesMillis = 24 * 3600 * 1000
)

// shapes is who follows what: a shape ends when its last tab has left it and
// its time to live is over, which goes on while no Worker runs.
type shapes struct {
	followed map[uint32]*followed
}

type followed struct {
	ports []uint32
	wait  []*call // subscribers whose rows are not there yet
	ttl   int64   // milliseconds
	left  int64   // when the last tab left, milliseconds since 1970
	life  int64   // milliseconds from left to the end
	saved bool    // the store knows left
	endAt int64   // Mono of what is to be done next, 0 for nothing
}

func (s *shapes) of(id uint32) *followed {
	if s.followed == nil {
		s.followed = map[uint32]*followed{}
	}
	f := s.followed[id]
	if f == nil {
		f = &followed{}
		s.followed[id] = f
	}
	return f
}

// leave starts the time to live when nobody follows a shape any more.
func (h *Host) leave(f *followed, port uint32, away bool) {
	had := len(f.ports)
	f.ports = slices.DeleteFunc(f.ports, func(p uint32) bool { return p == port })
	if had == 0 || len(f.ports) > 0 {
		return
	}
	now := h.env.Now()
	f.left, f.life, f.saved, f.endAt = now.Wall, f.ttl, false, max(now.Mono, 1)
	if f.life == 0 && away {
		f.life = awayMillis
	}
}

// leavePort forgets a tab, whose calls have ended.
func (h *Host) leavePort(port uint32) {
	for _, f := range h.shapes.followed {
		h.leave(f, port, true)
	}
}

// restoreShapes has those end that nobody asks for again: their time began
// when the last tab left or, where that is not known, begins now.
func (h *Host) restoreShapes() {
	now := h.env.Now()
	for _, s := range h.prov.DB.Shapes() {
		f := h.shapes.of(s.ID)
		f.ttl, f.left, f.saved = s.TTLMillis, s.LeftMillis, s.LeftMillis != 0
		if !f.saved {
			f.left = now.Wall
		}
		f.life = cmp.Or(f.ttl, awayMillis)
		f.endAt = now.Mono + rejoinMillis
	}
}

// deadline is when something is to be done about the first shape, in Mono.
func (s *shapes) deadline() (at int64, ok bool) {
	for _, f := range s.followed {
		if f.endAt != 0 && (!ok || f.endAt < at) {
			at, ok = f.endAt, true
		}
	}
	return at, ok
}

// subscribe follows a shape; the answer comes when its rows are there.
func (h *Host) subscribe(p *port, c *call, m *wire.Subscribe) {
	h.write(c, func() error {
		s, err := h.sync.Subscribe(m.Shape, m.Args, m.Priority)
		if err != nil {
			return err
		}
		f := h.shapes.of(s.ID)
		f.endAt, f.ttl = 0, max(f.ttl, int64(m.TTLMillis))
		if err := h.prov.DB.KeepShape(s.ID, f.ttl, 0); err != nil {
			return err
		}
		if !slices.Contains(f.ports, p.id) {
			f.ports = append(f.ports, p.id)
		}
		if s.State == store.ShapeReady {
			h.done(c, (&wire.Empty{}).AppendTo)
			return nil
		}
		f.wait = append(f.wait, c)
		c.stop = func() { f.wait = slices.DeleteFunc(f.wait, func(x *call) bool { return x == c }) }
		if h.open.Lazy {
			h.sync.Connect()
		}
		return nil
	})
}

// unsubscribe leaves a shape.
func (h *Host) unsubscribe(p *port, c *call, m *wire.Unsubscribe) {
	for _, s := range h.prov.DB.Shapes() {
		if s.Name != m.Shape || !sameArgs(s.Args, m.Args) {
			continue
		}
		h.leave(h.shapes.of(s.ID), p.id, false)
	}
	h.done(c, (&wire.Empty{}).AppendTo)
}

// leaveShapes ends what nobody follows any more, and stores since when that is so.
func (h *Host) leaveShapes() {
	if h.sync == nil || h.txn.Busy() {
		return
	}
	for id, f := range h.shapes.followed {
		now := h.env.Now()
		if f.endAt == 0 || now.Mono < f.endAt {
			continue
		}
		rest := min(f.left+f.life-now.Wall, f.life) // a clock that was put back lengthens nothing
		if rest <= 0 {
			delete(h.shapes.followed, id)
			h.sync.Unsubscribe(id)
			continue
		}
		f.endAt = now.Mono + min(rest, shapesMillis)
		if !f.saved {
			f.saved = true
			h.log(LogError, h.prov.DB.KeepShape(id, f.ttl, f.left))
		}
	}
}

// shapeSettled answers those who wait for a shape's rows.
func (h *Host) shapeSettled(id uint32, err error, final bool) {
	if err != nil && !final {
		return
	}
	f := h.shapes.followed[id]
	if f == nil {
		return
	}
	if err == nil && len(f.wait) > 0 {
		s := h.sync.Status() // whoever hears that the rows are here finds the progress saying so
		h.tell(&wire.Event{Type: wire.EventSync, Sync: &s})
	}
	for _, c := range slices.Clone(f.wait) {
		h.answer(c, (&wire.Empty{}).AppendTo, err)
	}
}

// sameArgs compares arguments by name, in any order.
func sameArgs(a, b []wire.ShapeArg) bool {
	if len(a) != len(b) {
		return false
	}
	for _, x := range a {
		if !slices.ContainsFunc(b, func(y wire.ShapeArg) bool { return x.Name == y.Name && x.Value.Equal(y.Value) }) {
			return false
		}
	}
	return true
}
