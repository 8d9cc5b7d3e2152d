package schema

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// jsonDepthMax is how deep a JSON value may nest here.
const jsonDepthMax = 512

// jsonb returns JSON text as Postgres prints a jsonb: keys by length and then
// by bytes, the last of equal keys, ": " and ", " between, numbers as numeric
// prints them, the fewest escapes. ok is false for what is not JSON, and for
// \u0000 and lone surrogates, which jsonb cannot hold.
func jsonb(s string) (string, bool) {
	p := jsonParser{rest: s}
	out, ok := p.value(nil, 0)
	p.blanks()
	return string(out), ok && p.rest == ""
}

type jsonParser struct{ rest string }

func (p *jsonParser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

// take cuts a byte after blanks, if it is the next.
func (p *jsonParser) take(c byte) bool {
	p.blanks()
	if p.rest == "" || p.rest[0] != c {
		return false
	}
	p.rest = p.rest[1:]
	return true
}

func (p *jsonParser) value(dst []byte, depth int) ([]byte, bool) {
	p.blanks()
	if p.rest == "" || depth > jsonDepthMax {
		return dst, false
	}
	switch p.rest[0] {
	case '{':
		return p.object(dst, depth)
	case '[':
		return p.array(dst, depth)
	case '"':
		s, ok := p.text()
		return appendJSONText(dst, s), ok
	}
	for _, word := range [...]string{"true", "false", "null"} {
		if strings.HasPrefix(p.rest, word) {
			p.rest = p.rest[len(word):]
			return append(dst, word...), true
		}
	}
	return p.number(dst)
}

// number checks JSON's grammar, then prints the number as numeric would: the
// exponent applied, the digits after the point kept.
func (p *jsonParser) number(dst []byte) ([]byte, bool) {
	n := 0
	for n < len(p.rest) && strings.IndexByte("+-.eE0123456789", p.rest[n]) >= 0 {
		n++
	}
	text := p.rest[:n]
	p.rest = p.rest[n:]
	whole, rest := digits(strings.TrimPrefix(text, "-"))
	if whole == "" || len(whole) > 1 && whole[0] == '0' {
		return dst, false
	}
	if strings.HasPrefix(rest, ".") {
		if fraction, _ := digits(rest[1:]); fraction == "" {
			return dst, false
		}
	}
	d, ok := parseDecimal(text)
	return append(dst, d.String()...), ok
}

func (p *jsonParser) array(dst []byte, depth int) ([]byte, bool) {
	p.take('[')
	dst = append(dst, '[')
	if p.take(']') {
		return append(dst, ']'), true
	}
	for {
		var ok bool
		if dst, ok = p.value(dst, depth+1); !ok {
			return dst, false
		}
		if p.take(']') {
			return append(dst, ']'), true
		}
		if !p.take(',') {
			return dst, false
		}
		dst = append(dst, ", "...)
	}
}

func (p *jsonParser) object(dst []byte, depth int) ([]byte, bool) {
	p.take('{')
	members := map[string]string{}
	for first := true; !p.take('}'); first = false {
		if !first && !p.take(',') {
			return dst, false
		}
		p.blanks()
		key, ok := p.text()
		if !ok || !p.take(':') {
			return dst, false
		}
		member, ok := p.value(nil, depth+1)
		if !ok {
			return dst, false
		}
		members[key] = string(member)
	}
	keys := make([]string, 0, len(members))
	for key := range members {
		keys = append(keys, key)
	}
	sort.Slice(keys, func(i, j int) bool {
		if len(keys[i]) != len(keys[j]) {
			return len(keys[i]) < len(keys[j])
		}
		return keys[i] < keys[j]
	})
	dst = append(dst, '{')
	for i, key := range keys {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = append(appendJSONText(dst, key), ": "...)
		dst = append(dst, members[key]...)
	}
	return append(dst, '}'), true
}

// text cuts a quoted text and returns what it means.
func (p *jsonParser) text() (string, bool) {
	if p.rest == "" || p.rest[0] != '"' {
		return "", false
	}
	in := p.rest[1:]
	var out []byte
	for i := 0; i < len(in); i++ {
		switch c := in[i]; {
		case c == '"':
			p.rest = in[i+1:]
			return string(out), true
		case c < 0x20:
			return "", false
		case c != '\\':
			out = append(out, c)
		default:
			decoded, used := unescape(in[i:])
			if used == 0 {
				return "", false
			}
			out = append(out, decoded...)
			i += used - 1
		}
	}
	return "", false
}

// unescape reads the escape at the start of s; used is 0 when it is none.
func unescape(s string) (decoded string, used int) {
	if len(s) < 2 {
		return "", 0
	}
	if at := strings.IndexByte(`"\/bfnrt`, s[1]); at >= 0 {
		return "\"\\/\b\f\n\r\t"[at : at+1], 2
	}
	r := hex4(s)
	if r <= 0 {
		return "", 0
	}
	if r < 0xd800 || r > 0xdfff {
		return string(rune(r)), 6
	}
	low := hex4(s[6:])
	if r > 0xdbff || low < 0xdc00 || low > 0xdfff {
		return "", 0
	}
	return string(rune(0x10000 + (r-0xd800)<<10 + low - 0xdc00)), 12
}

// hex4 reads \uXXXX, or returns -1.
func hex4(s string) int {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return -1
	}
	n := 0
	for i := 2; i < 6; i++ {
		d := nibble(s[i])
		if d < 0 {
			return -1
		}
		n = n<<4 | d
	}
	return n
}

// appendJSONText quotes as Postgres's escape_json does.
func appendJSONText(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := range len(s) {
		c := s[i]
		if at := strings.IndexByte("\"\\\b\f\n\r\t", c); at >= 0 && c < utf8.RuneSelf {
			dst = append(dst, '\\', `"\bfnrt`[at])
			continue
		}
		if c < 0x20 {
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
			continue
		}
		dst = append(dst, c)
	}
	return append(dst, '"')
}
