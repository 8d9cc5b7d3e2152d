package live_test

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
)

var shop = &schema.Schema{Version: 1, Tables: []schema.Table{
	{ID: 1, Name: "orders", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt, NotNull: true},
		{Name: "status", Type: schema.TypeText},
		{Name: "total", Type: schema.TypeDecimal},
		{Name: "note", Type: schema.TypeText},
	}},
	{ID: 2, Name: "items", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt, NotNull: true},
		{Name: "order_id", Type: schema.TypeInt},
		{Name: "qty", Type: schema.TypeInt},
	}},
}}

// captured is a bench whose tables' changes are recorded.
func captured(t *testing.T) *bench {
	t.Helper()
	x := newBench(t)
	if err := sqlfn.Register(x.c); err != nil {
		t.Fatal(err)
	}
	x.b, x.set = builder.New(shop), live.New(shop)
	t.Cleanup(x.set.Close)
	ids := map[string]uint32{}
	for i := range shop.Tables {
		for _, sql := range schema.DDL(&shop.Tables[i], schema.Client) {
			x.exec(sql)
		}
		ids[shop.Tables[i].Name] = shop.Tables[i].ID
	}
	if err := x.c.Capture(ids); err != nil {
		t.Fatal(err)
	}
	return x
}

// commit runs statements in a transaction and tells the set what they changed.
func (x *bench) commit(sql string) {
	x.t.Helper()
	x.exec("BEGIN; " + sql)
	log := append(sqlite.CaptureLog(nil), x.c.CapturedTx()...)
	x.exec("COMMIT")
	x.commits++
	x.set.Touch(live.Changes{Log: log, Since: x.commits - 1, Commits: x.commits}, &x.page, x.clock)
}

func (x *bench) watch(call uint32, q *query.Select) *live.Query {
	x.t.Helper()
	s, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: shop})
	if err != nil {
		x.t.Fatal(err)
	}
	w, err := x.set.Add(live.ID{Port: 1, Call: call}, s, q)
	if err != nil {
		x.t.Fatal(err)
	}
	return w
}

func col(table, name string) query.Expr {
	return query.Expr{Kind: query.ExprColumn, Table: table, Name: name}
}

func cmp(a query.Expr, op string, b query.Expr) *query.Expr {
	return &query.Expr{Kind: query.ExprCompare, Name: op, Args: []query.Expr{a, b}}
}

func and(list ...*query.Expr) *query.Expr {
	e := &query.Expr{Kind: query.ExprAnd}
	for _, x := range list {
		e.Args = append(e.Args, *x)
	}
	return e
}

func text(s string) query.Expr { return query.Expr{Kind: query.ExprValue, Value: value.Text(s)} }
func num(n int64) query.Expr   { return query.Expr{Kind: query.ExprValue, Value: value.Int(n)} }

func from(name string, columns ...query.Expr) *query.Select {
	q := &query.Select{From: query.TableRef{Name: name}}
	for _, c := range columns {
		q.Columns = append(q.Columns, query.ResultExpr{Expr: c})
	}
	return q
}

func where(q *query.Select, e *query.Expr) *query.Select { q.Where = e; return q }

func joined(q *query.Select, kind query.JoinKind, on *query.Expr) *query.Select {
	q.Joins = []query.Join{{Kind: kind, Table: query.TableRef{Name: "items"}, On: on}}
	return q
}

