package schema

import (
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonDepthMax is how deep a document may nest.
const jsonDepthMax = 256

// formatJSON prints a document as Postgres prints jsonb: keys by length, then
// bytes, the last of equal ones; numbers without exponents; ", " and ": "
// between. ok is false when it is not JSON.
// https://www.postgresql.org/docs/15/datatype-json.html
func formatJSON(text string) (string, bool) {
	p := jsonParser{src: text}
	out, ok := p.value(nil, 0)
	p.space()
	return string(out), ok && p.at == len(text)
}

type jsonParser struct {
	src string
	at  int
}

func (p *jsonParser) space() {
	for p.at < len(p.src) && strings.IndexByte(" \t\r\n", p.src[p.at]) >= 0 {
		p.at++
	}
}

func (p *jsonParser) next(c byte) bool {
	p.space()
	if p.at < len(p.src) && p.src[p.at] == c {
		p.at++
		return true
	}
	return false
}

func (p *jsonParser) value(dst []byte, depth int) ([]byte, bool) {
	p.space()
	if p.at >= len(p.src) || depth > jsonDepthMax {
		return dst, false
	}
	switch c := p.src[p.at]; {
	case c == '{':
		return p.object(dst, depth)
	case c == '[':
		return p.array(dst, depth)
	case c == '"':
		s, ok := p.text()
		return appendJSONText(dst, s), ok
	case c == '-' || c >= '0' && c <= '9':
		return p.number(dst)
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.src[p.at:], word) {
			p.at += len(word)
			return append(dst, word...), true
		}
	}
	return dst, false
}

func (p *jsonParser) array(dst []byte, depth int) ([]byte, bool) {
	p.at++
	dst = append(dst, '[')
	if p.next(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = p.value(dst, depth+1); !ok {
			return dst, false
		}
		if p.next(']') {
			return append(dst, ']'), true
		}
		if !p.next(',') {
			return dst, false
		}
		dst = append(dst, ", "...)
	}
}

type jsonMember struct{ key, body string }

func (p *jsonParser) object(dst []byte, depth int) ([]byte, bool) {
	p.at++
	var members []jsonMember
	for first := true; !p.next('}'); first = false {
		if !first && !p.next(',') {
			return dst, false
		}
		p.space()
		if p.at >= len(p.src) || p.src[p.at] != '"' {
			return dst, false
		}
		key, ok := p.text()
		if !ok || !p.next(':') {
			return dst, false
		}
		body, ok := p.value(nil, depth+1)
		if !ok {
			return dst, false
		}
		if i := slices.IndexFunc(members, func(m jsonMember) bool { return m.key == key }); i >= 0 {
			members[i].body = string(body)
		} else {
			members = append(members, jsonMember{key, string(body)})
		}
	}
	slices.SortFunc(members, func(a, b jsonMember) int {
		if len(a.key) != len(b.key) {
			return len(a.key) - len(b.key)
		}
		return strings.Compare(a.key, b.key)
	})
	dst = append(dst, '{')
	for i, m := range members {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendJSONText(dst, m.key), ": "...)
		dst = append(dst, m.body...)
	}
	return append(dst, '}'), true
}

// number checks JSON's grammar and prints the decimal.
func (p *jsonParser) number(dst []byte) ([]byte, bool) {
	start := p.at
	for p.at < len(p.src) && strings.IndexByte("+-.eE0123456789", p.src[p.at]) >= 0 {
		p.at++
	}
	text := p.src[start:p.at]
	body := strings.TrimPrefix(text, "-")
	whole, rest := digits(body)
	if whole == "" || len(whole) > 1 && whole[0] == '0' || strings.HasPrefix(rest, ".") && (len(rest) < 2 || rest[1] < '0' || rest[1] > '9') {
		return dst, false
	}
	d, ok := parseDecimal(text)
	return append(dst, d.String()...), ok
}

// text reads a string. \u0000 has no place in Postgres text.
func (p *jsonParser) text() (string, bool) {
	p.at++
	var out []byte
	for p.at < len(p.src) {
		c := p.src[p.at]
		p.at++
		switch {
		case c == '"':
			return string(out), true
		case c < 0x20:
			return "", false
		case c != '\\':
			out = append(out, c)
			continue
		}
		if p.at >= len(p.src) {
			return "", false
		}
		c = p.src[p.at]
		p.at++
		if c == 'u' {
			r, ok := p.rune()
			if !ok || r == 0 {
				return "", false
			}
			out = utf8.AppendRune(out, r)
			continue
		}
		i := strings.IndexByte(`"\/bfnrt`, c)
		if i < 0 {
			return "", false
		}
		out = append(out, "\"\\/\b\f\n\r\t"[i])
	}
	return "", false
}

// rune reads four digits, and a second half when the first is a surrogate.
func (p *jsonParser) rune() (rune, bool) {
	unit := func() (rune, bool) {
		if p.at+4 > len(p.src) {
			return 0, false
		}
		n, err := strconv.ParseUint(p.src[p.at:p.at+4], 16, 16)
		p.at += 4
		return rune(n), err == nil
	}
	hi, ok := unit()
	if !ok || hi < 0xd800 || hi > 0xdfff {
		return hi, ok
	}
	if hi > 0xdbff || !strings.HasPrefix(p.src[p.at:], `\u`) {
		return 0, false
	}
	p.at += 2
	lo, ok := unit()
	if !ok || lo < 0xdc00 || lo > 0xdfff {
		return 0, false
	}
	return (hi-0xd800)<<10 + (lo - 0xdc00) + 0x10000, true
}

func appendJSONText(dst []byte, s string) []byte {
	const digits = "0123456789abcdef"
	dst = append(dst, '"')
	for i := range len(s) {
		c := s[i]
		if at := strings.IndexByte("\"\\\b\f\n\r\t", c); at >= 0 {
			dst = append(dst, '\\', `"\bfnrt`[at])
		} else if c < 0x20 {
			dst = append(dst, '\\', 'u', '0', '0', digits[c>>4], digits[c&15])
		} else {
			dst = append(dst, c)
		}
	}
	return append(dst, '"')
}
