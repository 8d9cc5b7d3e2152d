package live_test

import (
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/live/livetest"
)

// page is a tab: what it was told, and the rows that it has by that.
type page struct {
	log    []string
	states map[live.ID][]string // rows of the last state
	parts  map[live.ID][]string
}

func (p *page) Part(id live.ID, head []byte, chunks [][]byte) {
	if p.parts == nil {
		p.parts, p.states = map[live.ID][]string{}, map[live.ID][]string{}
	}
	if head != nil {
		p.log = append(p.log, "head")
	}
	for _, framed := range chunks {
		k := sqlite.ChunkOf(framed, builder.HeadBytes)
		p.log = append(p.log, fmt.Sprint("chunk ", k.Rows()))
		for _, row := range k.Decode() {
			cells := make([]any, len(row))
			for i, v := range row {
				if cells[i] = v; v.Kind() == value.KindInt {
					cells[i] = v.Int()
				}
			}
			p.parts[id] = append(p.parts[id], fmt.Sprint(cells))
		}
		for i := range framed { // the bytes are the receiver's
			framed[i] = 0xff
		}
	}
}

func (p *page) State(id live.ID, s live.State) {
	p.Part(id, s.Head, s.Chunks)
	rows, rest := livetest.Patched(p.states[id], p.parts[id], s.Kept)
	if len(rest) > 0 {
		p.log = append(p.log, fmt.Sprint(len(rest), " rows too many"))
	}
	p.states[id], p.parts[id] = rows, nil
	p.log = append(p.log, fmt.Sprint("state ", s.Rows, " ", s.Kept, " ", s.Micros))
}

func (p *page) take() string {
	out := strings.Join(p.log, ", ")
	p.log = nil
	return out
}

// shown is the rows that a query shows.
func (p *page) shown(id live.ID) string { return strings.Join(p.states[id], " ") }

// bench is a database, and a set of queries over it.
type bench struct {
	t       *testing.T
	c       *sqlite.Conn
	b       *builder.Builder
	set     *live.Set
	page    page
	now     int64
	commits uint64
}

func newBench(t *testing.T) *bench {
	t.Helper()
	c, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	x := &bench{t: t, c: c, b: builder.New(&schema.Schema{}), set: live.New(&schema.Schema{})}
	x.exec("CREATE TABLE notes(id INTEGER PRIMARY KEY, body); CREATE TABLE other(id); CREATE VIEW short AS SELECT * FROM notes WHERE length(body) < 5")
	return x
}

func (x *bench) clock() int64 { return x.now + 7 }

func (x *bench) exec(sql string) {
	x.t.Helper()
	if err := x.c.Exec(sql); err != nil {
		x.t.Fatal(err)
	}
}

func (x *bench) add(call uint32, sql string, args ...value.Value) *live.Query {
	x.t.Helper()
	q, err := x.set.Add(live.ID{Port: 1, Call: call}, sqlgen.Statement{SQL: sql, Args: args}, nil)
	if err != nil {
		x.t.Fatal(err)
	}
	return q
}

// run gives every query that is due its turn, and returns what was told.
func (x *bench) run() string {
	x.t.Helper()
	for _, q := range x.set.Due() {
		q.Queued()
		var u builder.Cursor
		if err := q.Begin(x.b, x.c, &u, x.commits, x.now); err != nil {
			x.t.Fatal(err)
		}
		for done := false; !done; {
			var err error
			if done, err = q.Step(&x.page, func() int64 { return x.now + 7 }); err != nil {
				x.t.Fatal(err)
			}
		}
	}
	return x.page.take()
}

// A state is told when it differs, by the rows that are new; a query runs when a table it reads has changed, by whatever name.
func TestStates(t *testing.T) {
	t.Parallel()
	x := newBench(t)
	x.add(1, "SELECT body FROM short WHERE id < ?", value.Int(10))
	for _, step := range []struct {
		what, sql string
		touch     []string
		all       bool
		want      string
	}{
		{"first", "", nil, false, "head, state 0 [] 7"},
		{"nothing", "", nil, false, ""},
		{"another table", "INSERT INTO other VALUES (1)", []string{"other"}, false, ""},
		{"a row of it", "INSERT INTO notes VALUES (1, 'a')", []string{"notes"}, false, "head, chunk 1, state 1 [] 7"},
		{"in another case", "INSERT INTO notes VALUES (2, 'b')", []string{"NOTES"}, false, "chunk 1, state 2 [1 1 0 1] 7"},
		{"a row it does not show", "INSERT INTO notes VALUES (50, 'c')", []string{"notes"}, false, ""},
		{"the same again", "UPDATE notes SET body = body", []string{"notes"}, false, ""},
		{"everything", "", nil, true, ""},
		{"back to none", "DELETE FROM notes", []string{"other", "notes"}, false, "head, state 0 [] 7"},
	} {
		if step.sql != "" {
			x.exec(step.sql)
		}
		x.set.Touch(live.Changes{Whole: step.touch, All: step.all}, &x.page, x.clock)
		if got := x.run(); got != step.want {
			t.Errorf("%s: told %q, want %q", step.what, got, step.want)
		}
	}
}

