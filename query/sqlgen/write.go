package sqlgen

import (
	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
)

// Insert is the text of an INSERT of one row: a placeholder for each column, in
// order. Without columns every one takes its default.
type Insert struct {
	Table   string
	Columns []string
	// Conflict are the columns of a key that may be taken; then Update are the
	// columns that take the new row's values, and without any the row that is
	// there stays.
	Conflict, Update []string
	// Returning are the columns that are told of the row that was written.
	Returning []string
}

// SQL renders it; the text means the same on both engines but for its placeholders.
func (i *Insert) SQL() (string, error) {
	w := &writer{opt: Options{Dialect: SQLite}}
	w.text("INSERT INTO ")
	w.written(i.Table)
	if len(i.Columns) == 0 {
		w.text(" DEFAULT VALUES")
	} else {
		w.names(" (", i.Columns, ") VALUES (")
		for n := range i.Columns {
			if n > 0 {
				w.text(", ")
			}
			w.text("?")
		}
		w.text(")")
	}
	if len(i.Conflict) > 0 && len(i.Columns) > 0 {
		w.names(" ON CONFLICT (", i.Conflict, ") DO ")
		if len(i.Update) == 0 {
			w.text("NOTHING")
		}
		for n, name := range i.Update {
			if n == 0 {
				w.text("UPDATE SET ")
			} else {
				w.text(", ")
			}
			w.name(name)
			w.text(" = excluded.")
			w.name(name)
		}
	}
	w.names(" RETURNING ", i.Returning, "")
	return w.sql.String(), w.err
}

// Change is an UPDATE or, without Set, a DELETE of the rows that pass Where.
type Change struct {
	Table     string
	Set       []Assignment
	Where     *query.Expr
	Returning []string
}

// Assignment is one column of an UPDATE.
type Assignment struct {
	Column string
	Value  query.Expr
}

// Render renders it. Where calls the table by its name. Kinds as Select's.
func (c *Change) Render(o Options) (Statement, error) {
	q := &query.Select{From: query.TableRef{Name: c.Table}, Where: c.Where}
	if problems := query.Validate(q, nil, nil); len(problems) > 0 {
		return Statement{}, problems[0].Err()
	}
	w := &writer{opt: o}
	sc := w.scopeOf(q, nil)
	if len(c.Set) == 0 {
		w.text("DELETE FROM ")
		w.written(c.Table)
	} else {
		w.text("UPDATE ")
		w.written(c.Table)
		var t *schema.Table
		if o.Schema != nil {
			t = o.Schema.Table(c.Table)
		}
		for i := range c.Set {
			if i == 0 {
				w.text(" SET ")
			} else {
				w.text(", ")
			}
			a := &c.Set[i]
			w.name(a.Column)
			w.text(" = ")
			var as *schema.Column
			if t != nil && t.Index(a.Column) >= 0 {
				as = &t.Columns[t.Index(a.Column)]
			}
			w.typed(&a.Value, sc, as)
		}
	}
	w.clause(" WHERE ", c.Where, sc)
	w.names(" RETURNING ", c.Returning, "")
	return w.done()
}

// written writes the name of a table that is written to.
func (w *writer) written(table string) {
	if catalog(table) {
		w.err = fault.New(fault.Forbidden, "render a write", table+" is SQLite's own and no table of the app's")
	}
	w.name(table)
}

// names writes a list of names between two words, or nothing for none.
func (w *writer) names(before string, names []string, after string) {
	for i, name := range names {
		if i == 0 {
			w.text(before)
		} else {
			w.text(", ")
		}
		w.name(name)
	}
	if len(names) > 0 {
		w.text(after)
	}
}
