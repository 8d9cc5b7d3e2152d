package builder_test

import (
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"
	"unicode/utf8"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// hostile returns the texts that the browser's test uses too, and some that
// JSON cannot say.
func hostile(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/injections.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 100 {
		t.Fatalf("%d texts, want at least a hundred", len(list))
	}
	return append(list, "\xff", "\xc3' OR 1=1 --", "a\xed\xa0\x80b", strings.Repeat("'", 10_000), strings.Repeat("(", 5_000))
}

// rig is a builder on a database that has a table to guard.
type rig struct {
	t *testing.T
	c *sqlite.Conn
	b *builder.Builder
}

func newRig(t *testing.T) *rig {
	t.Helper()
	c, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	s := &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: 1, Name: "products", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "name", Type: schema.TypeText},
			{Name: "price", Type: schema.TypeDecimal},
			{Name: "meta", Type: schema.TypeJSONB},
		}},
		{ID: 2, Name: "secrets", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "value", Type: schema.TypeText},
		}},
	}}
	r := &rig{t, c, builder.New(s)}
	for _, sql := range []string{
		"CREATE TABLE products(id INTEGER PRIMARY KEY, name TEXT, price DECIMAL_TEXT COLLATE rockpool_decimal, meta TEXT)",
		"CREATE TABLE secrets(id INTEGER PRIMARY KEY, value TEXT)",
		"INSERT INTO secrets VALUES (1, 'the crown jewels')",
	} {
		if err := c.Exec(sql); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// run runs a built query and returns its names and rows.
func (r *rig) run(q *query.Select) (names []string, rows []value.Row, err error) {
	st, err := r.b.Select(q)
	if err != nil {
		return nil, nil, err
	}
	p, err := r.b.Touched(r.c, st.SQL, st.Nested)
	if err != nil {
		return nil, nil, err
	}
	if !p.ReadOnly || len(p.Writes) > 0 || p.DDL {
		r.t.Errorf("%q may write", st.SQL)
	}
	s, err := r.c.Cached(st.SQL)
	if err != nil {
		return nil, nil, err
	}
	got, err := s.Query(st.Args...)
	if err != nil {
		return nil, nil, err
	}
	defer got.Close()
	for _, c := range s.Columns() {
		names = append(names, c.Name)
	}
	for got.Next() {
		row := append(value.Row{}, got.Row()...)
		rows = append(rows, row)
	}
	return names, rows, got.Err()
}

func (r *rig) unharmed(what string) {
	r.t.Helper()
	_, rows, err := r.run(&query.Select{From: query.TableRef{Name: "secrets"}})
	if err != nil || len(rows) != 1 || rows[0][1].Str() != "the crown jewels" {
		r.t.Fatalf("after %s the guarded table has %v, %v", what, rows, err)
	}
}

func col(name string) query.Expr { return query.Expr{Kind: query.ExprColumn, Name: name} }
func val(v value.Value) query.Expr {
	return query.Expr{Kind: query.ExprValue, Value: v}
}

func eq(a, b query.Expr) *query.Expr {
	return &query.Expr{Kind: query.ExprCompare, Name: "=", Args: []query.Expr{a, b}}
}

func products(change func(*query.Select)) *query.Select {
	q := &query.Select{From: query.TableRef{Name: "products"}, Columns: []query.ResultExpr{{Expr: col("id")}}}
	change(q)
	return q
}

// Every value is bound: wherever it stands it comes back as it went in, and
// finds the row that has it and no other.
func TestInjectedValues(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	list := hostile(t)
	insert, err := r.c.Prepare("INSERT INTO products(id, name) VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer insert.Close()
	for i, s := range list {
		if err := insert.Run(value.Int(int64(i)), value.Text(s)); err != nil {
			t.Fatalf("insert %q: %v", s, err)
		}
	}
	nothing := strings.Repeat("never", 3)
	for i, s := range list {
		v := val(value.Text(s))
		literal := strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(s)
		for name, where := range map[string]*query.Expr{
			"=":        eq(col("name"), v),
			"in":       {Kind: query.ExprIn, Args: []query.Expr{col("name"), val(value.Text(nothing)), v}},
			"between":  {Kind: query.ExprBetween, Args: []query.Expr{col("name"), v, v}},
			"like":     {Kind: query.ExprCompare, Name: "like", Args: []query.Expr{col("name"), val(value.Text(literal))}},
			"case":     eq(col("name"), query.Expr{Kind: query.ExprCase, Args: []query.Expr{*eq(val(value.Int(1)), val(value.Int(1))), v}}),
			"coalesce": eq(col("name"), query.Expr{Kind: query.ExprCall, Name: "coalesce", Args: []query.Expr{v, v}}),
			"raw":      {Kind: query.ExprRaw, Name: "name = ?", Args: []query.Expr{v}},
			"sub": {Kind: query.ExprIn, Args: []query.Expr{col("id")}, Sub: products(func(q *query.Select) {
				q.Where = eq(col("name"), v)
			})},
		} {
			if name == "like" && !utf8.ValidString(s) {
				continue // a pattern is text: what is no UTF-8 matches nothing
			}
			if name == "like" { // GLOB reads a row up to its first zero byte, which no synced text has
				where = &query.Expr{Kind: query.ExprAnd, Args: []query.Expr{*where, *eq(
					query.Expr{Kind: query.ExprRaw, Name: "instr(name, char(0))"}, val(value.Int(int64(strings.IndexByte(s, 0)+1))))}}
			}
			_, rows, err := r.run(products(func(q *query.Select) { q.Where = where }))
			if err != nil || len(rows) != 1 || rows[0][0].Int() != int64(i) {
				t.Errorf("%s %.60q: rows %v, %v; want the one of id %d", name, s, rows, err, i)
			}
		}
		_, rows, err := r.run(products(func(q *query.Select) {
			q.Columns = []query.ResultExpr{{Expr: v, As: "v"}}
			q.GroupBy, q.Having = []query.Expr{v}, eq(v, v)
			q.OrderBy = []query.Order{{Expr: v}}
			q.Limit = &query.Expr{Kind: query.ExprValue, Value: value.Int(1)}
		}))
		if err != nil || len(rows) != 1 || rows[0][0].Str() != s {
			t.Errorf("select, group by, having, order by %.60q: rows %.200v, %v", s, rows, err)
		}
		for _, set := range []func(*query.Select){func(q *query.Select) { q.Limit = &v }, func(q *query.Select) { q.Offset = &v }} {
			if _, _, err := r.run(products(set)); fault.KindOf(err) != fault.InvalidArgument {
				t.Errorf("limit or offset %.60q: %v, want invalid_argument", s, err)
			}
		}
	}
	r.unharmed("injected values")
}

// Every name is quoted: one that the database has not is refused with a kind,
// and an alias is nothing but a name.
func TestInjectedNames(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	if err := r.c.Exec(`INSERT INTO products VALUES (1, 'a', '1.00', '{"a":1}')`); err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{"id": true, "name": true, "price": true, "meta": true, "rowid": true, "_rowid_": true, "oid": true}
	typed := func(err error) bool {
		var f *fault.Error
		switch fault.KindOf(err) {
		case fault.UnknownTable, fault.UnknownColumn, fault.InvalidArgument, fault.InvalidSQL, fault.Forbidden:
			return errors.As(err, &f) || fault.KindOf(err) != 0
		}
		return false
	}
	for _, s := range hostile(t) {
		for name, set := range map[string]func(*query.Select){
			"table": func(q *query.Select) { q.From.Name = s },
			"join table": func(q *query.Select) {
				q.Joins = []query.Join{{Kind: query.InnerJoin, Table: query.TableRef{Name: s}, On: eq(col("id"), col("id"))}}
			},
			"join on": func(q *query.Select) {
				q.Joins = []query.Join{{Kind: query.LeftJoin, Table: query.TableRef{Name: "secrets", Alias: "x"}, On: eq(query.Expr{Kind: query.ExprColumn, Table: "x", Name: s}, col("name"))}}
			},
			"join on table": func(q *query.Select) {
				q.Joins = []query.Join{{Kind: query.LeftJoin, Table: query.TableRef{Name: "secrets", Alias: "x"}, On: eq(query.Expr{Kind: query.ExprColumn, Table: s, Name: "value"}, col("name"))}}
			},
			"join kind": func(q *query.Select) {
				q.Joins = []query.Join{{Kind: 9, Table: query.TableRef{Name: "secrets"}, On: eq(col(s), col(s))}}
			},
			"column": func(q *query.Select) { q.Columns = []query.ResultExpr{{Expr: col(s)}} },
			"column's table": func(q *query.Select) {
				q.Columns = []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Table: s, Name: "id"}}}
			},
			"star's table": func(q *query.Select) {
				q.Columns = []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprStar, Table: s}}}
			},
			"where":    func(q *query.Select) { q.Where = eq(col(s), val(value.Int(1))) },
			"group by": func(q *query.Select) { q.GroupBy = []query.Expr{col(s)} },
			"having":   func(q *query.Select) { q.GroupBy, q.Having = []query.Expr{col("id")}, eq(col(s), val(value.Int(1))) },
			"order by": func(q *query.Select) { q.OrderBy = []query.Order{{Expr: col(s)}} },
			"operator": func(q *query.Select) {
				q.Where = &query.Expr{Kind: query.ExprCompare, Name: s, Args: []query.Expr{col("id"), col("id")}}
			},
			"arithmetic": func(q *query.Select) {
				q.Where = &query.Expr{Kind: query.ExprArith, Name: s, Args: []query.Expr{col("id"), col("id")}}
			},
			"function": func(q *query.Select) {
				q.Columns = []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprCall, Name: s, Args: []query.Expr{col("id")}}, As: "f"}}
			},
			"limit's column":  func(q *query.Select) { e := col(s); q.Limit = &e },
			"offset's column": func(q *query.Select) { e := col(s); q.Offset = &e },
		} {
			if name != "table" && name != "join table" && known[strings.ToLower(s)] && !strings.Contains(name, "table") {
				continue // it is a name that the tables have
			}
			if name == "operator" || name == "arithmetic" {
				if _, ok := map[string]bool{"%": true, "*": true}[s]; ok {
					continue // an operator
				}
			}
			if s == "" && (strings.HasSuffix(name, "'s table") || name == "join on table") {
				continue // no table is said: the column alone is meant
			}
			if _, rows, err := r.run(products(set)); !typed(err) {
				t.Errorf("%s %.60q: rows %v, %v; want a typed refusal", name, s, rows, err)
			}
		}
		// Aliases, which may be any text but one with a zero byte.
		names, rows, err := r.run(products(func(q *query.Select) {
			q.From.Alias = s
			q.Columns = []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Table: s, Name: "name"}, As: s}}
		}))
		switch {
		case strings.Contains(s, "\x00"):
			if fault.KindOf(err) != fault.InvalidArgument {
				t.Errorf("alias %q: %v, want invalid_argument", s, err)
			}
		case err != nil || len(rows) != 1 || rows[0][0].Str() != "a" || s != "" && names[0] != s:
			t.Errorf("alias %.60q: names %q, rows %v, %v; want the column under that name", s, names, rows, err)
		}
		if s == `"a"` {
			continue // a path: the key in quotes
		}
		// A path into JSON is taken apart and bound.
		if _, rows, err := r.run(products(func(q *query.Select) {
			q.Columns = []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprJSONPath, Name: s, Args: []query.Expr{col("meta")}}, As: "v"}}
		})); err == nil && (len(rows) != 1 || !rows[0][0].IsNull()) || err != nil && !typed(err) {
			t.Errorf("JSON path %.60q: rows %v, %v; want nothing or a typed refusal", s, rows, err)
		}
	}
	r.unharmed("injected names")
}
