package policy_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/server/policy"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// A predicate as a query passes exactly the rows that Match passes.
func TestExprPassesWhatMatchPasses(t *testing.T) {
	t.Parallel()
	c, err := sqlite.Open(sqlite.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	if err := c.Exec(schema.DDL(table, schema.Replica)[0]); err != nil {
		t.Fatal(err)
	}
	rows := []value.Row{
		row,
		{value.Int(8), value.Null, value.Null, value.Null, value.Null, value.Null},
		{value.Int(9), value.Text("Ann"), value.Text("10"), value.Int(0), value.Text("2025-12-31"), value.Text("{}")},
		{value.Int(10), value.Text("an_%x"), value.Text("-3.125"), value.Int(1), value.Text("infinity"), value.Null},
		{value.Int(11), value.Text("blue"), value.Text("NaN"), value.Int(0), value.Text("2026-01-03"), value.Null},
	}
	insert, err := (&sqlgen.Insert{Table: "t", Columns: []string{"id", "owner", "price", "active", "at", "doc"}}).SQL()
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Prepare(insert)
	for i := 0; err == nil && i < len(rows); i++ {
		err = s.Run(rows[i]...)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, src := range []string{
		"true", "false", "NULL", "NOT NULL", "id = 7", "NOT id = 7", "6 < id", "id <> 7", "owner = auth.sub", "owner <> auth.sub", "owner = auth.nobody",
		"NOT (owner = auth.nobody)", "owner IN ('blue', 'ann')", "owner NOT IN ('bob')", "owner NOT IN ('bob', NULL)", "owner IN (auth.orgs)", "id IN (8, 9)",
		"price < 10", "price = 9.5", "price > 9.49", "price >= '9.50'", "NOT price < 10", "active", "NOT active", "active = false", "at > '2025-12-31'", "at <= '2026-01-02'",
		"doc IS NULL", "doc IS NOT NULL", "owner LIKE 'an%'", "owner LIKE 'ann'", "owner NOT LIKE 'b%'",
		"id = 7 OR active", "NOT (id = 7 AND owner = 'bob') AND (active OR price > 9)", "auth.role = 'staff'", "auth.role = 'x' OR id = 8", "id < 9 AND NULL", "NOT (id < 9 AND NULL)",
	} {
		b, err := try(src)
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		where, err := b.Expr("x")
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		q := &query.Select{From: query.TableRef{Name: "t", Alias: "x"}, Where: where, Columns: []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Table: "x", Name: "id"}}}}
		text, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: &schema.Schema{Tables: []schema.Table{*table}}})
		if err != nil {
			t.Fatalf("%s: %v", src, err)
		}
		st, err := c.Cached(text.SQL)
		if err != nil {
			t.Fatalf("%s: %s: %v", src, text.SQL, err)
		}
		found := map[int64]bool{}
		got, err := st.Query(text.Args...)
		if err != nil {
			t.Fatal(err)
		}
		for got.Next() {
			found[got.Value(0).Int()] = true
		}
		if err := got.Close(); err != nil {
			t.Fatal(err)
		}
		for _, r := range rows {
			if want := b.Match(r); found[r[0].Int()] != want {
				t.Errorf("%s: row %d found %v, want %v (%s)", src, r[0].Int(), found[r[0].Int()], want, text.SQL)
			}
		}
	}
}

func try(src string) (*policy.Bound, error) {
	p, err := policy.Parse(src)
	if err == nil {
		err = p.Check(table, p.Params())
	}
	if err != nil {
		return nil, err
	}
	return p.Bind(table, env)
}

// Floats order otherwise where they are infinite: such a policy closes the table.
func TestExprRefusesTheOrderOfFloats(t *testing.T) {
	t.Parallel()
	floats := &schema.Table{ID: 2, Name: "f", Columns: []schema.Column{{Name: "x", Type: schema.TypeFloat}}}
	for src, want := range map[string]fault.Kind{"x < 1": fault.Forbidden, "x = 1": 0} {
		p, err := policy.Parse(src)
		if err == nil {
			err = p.Check(floats, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
		b, err := p.Bind(floats, policy.Env{})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := b.Expr("f"); fault.KindOf(err) != want {
			t.Errorf("%s: %v, want %s", src, err, want)
		}
	}
}
