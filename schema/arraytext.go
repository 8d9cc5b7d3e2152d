package schema

import "strings"

// ArrayItem is an element of an array: a value's text, NULL, or an array again.
type ArrayItem struct {
	Text  string
	Null  bool
	Items []ArrayItem
	// Nested tells an array without elements from a text.
	Nested bool
}

// arrayDepthMax is how deep Postgres's arrays nest.
const arrayDepthMax = 6

// ParseArray reads Postgres's text of an array, {a,"b,c",NULL,{…}}. ok is false
// for what is none.
func ParseArray(text string) (items []ArrayItem, ok bool) {
	p := arrayParser{strings.TrimSpace(text)}
	items, ok = p.list(0)
	return items, ok && p.rest == ""
}

type arrayParser struct{ rest string }

func (p *arrayParser) blanks() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *arrayParser) list(depth int) (items []ArrayItem, ok bool) {
	if depth == arrayDepthMax || !strings.HasPrefix(p.rest, "{") {
		return nil, false
	}
	p.rest = p.rest[1:]
	if p.blanks(); strings.HasPrefix(p.rest, "}") {
		p.rest = p.rest[1:]
		return nil, true
	}
	for {
		p.blanks()
		item, ok := p.item(depth)
		if !ok {
			return nil, false
		}
		items = append(items, item)
		if p.blanks(); p.rest == "" {
			return nil, false
		}
		end := p.rest[0]
		p.rest = p.rest[1:]
		switch end {
		case '}':
			return items, true
		case ',':
		default:
			return nil, false
		}
	}
}

func (p *arrayParser) item(depth int) (item ArrayItem, ok bool) {
	switch {
	case p.rest == "":
		return item, false
	case p.rest[0] == '{':
		item.Nested = true
		item.Items, ok = p.list(depth + 1)
		return item, ok
	case p.rest[0] == '"':
		var b strings.Builder
		for i := 1; i < len(p.rest); i++ {
			switch c := p.rest[i]; c {
			case '"':
				item.Text, p.rest = b.String(), p.rest[i+1:]
				return item, true
			case '\\':
				if i++; i == len(p.rest) {
					return item, false
				}
				b.WriteByte(p.rest[i])
			default:
				b.WriteByte(c)
			}
		}
		return item, false
	}
	end := strings.IndexAny(p.rest, `,{}"`)
	if end < 0 || p.rest[end] == '{' || p.rest[end] == '"' {
		return item, false
	}
	item.Text, p.rest = strings.TrimSpace(p.rest[:end]), p.rest[end:]
	item.Null = strings.EqualFold(item.Text, "NULL")
	return item, item.Text != ""
}

// AppendArray writes items as Postgres prints an array.
func AppendArray(dst []byte, items []ArrayItem) []byte {
	dst = append(dst, '{')
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		switch {
		case item.Nested:
			dst = AppendArray(dst, item.Items)
		case item.Null:
			dst = append(dst, "NULL"...)
		case item.Text == "" || strings.ContainsAny(item.Text, "{},\"\\ \t\n\r\v\f") || strings.EqualFold(item.Text, "NULL"):
			dst = append(dst, '"')
			for j := range len(item.Text) {
				if c := item.Text[j]; c == '"' || c == '\\' {
					dst = append(dst, '\\')
				}
				dst = append(dst, item.Text[j])
			}
			dst = append(dst, '"')
		default:
			dst = append(dst, item.Text...)
		}
	}
	return append(dst, '}')
}

// Element is the column of an array's elements.
func (c *Column) Element() *Column {
	name := strings.ToLower(strings.TrimSpace(c.SourceType))
	name = strings.TrimPrefix(name, "_")
	for strings.HasSuffix(name, "[]") {
		name = strings.TrimSuffix(name, "[]")
	}
	return &Column{Name: c.Name, Type: TypeOf(name), SourceType: name}
}
