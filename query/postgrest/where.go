package postgrest

import (
	"math"
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// logic is a tree of tests as an expression.
func (n *node) logic(l *logic) (*query.Expr, *Error) {
	if l.group == "" {
		return n.test(l.field, &l.test)
	}
	kind := query.ExprAnd
	if l.group == "or" {
		kind = query.ExprOr
	}
	e := expr(kind, "")
	for i := range l.kids {
		kid, err := n.logic(&l.kids[i])
		if err != nil {
			return e, err
		}
		take(e, kid)
	}
	if l.not {
		e = negated(e)
	}
	return e, nil
}

// test is one test of a field; of an embed only whether it is there.
func (n *node) test(f field, t *test) (*query.Expr, *Error) {
	if kid := n.kid(f.name); kid != nil && n.table.Index(f.name) < 0 && len(f.path) == 0 {
		if t.op != "is" || t.value != "null" && t.value != "not_null" {
			return nil, refuse("PGRST120", "Bad operator on the '"+f.name+"' embedded resource").with("Only is null or not is null filters are allowed on embedded resources", "")
		}
		e, err := kid.exists()
		if err != nil || t.not != (t.value == "not_null") {
			return e, err
		}
		return negated(e), nil
	}
	left, c, err := n.field(f)
	if err != nil {
		return left, err
	}
	e, err := operand{left, c}.test(t)
	if err == nil && t.not {
		e = negated(e)
	}
	return e, err
}

// operand is the left side of a test: a column's type is that of its values,
// nil for JSON at a path.
type operand struct {
	left *query.Expr
	c    *schema.Column
}

// comparison is the query's operator for one of PostgREST's, or "".
func comparison(op string) string {
	switch op {
	case "eq":
		return "="
	case "neq":
		return "<>"
	case "gt":
		return ">"
	case "gte":
		return ">="
	case "lt":
		return "<"
	case "lte":
		return "<="
	}
	return ""
}

// test is the test without its not.
func (o operand) test(t *test) (*query.Expr, *Error) {
	if t.each != "" {
		e := expr(query.ExprOr, "")
		if t.each == "all" {
			e.Kind = query.ExprAnd
		}
		for _, v := range t.values {
			one, err := o.test(&test{op: t.op, value: v})
			if err != nil {
				return e, err
			}
			take(e, one)
		}
		return e, nil
	}
	switch t.op {
	case "in":
		e := expr(query.ExprIn, "", o.left)
		for _, text := range t.values {
			v, err := o.value(text)
			if err != nil {
				return e, err
			}
			take(e, bound(v))
		}
		return e, nil
	case "is":
		return o.is(t.value)
	case "like", "ilike":
		return o.like(t.op, strings.ReplaceAll(t.value, "*", "%"))
	case "cs", "cd", "ov":
		return o.contains(t.op, t.value)
	case "isdistinct":
		v, err := o.value(t.value)
		return expr(query.ExprOr, "", isNull(o.left), compare("<>", o.left, bound(v))), err
	}
	op := comparison(t.op)
	if op == "" {
		return o.left, unsupported("the operator " + t.op)
	}
	if o.c != nil && o.c.Type == schema.TypeJSON {
		return o.left, noOperator("json " + op + " unknown")
	}
	v, err := o.value(t.value)
	return compare(op, o.left, bound(v)), err
}

// noOperator is Postgres's error of types that an operator does not take.
func noOperator(what string) *Error {
	return refuse("42883", "operator does not exist: "+what).with("", "No operator matches the given name and argument types. You might need to add explicit type casts.")
}

// value is a text as a value beside the operand.
func (o operand) value(text string) (value.Value, *Error) {
	if o.c != nil {
		return literal(o.c, text)
	}
	kind, _ := schema.JSONParts(text)
	switch kind {
	case 0:
		return value.Null, badLiteral(jsonbColumn, text)
	case '"':
		s, _ := schema.JSONText(text)
		return value.Text(s), nil
	case 't', 'f':
		return value.Bool(kind == 't'), nil
	case 'n':
		return value.Null, nil
	case '0':
		text = strings.TrimSpace(text)
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return value.Int(n), nil
		}
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsInf(f, 0) {
			return value.Null, badLiteral(jsonbColumn, text)
		}
		return value.Float(f), nil
	}
	v, err := literal(jsonbColumn, text)
	return value.Text(dense(v.Str())), err
}

