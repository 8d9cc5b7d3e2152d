package postgrest

import (
	"math"
	"strconv"
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// printer writes rows as JSON. Members that are null are left out with stripped.
type printer struct{ stripped bool }

// object writes a row as an object.
func (p printer) object(dst []byte, sh *shape, row value.Row) ([]byte, *Error) {
	dst = append(dst, '{')
	first := true
	for i := range sh.members {
		m := &sh.members[i]
		before := len(dst)
		if !first {
			dst = append(dst, ',')
		}
		dst = append(schema.AppendJSONText(dst, m.name), ':')
		from := len(dst)
		var err *Error
		if dst, err = p.member(dst, m, row[i]); err != nil {
			return dst, err
		}
		if p.stripped && string(dst[from:]) == "null" {
			dst = dst[:before]
			continue
		}
		first = false
	}
	return append(dst, '}'), nil
}

// member writes the value of a member.
func (p printer) member(dst []byte, m *member, v value.Value) ([]byte, *Error) {
	if m.kind == memberValue {
		return p.value(dst, m, v)
	}
	if m.kind != memberOne {
		dst = append(dst, '[')
	}
	width := max(len(m.sub.members), 1)
	rest := []byte(v.Str())
	n := 0
	for ; len(rest) > 0; n++ {
		if n > 0 {
			if m.kind == memberOne {
				break
			}
			dst = append(dst, ',')
		}
		row, after, ok := value.DecodeRow(rest, width)
		if !ok {
			return dst, refuse("XX000", "nested rows are not whole")
		}
		rest = after
		var err *Error
		if m.kind == memberList {
			dst, err = p.member(dst, &m.sub.members[0], row[0])
		} else {
			dst, err = p.object(dst, m.sub, row)
		}
		if err != nil {
			return dst, err
		}
	}
	switch {
	case m.kind != memberOne:
		dst = append(dst, ']')
	case n == 0:
		dst = append(dst, "null"...)
	}
	return dst, nil
}

// value writes a column's value: at its path, under its cast.
func (p printer) value(dst []byte, m *member, v value.Value) ([]byte, *Error) {
	c := m.c
	if len(m.path) > 0 {
		text, quoted, ok := walk(string(appendValue(nil, c, v)), m.path)
		switch {
		case !ok:
			return append(dst, "null"...), nil
		case m.cast == nil && quoted:
			return schema.AppendJSONText(dst, text), nil
		case m.cast == nil:
			return append(dst, text...), nil
		}
		c, v = jsonbColumn, value.Text(text)
		if quoted {
			c = textColumn
		}
	}
	if m.cast == nil {
		at := len(dst)
		dst = appendValue(dst, c, v)
		if p.stripped && c != nil && (c.Type == schema.TypeJSON || c.Type == schema.TypeJSONB) {
			dst = append(dst[:at], stripped(string(dst[at:]))...)
		}
		return dst, nil
	}
	v, err := cast(c, m.cast, v)
	if err != nil {
		return dst, err
	}
	return appendValue(dst, m.cast, v), nil
}

// walk follows a path in JSON. quoted says that ->> ended it: text is then what
// it says. ok is false where there is nothing, or JSON's null as text.
func walk(text string, path []step) (at string, quoted, ok bool) {
	for _, s := range path {
		kind, parts := schema.JSONParts(text)
		found := false
		switch {
		case kind == '{' && s.isKey:
			for i := range parts {
				if parts[i].Key == s.key {
					text, found = parts[i].Text, true
				}
			}
		case kind == '[' && !s.isKey:
			i := s.index
			if i < 0 {
				i += len(parts)
			}
			if found = 0 <= i && i < len(parts); found {
				text = parts[i].Text
			}
		}
		if !found {
			return "", false, false
		}
		if s.text {
			if said, ok := schema.JSONText(text); ok {
				return said, true, true
			}
			text = strings.TrimSpace(text)
			return text, true, text != "null"
		}
	}
	return text, false, true
}

// stripped takes the members that are null out of JSON.
func stripped(text string) []byte {
	kind, parts := schema.JSONParts(text)
	if kind != '{' && kind != '[' {
		return []byte(text)
	}
	out := []byte{kind}
	for _, part := range parts {
		if kind == '{' && part.Text == "null" {
			continue
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		if kind == '{' {
			out = append(schema.AppendJSONText(out, part.Key), ':')
		}
		out = append(out, stripped(part.Text)...)
	}
	return append(out, kind+2)
}

// appendValue writes a stored value as Postgres's to_json does.
func appendValue(dst []byte, c *schema.Column, v value.Value) []byte {
	if v.IsNull() {
		return append(dst, "null"...)
	}
	if c != nil {
		switch c.Type {
		case schema.TypeBool:
			return strconv.AppendBool(dst, v.Int() != 0)
		case schema.TypeJSON, schema.TypeJSONB:
			if kind, _ := schema.JSONParts(v.Str()); kind != 0 {
				return append(dst, v.Str()...)
			}
		case schema.TypeDecimal:
			if text := c.ToText(v); text != "" && (text[0] == '-' || '0' <= text[0] && text[0] <= '9') && text != "-Infinity" {
				return append(dst, text...)
			}
		case schema.TypeTimestampTZ, schema.TypeTimestamp:
			return schema.AppendJSONText(dst, moment(v.Str()))
		case schema.TypeArray:
			if items, ok := schema.ParseArray(v.Str()); ok {
				return appendItems(dst, c.Element(), items)
			}
		}
	}
	switch v.Kind() {
	case value.KindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	case value.KindFloat:
		if f := v.Float(); !math.IsInf(f, 0) {
			return strconv.AppendFloat(dst, f, 'g', -1, 64)
		}
	}
	return schema.AppendJSONText(dst, (&schema.Column{}).ToText(v))
}

// moment is a stored moment as JSON has it: no zeros at the fraction's end.
func moment(text string) string {
	dot := strings.IndexByte(text, '.')
	if dot < 0 {
		return text
	}
	end := dot + 1
	for end < len(text) && '0' <= text[end] && text[end] <= '9' {
		end++
	}
	fraction := strings.TrimRight(text[dot:end], "0")
	if fraction == "." {
		fraction = ""
	}
	return text[:dot] + fraction + text[end:]
}

func appendItems(dst []byte, c *schema.Column, items []schema.ArrayItem) []byte {
	dst = append(dst, '[')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case item.Nested:
			dst = appendItems(dst, c, item.Items)
		case item.Null:
			dst = append(dst, "null"...)
		default:
			v, err := c.Canonical(value.Text(item.Text))
			if err != nil {
				v = value.Text(item.Text)
			}
			dst = appendValue(dst, c, v)
		}
	}
	return append(dst, ']')
}

