package policy

import (
	"strconv"
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Match reports whether a row passes. The row is whole, in column order.
func (b *Bound) Match(row value.Row) bool { return b.root.eval(b.table, row) == isTrue }

func truthOf(b bool) truth {
	if b {
		return isTrue
	}
	return isFalse
}

func not(t truth) truth {
	switch t {
	case isTrue:
		return isFalse
	case isFalse:
		return isTrue
	}
	return isUnknown
}

func (n *node) eval(t *schema.Table, row value.Row) truth {
	switch n.kind {
	case nodeConst:
		return n.truth
	case nodeNot:
		return not(n.kids[0].eval(t, row))
	case nodeAnd:
		return n.evalAll(t, row, isFalse, isTrue)
	case nodeOr:
		return n.evalAll(t, row, isTrue, isFalse)
	case nodeIsNull:
		return truthOf(n.args[0].of(row).IsNull())
	case nodeLike:
		v := n.args[0].of(row)
		if v.IsNull() {
			return isUnknown
		}
		return truthOf(v.Kind() == value.KindText && (v.Str() == n.prefix || !n.exact && strings.HasPrefix(v.Str(), n.prefix)))
	case nodeCompare:
		return compared(n.op, n.typeOf(t), n.args[0].of(row), n.args[1].of(row))
	case nodeIn:
		return n.evalIn(t, row)
	}
	return isUnknown
}

// evalAll is AND (stop false, else true) and OR (stop true, else false).
func (n *node) evalAll(t *schema.Table, row value.Row, stop, otherwise truth) truth {
	out := otherwise
	for _, k := range n.kids {
		switch k.eval(t, row) {
		case stop:
			return stop
		case isUnknown:
			out = isUnknown
		}
	}
	return out
}

func (n *node) evalIn(t *schema.Table, row value.Row) truth {
	out, ty := isFalse, n.typeOf(t)
	for _, a := range n.args[1:] {
		switch compared("=", ty, n.args[0].of(row), a.of(row)) {
		case isTrue:
			return isTrue
		case isUnknown:
			out = isUnknown
		}
	}
	return out
}

// typeOf is the type that a test compares in.
func (n *node) typeOf(t *schema.Table) schema.Type {
	for _, a := range n.args {
		if a.kind == opColumn {
			return t.Columns[a.col].Type
		}
	}
	return schema.TypeUnknown
}

func (o operand) of(row value.Row) value.Value {
	if o.kind == opColumn {
		if o.col < len(row) {
			return row[o.col]
		}
		return value.Null
	}
	return o.val
}

func compared(op string, ty schema.Type, a, b value.Value) truth {
	if a.IsNull() || b.IsNull() {
		return isUnknown
	}
	c, ok := compare(ty, a, b)
	if !ok {
		return isUnknown
	}
	switch op {
	case "=":
		return truthOf(c == 0)
	case "<>":
		return truthOf(c != 0)
	case "<":
		return truthOf(c < 0)
	case "<=":
		return truthOf(c <= 0)
	case ">":
		return truthOf(c > 0)
	default:
		return truthOf(c >= 0)
	}
}

// compare orders two values that are not NULL. ok is false when they cannot be
// compared.
func compare(ty schema.Type, a, b value.Value) (c int, ok bool) {
	if ty == schema.TypeDecimal {
		return compareDecimals(a, b)
	}
	an, bn := isNumber(a), isNumber(b)
	switch {
	case a.Kind() == value.KindInt && b.Kind() == value.KindInt:
		return order(a.Int(), b.Int()), true
	case an && bn:
		return order(a.Float(), b.Float()), true
	case an != bn:
		if f, ok := specialFloat(a, b); ok {
			return f, true
		}
		return 0, false
	case a.Kind() != b.Kind():
		return 0, false
	}
	return strings.Compare(a.Str(), b.Str()), true
}

// specialFloat compares a number with a float that is stored as text: NaN,
// which Postgres sorts last, or an infinity.
func specialFloat(a, b value.Value) (int, bool) {
	rank := func(v value.Value) (int, bool) {
		if isNumber(v) {
			return 0, true
		}
		switch v.Str() {
		case "-Infinity":
			return -1, true
		case "Infinity":
			return 1, true
		case "NaN":
			return 2, true
		}
		return 0, false
	}
	ra, aok := rank(a)
	rb, bok := rank(b)
	return order(ra, rb), aok && bok
}

func isNumber(v value.Value) bool {
	return v.Kind() == value.KindInt || v.Kind() == value.KindFloat
}

func order[T int | int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// compareDecimals compares by value, as Postgres's numeric does.
func compareDecimals(a, b value.Value) (int, bool) {
	x, xok := decimal(a)
	y, yok := decimal(b)
	return schema.CompareDecimal(x, y), xok && yok
}

func decimal(v value.Value) (string, bool) {
	switch v.Kind() {
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10), true
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64), true
	case value.KindText:
		return v.Str(), true
	}
	return "", false
}
