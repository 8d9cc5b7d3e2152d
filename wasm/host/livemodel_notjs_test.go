//go:build !js

package host_test

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/live/livetest"
	"rockpool.dev/wire"
)

// liveSchema has what conditions and orders can stumble over: NULLs, decimals
// of equal value, texts, a key of two columns.
func liveSchema() *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: 1, Name: "products", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "name", Type: schema.TypeText},
			{Name: "price", Type: schema.TypeDecimal},
			{Name: "stock", Type: schema.TypeInt},
			{Name: "weight", Type: schema.TypeFloat},
			{Name: "photo", Type: schema.TypeBytes},
			{Name: "total", Type: schema.TypeInt},
		}},
		{ID: 2, Name: "lines", Key: []uint32{1, 0}, Columns: []schema.Column{
			{Name: "product", Type: schema.TypeInt, NotNull: true},
			{Name: "place", Type: schema.TypeText, NotNull: true},
			{Name: "qty", Type: schema.TypeInt},
		}},
	}}
}

// viewer is a page: what it has of each live query.
type viewer struct {
	w     *world
	seen  int
	parts map[uint32][]string
	rows  map[uint32][]string
	told  map[uint32]int
}

func newViewer(w *world) *viewer {
	return &viewer{w: w, parts: map[uint32][]string{}, rows: map[uint32][]string{}, told: map[uint32]int{}}
}

// look takes what was posted since.
func (v *viewer) look() {
	for _, f := range v.w.frames[v.seen:] {
		switch f.kind {
		case wire.PageChunk:
			k := sqlite.ChunkOf(f.body, 0)
			for _, row := range k.Decode() {
				v.parts[f.call] = append(v.parts[f.call], show(row))
			}
		case wire.PageLiveEnd:
			var s wire.LiveState
			if err := s.Decode(f.body); err != nil {
				v.w.t.Fatal(err)
			}
			rows, _ := livetest.Patched(v.rows[f.call], v.parts[f.call], s.Kept)
			if len(rows) != int(s.Rows) {
				v.w.t.Fatalf("a state of %d rows says that it has %d", len(rows), s.Rows)
			}
			v.rows[f.call], v.parts[f.call] = rows, nil
			v.told[f.call]++
		}
	}
	v.seen = len(v.w.frames)
}

// show tells a row with its types.
func show(row value.Row) string {
	out := ""
	for _, v := range row {
		out += fmt.Sprintf("%d:%v ", v.Kind(), v)
	}
	return out
}

// ask runs a query now and returns its rows.
func (v *viewer) ask(kind wire.PageFrame, m interface{ AppendTo([]byte) []byte }) (rows []string) {
	id := v.w.send(1, kind, m)
	var d wire.QueryDone
	v.w.done(id, &d)
	for _, f := range v.w.of(id, wire.PageChunk) {
		k := sqlite.ChunkOf(f.body, 0)
		for _, row := range k.Decode() {
			rows = append(rows, show(row))
		}
	}
	return rows
}

// mounted is a live query and its statement, which is asked again.
type mounted struct {
	id   uint32
	call wire.LiveCall
}

func (m *mounted) String() string {
	if m.call.Select == nil {
		return m.call.SQL
	}
	return fmt.Sprintf("%+v", *m.call.Select)
}

// liveModel is a database with live queries: after each commit each shows what
// it gives when it is run anew.
type liveModel struct {
	w       *world
	v       *viewer
	mounted []*mounted
	tx      uint32
}

func (m *liveModel) exec(t *rapid.T, sql string, args ...value.Value) {
	t.Logf("%s %v", sql, args)
	if m.tx != 0 {
		m.w.send(1, wire.PageTxQuery, &wire.TxQuery{Tx: m.tx, SQL: sql, Args: args})
	} else {
		m.w.send(1, wire.PageQuery, &wire.Query{SQL: sql, Args: args})
	}
}

// anID is one of many rows, or often one of a few.
func anID(t *rapid.T) value.Value {
	return value.Int(int64(rapid.OneOf(rapid.IntRange(1, 6), rapid.IntRange(1, 60)).Draw(t, "id")))
}

func anyValue(t *rapid.T, column string) value.Value {
	if rapid.IntRange(0, 5).Draw(t, "null") == 0 {
		return value.Null
	}
	switch column {
	case "name":
		return value.Text(rapid.SampledFrom([]string{"", "a", "A", "b", "ä", "abc", "%"}).Draw(t, "name"))
	case "price":
		return value.Text(rapid.SampledFrom([]string{"1", "1.0", "1.00", "2.5", "10", "9.99", "-3"}).Draw(t, "price"))
	case "weight":
		return value.Float(rapid.SampledFrom([]float64{0, math.Copysign(0, -1), 1, 1.5, -2, 1e300, math.NaN(), math.Inf(1)}).Draw(t, "weight"))
	case "photo":
		return value.Blob(rapid.SampledFrom([][]byte{{}, {0}, {0, 1}, {0xff}, []byte("a")}).Draw(t, "photo"))
	case "total":
		return value.Int(rapid.SampledFrom([]int64{0, -1, 5, 1 << 53, 1<<53 + 1, -(1<<53 + 1), 1 << 56, -1 << 56}).Draw(t, "total"))
	}
	return value.Int(int64(rapid.IntRange(-1, 5).Draw(t, "number")))
}

