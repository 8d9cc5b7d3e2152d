package syncer

import "rockpool.dev/wire"

// outdated notes that the rows in view, if any, are older than the cursor.
func (s *shape) outdated() {
	s.Stale = s.Stale || s.Ready
	s.Ready = false
}

// whole reports whether every row of a snapshot is staged and the cursor has
// come to its position.
func (m *Machine) whole(s *shape) bool {
	n := s.snap
	return n != nil && !s.gone && s.staging && s.staged >= len(n.URLs) && !m.local.Cursor.Less(n.Pos)
}

// awaited reports whether no shape's new rows are shown before this one's: it
// shows rows of an older position, and new ones are on their way. One that was
// denied, or that cannot be had again and again, is not waited for.
func (s *shape) awaited() bool {
	return s.Stale && !s.gone && (s.err == nil || s.resubs > 0 && s.resubs < togetherTries)
}

// tryAdopt shows the rows of snapshots that are whole. Those of stale shapes
// are shown all at once, as a transaction over two tables must never be seen in
// one of them only; new shapes show nothing yet, and follow one by one.
func (m *Machine) tryAdopt() {
	var stale []*shape
	for _, s := range m.shapes {
		if !s.awaited() {
			continue
		}
		if s.adopting || !m.whole(s) {
			return
		}
		stale = append(stale, s)
	}
	if stale != nil {
		m.adopt(stale)
		return
	}
	for _, s := range m.shapes {
		if !s.adopting && m.whole(s) {
			m.adopt([]*shape{s})
		}
	}
}

// adopt has the store show the rows of shapes that are whole.
func (m *Machine) adopt(list []*shape) {
	ids, snaps := make([]uint32, len(list)), make([]*wire.Snap, len(list))
	for i, s := range list {
		s.adopting = true
		ids[i], snaps[i] = s.ID, s.snap
	}
	m.enqueue(0, func() Effect {
		for i, s := range list {
			if s.snap != snaps[i] { // unsubscribed, or another snapshot comes
				for _, s := range list {
					s.adopting = false
				}
				m.tryAdopt()
				return nil
			}
		}
		return AdoptShapes{ids}
	}, func(e Stored) {
		for i, s := range list {
			s.adopting = false
			if e.Adopted && s.snap == snaps[i] {
				s.Stamp = snaps[i].Stamp
				m.shapeReady(s)
			}
		}
		if !m.storeFailed("adopt a snapshot", e.Err) && e.Adopted {
			m.applied(0)
		}
	})
}
