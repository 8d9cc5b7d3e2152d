package schema

import "strings"

// JSONPart is a member of an object, or an element of an array, which has no
// Key. Text is the value's own JSON text.
type JSONPart struct{ Key, Text string }

// JSONParts reads the outermost level of a JSON text. kind is '{' or '[', and
// for any other value '"', 't', 'f', 'n' or '0', without parts; 0 for what is
// not JSON. Members come as they are written, equal keys too.
func JSONParts(text string) (kind byte, parts []JSONPart) {
	p := jsonParser{rest: text}
	p.blanks()
	if p.rest == "" {
		return 0, nil
	}
	kind = p.rest[0]
	switch kind {
	case '{', '[':
		parts, ok := p.parts(kind)
		if p.blanks(); !ok || p.rest != "" {
			return 0, nil
		}
		return kind, parts
	case '"', 't', 'f', 'n':
	default:
		kind = '0'
	}
	if _, ok := jsonb(text); !ok {
		return 0, nil
	}
	return kind, nil
}

// parts cuts an object or an array into its values.
func (p *jsonParser) parts(open byte) (parts []JSONPart, ok bool) {
	closing := open + 2 // { and }, [ and ]
	p.take(open)
	var scratch []byte
	for first := true; !p.take(closing); first = false {
		if !first && !p.take(',') {
			return nil, false
		}
		var part JSONPart
		p.blanks()
		if open == '{' {
			if part.Key, ok = p.text(); !ok || !p.take(':') {
				return nil, false
			}
			p.blanks()
		}
		before := p.rest
		if scratch, ok = p.value(scratch[:0], 1); !ok {
			return nil, false
		}
		part.Text = before[:len(before)-len(p.rest)]
		parts = append(parts, part)
	}
	return parts, true
}

// JSONText is what a JSON string says; ok is false for any other JSON.
func JSONText(text string) (s string, ok bool) {
	p := jsonParser{rest: strings.TrimSpace(text)}
	s, ok = p.text()
	return s, ok && p.rest == ""
}

// AppendJSONText quotes s as Postgres does.
func AppendJSONText(dst []byte, s string) []byte { return appendJSONText(dst, s) }
