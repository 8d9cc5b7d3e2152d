package live

import (
	"bytes"
	"hash/maphash"
	"slices"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/builder"
)

// Query is one watched query.
type Query struct {
	ID ID
	sqlgen.Statement
	// tree is the query as it was built, or nil; refs is where it names tables,
	// nil when that cannot be told.
	tree *query.Select
	refs []ref

	plan   *builder.Plan
	upTo   uint64 // commits before its last run began
	due    bool   // what it reads has changed since then
	queued bool   // it waits for its turn, or runs
	gone   bool
	// told is what the page was told last.
	told told

	cursor  *builder.Cursor
	held    [][]byte
	rows    []uint64 // hashes of the run so far
	cols    int
	bytes   int
	sending bool // this run's state goes out as it comes
	began   int64
}

// told is a state that the page has: the hash of each row, or nil before the
// first state and after one that was too large to be held.
type told struct {
	head []byte
	rows []uint64
}

var seed = maphash.MakeSeed()

// analyse finds out what rows can matter under a schema.
func (q *Query) analyse(s *schema.Schema) {
	q.refs = nil
	if q.tree == nil {
		return
	}
	if refs, ok := refsOf(q.tree, s); ok {
		q.refs = refs
	}
}

// reads reports whether a change of these tables concerns the query. Before
// its first run everything does.
func (q *Query) reads(tables []string) bool {
	if q.plan == nil || q.plan.All {
		return true
	}
	for _, t := range tables {
		for _, r := range q.plan.Reads {
			if strings.EqualFold(t, r) {
				return true
			}
		}
	}
	return false
}

// Queued notes that the query waits for its turn.
func (q *Query) Queued() { q.queued = true }

// Gone reports whether the query was removed.
func (q *Query) Gone() bool { return q.gone }

// Begin starts a run on a reader, whose snapshot begins after that many
// commits. micros is the time now.
func (q *Query) Begin(b *builder.Builder, c *sqlite.Conn, u *builder.Cursor, commits uint64, micros int64) error {
	q.due, q.upTo, q.began = false, commits, micros
	p, err := b.Touched(c, q.SQL, q.Nested)
	if err != nil {
		return q.failed(err)
	}
	if !p.ReadOnly {
		return q.failed(fault.New(fault.InvalidArgument, "watch a query", "the statement writes").
			WithHint("run it once, and watch a query that reads"))
	}
	q.plan = p
	s, err := c.Cached(q.SQL)
	if err != nil {
		return q.failed(err)
	}
	q.held, q.rows, q.bytes, q.sending = nil, nil, 0, false
	q.cursor = u
	if err := u.Start(s, q.Args); err != nil {
		return q.failed(err)
	}
	return nil
}

func (q *Query) failed(err error) error {
	q.Stop()
	return err
}

// Step reads one chunk. At the end a state that differs from the last one has
// been told to out.
func (q *Query) Step(out Out, micros func() int64) (done bool, err error) {
	done, err = q.cursor.Next()
	if err != nil {
		return true, q.failed(err)
	}
	framed := q.cursor.Framed()
	if q.sending {
		out.Part(q.ID, nil, [][]byte{framed})
	} else {
		k := sqlite.ChunkOf(framed, builder.HeadBytes)
		q.cols = k.Columns()
		q.rows = k.Hashes(seed, q.cols, q.rows)
		q.held = append(q.held, framed)
		q.bytes += len(framed)
		switch last := len(q.held) - 1; {
		case done:
		case q.bytes > HoldBytesMax:
			out.Part(q.ID, q.plan.Head, q.held)
			q.held, q.rows, q.sending = nil, nil, true
		default:
			q.held[last] = append([]byte(nil), framed...)
		}
	}
	if !done {
		return false, nil
	}
	q.tell(out, q.cursor.Rows(), micros)
	q.Stop()
	return true, nil
}

// tell tells the state that a run has ended with, as what it keeps of the last
// one and the rows that it does not.
func (q *Query) tell(out Out, rows uint64, micros func() int64) {
	state := State{Rows: rows, Micros: uint64(max(0, micros()-q.began))}
	before := q.told
	q.told = told{q.plan.Head, q.rows}
	switch {
	case q.sending:
		q.told.rows = nil
	case before.rows == nil || !bytes.Equal(before.head, q.plan.Head):
		state.Head, state.Chunks = q.plan.Head, q.held
	case slices.Equal(before.rows, q.rows):
		return
	default:
		kept, fresh := diff(before.rows, q.rows)
		if len(fresh) == len(q.rows) && len(fresh) > 0 {
			state.Head, state.Chunks = q.plan.Head, q.held
		} else {
			state.Kept, state.Chunks = kept, picked(q.held, fresh, q.cols)
		}
	}
	if q.told.rows == nil && !q.sending {
		q.told.rows = []uint64{}
	}
	out.State(q.ID, state)
}

// Stop ends a run that is under way.
func (q *Query) Stop() {
	if q.cursor != nil {
		q.cursor.Close()
		q.cursor = nil
	}
	q.queued, q.held = false, nil
}