// A change while a query runs makes it run once more, and no change is lost
// between its turns.
func TestChangeWhileItRuns(t *testing.T) {
	t.Parallel()
	x := newBench(t)
	x.exec("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 10000) INSERT INTO notes SELECT i, 'x' FROM n")
	q := x.add(1, "SELECT id, body FROM notes")
	q.Queued()
	if len(x.set.Due()) != 0 {
		t.Error("a query that waits for its turn is due again")
	}
	var u builder.Cursor
	if err := q.Begin(x.b, x.c, &u, 0, 0); err != nil {
		t.Fatal(err)
	}
	done, err := q.Step(&x.page, func() int64 { return 0 })
	if err != nil || done {
		t.Fatalf("10000 rows took one step: %v, %v", done, err)
	}
	x.set.Touch(live.Changes{Whole: []string{"notes"}}, &x.page, x.clock)
	x.set.Touch(live.Changes{Whole: []string{"notes"}}, &x.page, x.clock)
	if len(x.set.Due()) != 0 {
		t.Error("a query that runs is due at once")
	}
	for !done {
		if done, err = q.Step(&x.page, func() int64 { return 0 }); err != nil {
			t.Fatal(err)
		}
	}
	if due := x.set.Due(); len(due) != 1 || due[0] != q {
		t.Fatalf("due after the run: %v, want the query once", due)
	}
	x.page.take()
	if got := x.run(); got != "" || len(x.set.Due()) != 0 {
		t.Errorf("told %q, want that nothing changed; %d due", got, len(x.set.Due()))
	}
}

// A result beyond HoldBytesMax is sent as it comes: it is not held to be
// compared.
func TestLargeStateIsNotHeld(t *testing.T) {
	t.Parallel()
	x := newBench(t)
	x.exec(fmt.Sprintf("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d) INSERT INTO notes SELECT i, printf('%%.*c', 100000, 'x') FROM n",
		live.HoldBytesMax/100000+20))
	x.add(1, "SELECT body FROM notes")
	first := x.run()
	x.set.Touch(live.Changes{All: true}, &x.page, x.clock)
	second := x.run()
	if second != first || !strings.HasPrefix(second, "head, chunk") || !strings.HasSuffix(second, "[] 7") {
		t.Errorf("told %.60q and then %.60q, want it sent both times", first, second)
	}
}

func TestRefused(t *testing.T) {
	t.Parallel()
	x := newBench(t)
	x.add(1, "SELECT 1")
	if _, err := x.set.Add(live.ID{Port: 1, Call: 1}, sqlgen.Statement{SQL: "SELECT 2"}, nil); fault.KindOf(err) != fault.Duplicate {
		t.Errorf("the same call: %v", err)
	}
	for sql, kind := range map[string]fault.Kind{
		"DELETE FROM notes":            fault.InvalidArgument,
		"SELECT * FROM nowhere":        fault.UnknownTable,
		"SELECT body FROM notes WHERE": fault.InvalidSQL,
	} {
		q, err := live.New(&schema.Schema{}).Add(live.ID{}, sqlgen.Statement{SQL: sql}, nil)
		if err != nil {
			t.Fatal(err)
		}
		q.Queued()
		var u builder.Cursor
		if err := q.Begin(x.b, x.c, &u, 0, 0); fault.KindOf(err) != kind {
			t.Errorf("%s: %v, want %v", sql, err, kind)
		}
	}
	for n := uint32(2); x.set.Len() < live.QueriesMax; n++ {
		x.add(n, "SELECT 1")
	}
	if _, err := x.set.Add(live.ID{Port: 2}, sqlgen.Statement{SQL: "SELECT 1"}, nil); fault.KindOf(err) != fault.LimitExceeded || fault.HintOf(err) == "" {
		t.Errorf("one too many: %v, want limit_exceeded and a remedy", err)
	}
}

// Queries end by their call, or with their tab; the others stay in order.
func TestRemove(t *testing.T) {
	t.Parallel()
	s := live.New(&schema.Schema{})
	for port := uint32(1); port <= 2; port++ {
		for call := range uint32(3) {
			if _, err := s.Add(live.ID{Port: port, Call: call}, sqlgen.Statement{SQL: "SELECT 1"}, nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	q := s.Get(live.ID{Port: 1, Call: 1})
	if q == nil || !s.Remove(q.ID) || s.Remove(q.ID) || !q.Gone() || s.Get(q.ID) != nil {
		t.Errorf("removing %v twice went wrong", q)
	}
	s.RemovePort(2)
	var left []live.ID
	for _, q := range s.All() {
		left = append(left, q.ID)
	}
	if fmt.Sprint(left) != "[{1 0} {1 2}]" || s.Len() != 2 || len(s.Due()) != 2 {
		t.Errorf("left %v, %d, %d due", left, s.Len(), len(s.Due()))
	}
}

// A schema that comes while queries run, whose columns have changed places:
// what they have read of the rows before is not shown, nor kept.
func TestSchemaWhileItRuns(t *testing.T) {
	t.Parallel()
	x := captured(t)
	x.exec("INSERT INTO items WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700) SELECT i, i % 10, -i FROM n")
	other := *shop
	other.Tables = append([]schema.Table(nil), shop.Tables...)
	other.Tables[1].Columns = []schema.Column{shop.Tables[1].Columns[0], shop.Tables[1].Columns[2], shop.Tables[1].Columns[1]}
	q := x.watch(1, first("items", 400, col("", "id"), col("", "qty")))
	q.Queued()
	var u builder.Cursor
	if err := q.Begin(x.b, x.c, &u, x.commits, 0); err != nil {
		t.Fatal(err)
	}
	x.set.SetSchema(&other)
	x.set.Touch(live.Changes{All: true}, &x.page, x.clock)
	for done := false; !done; {
		var err error
		if done, err = q.Step(&x.page, x.clock); err != nil {
			t.Fatal(err)
		}
	}
	if told := x.page.take(); told != "" {
		t.Errorf("told %.80q of a run under the schema before", told)
	}
	if due := x.set.Due(); len(due) != 1 {
		t.Errorf("%d queries are due, want it to run anew", len(due))
	}
}
