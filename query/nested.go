package query

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// Nested reports whether e is a query whose rows are one value.
func (e *Expr) Nested() bool { return e.Kind == ExprRows || e.Kind == ExprRow }

// Name is the name of a column of a result: its alias, or the column's own; ""
// for an expression without one.
func (r *ResultExpr) Name() string {
	if r.As == "" && r.Expr.Kind == ExprColumn {
		return r.Expr.Name
	}
	return r.As
}

// Named returns q with its columns written out, as nested rows have no names of
// their own when they arrive. Kinds: unknown_table for a table that is not in s
// and whose columns are not written out.
func Named(q *Select, s *schema.Schema) (*Select, error) {
	if len(q.Columns) > 0 {
		return q, nil
	}
	named := *q
	tables := []TableRef{q.From}
	for i := range q.Joins {
		tables = append(tables, q.Joins[i].Table)
	}
	for _, ref := range tables {
		var t *schema.Table
		if s != nil {
			t = s.Table(ref.Name)
		}
		if t == nil {
			return nil, fault.New(fault.UnknownTable, "nest rows", "the columns of "+ref.Name+" are not known").
				WithHint("name the columns")
		}
		name := ref.Alias
		if name == "" {
			name = ref.Name
		}
		for i := range t.Columns {
			named.Columns = append(named.Columns, ResultExpr{Expr: Expr{Kind: ExprColumn, Table: name, Name: t.Columns[i].Name}})
		}
	}
	return &named, nil
}