var productColumns = []string{"name", "price", "stock", "weight", "photo", "total"}

// write makes one random change.
func (m *liveModel) write(t *rapid.T) {
	places := rapid.SampledFrom([]string{"a", "b"})
	switch rapid.IntRange(0, 11).Draw(t, "write") {
	case 0, 1:
		args := value.Row{anID(t)}
		for _, c := range productColumns {
			args = append(args, anyValue(t, c))
		}
		m.exec(t, "INSERT OR REPLACE INTO products VALUES (?, ?, ?, ?, ?, ?, ?)", args...)
	case 2, 3, 4:
		c := rapid.SampledFrom(productColumns).Draw(t, "column")
		m.exec(t, "UPDATE products SET "+c+" = ? WHERE id = ?", anyValue(t, c), anID(t))
	case 5:
		m.exec(t, "DELETE FROM products WHERE id = ?", anID(t))
	case 6:
		c := rapid.SampledFrom(productColumns).Draw(t, "column")
		m.exec(t, "UPDATE products SET "+c+" = ? WHERE stock = ?", anyValue(t, c), anyValue(t, "stock"))
	case 9:
		c := rapid.SampledFrom(productColumns).Draw(t, "column")
		m.exec(t, "UPDATE products SET "+c+" = ? WHERE id % 3 = ?", anyValue(t, c), anyValue(t, "stock"))
	case 10: // the key, and so the place among equals
		m.exec(t, "UPDATE OR IGNORE products SET id = ? WHERE id = ?", anID(t), anID(t))
	case 11: // gone, and another row of the key, in one commit where a transaction is open
		id := anID(t)
		m.exec(t, "DELETE FROM products WHERE id = ?", id)
		m.exec(t, "INSERT OR REPLACE INTO products(id, name, stock) VALUES (?, ?, ?)", id, anyValue(t, "name"), anyValue(t, "stock"))
	case 7:
		m.exec(t, "INSERT OR REPLACE INTO lines VALUES (?, ?, ?)", anID(t), value.Text(places.Draw(t, "place")), anyValue(t, "stock"))
	case 8:
		m.exec(t, "UPDATE OR IGNORE lines SET product = ?, qty = ? WHERE product = ? AND place = ?",
			anID(t), anyValue(t, "stock"), anID(t), value.Text(places.Draw(t, "place")))
	}
}

// transaction makes several in one that is committed or not, with parts of it
// taken back.
func (m *liveModel) transaction(t *rapid.T) {
	id := m.w.send(1, wire.PageBegin, &wire.BeginTx{})
	var started wire.TxStarted
	m.w.done(id, &started)
	m.tx = started.Tx
	for range rapid.IntRange(0, 4).Draw(t, "writes") {
		if rapid.IntRange(0, 2).Draw(t, "savepoint") == 0 {
			m.exec(t, "SAVEPOINT s")
			m.write(t)
			m.exec(t, rapid.SampledFrom([]string{"ROLLBACK TO s", "RELEASE s"}).Draw(t, "back"))
		} else {
			m.write(t)
		}
		if rapid.Bool().Draw(t, "pause") {
			m.w.run()
		}
	}
	m.w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: m.tx, Commit: rapid.IntRange(0, 3).Draw(t, "commit") > 0})
	m.tx = 0
}

// condition is a random condition over the products.
func condition(t *rapid.T, depth int) query.Expr {
	c := rapid.SampledFrom(productColumns).Draw(t, "column")
	switch kind := rapid.IntRange(0, 7).Draw(t, "condition"); {
	case kind == 0 && depth < 2:
		return query.Expr{Kind: query.ExprOr, Args: []query.Expr{condition(t, depth+1), condition(t, depth+1)}}
	case kind == 1 && depth < 2:
		return query.Expr{Kind: query.ExprNot, Args: []query.Expr{condition(t, depth+1)}}
	case kind == 2 && depth < 2:
		return query.Expr{Kind: query.ExprAnd, Args: []query.Expr{condition(t, depth+1), condition(t, depth+1)}}
	case kind == 3:
		return query.Expr{Kind: query.ExprIsNull, Args: []query.Expr{colOf("", c)}}
	case kind == 4:
		return query.Expr{Kind: query.ExprIn, Args: []query.Expr{colOf("", c), valueOf(anyValue(t, c)), valueOf(anyValue(t, c))}}
	case kind == 5:
		return query.Expr{Kind: query.ExprCompare, Name: "ilike", Args: []query.Expr{colOf("", "name"), valueOf(value.Text("a%"))}}
	}
	op := rapid.SampledFrom([]string{"=", "<>", "<", ">=", ">"}).Draw(t, "op")
	return query.Expr{Kind: query.ExprCompare, Name: op, Args: []query.Expr{colOf("", c), valueOf(anyValue(t, c))}}
}

