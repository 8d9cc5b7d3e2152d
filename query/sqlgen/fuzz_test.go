//go:build !js

package sqlgen_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"rockpool.dev/internal/codectest"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// fuzzed has a column of each kind that the renderers treat in its own way.
var fuzzed = &schema.Schema{Tables: []schema.Table{
	{ID: 1, Name: "a", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt, SourceType: "int4", NotNull: true},
		{Name: "d", Type: schema.TypeDecimal, SourceType: "numeric(10,2)"},
		{Name: "f", Type: schema.TypeFloat, SourceType: "float4"},
		{Name: "s", Type: schema.TypeText, SourceType: "character(6)"},
		{Name: "e", Type: schema.TypeEnum, SourceType: "mood", Enum: []string{"sad", "ok"}},
	}},
	{ID: 2, Name: "b", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt, SourceType: "int8", NotNull: true},
		{Name: "j", Type: schema.TypeJSONB, SourceType: "jsonb"},
		{Name: "at", Type: schema.TypeTimestampTZ, SourceType: "timestamptz"},
		{Name: "open", Type: schema.TypeBool, SourceType: "bool"},
	}},
}}

// quoted is a name, or one of the texts that the renderers write themselves;
// word is all else that is no mark or number.
var (
	quoted = regexp.MustCompile(`"(?:[^"]|"")*"|'(?:text|null|\{\}|\[\])'`)
	word   = regexp.MustCompile(`[A-Za-z_][A-Za-z_0-9]*`)
	marks  = regexp.MustCompile(`^[ A-Za-z_0-9(),.*?$=<>+\-/%|&@#]*$`)
	// words are all that a rendered text may have beside names in quotes.
	words = wordSet(`SELECT DISTINCT FROM AS JOIN LEFT RIGHT FULL ON WHERE GROUP BY HAVING ORDER DESC NULLS FIRST LAST LIMIT OFFSET
		AND OR NOT IN BETWEEN IS NULL EXISTS CASE WHEN THEN ELSE END COLLATE BINARY rockpool_decimal GLOB LIKE ILIKE CAST TEXT REAL NULLIF
		abs array_contains array_overlaps avg coalesce concat count json_contains length lower ltrim max min nullif replace round rtrim substr sum trim btrim upper
		pg_like pg_ilike pg_lower pg_upper pg_round pg_substr decimal_add decimal_sub decimal_mul decimal_div decimal_mod decimal_abs decimal_sum decimal_avg
		json_type json_extract jsonb_text jsonb_path_query_first true rockpool_rows jsonb_agg jsonb_build_array nested
		int8 int4 float8 numeric text bool timestamptz jsonb jsonpath bytea mood`)
)

func wordSet(list string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(list) {
		set[w] = true
	}
	return set
}

// raw reports whether a tree has text of a developer's own.
func raw(q *query.Select) bool {
	found := false
	var expr func(e *query.Expr)
	var tree func(q *query.Select)
	expr = func(e *query.Expr) {
		if e == nil {
			return
		}
		found = found || e.Kind == query.ExprRaw
		for i := range e.Args {
			expr(&e.Args[i])
		}
		tree(e.Sub)
	}
	tree = func(q *query.Select) {
		if q == nil {
			return
		}
		for i := range q.Columns {
			expr(&q.Columns[i].Expr)
		}
		for i := range q.Joins {
			expr(q.Joins[i].On)
		}
		for i := range q.GroupBy {
			expr(&q.GroupBy[i])
		}
		for i := range q.OrderBy {
			expr(&q.OrderBy[i].Expr)
		}
		for _, e := range []*query.Expr{q.Where, q.Having, q.Limit, q.Offset} {
			expr(e)
		}
	}
	tree(q)
	return found
}

