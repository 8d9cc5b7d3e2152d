package sqlgen

import (
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// The types of what is computed.
var (
	anyText  = &schema.Column{Type: schema.TypeText, SourceType: "text"}
	jsonPath = &schema.Column{Type: schema.TypeUnknown, SourceType: "jsonpath"}
	int4     = &schema.Column{Type: schema.TypeInt, SourceType: "int4"}
	whole    = &schema.Column{Type: schema.TypeInt, SourceType: "int8"}
	double   = &schema.Column{Type: schema.TypeFloat, SourceType: "float8"}
	boolean  = &schema.Column{Type: schema.TypeBool, SourceType: "bool"}
)

// typeOf is what is known of the type of an expression, or nil. A text that is
// bound has none: it takes that of what it meets.
func (w *writer) typeOf(e *query.Expr, sc *scope) *schema.Column {
	switch e.Kind {
	case query.ExprColumn:
		return sc.column(e)
	case query.ExprValue:
		switch e.Value.Kind() {
		case value.KindInt:
			return whole
		case value.KindFloat:
			return double
		}
	case query.ExprCompare, query.ExprAnd, query.ExprOr, query.ExprNot, query.ExprIn, query.ExprBetween, query.ExprIsNull, query.ExprExists:
		return boolean
	case query.ExprArith:
		if e.Name == "||" {
			return anyText
		}
		return w.common(e.Args, sc)
	case query.ExprCall:
		return w.returns(e, sc)
	case query.ExprJSONPath:
		return anyText
	case query.ExprCase:
		return w.common(results(e.Args), sc)
	case query.ExprSub:
		if e.Sub != nil && len(e.Sub.Columns) == 1 {
			return w.typeOf(&e.Sub.Columns[0].Expr, w.scopeOf(e.Sub, sc))
		}
	}
	return nil
}

// returns is the type of a call.
func (w *writer) returns(e *query.Expr, sc *scope) *schema.Column {
	switch e.Name {
	case "count", "length":
		return whole
	case "coalesce":
		return w.common(e.Args, sc)
	case "abs", "round", "sum", "avg", "min", "max", "nullif":
		t := w.common(e.Args[:1], sc)
		if t != nil && t.Type == schema.TypeInt {
			if t = whole; e.Name == "avg" {
				t = double
			}
		}
		return t
	case "array_contains", "array_overlaps", "json_contains":
		return boolean
	}
	return anyText
}

// results are the values of a CASE among its arguments.
func results(args []query.Expr) []query.Expr {
	out := make([]query.Expr, 0, len(args)/2+1)
	for i := 1; i < len(args); i += 2 {
		out = append(out, args[i])
	}
	if len(args)%2 == 1 {
		out = append(out, args[len(args)-1])
	}
	return out
}

// common is the type that expressions have together, as Postgres finds it: of
// numbers the widest, where values bound beside them take part in no choice.
func (w *writer) common(args []query.Expr, sc *scope) *schema.Column {
	var out, bound *schema.Column
	for i := range args {
		t := w.typeOf(&args[i], sc)
		if args[i].Kind == query.ExprValue {
			bound = wider(bound, t)
		} else {
			out = wider(out, t)
		}
	}
	if out == nil || out.Type == schema.TypeInt && bound != nil && bound.Type == schema.TypeFloat {
		return bound
	}
	return out
}

// wider is the type of a number of type a beside one of type b.
func wider(a, b *schema.Column) *schema.Column {
	if a == nil || b != nil && rank(b) > rank(a) && rank(a) > 0 {
		return b
	}
	return a
}

// rank orders the types of numbers; 0 is none.
func rank(c *schema.Column) int {
	switch c.Type {
	case schema.TypeInt:
		return 1
	case schema.TypeDecimal:
		return 2
	case schema.TypeFloat:
		return 3
	}
	return 0
}

// is reports whether a type is known and t.
func is(c *schema.Column, t schema.Type) bool { return c != nil && c.Type == t }
