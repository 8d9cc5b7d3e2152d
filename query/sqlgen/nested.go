package sqlgen

import (
	"rockpool.dev/query"
	"rockpool.dev/schema"
)

// Nested is the shape of a column of a result that holds rows: on SQLite a blob
// of the rows' values one after the other (sqlfn's rockpool_rows), on Postgres a
// jsonb array of rows, each an array of the texts of its values, NULL as null,
// and of rows again.
type Nested struct {
	// As is the column's name in its result.
	As string
	// Many is false for the first row alone, which is NULL where there is none.
	Many bool
	// Names and Types are the columns of the rows; a type is 0 where the schema
	// does not know it.
	Names []string
	Types []schema.Type
	// Nested are those of the columns that hold rows again.
	Nested []Nested
}

// rowsFunction is sqlfn's aggregate.
const rowsFunction = "rockpool_rows"

// nested writes a query whose rows are one value, and returns their shape.
func (w *writer) nested(e *query.Expr, sc *scope) Nested {
	shape := Nested{Many: e.Kind == query.ExprRows}
	q, err := query.Named(e.Sub, w.opt.Schema)
	if err != nil {
		w.err = err
		return shape
	}
	if !withPostgres || w.opt.Dialect == SQLite {
		w.text("(SELECT " + rowsFunction + "(")
	} else {
		w.text("(SELECT coalesce(jsonb_agg(jsonb_build_array(")
	}
	seen := make(map[string]bool, len(q.Columns))
	for i := range q.Columns {
		name := q.Columns[i].Name()
		if seen[name] {
			w.fail("two columns of nested rows are called " + name + ": select them by name")
		}
		seen[name] = true
		if i > 0 {
			w.text(", ")
		}
		if withPostgres && w.opt.Dialect == Postgres && !q.Columns[i].Expr.Nested() {
			w.text("CAST(")
			w.name(name)
			w.text(" AS text)")
		} else {
			w.name(name)
		}
		shape.Names = append(shape.Names, name)
	}
	if withPostgres && w.opt.Dialect == Postgres {
		w.text(")), '[]')")
	} else {
		w.text(")")
	}
	w.text(" FROM (")
	inner := w.scopeOf(q, sc)
	for i := range q.Columns {
		var t schema.Type
		if c := inner.column(&q.Columns[i].Expr); c != nil {
			t = c.Type
		}
		shape.Types = append(shape.Types, t)
	}
	outer := w.shapes
	w.shapes = nil
	w.selects(q, sc)
	shape.Nested, w.shapes = w.shapes, outer
	if !shape.Many && q.Limit == nil {
		w.text(" LIMIT 1")
	}
	if withPostgres && w.opt.Dialect == Postgres {
		w.text(") AS nested)")
	} else {
		w.text("))")
	}
	return shape
}