// order is a random order that ends with the key, in the last term's direction.
func order(t *rapid.T) (terms []query.Order) {
	desc := false
	for range rapid.IntRange(0, 2).Draw(t, "terms") {
		desc = rapid.Bool().Draw(t, "desc")
		terms = append(terms, query.Order{
			Expr: colOf("", rapid.SampledFrom(productColumns).Draw(t, "order")), Desc: desc,
			Nulls: query.Nulls(rapid.IntRange(0, 2).Draw(t, "nulls")),
		})
	}
	return append(terms, query.Order{Expr: colOf("", "id"), Desc: desc})
}

// selects is a random built query.
func selects(t *rapid.T) *query.Select {
	q := &query.Select{From: query.TableRef{Name: "products"}, OrderBy: order(t)}
	if rapid.IntRange(0, 4).Draw(t, "where") > 0 {
		c := condition(t, 0)
		q.Where = &c
	}
	limit := valueOf(value.Int(int64(rapid.IntRange(1, 4).Draw(t, "limit"))))
	call := func(name string, args ...query.Expr) query.ResultExpr {
		return query.ResultExpr{Expr: query.Expr{Kind: query.ExprCall, Name: name, Args: args}, As: name}
	}
	of := query.Expr{Kind: query.ExprCompare, Name: "=", Args: []query.Expr{colOf("lines", "product"), colOf("products", "id")}}
	more := query.Expr{Kind: query.ExprCompare, Name: ">", Args: []query.Expr{colOf("lines", "qty"), valueOf(value.Int(1))}}
	both := query.Expr{Kind: query.ExprAnd, Args: []query.Expr{of, more}}
	switch rapid.IntRange(0, 7).Draw(t, "kind") {
	case 0, 1, 2: // a window
		q.Limit = &limit
		if rapid.IntRange(0, 4).Draw(t, "offset") == 0 {
			two := valueOf(value.Int(2))
			q.Offset = &two
		}
		if rapid.Bool().Draw(t, "columns") {
			q.Columns = []query.ResultExpr{{Expr: colOf("", "id")}, {Expr: colOf("", rapid.SampledFrom(productColumns).Draw(t, "shown"))}}
		}
	case 3: // all
	case 4: // counts and sums
		q.OrderBy = nil
		q.Columns = []query.ResultExpr{
			call("count", query.Expr{Kind: query.ExprStar}), call("sum", colOf("", rapid.SampledFrom([]string{"stock", "total"}).Draw(t, "summed"))),
			{Expr: query.Expr{Kind: query.ExprCall, Name: "count", Args: []query.Expr{colOf("", "name")}}, As: "names"},
		}
	case 5: // groups
		q.Columns = []query.ResultExpr{{Expr: colOf("", "name")}, call("count", query.Expr{Kind: query.ExprStar}), call("sum", colOf("", "price"))}
		q.GroupBy = []query.Expr{colOf("", "name")}
		q.OrderBy = []query.Order{{Expr: colOf("", "name")}}
	case 6: // joins
		kind := rapid.SampledFrom([]query.JoinKind{query.InnerJoin, query.LeftJoin, query.FullJoin}).Draw(t, "join")
		q.Columns = []query.ResultExpr{{Expr: colOf("products", "id")}, {Expr: colOf("lines", "place")}, {Expr: colOf("lines", "qty")}}
		q.Joins = []query.Join{{Kind: kind, Table: query.TableRef{Name: "lines"}, On: &both}}
		q.OrderBy = []query.Order{{Expr: colOf("products", "id")}, {Expr: colOf("lines", "product")}, {Expr: colOf("lines", "place")}}
		switch rapid.IntRange(0, 3).Draw(t, "lines") {
		case 0:
			q.Where = &query.Expr{Kind: query.ExprIsNull, Args: []query.Expr{colOf("lines", "qty")}}
		case 1:
			q.Where = &more
		}
	case 7: // rows within rows, and a relation's condition
		some := &query.Select{From: query.TableRef{Name: "lines"}, Columns: []query.ResultExpr{{Expr: colOf("", "qty")}}, Where: &both}
		q.Columns = []query.ResultExpr{{Expr: colOf("", "id")}, {Expr: query.Expr{Kind: query.ExprRows, Sub: &query.Select{
			From: query.TableRef{Name: "lines"}, Columns: []query.ResultExpr{{Expr: colOf("", "place")}, {Expr: colOf("", "qty")}},
			Where: &of, OrderBy: []query.Order{{Expr: colOf("", "place")}}, Limit: &limit,
		}}, As: "lines"}}
		if rapid.Bool().Draw(t, "exists") {
			q.Where = &query.Expr{Kind: query.ExprExists, Sub: some}
		}
	}
	return q
}

