package live

import (
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
)

// ref is one place where a built query names a table. match is a query of the
// table's row images (see images) that returns the changed rows which can
// matter there; its text is "" when each row can.
type ref struct {
	table *schema.Table
	match sqlgen.Statement
}

// refsOf returns every place where a query names a table. ok is false when
// they cannot be told: a view, a table beside the schema, raw text that may
// read some table.
//
// A row can matter where it passes those conditions that every row must pass
// there, and that only look at this row: conditions of WHERE and of inner
// joins for a table whose rows are not kept without a partner, and those of a
// LEFT JOIN for the table that it joins (a row that fails WHERE may still hide
// the row of NULLs that stands in for it).
func refsOf(q *query.Select, s *schema.Schema) (refs []ref, ok bool) {
	a := analysis{schema: s, ok: true}
	a.selects(q)
	return a.refs, a.ok
}

type analysis struct {
	schema *schema.Schema
	refs   []ref
	ok     bool
}

// place is a table in one FROM.
type place struct {
	query.TableRef
	table *schema.Table
	conds []query.Expr
}

func (p *place) name() string {
	if p.Alias != "" {
		return p.Alias
	}
	return p.Name
}

func (a *analysis) selects(q *query.Select) {
	places := make([]place, 1+len(q.Joins))
	places[0].TableRef = q.From
	outer := false // a join that keeps rows of the tables before it
	for i := range q.Joins {
		places[i+1].TableRef = q.Joins[i].Table
		outer = outer || q.Joins[i].Kind == query.RightJoin || q.Joins[i].Kind == query.FullJoin
	}
	for i := range places {
		if places[i].table = a.schema.Table(places[i].Name); places[i].table == nil {
			a.ok = false
			return
		}
	}
	if !outer {
		every := and(nil, q.Where)
		for i := range q.Joins {
			if q.Joins[i].Kind == query.InnerJoin {
				every = and(every, q.Joins[i].On)
			}
		}
		for i := range places {
			from := every
			if i > 0 && q.Joins[i-1].Kind == query.LeftJoin {
				from = and(nil, q.Joins[i-1].On)
			}
			for j := range from {
				if only(&from[j], places, i) {
					places[i].conds = append(places[i].conds, from[j])
				}
			}
		}
	}
	for i := range places {
		a.refs = append(a.refs, a.ref(&places[i]))
	}
	a.inside(q)
}

// ref renders what is asked of the rows of one place.
func (a *analysis) ref(p *place) ref {
	r := ref{table: p.table}
	if len(p.conds) == 0 {
		return r
	}
	s, err := sqlgen.Select(&query.Select{
		Columns: []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Name: imageColumn}}},
		From:    p.TableRef, Where: &query.Expr{Kind: query.ExprAnd, Args: p.conds},
	}, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: a.schema})
	if err == nil {
		r.match = s
	}
	return r
}

// inside looks for further tables in the expressions of a query.
func (a *analysis) inside(q *query.Select) {
	for i := range q.Columns {
		a.expr(&q.Columns[i].Expr)
	}
	for i := range q.Joins {
		a.expr(q.Joins[i].On)
	}
	a.expr(q.Where)
	for i := range q.GroupBy {
		a.expr(&q.GroupBy[i])
	}
	a.expr(q.Having)
	for i := range q.OrderBy {
		a.expr(&q.OrderBy[i].Expr)
	}
	a.expr(q.Limit)
	a.expr(q.Offset)
}

func (a *analysis) expr(e *query.Expr) {
	if e == nil {
		return
	}
	if e.Kind == query.ExprRaw && readsTables(e.Name) {
		a.ok = false
	}
	if e.Sub != nil {
		a.selects(e.Sub)
	}
	for i := range e.Args {
		a.expr(&e.Args[i])
	}
}

// readsTables reports whether raw text may name a table: SQL can only after
// SELECT and after IN.
func readsTables(raw string) bool {
	raw = strings.ToLower(raw)
	return strings.Contains(raw, "select") || strings.Contains(raw, "in")
}

// and appends the conditions that e joins by AND.
func and(list []query.Expr, e *query.Expr) []query.Expr {
	switch {
	case e == nil:
	case e.Kind == query.ExprAnd:
		for i := range e.Args {
			list = and(list, &e.Args[i])
		}
	default:
		list = append(list, *e)
	}
	return list
}

// only reports whether an expression looks at the row of one place alone.
func only(e *query.Expr, places []place, at int) bool {
	if e.Sub != nil || e.Kind == query.ExprRaw || e.Kind == query.ExprStar {
		return false
	}
	if e.Kind == query.ExprColumn {
		return found(e, places) == at
	}
	for i := range e.Args {
		if !only(&e.Args[i], places, at) {
			return false
		}
	}
	return true
}

// found returns the one place that has a column, or -1.
func found(e *query.Expr, places []place) int {
	at := -1
	for i := range places {
		p := &places[i]
		if e.Table != "" && !strings.EqualFold(e.Table, p.name()) || p.table.Index(e.Name) < 0 {
			continue
		}
		if at >= 0 {
			return -1
		}
		at = i
	}
	return at
}
