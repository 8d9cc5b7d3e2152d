package postgrest

import (
	"strings"

	"rockpool.dev/value"
)

// csvHead is the line of names.
func (sh *shape) csvHead(dst []byte) []byte {
	for i := range sh.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, sh.members[i].name...)
	}
	return dst
}

// csvRow is a row as PostgREST prints it: a record's text, without its parentheses.
func (p printer) csvRow(dst []byte, sh *shape, row value.Row) ([]byte, *Error) {
	for i := range sh.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		m := &sh.members[i]
		v, c := row[i], m.c
		var text string
		switch {
		case m.kind != memberValue || len(m.path) > 0:
			json, err := p.member(nil, m, v)
			if err != nil {
				return dst, err
			}
			if text = string(json); text == "null" {
				continue
			}
		case v.IsNull():
			continue
		default:
			if m.cast != nil {
				var err *Error
				if v, err = cast(c, m.cast, v); err != nil {
					return dst, err
				}
				c = m.cast
			}
			text = postgresText(c, v)
		}
		if text != "" && !strings.ContainsAny(text, "(),\"\\ \t\n\r\v\f") {
			dst = append(dst, text...)
			continue
		}
		dst = append(dst, '"')
		for j := range len(text) {
			if text[j] == '"' || text[j] == '\\' {
				dst = append(dst, text[j])
			}
			dst = append(dst, text[j])
		}
		dst = append(dst, '"')
	}
	return dst, nil
}
