package schema

import "rockpool.dev/value"

// constant is a default's text as an SQLite literal in its canonical form.
func constant(c *Column, text string) (string, bool) {
	v, ok := canonical(c, value.Text(text))
	if !ok {
		return "", false
	}
	switch v.Kind() {
	case value.KindText:
		return quoteText(v.Str()), true
	case value.KindInt, value.KindFloat:
		return plain(v), true
	default:
		return "", false
	}
}
