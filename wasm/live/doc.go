// Package live keeps queries that are watched. After commits, and once for all
// of a batch, each query to which a changed row can matter is brought up to
// date: in memory where what is kept of it decides (kept), else by a run on a
// snapshot reader. A row can matter by the columns that the statement depends
// on, and in a built query by the conditions that the row was or is under. The
// page is sent the rows that it does not have, and where those are that it has;
// nothing when the state is the same. Package host says when a query has its
// turn. It owns no connection but that of the rows' images.
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
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/wire"
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

// Out takes what a run says. The bytes are valid until the call returns, and
// the receiver's to change until then; each chunk has builder.HeadBytes free
// before it.
type Out interface {
	// Part begins or goes on with a state that is too large to be held. head is
	// an encoded wire.Head, nil when the state has begun.
	Part(id ID, head []byte, chunks [][]byte)
	// State ends a state.
	State(id ID, s State)
}

// State is a whole state of a query, or the end of one that came in parts.
type State struct {
	// Head is an encoded wire.Head; nil where it is the last state's.
	Head   []byte
	Chunks [][]byte
	// Rows counts the state's rows, Micros the time of the run.
	Rows, Micros uint64
	// Kept is wire.LiveState's.
	Kept []uint32
}

// Set is the watched queries.
type Set struct {
	queries map[ID]*Query
	order   []*Query // by age
	schema  *schema.Schema
	images  images
	windows int // made so far, their numbers
	stats   wire.LiveStats
}

// New returns an empty set over a schema, which is shared.
func New(s *schema.Schema) *Set { return &Set{queries: map[ID]*Query{}, schema: s} }

// SetSchema puts another schema in force; Touch(Changes{All: true}) follows.
// Runs that are under way end at their next step, untold.
func (s *Set) SetSchema(to *schema.Schema) {
	s.schema = to
	s.images.close()
	for _, q := range s.order {
		q.stale = q.cursor != nil && !q.sending
		s.analyse(q)
	}
}

// Close ends all queries.
func (s *Set) Close() {
	for _, q := range s.All() {
		s.Remove(q.ID)
	}
	s.images.close()
}

// Add watches a query, which is due at once. tree is nil for SQL text. Kinds:
// limit_exceeded, duplicate.
func (s *Set) Add(id ID, text sqlgen.Statement, tree *query.Select) (*Query, error) {
	if len(s.queries) >= QueriesMax {
		return nil, fault.New(fault.LimitExceeded, "watch a query", strconv.Itoa(QueriesMax)+" queries are watched already").
			WithHint("stop those that are not on screen")
	}
	if s.queries[id] != nil {
		return nil, fault.New(fault.Duplicate, "watch a query", "the call is watched already")
	}
	q := &Query{ID: id, Statement: text, tree: tree, images: &s.images, stats: &s.stats, due: true}
	s.analyse(q)
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
	s.images.forget(q.kept)
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

// analyse finds out what rows can matter to a query, and whether what it shows
// can be kept.
func (s *Set) analyse(q *Query) {
	q.analyse(s.schema)
	if q.refs == nil || s.images.kept >= KeptMax {
		return
	}
	s.windows++
	if w := windowOf(q.tree, s.schema, s.windows); w != nil {
		q.kept = w
	} else if y := tallyOf(q.tree, s.schema); y != nil {
		q.kept = y
	} else {
		return
	}
	s.images.kept++
}

// Stats returns what the queries have cost so far.
func (s *Set) Stats() wire.LiveStats {
	out := s.stats
	out.Kept, out.Limit = uint32(s.images.kept), KeptMax
	return out
}

// Touch brings up to date what a change can matter to: states that are kept are
// told to out, other queries become due. micros is the time.
func (s *Set) Touch(c Changes, out Out, micros func() int64) {
	if len(s.order) == 0 {
		return // most writes: the log need not be read
	}
	tables := changedTables(c.Log, s.schema)
	for _, q := range s.order {
		switch {
		case q.due:
		case !c.All && !q.reads(c.Whole) && (q.upTo >= c.Commits || !s.concerns(q, tables)):
			s.stats.Passed++
		case q.kept == nil || q.queued || c.All || q.upTo > c.Since || q.reads(c.Whole):
			q.due = true
		default:
			s.apply(q, tables, c.Commits, out, micros)
		}
	}
}

// apply hands the changed rows of its one table to a query that is kept.
func (s *Set) apply(q *Query, tables []*changedTable, commits uint64, out Out, micros func() int64) {
	for _, x := range tables {
		if x.table != q.kept.of() {
			continue
		}
		if x.whole {
			q.due = true
		} else {
			q.apply(x, commits, out, micros)
		}
		return
	}
}

// concerns reports whether a changed row can matter to a query.
func (s *Set) concerns(q *Query, tables []*changedTable) bool {
	for _, x := range tables {
		read, reads := q.plan.Columns[x.table.Name]
		if !reads || x.columns&read == 0 && !x.whole {
			continue
		}
		if x.whole || q.refs == nil || q.kept != nil { // what is kept finds out by itself
			return true
		}
		for i := range q.refs {
			if r := &q.refs[i]; r.table == x.table && (r.match.SQL == "" || s.images.matches(x, r.match, read)) {
				return true
			}
		}
	}
	return false
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
