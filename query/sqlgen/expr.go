package sqlgen

import (
	"math"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

func (w *writer) expr(e *query.Expr, sc *scope) { w.typed(e, sc, nil) }

// typed writes an expression; a value in it takes the type of as, where known.
func (w *writer) typed(e *query.Expr, sc *scope, as *schema.Column) {
	switch e.Kind {
	case query.ExprColumn:
		w.qualified(e.Table)
		w.name(e.Name)
	case query.ExprValue:
		w.value(e.Value, as)
	case query.ExprCompare:
		w.compare(e, sc)
	case query.ExprAnd:
		w.join(e.Args, " AND ", "(1=1)", sc)
	case query.ExprOr:
		w.join(e.Args, " OR ", "(1=0)", sc)
	case query.ExprNot:
		w.text("(NOT ")
		w.expr(&e.Args[0], sc)
		w.text(")")
	case query.ExprIn:
		w.in(e, sc)
	case query.ExprBetween:
		t := w.peer(e.Args, sc)
		w.text("(")
		w.operand(&e.Args[0], sc, t)
		w.text(" BETWEEN ")
		w.typed(&e.Args[1], sc, t)
		w.text(" AND ")
		w.typed(&e.Args[2], sc, t)
		w.text(")")
	case query.ExprIsNull:
		w.text("(")
		w.expr(&e.Args[0], sc)
		w.text(" IS NULL)")
	case query.ExprCall:
		w.call(e, sc)
	case query.ExprArith:
		w.arith(e, sc)
	case query.ExprExists:
		w.text("EXISTS ")
		w.sub(e.Sub, sc)
	case query.ExprStar:
		w.qualified(e.Table)
		w.text("*")
	case query.ExprJSONPath:
		w.jsonPath(e, sc, true)
	case query.ExprJSON:
		w.jsonPath(e, sc, false)
	case query.ExprRaw:
		w.raw(e, sc)
	case query.ExprCase:
		w.cases(e, sc)
	case query.ExprSub:
		w.sub(e.Sub, sc)
	default:
		w.fail("unknown kind of expression")
	}
}

func (w *writer) qualified(table string) {
	if table != "" {
		w.name(table)
		w.text(".")
	}
}

func (w *writer) sub(q *query.Select, sc *scope) {
	w.text("(")
	w.selects(q, sc)
	w.text(")")
}

// peer returns the type that the values beside a column take.
func (w *writer) peer(args []query.Expr, sc *scope) *schema.Column {
	for i := range args {
		if c := sc.column(&args[i]); c != nil {
			return c
		}
	}
	for i := range args {
		if decimal(&args[i], sc) {
			return numeric
		}
	}
	return nil
}

// numeric is the type of a computed decimal.
var numeric = &schema.Column{Type: schema.TypeDecimal, SourceType: "numeric"}

// value binds v.
func (w *writer) value(v value.Value, as *schema.Column) {
	if w.opt.Dialect == SQLite {
		v = w.stored(v, as)
		w.args = append(w.args, v)
		w.text("?")
		return
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

// stored returns v as SQLite stores it in the column that it meets: the same
// moment, written otherwise, is another text.
func (w *writer) stored(v value.Value, as *schema.Column) value.Value {
	if as == nil {
		return v
	}
	switch as.Type {
	case schema.TypeDecimal:
		if v.Kind() == value.KindInt || v.Kind() == value.KindFloat {
			return decimalText(v)
		}
		return v
	case schema.TypeInt, schema.TypeFloat:
		// A number may be compared with any number: only text has to be one.
		if v.Kind() != value.KindText {
			return v
		}
	case schema.TypeTimestampTZ, schema.TypeTimestamp, schema.TypeDate, schema.TypeTime, schema.TypeUUID, schema.TypeBool:
	default:
		return v
	}
	canonical, err := as.Canonical(v)
	if err != nil && w.err == nil {
		w.err = fault.In("compare a value", err)
	}
	return canonical
}

// decimalText returns a number in the form that decimals are stored in.
func decimalText(v value.Value) value.Value {
	if v.Kind() == value.KindInt {
		return value.Text(strconv.FormatInt(v.Int(), 10))
	}
	return value.Text(strconv.FormatFloat(v.Float(), 'f', -1, 64))
}

// castOf returns the Postgres type of a value, or "" where Postgres finds it.
func castOf(v value.Value, as *schema.Column) string {
	if as != nil && as.SourceType != "" && strings.Trim(as.SourceType, typeLetters) == "" {
		return as.SourceType
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

func (w *writer) join(args []query.Expr, op, none string, sc *scope) {
	if len(args) == 0 {
		w.text(none)
		return
	}
	w.text("(")
	for i := range args {
		if i > 0 {
			w.text(op)
		}
		w.expr(&args[i], sc)
	}
	w.text(")")
}

func (w *writer) compare(e *query.Expr, sc *scope) {
	if e.Name == "like" || e.Name == "ilike" {
		w.like(e, sc)
		return
	}
	t := w.peer(e.Args, sc)
	w.text("(")
	w.operand(&e.Args[0], sc, t)
	w.text(" " + e.Name + " ")
	w.typed(&e.Args[1], sc, t)
	w.text(")")
}

// operand writes the left side of a comparison. A computed decimal is plain
// text to SQLite: the collation says how it compares.
func (w *writer) operand(e *query.Expr, sc *scope, t *schema.Column) {
	w.typed(e, sc, t)
	if w.opt.Dialect == SQLite && t != nil && t.Type == schema.TypeDecimal {
		w.text(" COLLATE " + decimalCollation)
	}
}

// decimalCollation is sqlfn.DecimalCollation.
const decimalCollation = "rockpool_decimal"

// like writes Postgres's LIKE. On SQLite a known pattern becomes GLOB, which
// is case-sensitive and can use an index, or LIKE where ASCII folds alike; any
// other goes to sqlfn's functions.
func (w *writer) like(e *query.Expr, sc *scope) {
	x, pattern := &e.Args[0], &e.Args[1]
	if w.opt.Dialect == Postgres {
		w.text("(")
		w.expr(x, sc)
		w.text(" " + strings.ToUpper(e.Name) + " ")
		w.typed(pattern, sc, anyText)
		w.text(")")
		return
	}
	if pattern.Kind == query.ExprValue && pattern.Value.Kind() == value.KindText {
		if glob, ok := Glob(pattern.Value.Str()); ok && e.Name == "like" {
			w.text("(")
			w.expr(x, sc)
			w.text(" GLOB ")
			w.value(value.Text(glob), nil)
			w.text(")")
			return
		}
	}
	w.text("pg_" + e.Name + "(")
	w.expr(x, sc)
	w.text(", ")
	w.expr(pattern, sc)
	w.text(")")
}

// Glob turns a LIKE pattern with backslash escapes into GLOB's. ok is false
// for a pattern that ends within an escape, which is an error in Postgres, and
// for one with a zero byte, where GLOB would end.
func Glob(pattern string) (glob string, ok bool) {
	if strings.IndexByte(pattern, 0) >= 0 {
		return "", false
	}
	var b strings.Builder
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '%':
			b.WriteByte('*')
			continue
		case c == '_':
			b.WriteByte('?')
			continue
		case c == '\\':
			if i++; i == len(pattern) {
				return "", false
			}
			c = pattern[i]
		}
		switch c {
		case '*', '?', '[':
			b.WriteString("[" + string(rune(c)) + "]")
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), true
}

func (w *writer) in(e *query.Expr, sc *scope) {
	if e.Sub != nil {
		w.text("(")
		w.expr(&e.Args[0], sc)
		w.text(" IN ")
		w.sub(e.Sub, sc)
		w.text(")")
		return
	}
	if len(e.Args) == 1 {
		w.text("(1=0)")
		return
	}
	t := w.peer(e.Args, sc)
	w.text("(")
	w.operand(&e.Args[0], sc, t)
	w.text(" IN (")
	for i := 1; i < len(e.Args); i++ {
		if i > 1 {
			w.text(", ")
		}
		w.typed(&e.Args[i], sc, t)
	}
	w.text("))")
}

// arith writes an operation. Decimals are text: SQLite would make doubles of
// them, so they go to sqlfn's exact functions.
func (w *writer) arith(e *query.Expr, sc *scope) {
	if f := decimalOp(e.Name); f != "" && w.opt.Dialect == SQLite && (decimal(&e.Args[0], sc) || decimal(&e.Args[1], sc)) {
		w.text(f + "(")
		w.expr(&e.Args[0], sc)
		w.text(", ")
		w.expr(&e.Args[1], sc)
		w.text(")")
		return
	}
	t := w.peer(e.Args, sc)
	if e.Name == "||" {
		t = anyText
	}
	w.text("(")
	w.typed(&e.Args[0], sc, t)
	w.text(" " + e.Name + " ")
	w.typed(&e.Args[1], sc, t)
	w.text(")")
}

// decimalOp is sqlfn's function for an operator, or "".
func decimalOp(op string) string {
	switch op {
	case "+":
		return "decimal_add"
	case "-":
		return "decimal_sub"
	case "*":
		return "decimal_mul"
	}
	return ""
}

// decimal reports whether an expression is of the decimal type.
func decimal(e *query.Expr, sc *scope) bool {
	switch e.Kind {
	case query.ExprColumn:
		c := sc.column(e)
		return c != nil && c.Type == schema.TypeDecimal
	case query.ExprArith:
		return decimalOp(e.Name) != "" && (decimal(&e.Args[0], sc) || decimal(&e.Args[1], sc))
	case query.ExprCall:
		switch e.Name {
		case "sum", "avg", "min", "max", "coalesce", "nullif":
			for i := range e.Args {
				if decimal(&e.Args[i], sc) {
					return true
				}
			}
		}
	}
	return false
}

func (w *writer) cases(e *query.Expr, sc *scope) {
	w.text("(CASE")
	i := 0
	for ; i+1 < len(e.Args); i += 2 {
		w.text(" WHEN ")
		w.expr(&e.Args[i], sc)
		w.text(" THEN ")
		w.expr(&e.Args[i+1], sc)
	}
	if i < len(e.Args) {
		w.text(" ELSE ")
		w.expr(&e.Args[i], sc)
	}
	w.text(" END)")
}

func (w *writer) raw(e *query.Expr, sc *scope) {
	if strings.IndexByte(e.Name, 0) >= 0 {
		w.fail("a raw text has a zero byte")
		return
	}
	i := 0
	w.text("(")
	query.SplitRaw(e.Name, w.text, func() {
		if i < len(e.Args) {
			w.expr(&e.Args[i], sc)
		}
		i++
	})
	w.text(")")
}