// A query runs again only for rows that can matter to it: by its conditions
// before and after, by the columns that it reads.
func TestRelevance(t *testing.T) {
	t.Parallel()
	byOrder := func(more ...*query.Expr) *query.Expr {
		return and(append(more, cmp(col("items", "order_id"), "=", col("orders", "id")))...)
	}
	queries := map[string]*query.Select{
		"open":     where(from("orders", col("", "id"), col("", "total")), cmp(col("", "status"), "=", text("open"))),
		"dear":     where(from("orders", col("", "id")), cmp(col("", "total"), ">", text("9.50"))),
		"inner":    where(joined(from("orders", col("orders", "id")), query.InnerJoin, byOrder(cmp(col("items", "qty"), ">", num(5)))), cmp(col("orders", "status"), "=", text("open"))),
		"left":     where(joined(from("orders", col("orders", "id")), query.LeftJoin, byOrder(cmp(col("items", "qty"), ">", num(5)))), &query.Expr{Kind: query.ExprIsNull, Args: []query.Expr{col("items", "id")}}),
		"full":     joined(from("orders", col("orders", "id")), query.FullJoin, byOrder(cmp(col("items", "qty"), ">", num(5)))),
		"some":     where(from("orders", col("", "id")), &query.Expr{Kind: query.ExprExists, Sub: where(from("items", num(1)), byOrder(cmp(col("", "qty"), ">", num(5))))}),
		"raw":      where(from("orders", col("", "id")), and(cmp(col("", "status"), "=", text("open")), &query.Expr{Kind: query.ExprRaw, Name: "length(note) > 2"})),
		"raw read": where(from("orders", col("", "id")), and(cmp(col("", "status"), "=", text("open")), &query.Expr{Kind: query.ExprRaw, Name: "id = (SELECT max(id) FROM orders)"})),
	}
	for _, c := range []struct{ sql, want string }{
		{"INSERT INTO orders VALUES (10, 'open', '5.00', 'x')", "full inner left open raw raw_read some"},
		{"INSERT INTO orders VALUES (11, 'done', '5.00', 'x')", "full left raw_read some"},
		{"UPDATE orders SET note = 'other' WHERE id = 1", "raw"},
		{"UPDATE orders SET note = 'other' WHERE id = 2", ""},
		{"UPDATE orders SET total = '10.00' WHERE id = 2", "dear"},
		{"UPDATE orders SET total = '9.5' WHERE id = 2", ""},
		{"UPDATE orders SET status = 'done' WHERE id = 1", "inner open raw raw_read"},
		{"UPDATE orders SET status = 'lost' WHERE id = 2", "raw_read"},
		{"DELETE FROM orders WHERE id = 2", "full left raw_read some"},
		{"UPDATE orders SET id = 20 WHERE id = 2", "full left raw_read some"},
		{"INSERT INTO items VALUES (10, 2, 9)", "full inner left some"},
		{"INSERT INTO items VALUES (11, 2, 1)", "full"},
		{"UPDATE items SET qty = 2 WHERE id = 2", "full"},
		{"UPDATE items SET qty = 6 WHERE id = 2", "full inner left some"},
		{"UPDATE orders SET status = status, total = total", ""},
		{"SAVEPOINT a; UPDATE orders SET status = 'open'; ROLLBACK TO a; RELEASE a", ""},
		{"UPDATE orders SET status = 'open' WHERE id = 2; UPDATE orders SET status = 'done' WHERE id = 2", "inner open raw raw_read"},
	} {
		x := captured(t)
		x.exec("INSERT INTO orders VALUES (1, 'open', '1.00', 'a'), (2, 'done', '2.00', 'b'); INSERT INTO items VALUES (1, 1, 9), (2, 1, 1)")
		names := map[live.ID]string{}
		for name, q := range queries {
			names[x.watch(uint32(len(names)), q).ID] = name
		}
		x.run()
		x.commit(c.sql)
		if got := due(x.set, names); got != c.want {
			t.Errorf("%s: due %q, want %q", c.sql, got, c.want)
		}
	}
}

// due names the queries that are to run, by name.
func due(set *live.Set, names map[live.ID]string) string {
	var list []string
	for _, q := range set.Due() {
		list = append(list, strings.ReplaceAll(names[q.ID], " ", "_"))
	}
	slices.Sort(list)
	return strings.Join(list, " ")
}

// A change that a run has seen makes it run no further time, one beside it does.
func TestRelevanceWhileItRuns(t *testing.T) {
	t.Parallel()
	x := captured(t)
	q := x.watch(1, from("orders", col("", "id")))
	x.exec("BEGIN; INSERT INTO orders VALUES (1, 'open', '1.00', 'a')")
	log := append(sqlite.CaptureLog(nil), x.c.CapturedTx()...)
	x.exec("COMMIT")
	x.commits++
	x.run() // before anybody was told of the commit
	x.set.Touch(live.Changes{Log: log, Commits: x.commits}, &x.page, x.clock)
	if len(x.set.Due()) != 0 {
		t.Error("a run for a change that the state shows")
	}
	x.set.Touch(live.Changes{Log: log, Commits: x.commits + 1}, &x.page, x.clock)
	if due := x.set.Due(); len(due) != 1 || due[0] != q {
		t.Error("no run for a change after it")
	}
}

// Beyond ChangedRowsMax rows are not looked at.
func TestManyRows(t *testing.T) {
	t.Parallel()
	for n, want := range map[int]int{live.ChangedRowsMax: 0, live.ChangedRowsMax + 1: 1} {
		x := captured(t)
		x.watch(1, where(from("orders", col("", "id")), cmp(col("", "status"), "=", text("open"))))
		x.run()
		x.commit("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " + strconv.Itoa(n) + ") INSERT INTO orders SELECT i, 'done', '1.00', '' FROM n")
		if got := len(x.set.Due()); got != want {
			t.Errorf("after %d rows beside it %d queries are due, want %d", n, got, want)
		}
	}
}
