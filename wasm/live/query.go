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
	"rockpool.dev/wire"
)

// Query is one watched query.
type Query struct {
	ID ID
	sqlgen.Statement
	// tree is the query as it was built, or nil; refs is where it names tables,
	// nil when that cannot be told.
	tree *query.Select
	refs []ref
	// kept is what the query shows, in images, or nil.
	kept   kept
	images *images
	stats  *wire.LiveStats

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
	filling []byte // values of the run so far, which are to be kept
	bytes   int
	sending bool // this run's state goes out as it comes
	stale   bool // this run is of a schema that is not in force any more
	began   int64
}

// told is a state that the page has: its head, and the hash of each row. It is
// not known before the first state and after one that was too large to be held.
type told struct {
	known bool
	head  []byte
	rows  []uint64
}

var seed = maphash.MakeSeed()

// analyse finds out what rows can matter under a schema.
func (q *Query) analyse(s *schema.Schema) {
	q.refs, q.kept = nil, nil
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
	q.stats.Runs++
	p, err := b.Touched(c, q.SQL, q.Nested)
	if err != nil {
		return q.failed(err)
	}
	if !p.ReadOnly {
		return q.failed(fault.New(fault.InvalidArgument, "watch a query", "the statement writes").
			WithHint("run it once, and watch a query that reads"))
	}
	q.plan = p
	text := q.Statement
	if q.kept != nil {
		text = q.kept.reads()
	}
	s, err := c.Cached(text.SQL)
	if err != nil {
		return q.failed(err)
	}
	q.held, q.rows, q.bytes, q.sending, q.stale = nil, nil, 0, false, false
	q.cursor = u
	if err := u.Start(s, text.Args); err != nil {
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
	if q.stale {
		q.Stop()
		return true, nil
	}
	done, err = q.cursor.Next()
	if err != nil {
		return true, q.failed(err)
	}
	framed := q.cursor.Framed()
	switch {
	case q.sending:
		out.Part(q.ID, nil, [][]byte{framed})
	case q.kept != nil:
		if q.fill(framed); len(q.filling) > KeptBytesMax {
			q.unkeep()
			q.Stop()
			return true, nil
		}
	default:
		q.hold(out, framed, done)
	}
	if !done {
		return false, nil
	}
	switch {
	case q.sending:
		q.told = told{}
		out.State(q.ID, State{Rows: q.cursor.Rows(), Micros: q.took(micros)})
	case q.kept != nil:
		if err := q.kept.refill(q.images, q.filling, int(q.cursor.Rows())); err != nil || !q.show(out, micros) {
			q.unkeep()
		}
	default:
		q.tell(out, q.rows, q.cols, q.held, micros)
	}
	q.Stop()
	return true, nil
}

// hold keeps a chunk until it can be compared with the last state.
func (q *Query) hold(out Out, framed []byte, done bool) {
	k := sqlite.ChunkOf(framed, builder.HeadBytes)
	q.cols = k.Columns()
	q.rows = k.Hashes(seed, k.Rows(), q.cols, q.rows)
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

// fill takes a chunk of rows that are to be kept.
func (q *Query) fill(framed []byte) {
	k := sqlite.ChunkOf(framed, builder.HeadBytes)
	for _, row := range k.Decode() {
		q.filling = row.Append(q.filling)
	}
}

// apply takes changed rows of the table that is kept, and tells what they have
// changed; else the query is due.
func (q *Query) apply(x *changedTable, commits uint64, out Out, micros func() int64) {
	q.began = micros()
	changed, err := q.kept.apply(q.images, x)
	if err != nil || changed && !q.show(out, micros) {
		q.due = true
		return
	}
	q.upTo = commits
	if changed {
		q.stats.Applied++
	} else {
		q.stats.Passed++
	}
}

// show tells what is kept; false when it cannot be shown.
func (q *Query) show(out Out, micros func() int64) bool {
	k, n, cols, ok, err := q.kept.show(q.images)
	if err != nil || !ok {
		return false
	}
	q.tell(out, k.Hashes(seed, n, cols, nil), cols, [][]byte{k.Framed()}, micros)
	return true
}

// unkeep makes the query one that runs again.
func (q *Query) unkeep() {
	q.images.forget(q.kept)
	q.kept, q.due = nil, true
}

func (q *Query) took(micros func() int64) uint64 { return uint64(max(0, micros()-q.began)) }

// tell tells a state, as what it keeps of the last one and the rows that it
// does not; nothing when it is the same. chunks begin with its rows, and rows
// with its columns.
func (q *Query) tell(out Out, rows []uint64, cols int, chunks [][]byte, micros func() int64) {
	state := State{Rows: uint64(len(rows))}
	before, all := q.told.rows, !q.told.known || !bytes.Equal(q.told.head, q.plan.Head)
	if !all && slices.Equal(before, rows) {
		return
	}
	if all {
		before = nil
	}
	q.told = told{known: true, head: q.plan.Head, rows: rows}
	kept, fresh := diff(before, rows)
	state.Chunks = picked(chunks, fresh, cols)
	if len(fresh) == len(rows) {
		state.Head = q.plan.Head
	} else {
		state.Kept = kept
	}
	state.Micros = q.took(micros)
	out.State(q.ID, state)
}

// Stop ends a run that is under way.
func (q *Query) Stop() {
	if q.cursor != nil {
		q.cursor.Close()
		q.cursor = nil
	}
	q.queued, q.held, q.filling = false, nil, nil
}
