package schema

import "strings"

// Quote returns name as an SQL identifier, in double quotes with inner ones
// doubled. A NUL byte ends SQLite's text, so it cannot be in a name; it is
// replaced by U+FFFD. Every identifier in SQL that we make passes here.
func Quote(name string) string {
	if strings.IndexByte(name, 0) >= 0 {
		name = strings.ReplaceAll(name, "\x00", "\ufffd")
	}
	return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
}

// quoteText returns s as an SQL text literal.
func quoteText(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
