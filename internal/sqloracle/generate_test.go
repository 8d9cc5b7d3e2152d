package sqloracle

import (
	"pgregory.net/rapid"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// kind is what an expression gives.
type kind uint8

const (
	whole kind = iota
	text
	decimal
	truth
)

var items = &schema.Schema{Version: 1, Tables: []schema.Table{{ID: 1, Name: "items", Key: []uint32{0}, Columns: []schema.Column{
	{Name: "id", Type: schema.TypeInt, SourceType: "int4", NotNull: true},
	{Name: "n", Type: schema.TypeInt, SourceType: "int4"},
	{Name: "s", Type: schema.TypeText, SourceType: "text"},
	{Name: "d", Type: schema.TypeDecimal, SourceType: "numeric(10,2)", Scale: 2, HasScale: true},
	{Name: "b", Type: schema.TypeBool, SourceType: "bool"},
	{Name: "at", Type: schema.TypeTimestampTZ, SourceType: "timestamptz"},
	{Name: "j", Type: schema.TypeJSONB, SourceType: "jsonb"},
}}}}

// Values that rows and queries share, so that comparisons meet.
var (
	words    = []string{"", "a", "A", "ab", "aB", "b", "Ä", "ä", "ß", "straße", "100%", "a_b", "a\\b", " a ", "[a]", "*", "?", "日本", "🐚", "'", "\"", "é"}
	patterns = []string{"%", "a%", "%b", "_", "a_", "a\\_b", "100\\%", "%Ä%", "[a]", "*", "?", "", "%\\\\%", "__%", "ß%", "%'%"}
	wholes   = []int64{-3, -1, 0, 1, 2, 3, 7, 10}
	decimals = []string{"-1.50", "0.00", "0.10", "1.00", "1.50", "9.99", "10.00", "100.50", "2.00"}
	moments  = []string{"2026-01-02T03:04:05.000000+00:00", "2026-01-02T03:04:05.000001+00:00", "1969-12-31T23:59:59.500000+00:00", "2030-12-31T00:00:00.000000+00:00"}
	objects  = []string{`{"a": 1}`, `{"a": "x", "b": [1, 2]}`, `{"k": {"c": true}}`, `[1, "two", null]`, `{}`, `{"a": null}`}
	paths    = []string{"$.a", "$.b[1]", "$.k.c", "$[1]", `$."a"`}
)

func call(name string, args ...query.Expr) query.Expr {
	return query.Expr{Kind: query.ExprCall, Name: name, Args: args}
}
func column(name string) query.Expr { return query.Expr{Kind: query.ExprColumn, Name: name} }
func bound(v value.Value) query.Expr {
	return query.Expr{Kind: query.ExprValue, Value: v}
}
func whole64(n int64) query.Expr { return bound(value.Int(n)) }
func of(kind query.ExprKind, name string, args ...query.Expr) query.Expr {
	return query.Expr{Kind: kind, Name: name, Args: args}
}

// expr draws an expression of a kind.
func expr(t *rapid.T, k kind, depth int) query.Expr {
	pick := func(n int) int { return rapid.IntRange(0, n-1).Draw(t, "pick") }
	sub := func(k kind) query.Expr { return expr(t, k, depth-1) }
	leaf := depth <= 0
	switch k {
	case whole:
		if leaf || pick(3) == 0 {
			if pick(2) == 0 {
				return column([]string{"id", "n"}[pick(2)])
			}
			return whole64(wholes[pick(len(wholes))])
		}
		switch pick(6) {
		case 0:
			return of(query.ExprArith, []string{"+", "-", "*"}[pick(3)], sub(whole), column("n"))
		case 1:
			return call("abs", sub(whole))
		case 2:
			return call("coalesce", column("n"), sub(whole))
		case 3:
			return call("nullif", column("n"), whole64(wholes[pick(len(wholes))]))
		case 4:
			return call("length", sub(text))
		default:
			return of(query.ExprCase, "", sub(truth), column("n"), column("id"))
		}
	case text:
		if leaf || pick(3) == 0 {
			if pick(2) == 0 {
				return column("s")
			}
			return call("concat", bound(value.Text(words[pick(len(words))])))
		}
		switch pick(8) {
		case 0:
			return call("lower", sub(text))
		case 1:
			return call("upper", column("s"))
		case 2:
			return call([]string{"trim", "ltrim", "rtrim"}[pick(3)], sub(text))
		case 3:
			return call("replace", column("s"), bound(value.Text("a")), bound(value.Text(words[pick(len(words))])))
		case 4:
			return call("substr", sub(text), whole64(int64(1+pick(3))), whole64(int64(pick(4))))
		case 5:
			return of(query.ExprArith, "||", column("s"), column("s"))
		case 6:
			return call("concat", column("s"), sub(text))
		default:
			return of(query.ExprJSONPath, paths[pick(len(paths))], column("j"))
		}
	case decimal:
		if leaf || pick(2) == 0 {
			return column("d")
		}
		return of(query.ExprArith, []string{"+", "-", "*"}[pick(3)], column("d"), bound(value.Text(decimals[pick(len(decimals))])))
	}
	return condition(t, depth, leaf, pick, sub)
}

// condition draws what is true, false or NULL.
func condition(t *rapid.T, depth int, leaf bool, pick func(int) int, sub func(kind) query.Expr) query.Expr {
	compare := []string{"=", "<>", "<", "<=", ">", ">="}[pick(6)]
	if !leaf && pick(2) == 0 {
		switch pick(3) {
		case 0:
			return of(query.ExprAnd, "", sub(truth), sub(truth))
		case 1:
			return of(query.ExprOr, "", sub(truth), sub(truth))
		default:
			return of(query.ExprNot, "", sub(truth))
		}
	}
	switch pick(12) {
	case 0:
		return of(query.ExprCompare, compare, sub(whole), sub(whole))
	case 1:
		return of(query.ExprCompare, compare, column("s"), bound(value.Text(words[pick(len(words))])))
	case 2:
		return of(query.ExprCompare, compare, sub(decimal), bound(value.Text(decimals[pick(len(decimals))])))
	case 3:
		return of(query.ExprCompare, compare, column("d"), whole64(wholes[pick(len(wholes))]))
	case 4:
		return of(query.ExprCompare, []string{"like", "ilike"}[pick(2)], sub(text), bound(value.Text(patterns[pick(len(patterns))])))
	case 5:
		return of(query.ExprBetween, "", column("n"), whole64(-1), sub(whole))
	case 6:
		return of(query.ExprIn, "", column("s"), bound(value.Text(words[pick(len(words))])), bound(value.Text(words[pick(len(words))])))
	case 7:
		return of(query.ExprIn, "", column("d"), bound(value.Text(decimals[pick(len(decimals))])), whole64(1))
	case 8:
		return of(query.ExprIsNull, "", sub([]kind{whole, text, decimal}[pick(3)]))
	case 9:
		return of(query.ExprCompare, "=", column("b"), whole64(int64(pick(2))))
	case 10:
		return of(query.ExprCompare, compare, column("at"), bound(value.Text(moments[pick(len(moments))])))
	default:
		q := &query.Select{From: query.TableRef{Name: "items", Alias: "i"}, Columns: []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Table: "i", Name: "n"}}}}
		q.Where = &query.Expr{Kind: query.ExprCompare, Name: compare, Args: []query.Expr{
			{Kind: query.ExprColumn, Table: "i", Name: "id"}, {Kind: query.ExprColumn, Table: "items", Name: "id"},
		}}
		return query.Expr{Kind: query.ExprIn, Args: []query.Expr{column("id")}, Sub: q}
	}
}
