package sqlgen

import (
	"math"
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// postgresValue binds v as text, under a cast.
func (w *writer) postgresValue(v value.Value, as *schema.Column) {
	if as == nil && v.Kind() == value.KindText && w.opt.Schema != nil && !w.inRaw {
		as = anyText // by itself it has no type in Postgres
	}
	arg, cast := postgresText(v, as), castOf(v, as)
	if cast == "" {
		w.args = append(w.args, arg)
		w.text("$" + strconv.Itoa(len(w.args)))
		return
	}
	// One value of one type is one parameter: an expression that GROUP BY and
	// the result share must be the same text, or Postgres takes it for two.
	id := cast + "\x00" + string(arg.Append(nil))
	at, ok := w.places[id]
	if !ok {
		w.args = append(w.args, arg)
		at = len(w.args)
		if w.places == nil {
			w.places = map[string]int{}
		}
		w.places[id] = at
	}
	w.text("CAST($" + strconv.Itoa(at) + " AS " + cast + ")")
}

// castNames are the types to which Postgres's values are cast, without a length
// or a scale, which would cut the value; "" is the column's own.
var castNames = [...]string{
	schema.TypeInt: "int8", schema.TypeBool: "bool", schema.TypeFloat: "float8", schema.TypeDecimal: "numeric",
	schema.TypeTimestampTZ: "timestamptz", schema.TypeTimestamp: "timestamp", schema.TypeDate: "date", schema.TypeTime: "time",
	schema.TypeText: "text", schema.TypeUUID: "uuid", schema.TypeJSON: "json", schema.TypeJSONB: "jsonb", schema.TypeBytes: "bytea",
}

// castOf returns the Postgres type of a value, or "" where Postgres finds it.
func castOf(v value.Value, as *schema.Column) string {
	if as != nil {
		switch {
		case as == int4:
			return "int4"
		case as.Type == schema.TypeInt && v.Kind() == value.KindFloat:
			return "float8" // a number may be compared with any number
		case int(as.Type) < len(castNames) && castNames[as.Type] != "":
			return castNames[as.Type]
		case as.SourceType != "" && strings.Trim(as.SourceType, typeLetters) == "":
			return as.SourceType
		}
	}
	switch v.Kind() {
	case value.KindInt:
		return "int8"
	case value.KindFloat:
		return "float8"
	case value.KindBlob:
		return "bytea"
	}
	return ""
}

const typeLetters = `abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_ .,()[]"`

// postgresText returns a value in Postgres's text form.
func postgresText(v value.Value, as *schema.Column) value.Value {
	switch v.Kind() {
	case value.KindInt:
		if as != nil && as.Type == schema.TypeBool {
			return value.Text(strconv.FormatBool(v.Int() != 0))
		}
		return value.Text(strconv.FormatInt(v.Int(), 10))
	case value.KindFloat:
		switch f := v.Float(); {
		case math.IsInf(f, 1):
			return value.Text("Infinity")
		case math.IsInf(f, -1):
			return value.Text("-Infinity")
		default:
			return value.Text(strconv.FormatFloat(f, 'g', -1, 64))
		}
	case value.KindBlob:
		return value.Text(hexText(v.Str()))
	}
	return v
}

// hexText is Postgres's text of a bytea. encoding/hex would link fmt.
func hexText(s string) string {
	const digits = "0123456789abcdef"
	out := append(make([]byte, 0, 2+2*len(s)), '\\', 'x')
	for i := range len(s) {
		out = append(out, digits[s[i]>>4], digits[s[i]&15])
	}
	return string(out)
}

// postgresCall writes a call.
func (w *writer) postgresCall(e *query.Expr, sc *scope, t *schema.Column) {
	// Postgres's own type of a result may be another than the stored form's.
	own := w.returns(e, sc)
	switch {
	case e.Name == "avg" && is(t, schema.TypeInt):
		w.text("(CAST(sum(")
		w.arguments(e, sc, t)
		w.text(") AS float8) / count(")
		w.arguments(e, sc, t)
		w.text("))")
	case (e.Name == "sum" || e.Name == "round") && own != nil && own.Type != schema.TypeDecimal:
		w.text("CAST(" + e.Name + "(")
		w.arguments(e, sc, t)
		w.text(") AS " + castNames[own.Type] + ")")
	case e.Name == "trim":
		w.text("btrim(")
		w.arguments(e, sc, t)
		w.text(")")
	default:
		w.text(e.Name + "(")
		w.arguments(e, sc, t)
		w.text(")")
	}
}

// postgresPath writes steps as a jsonpath,
// https://www.postgresql.org/docs/15/functions-json.html#FUNCTIONS-SQLJSON-PATH.
func postgresPath(steps []query.Step) string {
	var b strings.Builder
	b.WriteString("strict $")
	for _, s := range steps {
		switch {
		case s.IsKey:
			b.WriteString(`."` + strings.ReplaceAll(s.Key, `\`, `\\`) + `"`)
		case s.Index < 0:
			b.WriteString("[last - " + strconv.Itoa(-1-s.Index) + "]")
		default:
			b.WriteString("[" + strconv.Itoa(s.Index) + "]")
		}
	}
	return b.String()
}