// FuzzRender gives the renderers every tree that a frame can carry. None makes
// them panic; what they write is names in quotes, placeholders and the words of
// a closed list; and what Validate finds nothing wrong with is SQL to SQLite.
func FuzzRender(f *testing.F) {
	c := open(f, fuzzed)
	for _, path := range codectest.Golden(f, "query.Select") {
		src, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	for _, q := range seeds() {
		f.Add(q.AppendTo(nil))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		q := new(query.Select)
		if q.Decode(src) != nil {
			return
		}
		problems := query.Validate(q, fuzzed, nil)
		for _, dialect := range []sqlgen.Dialect{sqlgen.SQLite, sqlgen.Postgres} {
			for _, s := range []*schema.Schema{fuzzed, nil} {
				st, err := sqlgen.Select(q, sqlgen.Options{Dialect: dialect, Schema: s})
				if err != nil || raw(q) {
					continue
				}
				rest := quoted.ReplaceAllString(st.SQL, "")
				if !marks.MatchString(rest) {
					t.Errorf("%q has marks that no text has: %q", st.SQL, rest)
				}
				for _, w := range word.FindAllString(rest, -1) {
					if !words[w] {
						t.Errorf("%q has the word %q", st.SQL, w)
					}
				}
				if places := strings.Count(rest, "?"); dialect == sqlgen.SQLite && places != len(st.Args) {
					t.Errorf("%q has %d places for %d values", st.SQL, places, len(st.Args))
				}
				if dialect != sqlgen.SQLite || len(problems) > 0 {
					continue
				}
				stmt, err := c.Prepare(st.SQL)
				if err == nil {
					stmt.Close()
					continue
				}
				for _, wrong := range []string{"syntax error", "unrecognized token", "incomplete input"} {
					if strings.Contains(err.Error(), wrong) {
						t.Errorf("%q: %v", st.SQL, err)
					}
				}
			}
		}
	})
}

// seeds are trees with each kind of expression and clause.
func seeds() []*query.Select {
	col := func(name string) query.Expr { return column("a", name) }
	val := func(v value.Value) query.Expr { return query.Expr{Kind: query.ExprValue, Value: v} }
	of := func(kind query.ExprKind, name string, args ...query.Expr) query.Expr {
		return query.Expr{Kind: kind, Name: name, Args: args}
	}
	one, text := val(value.Int(1)), val(value.Text(`'"; --`))
	sub := &query.Select{From: query.TableRef{Name: "b"}, Columns: []query.ResultExpr{{Expr: column("b", "id")}}, Where: equal(column("b", "id"), col("id"))}
	exprs := []query.Expr{
		col("id"), one, text, of(query.ExprCompare, "like", col("s"), text), of(query.ExprCompare, "<", col("e"), val(value.Text("ok"))),
		of(query.ExprAnd, "", one, one), of(query.ExprOr, ""), of(query.ExprNot, "", one), of(query.ExprIn, "", col("d"), one, text),
		{Kind: query.ExprIn, Args: []query.Expr{col("id")}, Sub: sub},
		of(query.ExprBetween, "", col("d"), one, one), of(query.ExprIsNull, "", text),
		of(query.ExprCall, "round", col("d"), one), of(query.ExprCall, "count", query.Expr{Kind: query.ExprStar}), of(query.ExprCall, "max", col("e")),
		of(query.ExprArith, "/", col("d"), one), of(query.ExprArith, "||", col("s"), text),
		{Kind: query.ExprExists, Sub: sub},
		{Kind: query.ExprSub, Sub: sub},
		of(query.ExprJSONPath, `$."a"[-1]`, col("s")), of(query.ExprJSON, "a.b", col("s")), of(query.ExprCase, "", one, col("f"), one),
		of(query.ExprCall, "substr", col("s"), one, one),
		{Kind: query.ExprStar},
		{Kind: query.ExprRows, Sub: sub},
		{Kind: query.ExprRow, Sub: sub},
	}
	out := []*query.Select{}
	for i := range exprs {
		e := &exprs[i]
		q := &query.Select{From: query.TableRef{Name: "a"}, Columns: []query.ResultExpr{{Expr: *e, As: "x"}}}
		out = append(out, q)
		if !e.Nested() {
			out = append(out, &query.Select{
				Distinct: true, From: query.TableRef{Name: "a"}, Where: e, GroupBy: []query.Expr{*e}, Having: e,
				Joins:   []query.Join{{Kind: query.LeftJoin, Table: query.TableRef{Name: "b", Alias: `"`}, On: e}},
				OrderBy: []query.Order{{Expr: *e, Desc: true, Nulls: query.NullsFirst}, {Expr: column("", "x")}}, Columns: q.Columns, Limit: e, Offset: &one,
			})
		}
	}
	return out
}