// postgresText is a stored value, not NULL, as Postgres prints it.
func postgresText(c *schema.Column, v value.Value) string {
	switch {
	case c == nil:
		return (&schema.Column{}).ToText(v)
	case c.Type == schema.TypeBool:
		if v.Int() != 0 {
			return "t"
		}
		return "f"
	case c.Type == schema.TypeTimestampTZ || c.Type == schema.TypeTimestamp:
		return strings.Replace(strings.Replace(moment(v.Str()), "T", " ", 1), "+00:00", "+00", 1)
	}
	return c.ToText(v)
}

// cast brings a value to another type, as Postgres does by way of its text.
func cast(c, to *schema.Column, v value.Value) (value.Value, *Error) {
	if v.IsNull() {
		return v, nil
	}
	if c != nil && c.Type == schema.TypeBool && to.Type != schema.TypeBool {
		if to.Type == schema.TypeInt {
			return v, nil
		}
		return literal(to, strconv.FormatBool(v.Int() != 0))
	}
	text := postgresText(c, v)
	if to.Type == schema.TypeInt && !isInteger(text) && c != textColumn {
		whole := &schema.Column{Type: schema.TypeDecimal, SourceType: "numeric", HasScale: true}
		if v, err := whole.Canonical(value.Text(text)); err == nil {
			text = v.Str()
		}
	}
	return literal(to, text)
}
