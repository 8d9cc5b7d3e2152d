package syncer

import (
	"strconv"

	"rockpool.dev/fault"
)

// fetchState is the chunks on their way. A slot is taken from the fetch until
// the store has the chunk, so memory holds at most fetchesMax chunks.
type fetchState struct {
	last  FetchID
	slots []*fetch
}

type fetch struct {
	id      FetchID
	shape   uint32
	chunk   int
	by      int64 // Mono: given up then; 0 once the body is here
	started bool
}

// fetchMore starts fetches while slots are free, shape by shape in the order
// of their priorities.
func (m *Machine) fetchMore() {
	if len(m.fetches.slots) >= fetchesMax {
		return
	}
	for _, s := range m.ranked() {
		for s.staging && s.snap != nil && s.retryAt == 0 && len(m.fetches.slots) < fetchesMax {
			chunk := s.nextURL
			if n := len(s.again); n > 0 {
				chunk, s.again = s.again[n-1], s.again[:n-1]
			} else if chunk < len(s.snap.URLs) {
				s.nextURL++
			} else {
				break
			}
			m.fetches.last++
			f := &fetch{id: m.fetches.last, shape: s.ID, chunk: chunk, by: m.now.Mono + fetchMillisMax, started: true}
			m.fetches.slots = append(m.fetches.slots, f)
			m.emit(StartFetch{f.id, s.snap.URLs[chunk]})
		}
	}
}

// takeFetch finds a fetch that waits for its body.
func (m *Machine) takeFetch(id FetchID) *fetch {
	for _, f := range m.fetches.slots {
		if f.id == id && f.by != 0 {
			return f
		}
	}
	return nil
}

func (m *Machine) freeSlot(f *fetch) {
	for i, x := range m.fetches.slots {
		if x == f {
			m.fetches.slots = append(m.fetches.slots[:i], m.fetches.slots[i+1:]...)
			return
		}
	}
}

func (m *Machine) fetched(e Fetched) {
	f := m.takeFetch(e.ID)
	if f == nil {
		return
	}
	f.by = 0
	s := m.shape(f.shape)
	if s == nil || s.snap == nil {
		m.freeSlot(f)
		return
	}
	n := s.snap
	m.enqueue(0, func() Effect {
		if s.snap != n || s.gone {
			m.freeSlot(f)
			m.fetchMore()
			return nil
		}
		return StageChunk{s.ID, e.Body}
	}, func(r Stored) {
		m.freeSlot(f)
		if s.snap != n {
			m.fetchMore()
			return
		}
		if k := fault.KindOf(r.Err); k == fault.Protocol {
			m.chunkFailed(s, f.chunk, r.Err)
			return
		}
		if m.storeFailed("store a chunk", r.Err) {
			return
		}
		s.staged++
		s.rows += uint64(r.Rows)
		s.bytes += uint64(len(e.Body))
		m.told.dirty = true
		m.fetchMore()
		m.tryAdopt()
	})
}

func (m *Machine) fetchFailed(e FetchFailed) {
	f := m.takeFetch(e.ID)
	if f == nil {
		return
	}
	m.freeSlot(f)
	s := m.shape(f.shape)
	if s == nil || s.snap == nil {
		return
	}
	msg := e.Msg
	if e.Status != 0 {
		msg = "HTTP status " + strconv.Itoa(e.Status) + " " + msg
	}
	err := fault.New(fault.Offline, "fetch rows of "+s.Name, msg)
	if e.Status >= 400 && e.Status < 500 && e.Status != 408 && e.Status != 429 {
		// The relay no longer has this snapshot: only a new one helps.
		m.resubscribe(s, err)
		return
	}
	m.chunkFailed(s, f.chunk, err)
}

// chunkFailed tries a chunk again, a few times, then asks for a new snapshot.
func (m *Machine) chunkFailed(s *shape, chunk int, err error) {
	if s.tries == nil {
		s.tries = map[int]int{}
	}
	s.tries[chunk]++
	if s.tries[chunk] >= fetchAttemptsMax {
		m.resubscribe(s, err)
		return
	}
	s.again = append(s.again, chunk)
	s.retryAt = m.now.Mono + 1 + m.random(fetchRetryFirst<<s.tries[chunk])
}

// resubscribe asks for the shape anew after a while, and tells why.
func (m *Machine) resubscribe(s *shape, err error) {
	m.cancelFetches(s.ID)
	s.stopSnap()
	wait := int64(resubMax)
	if w := int64(resubFirst) << min(s.resubs, 16); w < wait {
		wait = w
	}
	s.resubs++
	s.resubAt = m.now.Mono + wait/2 + m.random(wait/2+1)
	m.shapeFailed(s, err, false)
	m.fetchMore()
	m.tryAdopt()
}

// cancelFetches ends the fetches of one shape.
func (m *Machine) cancelFetches(id uint32) {
	kept := m.fetches.slots[:0:0]
	for _, f := range m.fetches.slots {
		if f.shape == id && f.by != 0 {
			m.emit(CancelFetch{f.id})
			continue
		}
		kept = append(kept, f) // a body that waits for the store frees its slot itself
	}
	m.fetches.slots = kept
}

// stopFetches ends all of them.
func (m *Machine) stopFetches() {
	for _, f := range m.fetches.slots {
		if f.by != 0 {
			m.emit(CancelFetch{f.id})
		}
	}
	m.fetches.slots = nil
}

// fetchesDue gives up fetches that take too long.
func (m *Machine) fetchesDue() {
	for _, f := range append([]*fetch(nil), m.fetches.slots...) {
		if f.by != 0 && m.now.Mono >= f.by {
			m.emit(CancelFetch{f.id})
			m.fetchFailed(FetchFailed{ID: f.id, Msg: "it took too long"})
		}
	}
}

func (f *fetchState) moment() (at int64) {
	for _, x := range f.slots {
		if x.by != 0 && (at == 0 || x.by < at) {
			at = x.by
		}
	}
	return at
}