// dense takes the blanks out of jsonb's text, as SQLite prints what it extracts.
func dense(text string) string {
	out := make([]byte, 0, len(text))
	quoted := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted && c == '\\':
			out = append(out, c)
			i++
			c = text[i]
		case c == '"':
			quoted = !quoted
		case c == ' ' && !quoted:
			continue
		}
		out = append(out, c)
	}
	return string(out)
}

func (o operand) is(word string) (*query.Expr, *Error) {
	switch word {
	case "null":
		return isNull(o.left), nil
	case "not_null":
		return negated(isNull(o.left)), nil
	}
	if o.c == nil || o.c.Type != schema.TypeBool {
		return o.left, refuse("42804", "argument of IS "+strings.ToUpper(word)+" must be type boolean")
	}
	if word == "unknown" {
		return isNull(o.left), nil
	}
	same := compare("=", o.left, bound(value.Bool(word == "true")))
	return expr(query.ExprAnd, "", negated(isNull(o.left)), same), nil
}

func (o operand) like(op, pattern string) (*query.Expr, *Error) {
	n := 0
	for i := len(pattern) - 1; i >= 0 && pattern[i] == '\\'; i-- {
		n++
	}
	if n%2 == 1 {
		return o.left, refuse("22025", "LIKE pattern must not end with escape character")
	}
	if o.c != nil && o.c.Type != schema.TypeText && o.c.Type != schema.TypeUnknown {
		sign := "~~"
		if op == "ilike" {
			sign = "~~*"
		}
		return o.left, noOperator(typeName(o.c) + " " + sign + " unknown")
	}
	return compare(op, o.left, bound(value.Text(pattern))), nil
}

// contains is @>, <@ and && of jsonb and of arrays.
func (o operand) contains(op, text string) (*query.Expr, *Error) {
	c := o.c
	if c == nil {
		return o.left, unsupported("the operator " + op + " behind a path")
	}
	name := ""
	switch {
	case c.Type == schema.TypeArray && op == "ov":
		name = "array_overlaps"
	case c.Type == schema.TypeArray:
		name = "array_contains"
	case c.Type == schema.TypeJSONB && op != "ov":
		name = "json_contains"
	default:
		return o.left, unsupported("the operator " + op + " on a column of type " + typeName(c))
	}
	v, err := literal(c, text)
	if op == "cd" {
		return expr(query.ExprCall, name, bound(v), o.left), err
	}
	return expr(query.ExprCall, name, o.left, bound(v)), err
}

// ordered is the node's ORDER BY. Rows that nobody orders come as they were
// written, as they mostly do from Postgres: pages of them then do not overlap.
func (n *node) ordered() (terms []query.Order, err *Error) {
	if len(n.order) == 0 && !n.aggregated() && (n.relation == nil || !n.relation.toOne()) && n.table.Index("rowid") < 0 {
		return []query.Order{{Expr: *column(n.as, "rowid")}}, nil
	}
	for i := range n.order {
		o := &n.order[i]
		e, err := n.orderTerm(o)
		if err != nil {
			return nil, err
		}
		terms = append(terms, query.Order{Expr: *e, Desc: o.desc})
		t := &terms[len(terms)-1]
		switch {
		case o.nullsFirst:
			t.Nulls = query.NullsFirst
		case o.nullsLast:
			t.Nulls = query.NullsLast
		}
	}
	return terms, nil
}

func (n *node) orderTerm(o *order) (*query.Expr, *Error) {
	if o.embed == "" {
		e, _, err := n.field(o.field)
		return e, err
	}
	kid := n.kid(o.embed)
	if kid == nil {
		return nil, notEmbedded(o.embed)
	}
	if !kid.relation.toOne() {
		return nil, refuse("PGRST118", "A related order on '"+o.embed+"' is not possible").with("'"+n.table.Name+"' and '"+o.embed+"' do not form a many-to-one or one-to-one relationship", "")
	}
	e, _, err := kid.field(o.field)
	if err != nil {
		return e, err
	}
	return kid.scalar(e)
}

// scalar is an expression of the node's one row, within its parent's.
func (n *node) scalar(e *query.Expr) (*query.Expr, *Error) {
	all, err := n.conditions()
	if err != nil {
		return e, err
	}
	q := &query.Select{Where: and(all), Limit: bound(value.Int(1))}
	add(q, e)
	n.from(q)
	return &query.Expr{Kind: query.ExprSub, Sub: q}, nil
}
