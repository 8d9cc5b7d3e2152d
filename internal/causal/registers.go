package causal

import (
	"maps"
	"slices"
)

// write names a write: its key and value.
type write struct {
	key   int
	value int64
}

// registers is a history with its writers looked up.
type registers struct {
	violations
	h *History
	// writer is who left a value, by key and value.
	writer map[write]int
	// aborted and passing are values that nobody may read.
	aborted, passing map[write]int
	// floor is, for each transaction, all that its writer had read or written up
	// to and with it.
	floor []State
}

// CheckRegisters returns what is wrong with a history, nil for nothing.
func CheckRegisters(h *History) []Violation {
	r := &registers{h: h, writer: map[write]int{}, aborted: map[write]int{}, passing: map[write]int{}}
	r.index()
	r.sessions()
	for i := range h.Txns {
		if t := &h.Txns[i]; t.Read != nil {
			r.read(t.Client, t.At, t.Read)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(h.Final)) {
		r.read(name+" at the end", 0, h.Final[name])
	}
	r.end()
	return r.list
}

func (r *registers) index() {
	for i := range r.h.Txns {
		t := &r.h.Txns[i]
		to := r.writer
		if t.Status == Failed {
			to = r.aborted
		}
		for k, v := range t.Writes {
			to[write{k, v}] = i
		}
		for k, v := range t.Passing {
			r.passing[write{k, v}] = i
		}
	}
}

// sessions follows each client: what it reads is never less than what it has
// read or written. It leaves the floors behind.
func (r *registers) sessions() {
	type session struct{ read, wrote State }
	open := map[string]*session{}
	r.floor = make([]State, len(r.h.Txns))
	for i := range r.h.Txns {
		t := &r.h.Txns[i]
		s := open[t.Client]
		if s == nil {
			s = &session{r.nothing(), r.nothing()}
			open[t.Client] = s
		}
		for k, v := range t.Read {
			if v < s.wrote[k] {
				r.add(ReadYourWrites, t.Client, "at %d ms key %d is %d, after it had written %d", t.At, k, v, s.wrote[k])
			}
			if v < s.read[k] {
				r.add(MonotonicReads, t.Client, "at %d ms key %d is %d, after it had read %d", t.At, k, v, s.read[k])
			}
			s.read[k] = max(s.read[k], v)
		}
		floor := r.nothing()
		for k := range floor {
			floor[k] = max(s.read[k], s.wrote[k])
		}
		for k, v := range t.Writes {
			floor[k] = max(floor[k], v)
			if t.Status == OK {
				s.wrote[k] = max(s.wrote[k], v)
			}
		}
		r.floor[i] = floor
	}
	for name, final := range r.h.Final {
		if s := open[name]; s != nil {
			for k, v := range final {
				if v < s.wrote[k] {
					r.add(ReadYourWrites, name, "at the end key %d is %d, after it had written %d", k, v, s.wrote[k])
				}
				if v < s.read[k] {
					r.add(MonotonicReads, name, "at the end key %d is %d, after it had read %d", k, v, s.read[k])
				}
			}
		}
	}
}

func (r *registers) nothing() State {
	s := make(State, r.h.Keys)
	for k := range s {
		s[k] = Absent
	}
	return s
}

// read checks one state.
func (r *registers) read(client string, at int64, s State) {
	seen := map[int]bool{}
	for k, v := range s {
		if v == Absent {
			continue
		}
		w := write{k, v}
		i, ok := r.writer[w]
		if !ok {
			switch {
			case has(r.aborted, w):
				r.add(AbortedRead, client, "at %d ms key %d is %d, which was rolled back", at, k, v)
			case has(r.passing, w):
				r.add(IntermediateRead, client, "at %d ms key %d is %d, which its transaction overwrote", at, k, v)
			default:
				r.add(InventedRead, client, "at %d ms key %d is %d, which nobody wrote", at, k, v)
			}
			continue
		}
		if seen[i] {
			continue
		}
		seen[i] = true
		r.holds(client, at, s, w, i)
	}
}

// holds checks that a state with one write of transaction i holds the others,
// and all that its writer had seen.
func (r *registers) holds(client string, at int64, s State, w write, i int) {
	t := &r.h.Txns[i]
	for k, v := range t.Writes {
		if s[k] < v {
			r.add(FracturedRead, client, "at %d ms key %d is %d of %s, which wrote %d to key %d too; there is %d", at, w.key, w.value, t.Client, v, k, s[k])
			return
		}
	}
	for k, v := range r.floor[i] {
		if s[k] < v {
			r.add(Causal, client, "at %d ms key %d is %d of %s, which had seen %d at key %d by then; there is %d", at, w.key, w.value, t.Client, v, k, s[k])
			return
		}
	}
}

func has(m map[write]int, w write) bool {
	_, ok := m[w]
	return ok
}

// end compares the final states, and looks for what was acknowledged.
func (r *registers) end() {
	names := slices.Sorted(maps.Keys(r.h.Final))
	if len(names) == 0 {
		return
	}
	first := r.h.Final[names[0]]
	for _, name := range names[1:] {
		for k, v := range r.h.Final[name] {
			if v != first[k] {
				r.add(Divergence, name, "key %d is %d, and %d at %s", k, v, first[k], names[0])
			}
		}
	}
	for i := range r.h.Txns {
		t := &r.h.Txns[i]
		if t.Status != OK {
			continue
		}
		for k, v := range t.Writes {
			for _, name := range names {
				if got := r.h.Final[name][k]; got < v {
					r.add(LostWrite, name, "%s wrote %d to key %d at %d ms and was told so; there is %d", t.Client, v, k, t.At, got)
				}
			}
		}
	}
}
