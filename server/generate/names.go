package generate

import (
	"strconv"
	"strings"
	"unicode"
)

func itoa(n int) string { return strconv.Itoa(n) }

// words cuts a name at what is no letter or digit, and before a capital behind
// a small letter.
func words(name string) (out []string) {
	word := ""
	flush := func() {
		if word != "" {
			out = append(out, word)
			word = ""
		}
	}
	var last rune
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			flush()
			last = 0
			continue
		}
		if unicode.IsUpper(r) && unicode.IsLower(last) {
			flush()
		}
		word += string(r)
		last = r
	}
	flush()
	return out
}

// pascal is a name as a type's identifier in TypeScript and in Go:
// "order_lines" → "OrderLines".
func pascal(name string) string { return join(words(name), map[string]string{}) }

// initialisms are words that Go writes in capitals.
var initialisms = map[string]string{
	"id": "ID", "uuid": "UUID", "url": "URL", "uri": "URI", "api": "API", "http": "HTTP", "json": "JSON", "html": "HTML", "ip": "IP", "sql": "SQL", "xml": "XML",
}

func join(parts []string, special map[string]string) string {
	out := ""
	for _, p := range parts {
		if s := special[strings.ToLower(p)]; s != "" {
			out += s
			continue
		}
		r := []rune(p)
		out += string(unicode.ToUpper(r[0])) + string(r[1:])
	}
	if out == "" || unicode.IsDigit([]rune(out)[0]) || !unicode.IsUpper([]rune(out)[0]) {
		out = "X" + out // Go exports by the capital alone
	}
	return out
}

// comment is text that may stand in a comment of any of the languages: on one
// line, and without what ends one.
func comment(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == '\u2028' || r == '\u2029' {
			return ' '
		}
		return r
	}, s)
	return strings.ReplaceAll(s, "*/", "* /")
}
