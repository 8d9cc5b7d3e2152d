// Package sqlfn holds the SQL functions, aggregates and collations that make
// SQLite answer as Postgres does. Each is pure Go, written once, and is
// registered (Register) on every connection of both engines by whoever opens
// it. It owns no connection.
//
//	collation rockpool_decimal   decimals by their number
//	pg_like(x, pattern)          LIKE: case-sensitive, backslash escapes
//	pg_ilike(x, pattern)         ILIKE: folds case, all of Unicode
//	pg_lower(x) pg_upper(x)      all of Unicode
//	array_contains/overlaps(a, b)   Postgres's @> and && of arrays as text
//	json_contains(a, b)          Postgres's @> of jsonb as text
//	pg_substr(x, from[, count])  places before the first count, and none from the end
//	pg_round(x[, places])        half away from zero, of any number
//	decimal_add/sub/mul(a, b)    exact
//	decimal_div/mod(a, b)        with Postgres's scale; NULL by zero
//	decimal_abs(x)               exact
//	jsonb_text(x)                JSON as Postgres prints it
//	decimal_sum(x) decimal_avg(x)   aggregates, with Postgres's scale
//	rockpool_rows(x, …)          aggregate: rows as one blob, for nested results
//	rockpool_digest(x, …)        aggregate: equal rows have equal digests, here and at the relay
package sqlfn

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// DecimalCollation is the name of the collation of decimal columns.
const DecimalCollation = "rockpool_decimal"

// Function is one scalar function. It is deterministic, never blocks, and
// never changes its arguments.
type Function struct {
	Name string
	Args int
	Call func(args []value.Value) (value.Value, error)
}

// Aggregate is one aggregate function; New starts a group.
type Aggregate struct {
	Name string
	Args int
	New  func() sqlite.Aggregate
}

// anyNumber of arguments, as SQLite says it.
const anyNumber = -1

// Collation is one collation.
type Collation struct {
	Name    string
	Compare func(a, b string) int
}

// Functions lists every scalar function.
func Functions() []Function {
	return []Function{
		{"pg_like", 2, func(a []value.Value) (value.Value, error) { return like(a, false) }},
		{"pg_ilike", 2, func(a []value.Value) (value.Value, error) { return like(a, true) }},
		{"pg_lower", 1, func(a []value.Value) (value.Value, error) { return mapped(a[0], strings.ToLower) }},
		{"pg_upper", 1, func(a []value.Value) (value.Value, error) { return mapped(a[0], strings.ToUpper) }},
		{"array_contains", 2, arrayContains},
		{"array_overlaps", 2, arrayOverlaps},
		{"json_contains", 2, jsonContains},
		{"jsonb_text", 1, jsonbText},
		{"pg_substr", anyNumber, substr},
		{"pg_round", anyNumber, roundAny},
		{"decimal_abs", 1, func(a []value.Value) (value.Value, error) { return unary(a[0], number.abs) }},
		{"decimal_div", 2, func(a []value.Value) (value.Value, error) { return divided(a, div) }},
		{"decimal_mod", 2, func(a []value.Value) (value.Value, error) { return divided(a, mod) }},
		{"decimal_add", 2, func(a []value.Value) (value.Value, error) { return binary(a, add) }},
		{"decimal_sub", 2, func(a []value.Value) (value.Value, error) { return binary(a, sub) }},
		{"decimal_mul", 2, func(a []value.Value) (value.Value, error) { return binary(a, mul) }},
	}
}

// Aggregates lists every aggregate function.
func Aggregates() []Aggregate {
	return []Aggregate{
		{"decimal_sum", 1, func() sqlite.Aggregate { return &sums{} }},
		{"decimal_avg", 1, func() sqlite.Aggregate { return &sums{avg: true} }},
		{"rockpool_rows", anyNumber, func() sqlite.Aggregate { return &nested{} }},
		{"rockpool_digest", anyNumber, func() sqlite.Aggregate { return &digest{} }},
	}
}

// Collations lists every collation.
func Collations() []Collation {
	return []Collation{{DecimalCollation, schema.CompareDecimal}}
}

// Register defines all of them on a connection.
func Register(c *sqlite.Conn) error {
	for _, f := range Functions() {
		if err := c.Function(f.Name, f.Args, true, f.Call); err != nil {
			return err
		}
	}
	for _, f := range Aggregates() {
		if err := c.Aggregate(f.Name, f.Args, f.New); err != nil {
			return err
		}
	}
	for _, f := range Collations() {
		if err := c.Collation(f.Name, f.Compare); err != nil {
			return err
		}
	}
	return nil
}

// text returns v as SQLite would cast it to text.
func text(v value.Value) string {
	switch v.Kind() {
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	}
	return v.Str()
}

func mapped(v value.Value, f func(string) string) (value.Value, error) {
	if v.IsNull() {
		return value.Null, nil
	}
	return value.Text(f(text(v))), nil
}

func binary(a []value.Value, f func(x, y number) number) (value.Value, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return value.Null, nil
	}
	x, err := numberOf(a[0])
	if err != nil {
		return value.Null, err
	}
	y, err := numberOf(a[1])
	if err != nil {
		return value.Null, err
	}
	return value.Text(f(x, y).String()), nil
}

// divided is binary, and NULL for what is divided by zero.
func divided(a []value.Value, f func(x, y number) number) (value.Value, error) {
	if y, err := numberOf(a[1]); err == nil && !a[1].IsNull() && sign(y) == 0 {
		return value.Null, nil
	}
	return binary(a, f)
}

func unary(v value.Value, f func(number) number) (value.Value, error) {
	if v.IsNull() {
		return value.Null, nil
	}
	n, err := numberOf(v)
	return value.Text(f(n).String()), err
}

func numberOf(v value.Value) (number, error) {
	n, ok := parse(text(v))
	if !ok {
		return n, fault.New(fault.TypeMismatch, "compute with decimals", strconv.Quote(text(v))+" is no decimal")
	}
	return n, nil
}

// sums is the state of decimal_sum and decimal_avg.
type sums struct {
	avg   bool
	count int64
	total number
}

// Step adds one row; NULLs do not count.
func (s *sums) Step(args []value.Value) error {
	if args[0].IsNull() {
		return nil
	}
	n, err := numberOf(args[0])
	if err != nil {
		return err
	}
	s.count++
	s.total = add(s.total, n)
	return nil
}

// Final returns the result, NULL for no row.
func (s *sums) Final() (value.Value, error) {
	if s.count == 0 {
		return value.Null, nil
	}
	if s.avg {
		count, _ := parse(strconv.FormatInt(s.count, 10))
		return value.Text(div(s.total, count).String()), nil
	}
	return value.Text(s.total.String()), nil
}
