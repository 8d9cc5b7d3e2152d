package sqloracle

import (
	"os"
	"strings"
	"testing"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/query"
	"rockpool.dev/value"
)

// foundTable has what the cases of TestFound are about.
const foundTable = `
	CREATE TYPE mood AS ENUM ('sad', 'ok', 'angry', 'happy');
	CREATE TABLE t(id int4 PRIMARY KEY, i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, d numeric(10,2), dn numeric, s text, vc varchar(4), bc char(6), at timestamptz, mood mood, j jsonb, js json);
	INSERT INTO t VALUES
		(1, 30000, 2000000000, 3, 0.1, 2.5, 10.00, 3, 'bcd', 'abcd', 'ab', '2026-01-02T03:04:05Z', 'sad', '{"a": 1.50, "0": "zero", "b": [{"c": 2}], "n": 12345678901234567890}', '{"a":1e2}'),
		(2, 3, 0, 2, 0.3, 0.285, 1.56, 3.0001, 'a', 'a', 'a', '2026-01-02T00:00:00Z', 'happy', '[0, {"a": 3}]', '{ "a" : { "b":[1,2] } }'),
		(3, -7, 3, 0, 2.5, -2.5, -1.50, 12345678901234567890.12, '日本語', NULL, NULL, NULL, 'angry', 'null', NULL),
		(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, '10', 'abcdef', NULL, NULL, NULL, '[1]'),
		(5, NULL, NULL, 5, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);`

