package sqloracle

import (
	"slices"
	"strconv"

	"rockpool.dev/query"
	"rockpool.dev/schema"
)

// Rows that one query may make, and that a query within may look at: what
// keeps a run of thousands short.
const (
	pairsMax  = 60_000
	withinMax = 20_000
)

// table draws a table of at most max rows and gives it a name of its own; nil when none is so small.
func (m *maker) table(max int) (ref, bool) {
	var in []*schema.Table
	for i := range m.w.schema.Tables {
		if t := &m.w.schema.Tables[i]; m.w.rows[t.Name] <= max {
			in = append(in, t)
		}
	}
	if len(in) == 0 {
		return ref{}, false
	}
	*m.aliases++
	return ref{"x" + strconv.Itoa(*m.aliases), in[m.pick(len(in))]}, true
}

func (r ref) named() query.TableRef { return query.TableRef{Name: r.table.Name, Alias: r.alias} }

// size is about how many rows the tables in scope make.
func (m *maker) size() int {
	n := 1
	for _, r := range m.refs {
		n *= max(m.w.rows[r.table.Name], 1)
	}
	return n
}

// within is a maker for a query inside, over one table.
func (m *maker) within() (*maker, ref, bool) {
	if m.flat {
		return nil, ref{}, false
	}
	r, ok := m.table(withinMax / m.size())
	if !ok {
		return nil, r, false
	}
	inner := &maker{t: m.t, w: m.w, arrays: m.arrays, aliases: m.aliases, refs: []ref{r}, outer: append(slices.Clone(m.refs), m.outer...)}
	return inner, r, true
}

// exists draws EXISTS, or IN with a query.
func (m *maker) exists(depth int) (query.Expr, bool) {
	inner, r, ok := m.within()
	if !ok {
		return query.Expr{}, false
	}
	where := inner.truth(depth)
	q := &query.Select{From: r.named(), Where: &where}
	t := inner.typeOf(equatable)
	mine, theirs := m.columns(t), (&maker{t: m.t, w: m.w, arrays: m.arrays, refs: inner.refs, flat: true}).columns(t)
	if m.pick(2) == 0 && len(mine) > 0 && len(theirs) > 0 {
		q.Columns = []query.ResultExpr{{Expr: theirs[m.pick(len(theirs))].expr()}}
		return query.Expr{Kind: query.ExprIn, Args: []query.Expr{mine[m.pick(len(mine))].expr()}, Sub: q}, true
	}
	q.Columns = []query.ResultExpr{{Expr: whole64(1), As: "one"}}
	return query.Expr{Kind: query.ExprExists, Sub: q}, true
}

// scalar draws a query of one row and one column of a type.
func (m *maker) scalar(t schema.Type, depth int) (query.Expr, bool) {
	inner, r, ok := m.within()
	if !ok {
		return query.Expr{}, false
	}
	where := inner.truth(depth)
	q := &query.Select{From: r.named(), Where: &where}
	own := &maker{t: m.t, w: m.w, arrays: m.arrays, refs: inner.refs, flat: true, tame: m.tame}
	columns := own.columns(t)
	switch {
	case t == schema.TypeInt && m.pick(2) == 0:
		q.Columns = []query.ResultExpr{{Expr: call("count", query.Expr{Kind: query.ExprStar}), As: "n"}}
	case len(columns) > 0 && slices.Contains(extreme, t) && m.pick(2) == 0:
		q.Columns = []query.ResultExpr{{Expr: call(m.one("min", "max"), columns[m.pick(len(columns))].expr()), As: "n"}}
	case len(columns) > 0:
		q.Columns = []query.ResultExpr{{Expr: columns[m.pick(len(columns))].expr()}}
		q.OrderBy = inner.keys()
		q.Limit = number(1)
	default:
		return query.Expr{}, false
	}
	return query.Expr{Kind: query.ExprSub, Sub: q}, true
}

func number(n int) *query.Expr {
	e := whole64(int64(n))
	return &e
}

// extreme are the types that Postgres has min and max for.
var extreme = []schema.Type{
	schema.TypeInt, schema.TypeFloat, schema.TypeText, schema.TypeDecimal, schema.TypeTimestampTZ, schema.TypeTimestamp,
	schema.TypeDate, schema.TypeTime, schema.TypeEnum,
}

// keys orders by the keys of every table.
func (m *maker) keys() (out []query.Order) {
	for _, r := range m.refs {
		for _, i := range r.table.Key {
			out = append(out, query.Order{Expr: seen{r, &r.table.Columns[i]}.expr()})
		}
	}
	return out
}

// from draws the tables of a query.
func (m *maker) from() *query.Select {
	first, _ := m.table(1 << 30)
	m.refs = []ref{first}
	q := &query.Select{From: first.named()}
	for range m.pick(3) {
		kind := query.JoinKind(1 + m.pick(4))
		next, ok := m.table(pairsMax / m.size())
		if !ok {
			break
		}
		before := m.refs
		m.refs = append(slices.Clone(before), next)
		on, ok := m.on(kind, before, next)
		if !ok {
			m.refs = before
			break
		}
		q.Joins = append(q.Joins, query.Join{Kind: kind, Table: next.named(), On: &on})
	}
	return q
}

