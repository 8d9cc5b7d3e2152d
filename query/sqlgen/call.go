package sqlgen

import (
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// operator is that of Postgres for what is a function elsewhere: sqlfn's, by the
// same name. "" for any other function.
func operator(name string) string {
	switch name {
	case "array_contains", "json_contains":
		return " @> "
	case "array_overlaps":
		return " && "
	}
	return ""
}

func (w *writer) call(e *query.Expr, sc *scope) {
	if query.FindFunction(e.Name) == nil {
		w.fail("the function " + strconv.Quote(e.Name) + " is not on the list")
		return
	}
	t := w.common(e.Args, sc)
	if op := operator(e.Name); op != "" && withPostgres && w.opt.Dialect == Postgres {
		w.text("(")
		w.typed(&e.Args[0], sc, t)
		w.text(op)
		w.typed(&e.Args[1], sc, t)
		w.text(")")
		return
	}
	if w.ranks(t) && (e.Name == "min" || e.Name == "max") {
		w.labels(t, func() {
			w.text(e.Name + "(")
			w.ordered(&e.Args[0], sc, t)
			w.text(")")
		}, true)
		return
	}
	if !withPostgres || w.opt.Dialect == SQLite {
		w.text(called(e, t) + "(")
		w.arguments(e, sc, t)
		w.text(")")
	} else {
		w.postgresCall(e, sc, t)
	}
}

// called is a function's name on SQLite, where sqlfn may have it.
func called(e *query.Expr, t *schema.Column) string {
	switch e.Name {
	case "lower", "upper", "round":
		return "pg_" + e.Name
	case "sum", "avg", "abs":
		if is(t, schema.TypeDecimal) {
			return "decimal_" + e.Name
		}
	case "substr":
		for i, least := range [2]int64{1, 0} {
			if i+1 < len(e.Args) && (e.Args[i+1].Kind != query.ExprValue || e.Args[i+1].Value.Kind() != value.KindInt || e.Args[i+1].Value.Int() < least) {
				return "pg_substr" // SQLite counts from the end, and backwards
			}
		}
	}
	return e.Name
}

// arguments writes those of a call.
func (w *writer) arguments(e *query.Expr, sc *scope, t *schema.Column) {
	if e.Distinct {
		w.text("DISTINCT ")
	}
	for i := range e.Args {
		if i > 0 {
			w.text(", ")
		}
		a := &e.Args[i]
		switch {
		case withPostgres && w.opt.Dialect == Postgres && e.Name == "round" && i == 0:
			w.text("CAST(")
			w.expr(a, sc)
			w.text(" AS numeric)") // round(double, int) does not exist, and halves go away from zero
		case withPostgres && w.opt.Dialect == Postgres && i > 0 && (e.Name == "substr" || e.Name == "round"):
			w.text("CAST(")
			w.typed(a, sc, int4)
			w.text(" AS int4)")
		case e.Name == "coalesce":
			w.result(a, sc, t)
		case e.Name == "nullif" || is(t, schema.TypeDecimal) && (e.Distinct || e.Name == "min" || e.Name == "max"):
			w.operand(a, sc, t)
		case w.returns(e, sc) == anyText, a.Kind == query.ExprValue && (a.Value.Kind() == value.KindText || a.Value.IsNull()):
			w.typed(a, sc, anyText) // Postgres knows no type of a bare parameter in concat and coalesce
		default:
			w.expr(a, sc)
		}
	}
}

// jsonPath writes what is at a path: with asText its text; else, on SQLite a
// value of its own kind, on Postgres jsonb. NULL where there is none, and on
// SQLite and as text for JSON's own null.
func (w *writer) jsonPath(e *query.Expr, sc *scope, asText bool) {
	steps, err := query.ParsePath(e.Name)
	if err != nil {
		w.fail(err.Error())
		return
	}
	if withPostgres && w.opt.Dialect == Postgres {
		// Not #>, which takes an index for a key, and a key for an index.
		w.text("(jsonb_path_query_first(CAST(")
		w.expr(&e.Args[0], sc)
		w.text(" AS jsonb), ")
		w.value(value.Text(postgresPath(steps)), jsonPath)
		w.text(", '{}', true)")
		if asText {
			w.text(" #>> '{}'")
		}
		w.text(")")
		return
	}
	at := func(before, between string) {
		w.text(before)
		w.expr(&e.Args[0], sc)
		w.text(between)
		w.value(value.Text(sqlitePath(steps)), nil)
	}
	if !asText {
		at("json_extract(", ", ")
		w.text(")")
		return
	}
	at("(CASE json_type(", ", ")
	at(") WHEN 'text' THEN json_extract(", ", ")
	at(") WHEN 'null' THEN NULL ELSE jsonb_text(", " -> ")
	w.text(") END)")
}

// sqlitePath writes steps as SQLite's path, https://www.sqlite.org/json1.html#path_arguments.
func sqlitePath(steps []query.Step) string {
	var b strings.Builder
	b.WriteByte('$')
	for _, s := range steps {
		if s.IsKey {
			b.WriteString(`."` + s.Key + `"`)
		} else if s.Index < 0 {
			b.WriteString("[#" + strconv.Itoa(s.Index) + "]")
		} else {
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		}
	}
	return b.String()
}
