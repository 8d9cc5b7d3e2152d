package syncer

import (
	"cmp"
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// shape is one subscription on its way.
type shape struct {
	Shape
	wanted bool // asked for on this socket
	bound  bool // answered on this socket
	gone   bool // unsubscribed; waits to be dropped
	err    *wire.Failure

	snap     *wire.Snap // rows that are coming, or nil
	staging  bool       // the store has begun
	nextURL  int        // chunk to fetch next
	staged   int        // chunks in the store
	adopting bool
	rows     uint64
	bytes    uint64
	again    []int // chunks to fetch again
	tries    map[int]int
	retryAt  int64 // Mono: fetches rest until then
	resubAt  int64 // Mono: ask again then
	resubs   uint32
}

// sub is the question for this shape. A shape whose rows stand at the cursor
// is only continued.
func (s *shape) sub(mayHave bool) wire.Sub {
	sub := wire.Sub{ID: s.ID, Shape: s.Name, Args: s.Args, Have: s.Ready && mayHave}
	if sub.Have {
		sub.Stamp = s.Stamp
	}
	return sub
}

// asked notes that the shape has been asked for on this socket.
func (s *shape) asked() {
	s.wanted, s.bound = true, false
	s.stopSnap()
	s.resubAt = 0
}

// unbind forgets what belongs to a socket.
func (s *shape) unbind() {
	s.wanted, s.bound = false, false
	s.stopSnap()
	s.resubAt = 0
}

func (s *shape) stopSnap() {
	s.snap, s.staging, s.adopting, s.again, s.tries = nil, false, false, nil, nil
	s.nextURL, s.staged, s.retryAt = 0, 0, 0
}

func (m *Machine) shape(id uint32) *shape {
	i, ok := slices.BinarySearchFunc(m.shapes, id, func(s *shape, id uint32) int { return cmp.Compare(s.ID, id) })
	if !ok || m.shapes[i].gone {
		return nil
	}
	return m.shapes[i]
}

func (m *Machine) addShape(s Shape) *shape {
	i, ok := slices.BinarySearchFunc(m.shapes, s.ID, func(s *shape, id uint32) int { return cmp.Compare(s.ID, id) })
	if ok {
		return m.shapes[i]
	}
	x := &shape{Shape: s}
	m.shapes = slices.Insert(m.shapes, i, x)
	m.told.dirty = true
	return x
}

// ranked lists the shapes by priority, and by age where that is the same.
func (m *Machine) ranked() []*shape {
	out := slices.Clone(m.shapes)
	for i := 1; i < len(out); i++ {
		for j := i; j > 0 && out[j].Priority > out[j-1].Priority; j-- {
			out[j], out[j-1] = out[j-1], out[j]
		}
	}
	return out
}

func (m *Machine) subscribed(s Shape) {
	if len(m.shapes) >= wire.SubscriptionsMax && m.shape(s.ID) == nil {
		m.emit(ShapeSettled{s.ID, fault.New(fault.LimitExceeded, "subscribe", "too many shapes are followed"), true})
		return
	}
	x := m.addShape(s)
	x.Priority = s.Priority
	switch {
	case x.Ready:
		m.emit(ShapeSettled{ID: x.ID}) // rows are here; freshness is the status's
	case x.err != nil:
		x.err = nil
		x.wanted = false
	}
	if m.phase == phaseLive && !x.wanted {
		m.subscribeNow(x, false)
	}
}

// subscribeNow asks for a shape on the live socket. The tail has moved since
// the hello, so rows that stand here are never claimed.
func (m *Machine) subscribeNow(s *shape, again bool) {
	if again {
		m.send(wire.FrameUnsub, 0, &wire.Unsub{ID: s.ID})
	}
	s.asked()
	sub := s.sub(false)
	m.send(wire.FrameSub, 0, &sub)
}

func (m *Machine) unsubscribed(id uint32) {
	s := m.shape(id)
	if s == nil {
		return
	}
	m.cancelFetches(id)
	s.gone = true
	s.stopSnap()
	s.resubAt = 0
	m.told.dirty = true
	m.tryAdopt()
	if m.phase == phaseLive && s.wanted {
		m.send(wire.FrameUnsub, 0, &wire.Unsub{ID: id})
	}
	m.enqueueAlways(func() Effect { return DropShape{id} }, func(e Stored) {
		m.shapes = slices.DeleteFunc(m.shapes, func(x *shape) bool { return x == s })
		if e.Err != nil {
			m.emit(ShapeSettled{id, e.Err, true})
		}
		m.told.dirty = true
	})
}

// ready says that the rows that stand here are continued.
func (m *Machine) ready(r *wire.Ready) {
	m.enqueue(64, func() Effect {
		if s := m.shape(r.ID); s == nil || !s.wanted {
			return nil
		}
		return BindShape{r}
	}, func(e Stored) {
		s := m.shape(r.ID)
		if m.storeFailed("continue a shape", e.Err) || s == nil {
			return
		}
		s.Table = r.Table
		m.shapeReady(s)
	})
}

// shapeReady notes that a shape's rows stand at the cursor.
func (m *Machine) shapeReady(s *shape) {
	s.stopSnap()
	s.Ready, s.Stale, s.bound, s.err, s.resubs = true, false, true, nil, 0
	m.told.dirty = true
	m.emit(ShapeSettled{ID: s.ID})
}

// deny ends a subscription. It is asked for again on the next connection.
func (m *Machine) deny(d *wire.Deny) {
	m.enqueue(64, func() Effect {
		s := m.shape(d.ID)
		if s == nil {
			return nil
		}
		m.cancelFetches(s.ID)
		s.stopSnap()
		s.bound = false
		err := fault.New(fault.Kind(d.Kind), "subscribe to "+s.Name, d.Msg).WithHint(d.Hint)
		m.shapeFailed(s, err, true)
		return nil
	}, nil)
}

func (m *Machine) shapeFailed(s *shape, err error, final bool) {
	s.err = failure(err)
	m.told.dirty = true
	m.emit(ShapeSettled{s.ID, err, final})
	if final {
		s.resubs = 0
		m.tryAdopt()
	}
}

// snap begins to gather a shape's rows; again when the relay starts over.
func (m *Machine) snap(n *wire.Snap) {
	m.enqueue(64, func() Effect {
		s := m.shape(n.ID)
		if s == nil || !s.wanted {
			return nil
		}
		m.cancelFetches(s.ID)
		s.stopSnap()
		if len(n.URLs) > chunksMax {
			m.shapeFailed(s, fault.New(fault.TooLarge, "subscribe to "+s.Name, "its snapshot has too many chunks"), true)
			return nil
		}
		s.snap, s.bound = n, true
		s.rows, s.bytes = 0, 0
		return StageShape{n}
	}, func(e Stored) {
		s := m.shape(n.ID)
		if m.storeFailed("begin a snapshot", e.Err) || s == nil || s.snap != n {
			return
		}
		s.staging = true
		s.outdated()
		s.Table = n.Table
		m.told.dirty = true
		m.fetchMore()
		m.tryAdopt()
	})
}

// shapesDue asks again for shapes whose snapshots could not be had.
func (m *Machine) shapesDue() {
	if m.phase != phaseLive {
		return
	}
	more := false
	for _, s := range m.shapes {
		if s.resubAt != 0 && m.now.Mono >= s.resubAt {
			m.subscribeNow(s, true)
		}
		if s.retryAt != 0 && m.now.Mono >= s.retryAt {
			s.retryAt = 0
			more = true
		}
	}
	m.fetchesDue()
	if more {
		m.fetchMore()
	}
}

func (m *Machine) shapesMoment() (at int64) {
	if m.phase != phaseLive {
		return 0
	}
	at = m.fetches.moment()
	for _, s := range m.shapes {
		for _, t := range [...]int64{s.resubAt, s.retryAt} {
			if t != 0 && (at == 0 || t < at) {
				at = t
			}
		}
	}
	return at
}
