package sqlgen

import (
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// called is a function's name where the engine calls it otherwise than query does.
func (w *writer) called(name string) string {
	switch {
	case w.opt.Dialect == SQLite && (name == "lower" || name == "upper"):
		return "pg_" + name
	case w.opt.Dialect == Postgres && name == "trim":
		return "btrim"
	}
	return name
}

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

// int4 is the type of Postgres's counts of characters and digits.
var (
	anyText   = &schema.Column{Type: schema.TypeText, SourceType: "text"}
	textArray = &schema.Column{Type: schema.TypeText, SourceType: "text[]"}
)

var int4 = &schema.Column{Type: schema.TypeInt, SourceType: "int4"}

func (w *writer) call(e *query.Expr, sc *scope) {
	if query.FindFunction(e.Name) == nil {
		w.fail("the function " + strconv.Quote(e.Name) + " is not on the list")
		return
	}
	if op := operator(e.Name); op != "" && w.opt.Dialect == Postgres {
		t := w.peer(e.Args, sc)
		w.text("(")
		w.typed(&e.Args[0], sc, t)
		w.text(op)
		w.typed(&e.Args[1], sc, t)
		w.text(")")
		return
	}
	name := w.called(e.Name)
	if w.opt.Dialect == SQLite && (name == "sum" || name == "avg") && decimal(&e.Args[0], sc) {
		name = "decimal_" + name
	}
	w.text(name + "(")
	if e.Distinct {
		w.text("DISTINCT ")
	}
	t := w.peer(e.Args, sc)
	for i := range e.Args {
		if i > 0 {
			w.text(", ")
		}
		a := &e.Args[i]
		switch {
		case w.opt.Dialect == Postgres && e.Name == "round" && i == 0:
			w.text("CAST(")
			w.expr(a, sc)
			w.text(" AS numeric)") // round(double, int) does not exist, and halves go away from zero
		case w.opt.Dialect == Postgres && i > 0 && (e.Name == "substr" || e.Name == "round"):
			w.typed(a, sc, int4)
		case t != nil && (e.Name == "coalesce" || e.Name == "nullif"):
			w.typed(a, sc, t)
		case a.Kind == query.ExprValue && (a.Value.Kind() == value.KindText || a.Value.IsNull()):
			w.typed(a, sc, anyText) // Postgres knows no type of a bare parameter in concat and coalesce
		default:
			w.expr(a, sc)
		}
	}
	w.text(")")
}

// jsonPath writes what is at a path: with asText its text, where SQLite says 1
// and 0 for booleans and Postgres true and false; else, on SQLite a value of its
// own kind, on Postgres jsonb. NULL where there is none, and on SQLite and as
// text for JSON's own null.
func (w *writer) jsonPath(e *query.Expr, sc *scope, asText bool) {
	steps, err := query.ParsePath(e.Name)
	if err != nil {
		w.fail(err.Error())
		return
	}
	if w.opt.Dialect == Postgres {
		op := " AS jsonb) #> "
		if asText {
			op = " AS jsonb) #>> "
		}
		w.text("(CAST(")
		w.expr(&e.Args[0], sc)
		w.text(op)
		w.value(value.Text(postgresPath(steps)), textArray)
		w.text(")")
		return
	}
	at := func(function string) {
		w.text(function)
		w.expr(&e.Args[0], sc)
		w.text(", ")
		w.value(value.Text(sqlitePath(steps)), nil)
		w.text(")")
	}
	if !asText {
		at("json_extract(")
		return
	}
	at("(CASE json_type(")
	at(" WHEN 'true' THEN 'true' WHEN 'false' THEN 'false' ELSE CAST(json_extract(")
	w.text(" AS TEXT) END)")
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

// postgresPath writes steps as the text of a text[].
func postgresPath(steps []query.Step) string {
	var b strings.Builder
	b.WriteByte('{')
	for i, s := range steps {
		if i > 0 {
			b.WriteByte(',')
		}
		if s.IsKey {
			b.WriteString(`"` + strings.ReplaceAll(s.Key, `\`, `\\`) + `"`)
		} else {
			b.WriteString(strconv.Itoa(s.Index))
		}
	}
	b.WriteByte('}')
	return b.String()
}