// on draws a join's condition. Postgres joins FULL by equalities alone.
func (m *maker) on(kind query.JoinKind, before []ref, next ref) (query.Expr, bool) {
	was := *m
	m.flat = true
	defer func() { m.flat = was.flat }()
	left, right := &maker{t: m.t, w: m.w, arrays: m.arrays, refs: before, flat: true}, &maker{t: m.t, w: m.w, arrays: m.arrays, refs: []ref{next}, flat: true}
	var both []schema.Type
	for _, t := range ordered {
		if len(left.columns(t)) > 0 && len(right.columns(t)) > 0 {
			both = append(both, t)
		}
	}
	if len(both) == 0 {
		return query.Expr{}, false
	}
	t := both[m.pick(len(both))]
	x, y := left.columns(t), right.columns(t)
	equal := of(query.ExprCompare, "=", x[m.pick(len(x))].expr(), y[m.pick(len(y))].expr())
	if kind == query.FullJoin {
		return equal, true
	}
	switch m.pick(3) {
	case 0:
		return m.truth(2), true
	case 1:
		return of(query.ExprAnd, "", equal, m.truth(1)), true
	}
	return equal, true
}

// query draws a whole query whose order is total.
func (m *maker) query() *query.Select {
	m.arrays = m.one("integer[]", "text[]")
	q := m.from()
	if m.pick(4) > 0 {
		where := m.truth(3)
		q.Where = &where
	}
	switch m.pick(5) {
	case 0:
		m.grouped(q)
	case 1:
		m.distinct(q)
	case 2:
		m.counted(q)
	default:
		m.plain(q)
	}
	if m.pick(3) == 0 {
		q.Limit = number(m.pick(12))
	}
	if m.pick(4) == 0 {
		q.Offset = number(m.pick(5))
	}
	return q
}

func (m *maker) order(e query.Expr) query.Order {
	return query.Order{Expr: e, Desc: m.pick(2) == 0, Nulls: query.Nulls(m.pick(3))}
}

// sortable is an expression that may be ordered by: a bare value is the number
// of a column to both databases' ORDER BY and GROUP BY.
func (m *maker) sortable(types []schema.Type, depth int) query.Expr {
	for range 10 {
		if e := m.expr(m.typeOf(types), depth); e.Kind != query.ExprValue {
			return e
		}
	}
	k := m.keys()
	return k[m.pick(len(k))].Expr
}

func (m *maker) plain(q *query.Select) {
	for i := range 1 + m.pick(4) {
		q.Columns = append(q.Columns, query.ResultExpr{Expr: m.expr(m.typeOf(shown), 3), As: "c" + strconv.Itoa(i)})
	}
	for range m.pick(3) {
		q.OrderBy = append(q.OrderBy, m.order(m.sortable(ordered, 2)))
	}
	q.OrderBy = append(q.OrderBy, m.keys()...)
}

// grouping is an expression whose equal values look alike: not so a computed
// decimal, 1.0 beside 1.00, of which either may be shown.
func (m *maker) grouping() query.Expr {
	for range 10 {
		t := m.typeOf(ordered)
		if t != schema.TypeDecimal {
			return m.sortable([]schema.Type{t}, 2)
		}
		if c := m.columns(t); len(c) > 0 {
			return c[m.pick(len(c))].expr()
		}
	}
	return m.keys()[0].Expr
}

func (m *maker) distinct(q *query.Select) {
	q.Distinct = true
	was := m.outer
	for i := range 1 + m.pick(3) {
		e := m.grouping()
		q.Columns = append(q.Columns, query.ResultExpr{Expr: e, As: "c" + strconv.Itoa(i)})
		q.OrderBy = append(q.OrderBy, m.order(e))
	}
	m.outer = was
}

func (m *maker) aggregate() query.Expr {
	star := query.Expr{Kind: query.ExprStar}
	e := query.Expr{Kind: query.ExprCall, Distinct: m.pick(3) == 0}
	switch m.pick(5) {
	case 0:
		return call("count", star)
	case 1:
		e.Name, e.Args = "count", []query.Expr{m.sortable(equatable, 1)}
	case 2:
		t := m.typeOf(extreme)
		e.Name = m.one("min", "max")
		if c := m.columns(t); t == schema.TypeDecimal {
			e.Args = []query.Expr{c[m.pick(len(c))].expr()}
		} else {
			e.Args = []query.Expr{m.sortable([]schema.Type{t}, 1)}
		}
	default:
		e.Name = m.one("sum", "avg")
		was := m.tame
		m.tame = true
		t := m.typeOf([]schema.Type{schema.TypeInt, schema.TypeFloat, schema.TypeDecimal})
		if c := m.columns(t); t == schema.TypeFloat && len(c) > 0 {
			e.Args = []query.Expr{c[m.pick(len(c))].expr()}
		} else if t == schema.TypeFloat {
			e.Args = []query.Expr{m.expr(schema.TypeInt, 1)}
		} else {
			e.Args = []query.Expr{m.expr(t, 1)}
		}
		m.tame = was
	}
	return e
}

func (m *maker) aggregates(q *query.Select) {
	for i := range 1 + m.pick(3) {
		q.Columns = append(q.Columns, query.ResultExpr{Expr: m.aggregate(), As: "a" + strconv.Itoa(i)})
	}
}

func (m *maker) grouped(q *query.Select) {
	for i := range 1 + m.pick(2) {
		e := m.grouping()
		as := "k" + strconv.Itoa(i)
		q.GroupBy = append(q.GroupBy, e)
		q.Columns = append(q.Columns, query.ResultExpr{Expr: e, As: as})
		if m.pick(2) == 0 {
			e = query.Expr{Kind: query.ExprColumn, Name: as}
		}
		q.OrderBy = append(q.OrderBy, m.order(e))
	}
	m.aggregates(q)
	if m.pick(3) == 0 {
		having := of(query.ExprCompare, compares[m.pick(6)], call("count", query.Expr{Kind: query.ExprStar}), whole64(int64(m.pick(6))))
		q.Having = &having
	}
}

// counted is one row of aggregates.
func (m *maker) counted(q *query.Select) { m.aggregates(q) }
