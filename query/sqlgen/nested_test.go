package sqlgen_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

var shop = &schema.Schema{Tables: []schema.Table{
	{ID: 1, Name: "orders", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "paid", Type: schema.TypeBool}}},
	{ID: 2, Name: "lines", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "order_id", Type: schema.TypeInt}, {Name: "product", Type: schema.TypeText}, {Name: "gift", Type: schema.TypeBool},
	}},
	{ID: 3, Name: "notes", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "line_id", Type: schema.TypeInt}, {Name: "body", Type: schema.TypeBytes}}},
}}

func column(table, name string) query.Expr {
	return query.Expr{Kind: query.ExprColumn, Table: table, Name: name}
}

func equal(a, b query.Expr) *query.Expr {
	return &query.Expr{Kind: query.ExprCompare, Name: "=", Args: []query.Expr{a, b}}
}

// open makes a database in memory with the schema's tables.
func open(t testing.TB, of *schema.Schema) *sqlite.Conn {
	t.Helper()
	c, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	for i := range of.Tables {
		for _, sql := range schema.DDL(&of.Tables[i], schema.Client) {
			if err := c.Exec(sql); err != nil {
				t.Fatal(err)
			}
		}
	}
	return c
}

// TestNestedRows reads orders with their lines, these with their notes, each
// in its own order, in one statement.
func TestNestedRows(t *testing.T) {
	c := open(t, shop)
	big := int64(1)<<62 + 1
	for _, sql := range []string{
		"INSERT INTO orders(id, paid) VALUES (1, 1), (2, NULL)",
		"INSERT INTO lines(id, order_id, product, gift) VALUES (1, 1, 'tea', 0), (4611686018427387905, 1, 'chai', 1), (3, 1, 'zwieback', NULL)",
		"INSERT INTO notes(id, line_id, body) VALUES (1, 3, x'00ff'), (2, 3, NULL)",
	} {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	notes := &query.Select{From: query.TableRef{Name: "notes"}, Where: equal(column("notes", "line_id"), column("lines", "id")), OrderBy: []query.Order{{Expr: column("", "id"), Desc: true}}}
	lines := &query.Select{
		Columns: []query.ResultExpr{{Expr: column("", "id")}, {Expr: column("", "product"), As: "what"}, {Expr: column("", "gift")}, {Expr: query.Expr{Kind: query.ExprRows, Sub: notes}, As: "notes"}},
		From:    query.TableRef{Name: "lines"}, Where: equal(column("lines", "order_id"), column("orders", "id")),
		OrderBy: []query.Order{{Expr: column("", "product")}}, Limit: &query.Expr{Kind: query.ExprValue, Value: value.Int(2)}, Offset: &query.Expr{Kind: query.ExprValue, Value: value.Int(0)},
	}
	last := &query.Select{Columns: []query.ResultExpr{{Expr: column("", "product")}}, From: query.TableRef{Name: "lines"}, Where: lines.Where, OrderBy: []query.Order{{Expr: column("", "product"), Desc: true}}}
	q := &query.Select{
		Columns: []query.ResultExpr{{Expr: column("", "id")}, {Expr: query.Expr{Kind: query.ExprRows, Sub: lines}, As: "lines"}, {Expr: query.Expr{Kind: query.ExprRow, Sub: last}, As: "last"}},
		From:    query.TableRef{Name: "orders"}, OrderBy: []query.Order{{Expr: column("", "id")}},
	}
	st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: shop})
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Prepare(st.SQL)
	if err != nil {
		t.Fatalf("%v in %s", err, st.SQL)
	}
	defer s.Close()
	rows, err := s.Query(st.Args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	read := func(v value.Value, columns int) (out []value.Row) {
		t.Helper()
		for rest := []byte(v.Str()); len(rest) > 0; {
			row, more, ok := value.DecodeRow(rest, columns)
			if !ok {
				t.Fatalf("%x is no row of %d values", rest, columns)
			}
			out, rest = append(out, row), more
		}
		return out
	}
	if !rows.Next() {
		t.Fatal("no first order")
	}
	got := read(rows.Value(1), 4)
	if len(got) != 2 || got[0][0] != value.Int(big) || got[0][1] != value.Text("chai") || got[0][2] != value.Int(1) || got[1][1] != value.Text("tea") {
		t.Errorf("the first two lines by product are %v", got)
	}
	if one := read(rows.Value(2), 1); len(one) != 1 || one[0][0] != value.Text("zwieback") {
		t.Errorf("the last line is %v", one)
	}
	if !rows.Next() || rows.Value(1).IsNull() || len(rows.Value(1).Str()) != 0 || len(rows.Value(2).Str()) != 0 {
		t.Error("an order without lines has no empty list")
	}
	n := st.Nested
	if len(n) != 2 || n[0].As != "lines" || !n[0].Many || strings.Join(n[0].Names, " ") != "id what gift notes" || n[0].Types[2] != schema.TypeBool || n[1].Many ||
		len(n[0].Nested) != 1 || n[0].Nested[0].As != "notes" || strings.Join(n[0].Nested[0].Names, " ") != "id line_id body" {
		t.Errorf("the shape is %+v", n)
	}
}

// TestNestedRowsRefused names what cannot be nested.
func TestNestedRowsRefused(t *testing.T) {
	sub := func(columns ...query.ResultExpr) *query.Select {
		return &query.Select{Columns: columns, From: query.TableRef{Name: "lines"}}
	}
	rows := func(q *query.Select) query.Expr { return query.Expr{Kind: query.ExprRows, Sub: q} }
	id := query.ResultExpr{Expr: column("", "id")}
	for name, c := range map[string]struct {
		q    *query.Select
		want string
	}{
		"no name":      {&query.Select{Columns: []query.ResultExpr{{Expr: rows(sub(id))}}, From: query.TableRef{Name: "orders"}}, "need a name"},
		"no query":     {&query.Select{Columns: []query.ResultExpr{{Expr: rows(nil), As: "a"}}, From: query.TableRef{Name: "orders"}}, "no query"},
		"two alike":    {&query.Select{Columns: []query.ResultExpr{{Expr: rows(sub(id, id)), As: "a"}}, From: query.TableRef{Name: "orders"}}, "two columns"},
		"a nameless":   {&query.Select{Columns: []query.ResultExpr{{Expr: rows(sub(query.ResultExpr{Expr: query.Expr{Kind: query.ExprValue}})), As: "a"}}, From: query.TableRef{Name: "orders"}}, "needs a name"},
		"in a test":    {&query.Select{From: query.TableRef{Name: "orders"}, Where: &query.Expr{Kind: query.ExprNot, Args: []query.Expr{rows(sub(id))}}}, "no part of an expression"},
		"unknown star": {&query.Select{Columns: []query.ResultExpr{{Expr: rows(&query.Select{From: query.TableRef{Name: "scratch"}}), As: "a"}}, From: query.TableRef{Name: "orders"}}, "are not known"},
		"joined twins": {&query.Select{Columns: []query.ResultExpr{{Expr: rows(&query.Select{From: query.TableRef{Name: "lines"}, Joins: []query.Join{{Kind: query.InnerJoin, Table: query.TableRef{Name: "notes"}, On: equal(column("lines", "id"), column("notes", "line_id"))}}}), As: "a"}}, From: query.TableRef{Name: "orders"}}, "called id"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sqlgen.Select(c.q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: shop})
			if err == nil || !strings.Contains(err.Error()+fault.HintOf(err), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
