package sqlgen

import (
	"rockpool.dev/query"
	"rockpool.dev/schema"
)

// Nested is the shape of a column of a result that holds rows: a blob of the
// rows' values one after the other (sqlfn's rockpool_rows).
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
	if w.opt.Dialect != SQLite {
		w.fail("nested rows are for SQLite")
		return shape
	}
	q, err := query.Named(e.Sub, w.opt.Schema)
	if err != nil {
		w.err = err
		return shape
	}
	w.text("(SELECT " + rowsFunction + "(")
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
		w.name(name)
		shape.Names = append(shape.Names, name)
	}
	w.text(") FROM (")
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
	w.text("))")
	return shape
}
