//go:build !js

package sqlgen_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// injections are the texts of testdata/injections.md.
func injections(t *testing.T) []string {
	t.Helper()
	data, err := os.ReadFile("../../testdata/injections.json")
	if err != nil {
		t.Fatal(err)
	}
	var list []string
	if err := json.Unmarshal(data, &list); err != nil {
		t.Fatal(err)
	}
	if len(list) < 300 {
		t.Fatalf("%d texts, want hundreds", len(list))
	}
	return list
}

// TestInjectedText renders each text in each place of a tree, for both
// databases. A value changes nothing of the SQL but the values that are bound,
// a name nothing but the name in quotes.
func TestInjectedText(t *testing.T) {
	t.Parallel()
	value := func(s string) query.Expr { return query.Expr{Kind: query.ExprValue, Value: value.Text(s)} }
	of := func(kind query.ExprKind, name string, args ...query.Expr) query.Expr {
		return query.Expr{Kind: kind, Name: name, Args: args}
	}
	s := column("a", "s")
	from := func(e query.Expr) *query.Select {
		return &query.Select{From: query.TableRef{Name: "a"}, Columns: []query.ResultExpr{{Expr: e, As: "x"}}, Where: &e, GroupBy: []query.Expr{e}, Having: &e, OrderBy: []query.Order{{Expr: e}}}
	}
	values := map[string]func(string) *query.Select{
		"alone":    func(x string) *query.Select { return from(value(x)) },
		"compared": func(x string) *query.Select { return from(of(query.ExprCompare, "<", value(x), s)) },
		"in":       func(x string) *query.Select { return from(of(query.ExprIn, "", s, value(x), value(x))) },
		"between":  func(x string) *query.Select { return from(of(query.ExprBetween, "", s, value(x), value(x))) },
		"ilike":    func(x string) *query.Select { return from(of(query.ExprCompare, "ilike", s, value(x))) },
		"called":   func(x string) *query.Select { return from(of(query.ExprCall, "concat", s, value(x))) },
		"joined":   func(x string) *query.Select { return from(of(query.ExprArith, "||", value(x), s)) },
		"in a case": func(x string) *query.Select {
			return from(of(query.ExprCase, "", of(query.ExprCompare, "=", s, value(x)), value(x), value(x)))
		},
		"in raw text": func(x string) *query.Select { return from(of(query.ExprRaw, "s = ?", value(x))) },
	}
	names := map[string]func(string) *query.Select{
		"table": func(x string) *query.Select { return &query.Select{From: query.TableRef{Name: x}} },
		"alias": func(x string) *query.Select { return &query.Select{From: query.TableRef{Name: "a", Alias: x}} },
		"joined": func(x string) *query.Select {
			return &query.Select{From: query.TableRef{Name: "a"}, Joins: []query.Join{{Kind: query.LeftJoin, Table: query.TableRef{Name: "b", Alias: x}, On: equal(column(x, x), column("a", "id"))}}}
		},
		"column": func(x string) *query.Select { return from(column("a", x)) },
		"result": func(x string) *query.Select {
			q := from(s)
			q.Columns[0].As = x
			return q
		},
		"nested": func(x string) *query.Select {
			q := from(s)
			q.Columns = []query.ResultExpr{{As: "n", Expr: query.Expr{Kind: query.ExprRows, Sub: &query.Select{From: query.TableRef{Name: "b"}, Columns: []query.ResultExpr{{Expr: column("b", "id"), As: x}}}}}}
			return q
		},
	}
	for _, dialect := range []sqlgen.Dialect{sqlgen.SQLite, sqlgen.Postgres} {
		opt := sqlgen.Options{Dialect: dialect, Schema: fuzzed}
		for place, make := range values {
			plain, err := sqlgen.Select(make("harmless"), opt)
			if err != nil {
				t.Fatalf("%s: %v", place, err)
			}
			for _, x := range injections(t) {
				got, err := sqlgen.Select(make(x), opt)
				if err != nil || got.SQL != plain.SQL || len(got.Args) != len(plain.Args) {
					t.Errorf("%s %q: %s, %v; want %s", place, x, got.SQL, err, plain.SQL)
				}
			}
		}
		for place, make := range names {
			const harmless = "harmless"
			plain, err := sqlgen.Select(make(harmless), opt)
			if err != nil {
				t.Fatalf("%s: %v", place, err)
			}
			for _, x := range injections(t) {
				got, err := sqlgen.Select(make(x), opt)
				if want := strings.ReplaceAll(plain.SQL, schema.Quote(harmless), schema.Quote(x)); err == nil && x != "" && got.SQL != want {
					t.Errorf("%s %q: %s; want %s", place, x, got.SQL, want)
				}
			}
		}
		for _, x := range injections(t) {
			got, err := sqlgen.Select(from(of(query.ExprJSONPath, x, s)), opt)
			if err != nil {
				continue // no path
			}
			for _, w := range word.FindAllString(quoted.ReplaceAllString(got.SQL, ""), -1) {
				if !words[w] {
					t.Errorf("the path %q: %s has the word %q", x, got.SQL, w)
				}
			}
		}
	}
}