var rawQueries = []string{
	"SELECT id, name FROM products WHERE stock > 2 ORDER BY id",
	"SELECT name, count(*), total(weight) FROM products GROUP BY name ORDER BY name",
	"SELECT max(price), min(stock) FROM products",
	"SELECT p.id, sum(qty) FROM products p LEFT JOIN lines ON product = p.id GROUP BY p.id ORDER BY p.id",
	"SELECT place FROM lines ORDER BY place, product",
	"SELECT DISTINCT name COLLATE NOCASE AS n FROM products WHERE name < 'B' COLLATE NOCASE ORDER BY 1, name LIMIT 3",
	"SELECT id, photo FROM products ORDER BY photo DESC NULLS LAST, id LIMIT 4 OFFSET 1",
	"SELECT id FROM products WHERE name = 'a' ORDER BY id",
	"SELECT n FROM notes ORDER BY n",
	"SELECT id, seen.stock FROM seen ORDER BY id",
	"WITH RECURSIVE up(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM up WHERE i < 5) SELECT i, (SELECT name FROM products WHERE id = i) FROM up",
}

func (m *liveModel) mount(t *rapid.T) {
	x := &mounted{}
	if rapid.IntRange(0, 3).Draw(t, "raw") == 0 {
		x.call.SQL = rapid.SampledFrom(rawQueries).Draw(t, "sql")
	} else {
		x.call.Select = selects(t)
	}
	x.id = m.w.send(1, wire.PageLive, &x.call)
	m.mounted = append(m.mounted, x)
}

func (m *liveModel) check(t *rapid.T) {
	m.w.run()
	m.v.look()
	for _, x := range m.mounted {
		if f := m.w.last(x.id); f != nil {
			t.Fatalf("%v ended: %s", x, text(f))
		}
		var want []string
		if x.call.Select != nil {
			want = m.v.ask(wire.PageSelect, &wire.SelectCall{Select: x.call.Select})
		} else {
			want = m.v.ask(wire.PageQuery, &wire.Query{SQL: x.call.SQL})
		}
		if got := m.v.rows[x.id]; fmt.Sprint(got) != fmt.Sprint(want) || m.v.told[x.id] == 0 {
			t.Fatalf("%v shows\n%q, want\n%q", x, got, want)
		}
	}
	m.w.frames, m.v.seen = m.w.frames[:0], 0
}

// After every commit each live query shows what it gives when it is run anew:
// windows, counts, sums, groups, joins, nested rows, text. 50,000 commits take
// -rapid.checks=2500.
func TestLiveIsARerun(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t)
		defer w.h.Freeze()
		w.joinWith(1, liveSchema())
		m := &liveModel{w: w, v: newViewer(w)}
		w.exec(1, "CREATE TABLE notes(n INTEGER PRIMARY KEY)")
		w.exec(1, "CREATE VIEW seen AS SELECT id, stock FROM products WHERE stock IS NOT NULL")
		if rapid.IntRange(0, 3).Draw(rt, "full") > 0 {
			w.exec(1, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) INSERT INTO products SELECT i, char(97 + i % 3), i % 7, i % 5, i / 2.0, x'00', i FROM n")
			w.exec(1, "INSERT INTO lines SELECT id, 'a', id % 3 FROM products WHERE id % 4 < 2")
		}
		for range rapid.IntRange(1, 6).Draw(rt, "queries") {
			m.mount(rt)
		}
		m.check(rt)
		for range 20 {
			switch rapid.IntRange(0, 19).Draw(rt, "step") {
			case 0:
				m.exec(rt, "INSERT OR IGNORE INTO notes VALUES (?)", anID(rt))
			case 1:
				m.exec(rt, rapid.SampledFrom([]string{
					"CREATE INDEX IF NOT EXISTS by_stock ON products(stock, name)",
					"CREATE INDEX IF NOT EXISTS some ON products(name) WHERE stock > 2", "DROP INDEX IF EXISTS by_stock",
				}).Draw(rt, "ddl"))
			case 2, 3, 4:
				m.transaction(rt)
			case 5: // several commits of one turn
				m.write(rt)
				m.write(rt)
			case 6:
				m.mount(rt)
			default:
				m.write(rt)
			}
			m.check(rt)
		}
	})
}
