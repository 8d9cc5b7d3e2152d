package host

import (
	"slices"

	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// shapes is who follows what: a shape ends when its last tab has left it and
// its time to live is over. A tab that just goes away (a reload) leaves it.
type shapes struct {
	followed map[uint32]*followed
}

type followed struct {
	ports []uint32
	wait  []*call // subscribers whose rows are not there yet
	ttl   int64   // milliseconds
	endAt int64   // Mono, 0 for not ending
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

// leavePort forgets a tab, whose calls have ended.
func (s *shapes) leavePort(port uint32) {
	for _, f := range s.followed {
		f.ports = slices.DeleteFunc(f.ports, func(p uint32) bool { return p == port })
	}
}

// deadline is when the first shape ends, in Mono.
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
		s, err := h.sync.Subscribe(m.Shape, m.Args)
		if err != nil {
			return err
		}
		f := h.shapes.of(s.ID)
		f.endAt, f.ttl = 0, max(f.ttl, int64(m.TTLMillis))
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
		f := h.shapes.of(s.ID)
		f.ports = slices.DeleteFunc(f.ports, func(id uint32) bool { return id == p.id })
		if len(f.ports) == 0 {
			f.endAt = h.env.Now().Mono + max(f.ttl, 1)
		}
	}
	h.done(c, (&wire.Empty{}).AppendTo)
}

// leaveShapes ends what nobody follows any more.
func (h *Host) leaveShapes(now int64) {
	if h.sync == nil || h.txn.Busy() {
		return
	}
	for id, f := range h.shapes.followed {
		if f.endAt != 0 && now >= f.endAt {
			delete(h.shapes.followed, id)
			h.sync.Unsubscribe(id)
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
