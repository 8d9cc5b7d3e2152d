package schema

import (
	"strings"

	"rockpool.dev/value"
)

// ConstantDefault is the default's canonical value, where it is a constant.
func (c *Column) ConstantDefault() (value.Value, bool) {
	expr := uncast(c.Default)
	switch strings.ToLower(expr) {
	case "true":
		return value.Int(1), true
	case "false":
		return value.Int(0), true
	case "null":
		return value.Null, true
	}
	text, isQuoted := unquote(expr)
	if !isQuoted {
		d, ok := parseDecimal(expr)
		if !ok {
			return value.Null, false
		}
		text = d.String()
	}
	v, err := c.Canonical(value.Text(text))
	return v, err == nil
}

// uncast takes the cast off "'x'::text".
func uncast(expr string) string {
	expr = strings.TrimSpace(expr)
	if cut := strings.LastIndex(expr, "::"); cut > 0 && strings.LastIndexByte(expr, '\'') < cut {
		expr = strings.TrimSpace(expr[:cut])
	}
	return expr
}

// unquote is the text of an SQL string literal.
func unquote(expr string) (string, bool) {
	n := len(expr)
	if n < 2 || expr[0] != '\'' || expr[n-1] != '\'' {
		return "", false
	}
	return strings.ReplaceAll(expr[1:n-1], "''", "'"), true
}

// literal is a value as SQLite's text for it.
func literal(v value.Value) (string, bool) {
	switch v.Kind() {
	case value.KindNull:
		return "NULL", true
	case value.KindText:
		return quoteText(v.Str()), true
	case value.KindInt, value.KindFloat:
		return textOf(v)
	default:
		return "", false
	}
}