// TestFound are the differences that random queries found, each as small as it
// gets: the answer is the same on both, and no error unless the case says so.
func TestFound(t *testing.T) {
	w := newWorld(t, testpg.Start(t), "found", foundTable)
	c, text, num := column, func(s string) query.Expr { return bound(value.Text(s)) }, whole64
	arith := func(op string, x, y query.Expr) query.Expr { return of(query.ExprArith, op, x, y) }
	compare := func(op string, x, y query.Expr) query.Expr { return of(query.ExprCompare, op, x, y) }
	json := func(path, name string) query.Expr { return of(query.ExprJSONPath, path, c(name)) }
	float := func(f float64) query.Expr { return bound(value.Float(f)) }
	known := map[string]bool{}
	for name, e := range map[string]query.Expr{
		"decimals are divided to Postgres's scale": arith("/", c("dn"), c("d")),
		"a whole number by a decimal":              arith("/", c("i8"), c("dn")),
		"what is left of a decimal":                arith("%", c("dn"), c("d")),
		"a decimal without its sign":               call("abs", c("d")),
		"a decimal rounded":                        call("round", arith("*", c("d"), c("d")), num(1)),
		"a decimal rounded before the point":       call("round", c("dn"), num(-2)),
		"a whole number rounded is whole":          call("round", c("i8")),
		"a double rounded is a double":             call("round", c("f8")),
		"a double rounded by 15 digits":            call("round", c("f8"), num(2)),
		"whole numbers have 64 bits":               arith("*", c("i4"), c("i2")),
		"a large value beside a small type":        compare("<", c("i4"), num(3_000_000_000)),
		"a fraction beside whole numbers":          compare(">", c("i8"), float(1.5)),
		"a whole number by a fraction":             arith("*", c("i8"), float(1.5)),
		"float4 is the double that it prints as":   arith("+", c("f4"), float(0.2)),
		"float4 beside a double":                   compare("=", c("f4"), float(0.10000000001)),
		"a value is not cut to a column's scale":   compare("<=", c("d"), text("1.555")),
		"a value is not cut to a column's length":  compare("=", c("vc"), text("abcdef")),
		"char(n) by like":                          compare("like", c("bc"), text("a_")),
		"a whole number divided by zero":           arith("/", c("i2"), c("i4")),
		"what zero leaves":                         arith("%", c("i2"), c("i8")),
		"a double divided by zero":                 arith("/", c("f8"), c("i8")),
		"a decimal divided by zero":                arith("/", c("d"), c("i8")),
		"a decimal and a double are a double":      arith("*", c("d"), c("f8")),
		"a decimal beside a double":                compare("<", arith("+", c("d"), num(0)), arith("*", c("f8"), num(100))),
		"a decimal beside what is computed":        compare("=", arith("+", c("dn"), num(0)), arith("+", c("i8"), num(0))),
		"the first of a decimal and a number":      call("coalesce", c("d"), c("i8")),
		"the first of a double and a number":       call("coalesce", c("f8"), c("id")),
		"one of a decimal and a number":            of(query.ExprCase, "", compare(">", c("id"), num(1)), c("i8"), c("d")),
		"an equal computed decimal is none":        call("nullif", arith("*", c("d"), num(1)), text("10")),
		"a label by its order":                     compare("<", c("mood"), text("angry")),
		"labels between two":                       of(query.ExprBetween, "", c("mood"), text("ok"), text("happy")),
		"text compares by itself beside a decimal": compare("=", of(query.ExprCase, "", compare("=", arith("+", c("d"), num(0)), num(10)), text("1.0"), text("x")), text("1.00")),
		"a number in JSON as it is written":        json("$.a", "j"),
		"a large number in JSON":                   json("$.n", "j"),
		"an object in JSON as jsonb prints it":     json("$[1]", "j"),
		"json as jsonb prints it":                  json("$.a", "js"),
		"an array in JSON":                         json("$.b", "j"),
		"an index is no key":                       json("$[0]", "j"),
		"a key is no index":                        json(`$."0"`, "j"),
		"an index from the end":                    json("$[-1]", "j"),
		"text from before its start":               call("substr", c("s"), num(-1), num(3)),
		"text from a computed place":               call("substr", c("s"), arith("-", c("id"), num(2))),
		"a value that is not NULL":                 of(query.ExprIsNull, "", text("a")),
		"a moment in a case":                       of(query.ExprCase, "", compare("=", c("id"), num(4)), text("2026-01-02"), c("at")),
	} {
		known[name] = true
		t.Run(name, func(t *testing.T) {
			q := &query.Select{From: query.TableRef{Name: "t"}, Columns: []query.ResultExpr{{Expr: e, As: "x"}}, OrderBy: []query.Order{{Expr: c("id")}}}
			w.agrees(t, q)
		})
	}
	by := func(e query.Expr) []query.Order { return []query.Order{{Expr: e}} }
	square := arith("*", c("d"), c("d"))
	zero := of(query.ExprCase, "", compare("=", c("id"), num(1)), arith("-", c("d"), c("d")), arith("-", square, square))
	for name, q := range map[string]*query.Select{
		"the average of whole numbers is a double": {Columns: []query.ResultExpr{{Expr: call("avg", c("i2")), As: "x"}}},
		"the sum of 64 bits":                       {Columns: []query.ResultExpr{{Expr: call("sum", c("i8")), As: "x"}}},
		"the least label":                          {Columns: []query.ResultExpr{{Expr: call("min", c("mood")), As: "x"}, {Expr: call("max", c("mood")), As: "y"}}},
		"labels in their order":                    {Columns: []query.ResultExpr{{Expr: c("mood")}}, OrderBy: by(c("mood"))},
		"the largest computed decimal":             {Columns: []query.ResultExpr{{Expr: call("max", arith("*", c("d"), num(1))), As: "x"}}},
		"an alias before a column that has no NULLs": {
			Columns: []query.ResultExpr{{Expr: c("i2"), As: "id"}}, OrderBy: by(c("id")),
		},
		"an alias of a computed decimal": {Columns: []query.ResultExpr{{Expr: square, As: "x"}}, OrderBy: by(c("x"))},
		"an alias of text beside a decimal": {
			Columns: []query.ResultExpr{{Expr: of(query.ExprCase, "", compare("<>", text("2.5"), c("d")), text("9"), c("vc")), As: "x"}}, OrderBy: by(c("x")),
		},
		"equal computed decimals are one group": {
			Columns: []query.ResultExpr{{Expr: call("count", query.Expr{Kind: query.ExprStar}), As: "x"}},
			GroupBy: []query.Expr{zero}, OrderBy: by(call("count", query.Expr{Kind: query.ExprStar})),
		},
		"equal computed decimals count once": {
			Columns: []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprCall, Name: "count", Distinct: true, Args: []query.Expr{zero}}, As: "x"}},
		},
	} {
		known[name] = true
		t.Run(name, func(t *testing.T) {
			q.From = query.TableRef{Name: "t"}
			w.agrees(t, q)
		})
	}
	documented(t, known)
	t.Run("what doubles leave is refused", func(t *testing.T) {
		lite, pg := w.asked(&query.Select{From: query.TableRef{Name: "t"}, Columns: []query.ResultExpr{{Expr: arith("%", c("f8"), num(2)), As: "x"}}})
		if lite.err == nil || pg.err == nil {
			t.Errorf("SQLite says %v, %v; Postgres %v, %v", lite.rows, lite.err, pg.rows, pg.err)
		}
	})
}

// documented fails unless the table of docs/semantics.md names cases that are.
func documented(t *testing.T, known map[string]bool) {
	t.Helper()
	page, err := os.ReadFile("../../docs/semantics.md")
	if err != nil {
		t.Fatal(err)
	}
	named := 0
	for _, line := range strings.Split(string(page), "\n") {
		cells := strings.Split(line, "|")
		if len(cells) != 6 {
			continue
		}
		for i, name := range strings.Split(cells[4], "`") {
			if i%2 == 0 {
				continue
			}
			if named++; !known[name] {
				t.Errorf("docs/semantics.md names %q, which is no case here", name)
			}
		}
	}
	if named < 20 {
		t.Errorf("docs/semantics.md names %d cases", named)
	}
}

// agrees fails unless both databases answer a query, and alike.
func (w *world) agrees(t *testing.T, q *query.Select) {
	t.Helper()
	lite, pg := w.asked(q)
	if d := differ(lite, pg); d != "" || lite.err != nil {
		t.Errorf("%s %v\n%s\n%s", d, lite.err, lite.sql, pg.sql)
	}
}
