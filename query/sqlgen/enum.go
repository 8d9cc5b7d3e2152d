package sqlgen

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// ranks reports whether a type's values have an order of their own that SQLite
// does not know: an enum's, which is that of its labels.
func (w *writer) ranks(t *schema.Column) bool {
	return (!withPostgres || w.opt.Dialect == SQLite) && is(t, schema.TypeEnum) && len(t.Enum) > 0
}

// ordered writes an expression where it is asked for its order: an enum's label
// as its place among the labels.
func (w *writer) ordered(e *query.Expr, sc *scope, t *schema.Column) {
	switch {
	case !w.ranks(t):
		w.beside(e, sc, t)
	case e.Kind == query.ExprValue && e.Value.Kind() == value.KindText:
		place := slices.Index(t.Enum, e.Value.Str())
		if place < 0 {
			_, err := t.Canonical(e.Value)
			w.err = fault.In("compare a value", err)
		}
		w.text(strconv.Itoa(place))
	default:
		w.labels(t, func() { w.beside(e, sc, t) }, false)
	}
}

// labels writes what turns a label into its place, or back.
func (w *writer) labels(t *schema.Column, inner func(), back bool) {
	w.text("(CASE ")
	inner()
	for i, label := range t.Enum {
		place := func() { w.text(strconv.Itoa(i)) }
		bind := func() { w.value(value.Text(label), nil) }
		if back {
			place, bind = bind, place
		}
		w.text(" WHEN ")
		bind()
		w.text(" THEN ")
		place()
	}
	w.text(" END)")
}
