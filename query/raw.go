package query

import "strings"

// Placeholders counts the ? of a raw text that stand for values: not those in
// strings, quoted names and comments.
func Placeholders(text string) int {
	n := 0
	SplitRaw(text, func(string) {}, func() { n++ })
	return n
}

// SplitRaw walks a raw text: literal gets each stretch of SQL, placeholder is
// called for each ? that stands for a value. An unclosed string, name or
// comment reaches to the end.
func SplitRaw(text string, literal func(string), placeholder func()) {
	from, i := 0, 0
	for i < len(text) {
		switch c := text[i]; {
		case c == '?':
			literal(text[from:i])
			placeholder()
			i++
			from = i
		case c == '\'' || c == '"' || c == '`':
			i = after(text, i+1, string(c))
		case c == '[':
			i = after(text, i+1, "]")
		case strings.HasPrefix(text[i:], "--"):
			i = after(text, i+2, "\n")
		case strings.HasPrefix(text[i:], "/*"):
			i = after(text, i+2, "*/")
		default:
			i++
		}
	}
	literal(text[from:])
}

// after returns the offset behind the next end at or after i, or the end.
func after(text string, i int, end string) int {
	if j := strings.Index(text[i:], end); j >= 0 {
		return i + j + len(end)
	}
	return len(text)
}
