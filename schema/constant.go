package schema

import "rockpool.dev/value"

// constant is a default's text as an SQLite literal in its canonical form.
func constant(c *Column, text string) (string, bool) {
	v, err := c.Canonical(value.Text(text))
	if err != nil {
		return "", false
	}
	switch v.Kind() {
	case value.KindText:
		return quoteText(v.Str()), true
	case value.KindInt, value.KindFloat:
		return textOf(v)
	default:
		return "", false
	}
}
