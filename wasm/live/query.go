package live

import (
	"hash/maphash"
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
	last   uint64 // hash of the last state
	told   bool   // there was a state

	cursor  *builder.Cursor
	hash    maphash.Hash
	held    [][]byte
	bytes   int
	sending bool // the head of this run's state was sent
	began   int64
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
	q.hash.SetSeed(seed)
	q.hash.Reset()
	q.hash.Write(p.Head)
	q.held, q.bytes, q.sending = nil, 0, false
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

// Step reads one chunk. At the end the state has been told to out.
func (q *Query) Step(out Out, micros func() int64) (done bool, err error) {
	done, err = q.cursor.Next()
	if err != nil {
		return true, q.failed(err)
	}
	framed := q.cursor.Framed()
	q.hash.Write(framed[builder.HeadBytes:])
	switch {
	case q.sending:
		out.Chunk(q.ID, framed)
	case done && q.told && q.hash.Sum64() == q.last:
	default:
		q.held = append(q.held, append([]byte(nil), framed...))
		if q.bytes += len(framed); done || q.bytes > HoldBytesMax {
			q.send(out)
		}
	}
	if !done {
		return false, nil
	}
	rows := q.cursor.Rows()
	q.last, q.told = q.hash.Sum64(), true
	out.State(q.ID, rows, uint64(max(0, micros()-q.began)), q.sending)
	q.Stop()
	return true, nil
}

// send tells what was held back.
func (q *Query) send(out Out) {
	out.Head(q.ID, q.plan.Head)
	for _, c := range q.held {
		out.Chunk(q.ID, c)
	}
	q.held, q.sending = nil, true
}

// Stop ends a run that is under way.
func (q *Query) Stop() {
	if q.cursor != nil {
		q.cursor.Close()
		q.cursor = nil
	}
	q.queued, q.held = false, nil
}
