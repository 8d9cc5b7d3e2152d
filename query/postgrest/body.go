package postgrest

import (
	"slices"
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// newRow is a row of a body: columns by their index, and their stored values.
type newRow struct {
	columns []int
	values  value.Row
}

func badBody(message string) *Error { return refuse("PGRST102", message) }

// readBody reads the rows that a request writes.
func (p *Plan) readBody(r Request) *Error {
	if p.method == "DELETE" {
		return nil
	}
	switch kind, _, _ := strings.Cut(r.Headers["content-type"], ";"); strings.TrimSpace(kind) {
	case "", "application/json", "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json", "text/plain":
	default:
		return badBody("Content-Type not acceptable: " + kind)
	}
	kind, parts := schema.JSONParts(r.Body)
	switch kind {
	case '{':
		parts = []schema.JSONPart{{Text: r.Body}}
	case '[':
	default:
		if strings.TrimSpace(r.Body) != "" {
			return badBody("Empty or invalid json")
		}
		if p.method != "POST" || p.columns == nil { // an insert of defaults alone says so by {}
			return badBody("Empty or invalid json")
		}
	}
	slices.Sort(p.columns)
	p.columns = slices.Compact(p.columns) // each row is read by all of them
	for _, name := range p.columns {
		if _, err := p.bodyColumn(name); err != nil {
			return err
		}
	}
	skip := p.prefer.has(missingDefault)
	var keys []string
	for i, part := range parts {
		kind, members := schema.JSONParts(part.Text)
		if kind != '{' {
			return badBody("Empty or invalid json")
		}
		if p.columns == nil {
			var own []string
			for _, m := range members {
				own = append(own, m.Key)
			}
			slices.Sort(own)
			own = slices.Compact(own)
			if i > 0 && !slices.Equal(keys, own) {
				return badBody("All object keys must match")
			}
			keys = own
		}
		row, err := p.readRow(members, skip)
		if err != nil {
			return err
		}
		p.rows = append(p.rows, row)
	}
	return nil
}

// readRow reads the members of an object, or those of the columns parameter: skip
// leaves out what the object has not.
func (p *Plan) readRow(members []schema.JSONPart, skip bool) (row newRow, err *Error) {
	set := func(name, text string) *Error {
		at, err := p.bodyColumn(name)
		if err != nil {
			return err
		}
		v, err := bodyValue(&p.table.Columns[at], text)
		if err != nil {
			return err
		}
		if i := slices.Index(row.columns, at); i >= 0 { // the last of equal keys
			row.values[i] = v
			return nil
		}
		row.columns, row.values = append(row.columns, at), append(row.values, v)
		return nil
	}
	if p.columns == nil {
		for _, m := range members {
			if err := set(m.Key, m.Text); err != nil {
				return row, err
			}
		}
		return row, nil
	}
	for _, name := range p.columns {
		text, given := "null", false
		for _, m := range members {
			if m.Key == name {
				text, given = m.Text, true
			}
		}
		if !given && skip {
			continue
		}
		if err := set(name, text); err != nil {
			return row, err
		}
	}
	return row, nil
}

func (p *Plan) bodyColumn(name string) (int, *Error) {
	at := p.table.Index(name)
	if at < 0 {
		return 0, refuse("PGRST204", "Could not find the '"+name+"' column of '"+p.table.Name+"' in the schema cache")
	}
	if p.table.Columns[at].Generated {
		return 0, refuse("428C9", `cannot insert a non-DEFAULT value into column "`+name+`"`).with(`Column "`+name+`" is a generated column.`, "")
	}
	return at, nil
}

// bodyValue is JSON as a value of a column: a JSON column keeps it, an array
// takes a list, others the text of it.
func bodyValue(c *schema.Column, text string) (value.Value, *Error) {
	text = strings.TrimSpace(text)
	if text == "null" {
		return value.Null, nil
	}
	switch c.Type {
	case schema.TypeJSON, schema.TypeJSONB:
		return literal(c, text)
	case schema.TypeArray:
		if strings.HasPrefix(text, "[") {
			return literal(c, string(schema.AppendArray(nil, itemsOf(text, 0))))
		}
	}
	if said, ok := schema.JSONText(text); ok {
		if !valid(said) {
			return value.Null, refuse("22P05", "unsupported Unicode escape sequence")
		}
		text = said
	}
	return literal(c, text)
}

// nestedMax is how deep lists are followed: deeper than any array is nested, so
// that literal refuses the rest.
const nestedMax = 8

// itemsOf turns a JSON list into the elements of an array.
func itemsOf(text string, depth int) []schema.ArrayItem {
	_, parts := schema.JSONParts(text)
	items := make([]schema.ArrayItem, len(parts))
	for i, part := range parts {
		said, ok := schema.JSONText(part.Text)
		switch {
		case ok:
			items[i].Text = said
		case part.Text == "null":
			items[i].Null = true
		case strings.HasPrefix(part.Text, "[") && depth < nestedMax:
			items[i] = schema.ArrayItem{Nested: true, Items: itemsOf(part.Text, depth+1)}
		default:
			items[i].Text = part.Text
		}
	}
	return items
}
