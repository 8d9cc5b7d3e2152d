// Package live keeps queries that are watched. After commits, and once for all
// of a batch, each query that reads a changed table is run again on a snapshot
// reader, and its whole state is sent when its bytes differ from the last one.
// Package host says when a query has its turn. It owns no connection.
//
// Laws: a query is never told a state older than one before it; a change while
// it runs makes it run once more; a state is sent whole or not at all, and
// LiveState ends it.
//
// Not safe for concurrent use: its owner is the Worker's one loop.
package live

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
)

// Limits.
const (
	// QueriesMax is how many queries all tabs watch together.
	QueriesMax = 2000
	// HoldBytesMax is how much of a result is held back to be compared with
	// the last state; a larger one is sent as it comes, changed or not.
	HoldBytesMax = 4 << 20
)

// ID names a watched query: the tab's port and its call.
type ID struct{ Port, Call uint32 }

// Out takes what a run says.
type Out interface {
	// Head begins a state: an encoded wire.Head.
	Head(id ID, head []byte)
	// Chunk is rows, with builder.HeadBytes free before them. The bytes are
	// the receiver's to change until it returns.
	Chunk(id ID, framed []byte)
	// State ends a state. changed is false when nothing was sent.
	State(id ID, rows, micros uint64, changed bool)
}

// Set is the watched queries.
type Set struct {
	queries map[ID]*Query
	order   []*Query // by age
}

// New returns an empty set.
func New() *Set { return &Set{queries: map[ID]*Query{}} }

// Add watches a query, which is due at once. Kinds: limit_exceeded, duplicate.
func (s *Set) Add(id ID, text sqlgen.Statement) (*Query, error) {
	if len(s.queries) >= QueriesMax {
		return nil, fault.New(fault.LimitExceeded, "watch a query", strconv.Itoa(QueriesMax)+" queries are watched already").
			WithHint("stop those that are not on screen")
	}
	if s.queries[id] != nil {
		return nil, fault.New(fault.Duplicate, "watch a query", "the call is watched already")
	}
	q := &Query{ID: id, Statement: text, due: true}
	s.queries[id] = q
	s.order = append(s.order, q)
	return q, nil
}

// Get returns a watched query, or nil.
func (s *Set) Get(id ID) *Query { return s.queries[id] }

// Remove ends a query, and the run that is under way; it reports whether it was there.
func (s *Set) Remove(id ID) bool {
	q := s.queries[id]
	if q == nil {
		return false
	}
	q.Stop()
	q.gone = true
	delete(s.queries, id)
	kept := s.order[:0]
	for _, x := range s.order {
		if x != q {
			kept = append(kept, x)
		}
	}
	s.order = kept
	return true
}

// RemovePort ends the queries of a tab that is gone.
func (s *Set) RemovePort(port uint32) {
	for _, q := range append([]*Query(nil), s.order...) {
		if q.ID.Port == port {
			s.Remove(q.ID)
		}
	}
}

// All returns every query, oldest first.
func (s *Set) All() []*Query { return append([]*Query(nil), s.order...) }

// Len counts them.
func (s *Set) Len() int { return len(s.queries) }

// Touch makes due what reads one of the tables; all makes everything due.
func (s *Set) Touch(tables []string, all bool) {
	for _, q := range s.order {
		if all || q.reads(tables) {
			q.due = true
		}
	}
}

// Due returns the queries that are to run and do not yet, oldest first.
func (s *Set) Due() (due []*Query) {
	for _, q := range s.order {
		if q.due && !q.queued {
			due = append(due, q)
		}
	}
	return due
}
