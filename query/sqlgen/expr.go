package sqlgen

import (
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
		w.column(e, sc)
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
		t := w.common(e.Args, sc)
		w.text("(")
		w.ordered(&e.Args[0], sc, t)
		w.decides(t)
		w.text(" BETWEEN ")
		w.ordered(&e.Args[1], sc, t)
		w.text(" AND ")
		w.ordered(&e.Args[2], sc, t)
		w.text(")")
	case query.ExprIsNull:
		w.text("(")
		w.typed(&e.Args[0], sc, anyText)
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

// column writes a column. Postgres's float4 becomes the double that it prints
// as, which is the stored form, and its char(n) loses the blanks at its end.
func (w *writer) column(e *query.Expr, sc *scope) {
	before, after := "", ""
	if c := sc.column(e); c != nil && withPostgres && w.opt.Dialect == Postgres {
		switch base, _, _ := strings.Cut(c.SourceType, "("); base {
		case "real", "float4":
			before, after = "CAST(CAST(", " AS text) AS float8)"
		case "character", "bpchar", "char":
			before, after = "CAST(", " AS text)"
		}
	}
	w.text(before)
	w.qualified(e.Table)
	w.name(e.Name)
	w.text(after)
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

// value binds v.
func (w *writer) value(v value.Value, as *schema.Column) {
	if !withPostgres || w.opt.Dialect == SQLite {
		v = w.stored(v, as)
		w.args = append(w.args, v)
		w.text("?")
	} else {
		w.postgresValue(v, as)
	}
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
	t := w.common(e.Args, sc)
	write := w.ordered
	if e.Name == "=" || e.Name == "<>" {
		write = w.beside
	}
	w.text("(")
	write(&e.Args[0], sc, t)
	w.decides(t)
	w.text(" " + e.Name + " ")
	write(&e.Args[1], sc, t)
	w.text(")")
}

// operand writes the left side of a test of equality.
func (w *writer) operand(e *query.Expr, sc *scope, t *schema.Column) {
	w.beside(e, sc, t)
	w.decides(t)
}

// decides ends the left side of a comparison, which decides how SQLite compares.
// A computed decimal is plain text to it.
func (w *writer) decides(t *schema.Column) {
	if (!withPostgres || w.opt.Dialect == SQLite) && is(t, schema.TypeDecimal) {
		w.collate(decimalCollation)
	}
}

// beside writes an expression that is compared with others of a type together.
// SQLite hands the collation of a decimal within on to what is around it: text
// says that it compares by itself.
func (w *writer) beside(e *query.Expr, sc *scope, t *schema.Column) {
	before := w.collated
	as := ""
	if (!withPostgres || w.opt.Dialect == SQLite) && t != nil && e.Kind != query.ExprValue {
		own := w.typeOf(e, sc)
		switch {
		case t.Type == schema.TypeDecimal && is(own, schema.TypeInt):
			as = " AS TEXT)"
		case t.Type == schema.TypeFloat && is(own, schema.TypeDecimal):
			as = " AS REAL)"
		}
	}
	if as != "" {
		w.text("CAST(")
	}
	w.typed(e, sc, t)
	w.text(as)
	if w.collated > before && !is(t, schema.TypeDecimal) {
		w.collate("BINARY")
	}
}

// result writes an expression that is one of several results of a type
// together: a whole number among doubles is a double.
func (w *writer) result(e *query.Expr, sc *scope, t *schema.Column) {
	if (!withPostgres || w.opt.Dialect == SQLite) && is(t, schema.TypeFloat) && is(w.typeOf(e, sc), schema.TypeInt) {
		w.text("CAST(")
		w.expr(e, sc)
		w.text(" AS REAL)")
		return
	}
	w.beside(e, sc, t)
}

func (w *writer) collate(name string) {
	w.text(" COLLATE " + name)
	w.collated++
}

// decimalCollation is sqlfn.DecimalCollation.
const decimalCollation = "rockpool_decimal"

// like writes Postgres's LIKE. On SQLite a known pattern becomes GLOB, which
// is case-sensitive and can use an index, or LIKE where ASCII folds alike; any
// other goes to sqlfn's functions.
func (w *writer) like(e *query.Expr, sc *scope) {
	x, pattern := &e.Args[0], &e.Args[1]
	if withPostgres && w.opt.Dialect == Postgres {
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
	if e.Sub == nil && len(e.Args) == 1 {
		w.text("(1=0)")
		return
	}
	t := w.common(e.Args, sc)
	w.text("(")
	w.operand(&e.Args[0], sc, t)
	w.text(" IN (")
	if e.Sub != nil {
		w.selects(e.Sub, sc)
	}
	for i := 1; i < len(e.Args); i++ {
		if i > 1 {
			w.text(", ")
		}
		w.beside(&e.Args[i], sc, t)
	}
	w.text("))")
}

// arith writes an operation. Decimals are text: SQLite would make doubles of
// them, so they go to sqlfn's exact functions. What is divided by zero is NULL.
func (w *writer) arith(e *query.Expr, sc *scope) {
	x, y := &e.Args[0], &e.Args[1]
	if e.Name == "||" {
		w.text("(")
		w.asText(x, sc)
		w.text(" || ")
		w.asText(y, sc)
		w.text(")")
		return
	}
	t := w.common(e.Args, sc)
	if e.Name == "%" && is(t, schema.TypeFloat) {
		w.fail("% takes whole numbers and decimals, and no doubles")
	}
	if (!withPostgres || w.opt.Dialect == SQLite) && is(t, schema.TypeDecimal) {
		w.text(decimalOps[strings.Index("+-*/%", e.Name)] + "(")
		w.expr(x, sc)
		w.text(", ")
		w.expr(y, sc)
		w.text(")")
		return
	}
	w.text("(")
	w.wide(x, sc, t)
	w.text(" " + e.Name + " ")
	if withPostgres && w.opt.Dialect == Postgres && (e.Name == "/" || e.Name == "%") {
		w.text("NULLIF(")
		w.wide(y, sc, t)
		w.text(", 0)")
	} else {
		w.wide(y, sc, t)
	}
	w.text(")")
}

// decimalOps are sqlfn's functions for + - * / %.
var decimalOps = [...]string{"decimal_add", "decimal_sub", "decimal_mul", "decimal_div", "decimal_mod"}

// wide writes an operand of arithmetic, where whole numbers have 64 bits.
func (w *writer) wide(e *query.Expr, sc *scope, t *schema.Column) {
	if withPostgres && w.opt.Dialect == Postgres && is(t, schema.TypeInt) && e.Kind != query.ExprValue {
		w.text("CAST(")
		w.expr(e, sc)
		w.text(" AS int8)")
		return
	}
	w.result(e, sc, t)
}

// asText writes what becomes part of a text.
func (w *writer) asText(e *query.Expr, sc *scope) {
	if withPostgres && w.opt.Dialect == Postgres && e.Kind != query.ExprValue && !is(w.typeOf(e, sc), schema.TypeText) {
		w.text("CAST(")
		w.expr(e, sc)
		w.text(" AS text)")
		return
	}
	w.typed(e, sc, anyText)
}

func (w *writer) cases(e *query.Expr, sc *scope) {
	t := w.common(results(e.Args), sc)
	w.text("(CASE")
	i := 0
	for ; i+1 < len(e.Args); i += 2 {
		w.text(" WHEN ")
		w.expr(&e.Args[i], sc)
		w.text(" THEN ")
		w.result(&e.Args[i+1], sc, t)
	}
	if i < len(e.Args) {
		w.text(" ELSE ")
		w.result(&e.Args[i], sc, t)
	}
	w.text(" END)")
}

func (w *writer) raw(e *query.Expr, sc *scope) {
	outer := w.inRaw
	w.inRaw = true
	defer func() { w.inRaw = outer }()
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
