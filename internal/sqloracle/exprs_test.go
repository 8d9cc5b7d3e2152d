package sqloracle

import (
	"math"
	"slices"
	"strconv"

	"pgregory.net/rapid"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// ref is a table under a name.
type ref struct {
	alias string
	table *schema.Table
}

// maker draws queries over a world.
type maker struct {
	t *rapid.T
	w *world
	// refs are the tables whose columns may be named; outer are those of the
	// queries around.
	refs, outer []ref
	// aliases counts the names that were given to tables.
	aliases *int
	// tame says that sums and products are made: no wide numbers, no floats that round.
	tame bool
	// arrays is the type of arrays that the query is about: two do not compare.
	arrays string
	// flat says that nothing around the query may be named, and no query within.
	flat bool
}

func (m *maker) pick(n int) int { return rapid.IntRange(0, n-1).Draw(m.t, "pick") }

func (m *maker) one(of ...string) string { return of[m.pick(len(of))] }

// seen is a column that an expression may name.
type seen struct {
	ref    ref
	column *schema.Column
}

func (s seen) expr() query.Expr {
	return query.Expr{Kind: query.ExprColumn, Table: s.ref.alias, Name: s.column.Name}
}

// columns are those of a type that are in scope.
func (m *maker) columns(t schema.Type) []seen {
	var out []seen
	refs := m.refs
	if !m.flat {
		refs = append(slices.Clone(refs), m.outer...)
	}
	for _, r := range refs {
		for i := range r.table.Columns {
			c := &r.table.Columns[i]
			if c.Type == t && (t != schema.TypeArray || c.SourceType == m.arrays) && (!m.tame || !m.w.wide[[2]string{r.table.Name, c.Name}]) {
				out = append(out, seen{r, c})
			}
		}
	}
	return out
}

// has says whether an expression of a type can be drawn.
func (m *maker) has(t schema.Type) bool {
	switch t {
	case schema.TypeInt, schema.TypeFloat, schema.TypeText, schema.TypeBool:
		return true
	}
	return len(m.columns(t)) > 0
}

// Types by what may be done with them on both databases.
var (
	ordered = []schema.Type{
		schema.TypeInt, schema.TypeFloat, schema.TypeText, schema.TypeDecimal, schema.TypeTimestampTZ, schema.TypeTimestamp,
		schema.TypeDate, schema.TypeTime, schema.TypeUUID, schema.TypeBytes, schema.TypeEnum,
	}
	equatable = append(slices.Clone(ordered), schema.TypeJSONB, schema.TypeArray)
	shown     = append(slices.Clone(equatable), schema.TypeJSON, schema.TypeInterval, schema.TypeUnknown, schema.TypeBool)
)

// type_ draws one of the types that are in scope.
func (m *maker) typeOf(types []schema.Type) schema.Type {
	var in []schema.Type
	for _, t := range types {
		if m.has(t) {
			in = append(in, t)
		}
	}
	return in[m.pick(len(in))]
}

// bound is a value beside a column: mostly one that its rows have.
func (m *maker) boundFor(s seen) query.Expr {
	samples := m.w.samples[[2]string{s.ref.table.Name, s.column.Name}]
	if len(samples) == 0 {
		return bound(value.Null)
	}
	v := samples[m.pick(len(samples))]
	if v.Kind() == value.KindText {
		switch s.column.Type {
		case schema.TypeDecimal:
			if n, err := strconv.ParseFloat(v.Str(), 64); err == nil && m.pick(2) == 0 {
				if n == math.Trunc(n) && math.Abs(n) < 1<<50 {
					return bound(value.Int(int64(n)))
				}
				return bound(value.Text(strconv.FormatFloat(n, 'f', -1, 64)))
			}
		case schema.TypeTimestampTZ:
			if m.pick(4) == 0 {
				return bound(value.Text(v.Str()[:19] + "Z"))
			}
		}
	}
	return bound(v)
}

// plainValue is a value of a type by itself.
func (m *maker) plainValue(t schema.Type) query.Expr {
	switch t {
	case schema.TypeInt:
		return whole64(wholes[m.pick(len(wholes))])
	case schema.TypeFloat:
		return bound(value.Float([]float64{-2.5, -0.5, 0.25, 0.5, 1.5, 3.75}[m.pick(6)]))
	case schema.TypeText:
		return bound(value.Text(words[m.pick(len(words))]))
	}
	return bound(value.Null)
}

func (m *maker) leaf(t schema.Type) query.Expr {
	columns := m.columns(t)
	if t == schema.TypeBool && (len(columns) == 0 || m.pick(2) == 0) {
		return m.truth(0)
	}
	if len(columns) == 0 || t != schema.TypeDecimal && m.has(t) && m.simple(t) && m.pick(4) == 0 {
		return m.plainValue(t)
	}
	return columns[m.pick(len(columns))].expr()
}

func (m *maker) simple(t schema.Type) bool {
	return t == schema.TypeInt || t == schema.TypeFloat || t == schema.TypeText
}

// expr draws an expression of a type.
func (m *maker) expr(t schema.Type, depth int) query.Expr {
	if depth <= 0 || m.pick(3) == 0 {
		return m.leaf(t)
	}
	if t == schema.TypeBool {
		return m.truth(depth)
	}
	columns := m.columns(t)
	switch m.pick(8) {
	case 0:
		if len(columns) > 0 {
			return call("coalesce", columns[m.pick(len(columns))].expr(), m.expr(t, depth-1))
		}
	case 1:
		if len(columns) > 0 {
			return of(query.ExprCase, "", m.truth(depth-1), m.expr(t, depth-1), columns[m.pick(len(columns))].expr())
		}
	case 2:
		if len(columns) > 0 && slices.Contains(equatable, t) {
			c := columns[m.pick(len(columns))]
			return call("nullif", c.expr(), m.boundFor(c))
		}
	case 3:
		if len(columns) > 0 {
			c := columns[m.pick(len(columns))]
			return call("coalesce", c.expr(), m.boundFor(c))
		}
	case 4:
		if e, ok := m.scalar(t, depth-1); ok {
			return e
		}
	}
	switch t {
	case schema.TypeInt:
		return m.whole(depth)
	case schema.TypeFloat:
		return m.float(depth)
	case schema.TypeDecimal:
		return m.decimal(depth)
	case schema.TypeText:
		return m.text(depth)
	}
	return m.leaf(t)
}

// tamely draws an expression whose numbers are small and whose floats are exact.
func (m *maker) tamely(t schema.Type, depth int) query.Expr {
	was := m.tame
	m.tame = true
	defer func() { m.tame = was }()
	if !m.has(t) {
		t = schema.TypeInt
	}
	return m.expr(t, depth)
}

func (m *maker) whole(depth int) query.Expr {
	switch m.pick(6) {
	case 0, 1:
		return of(query.ExprArith, m.one("+", "-", "*", "/", "%"), m.tamely(schema.TypeInt, depth-1), m.tamely(schema.TypeInt, 0))
	case 2:
		return call("abs", m.tamely(schema.TypeInt, depth-1))
	case 3:
		return call("length", m.expr(schema.TypeText, depth-1))
	case 4:
		if b := m.columns(schema.TypeBytes); len(b) > 0 {
			return call("length", b[m.pick(len(b))].expr())
		}
	}
	return call("round", m.tamely(schema.TypeInt, depth-1))
}

func (m *maker) float(depth int) query.Expr {
	other := []schema.Type{schema.TypeInt, schema.TypeFloat, schema.TypeFloat}[m.pick(3)]
	switch m.pick(6) {
	case 0, 1:
		return of(query.ExprArith, m.one("+", "-", "*", "/"), m.tamely(schema.TypeFloat, depth-1), m.tamely(other, 0))
	case 2:
		return call("abs", m.expr(schema.TypeFloat, depth-1))
	case 3:
		if f := m.columns(schema.TypeFloat); len(f) > 0 {
			args := []query.Expr{f[m.pick(len(f))].expr()}
			if m.pick(2) == 0 {
				args = append(args, whole64(int64(m.pick(4)-1)))
			}
			return call("round", args...)
		}
	case 4:
		if d := m.columns(schema.TypeDecimal); len(d) > 0 {
			return of(query.ExprArith, m.one("+", "-", "*"), d[m.pick(len(d))].expr(), m.tamely(schema.TypeFloat, 1))
		}
	}
	return call("coalesce", m.leaf(schema.TypeFloat), m.leaf(schema.TypeInt))
}

func (m *maker) decimal(depth int) query.Expr {
	other := func() query.Expr {
		if m.pick(3) == 0 {
			return m.tamely(schema.TypeInt, 0)
		}
		return m.leaf(schema.TypeDecimal)
	}
	switch m.pick(6) {
	case 0, 1:
		return of(query.ExprArith, m.one("+", "-", "*", "/", "%"), m.expr(schema.TypeDecimal, depth-1), other())
	case 2:
		return of(query.ExprArith, m.one("+", "-", "*", "/", "%"), other(), m.leaf(schema.TypeDecimal))
	case 3:
		return call("abs", m.expr(schema.TypeDecimal, depth-1))
	case 4:
		return call("coalesce", m.leaf(schema.TypeDecimal), m.tamely(schema.TypeInt, depth-1))
	}
	args := []query.Expr{m.expr(schema.TypeDecimal, depth-1)}
	if m.pick(2) == 0 {
		args = append(args, whole64(int64(m.pick(5)-1)))
	}
	return call("round", args...)
}

// asText draws what Postgres and the stored form print alike.
func (m *maker) asText(depth int) query.Expr {
	for _, t := range []schema.Type{schema.TypeInt, schema.TypeDecimal, schema.TypeUUID, schema.TypeDate, schema.TypeEnum} {
		if c := m.columns(t); len(c) > 0 && m.pick(6) == 0 {
			return c[m.pick(len(c))].expr()
		}
	}
	return m.expr(schema.TypeText, depth)
}

func (m *maker) text(depth int) query.Expr {
	sub := func() query.Expr { return m.expr(schema.TypeText, depth-1) }
	word := func() query.Expr { return bound(value.Text(words[m.pick(len(words))])) }
	switch m.pick(9) {
	case 0:
		return call(m.one("lower", "upper"), sub())
	case 1:
		return call(m.one("trim", "ltrim", "rtrim"), sub())
	case 2:
		return call(m.one("trim", "ltrim", "rtrim"), sub(), word())
	case 3:
		return call("replace", sub(), word(), word())
	case 4:
		return call("substr", sub(), whole64(int64(m.pick(6)-2)), whole64(int64(m.pick(4))))
	case 5:
		return call("substr", sub(), m.tamely(schema.TypeInt, 0))
	case 6:
		return of(query.ExprArith, "||", m.asText(depth-1), m.expr(schema.TypeText, 0))
	case 7:
		return call("concat", m.asText(depth-1), m.asText(0))
	}
	for _, t := range []schema.Type{schema.TypeJSONB, schema.TypeJSON} {
		if j := m.columns(t); len(j) > 0 {
			return of(query.ExprJSONPath, paths[m.pick(len(paths))], j[m.pick(len(j))].expr())
		}
	}
	return sub()
}

var compares = []string{"=", "<>", "<", "<=", ">", ">="}

// truth draws a condition.
func (m *maker) truth(depth int) query.Expr {
	if depth > 0 {
		switch m.pick(7) {
		case 0:
			return of(query.ExprAnd, "", m.truth(depth-1), m.truth(depth-1))
		case 1:
			return of(query.ExprOr, "", m.truth(depth-1), m.truth(depth-1))
		case 2:
			return of(query.ExprNot, "", m.truth(depth-1))
		case 3:
			if e, ok := m.exists(depth - 1); ok {
				return e
			}
		}
	}
	t := m.typeOf(equatable)
	compare := compares[m.pick(len(compares))]
	if !slices.Contains(ordered, t) {
		compare = compares[m.pick(2)]
	}
	columns := m.columns(t)
	sub := func() query.Expr { return m.expr(t, depth-1) }
	beside := func() (query.Expr, query.Expr, query.Expr) {
		if len(columns) == 0 {
			return sub(), sub(), sub()
		}
		c := columns[m.pick(len(columns))]
		return c.expr(), m.boundFor(c), m.boundFor(c)
	}
	switch m.pick(12) {
	case 0, 1:
		x, y, _ := beside()
		if m.pick(2) == 0 {
			x, y = y, x
		}
		return of(query.ExprCompare, compare, x, y)
	case 2:
		x, y, z := beside()
		return of(query.ExprIn, "", x, y, z)
	case 3:
		x, y, z := beside()
		if slices.Contains(ordered, t) {
			return of(query.ExprBetween, "", x, y, z)
		}
		return of(query.ExprIn, "", x, y, z)
	case 4, 5:
		return of(query.ExprCompare, m.one("like", "ilike"), m.expr(schema.TypeText, depth-1), bound(value.Text(patterns[m.pick(len(patterns))])))
	case 6:
		return of(query.ExprIsNull, "", m.expr(m.typeOf(shown), depth-1))
	case 7:
		if b := m.columns(schema.TypeBool); len(b) > 0 {
			c := b[m.pick(len(b))].expr()
			if m.pick(2) == 0 {
				return c
			}
			return of(query.ExprCompare, m.one("=", "<>"), c, whole64(int64(m.pick(2))))
		}
	case 8:
		// Numbers of two types.
		other := []schema.Type{schema.TypeInt, schema.TypeFloat, schema.TypeDecimal}
		return of(query.ExprCompare, compares[m.pick(6)], m.tamely(other[m.pick(3)], depth-1), m.tamely(other[m.pick(3)], depth-1))
	case 9:
		if j := m.columns(schema.TypeJSONB); len(j) > 0 {
			c := j[m.pick(len(j))]
			return call("json_contains", c.expr(), m.boundFor(c))
		}
	case 10:
		if a := m.columns(schema.TypeArray); len(a) > 0 {
			c := a[m.pick(len(a))]
			return call(m.one("array_contains", "array_overlaps"), c.expr(), m.boundFor(c))
		}
	}
	return of(query.ExprCompare, compare, sub(), sub())
}
