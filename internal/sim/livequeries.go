package sim

import (
	"fmt"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/live/livetest"
)

// screen is what a client's app has on screen: live queries, which follow its
// own writes and the relay's (I10).
type screen struct {
	c       *client
	set     *live.Set
	builder *builder.Builder
	queries []sqlgen.Statement // by their call
	fresh   [][]string         // rows told since the last state
	shown   [][]string
	cursor  builder.Cursor
	commits uint64 // of the database when they were last followed, and 1
	skip    int
}

// compareEvery is how many changes pass between two comparisons.
const compareEvery = 4

// watched are queries of each kind that is kept, and of one that runs again.
func watched() []*query.Select {
	column := func(name string) query.Expr { return query.Expr{Kind: query.ExprColumn, Name: name} }
	number := func(n int64) query.Expr { return query.Expr{Kind: query.ExprValue, Value: value.Int(n)} }
	call := func(name, of string) query.ResultExpr {
		e := query.Expr{Kind: query.ExprStar}
		if of != "" {
			e = column(of)
		}
		return query.ResultExpr{Expr: query.Expr{Kind: query.ExprCall, Name: name, Args: []query.Expr{e}}}
	}
	two, three := number(2), number(3)
	return []*query.Select{
		{From: query.TableRef{Name: "items"}, OrderBy: []query.Order{{Expr: column("name"), Desc: true}, {Expr: column("id")}}, Limit: &two},
		{
			From: query.TableRef{Name: "notes"}, Where: &query.Expr{Kind: query.ExprNot, Args: []query.Expr{{Kind: query.ExprIsNull, Args: []query.Expr{column("body")}}}},
			OrderBy: []query.Order{{Expr: column("tag")}, {Expr: column("id")}}, Limit: &three,
		},
		{From: query.TableRef{Name: "items"}, Columns: []query.ResultExpr{call("count", ""), call("sum", "qty"), call("count", "place")}},
		{
			From: query.TableRef{Name: "docs"}, Columns: []query.ResultExpr{{Expr: column("id")}, {Expr: column("tag")}},
			Where: &query.Expr{Kind: query.ExprCompare, Name: ">", Args: []query.Expr{column("id"), {Kind: query.ExprValue, Value: value.Text("hotb")}}}, OrderBy: []query.Order{{Expr: column("id")}},
		},
	}
}

// mount puts the queries on the screen of a client that has just started; every
// second one works without, as they cost as much as the rest of it.
func (c *client) mount() error {
	c.screen = nil
	if (c.w.opt.Seed/2+uint64(c.life+int(c.name[0])))%2 == 0 {
		return nil
	}
	if err := sqlfn.Register(c.conn); err != nil {
		return err
	}
	s := c.db.Schema()
	c.screen = &screen{c: c, set: live.New(s), builder: builder.New(s)}
	for i, q := range watched() {
		text, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: s})
		if err != nil {
			return err
		}
		if _, err := c.screen.set.Add(live.ID{Call: uint32(i)}, text, q); err != nil {
			return err
		}
		c.screen.queries = append(c.screen.queries, text)
	}
	c.screen.fresh, c.screen.shown = make([][]string, len(c.screen.queries)), make([][]string, len(c.screen.queries))
	return nil
}

// schema puts the schema of the store in force.
func (s *screen) schema() {
	if s == nil {
		return
	}
	to := s.c.db.Schema()
	s.builder.SetSchema(to)
	s.set.SetSchema(to)
	s.set.Touch(live.Changes{All: true}, s, s.micros)
}

func (s *screen) micros() int64 { return s.c.w.now * 1000 }

// follow tells the queries what was committed, gives those that are due their
// turn, and compares what each shows with what it gives when it runs anew.
func (s *screen) follow() error {
	if s == nil {
		return nil
	}
	changes := s.c.db.TakeChanges()
	if s.c.w.opt.Bug == Unheard && s.c.w.chance(0.1) {
		changes.Log = nil
	}
	s.set.Touch(live.Changes{Log: changes.Log, Since: changes.Since, Commits: changes.Commits, All: changes.Lost}, s, s.micros)
	due := s.set.Due()
	if len(due) == 0 && s.commits == changes.Commits+1 {
		return nil // nothing was written, and nothing is to be shown
	}
	s.commits = changes.Commits + 1
	for _, q := range due {
		q.Queued()
		if err := q.Begin(s.builder, s.c.conn, &s.cursor, s.c.db.Commits(), s.micros()); err != nil {
			return err
		}
		for done := false; !done; {
			var err error
			if done, err = q.Step(s, s.micros); err != nil {
				return err
			}
		}
	}
	if len(s.set.Due()) > 0 { // what could not be kept runs once more
		return s.follow()
	}
	if s.skip++; s.skip%compareEvery != 0 {
		return nil
	}
	return s.compare()
}

// compare runs each query anew: what is missed shows until its rows change.
func (s *screen) compare() error {
	for i, text := range s.queries {
		if want, err := s.run(text); err != nil {
			return err
		} else if got := strings.Join(s.shown[i], "\n"); got != want {
			return fmt.Errorf("%s shows\n%s\nand gives\n%s", text.SQL, got, want)
		}
	}
	return nil
}

// run is a query's rows now.
func (s *screen) run(text sqlgen.Statement) (string, error) {
	stmt, err := s.c.conn.Cached(text.SQL)
	if err != nil {
		return "", err
	}
	rows, err := stmt.Query(text.Args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		out = append(out, showRow(rows.Row()))
	}
	return strings.Join(out, "\n"), rows.Err()
}

// Part implements live.Out.
func (s *screen) Part(id live.ID, _ []byte, chunks [][]byte) {
	for _, framed := range chunks {
		k := sqlite.ChunkOf(framed, builder.HeadBytes)
		for _, row := range k.Decode() {
			s.fresh[id.Call] = append(s.fresh[id.Call], showRow(row))
		}
	}
}

// State implements live.Out.
func (s *screen) State(id live.ID, state live.State) {
	s.Part(id, state.Head, state.Chunks)
	s.shown[id.Call], _ = livetest.Patched(s.shown[id.Call], s.fresh[id.Call], state.Kept)
	s.fresh[id.Call] = nil
}
