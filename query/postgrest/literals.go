package postgrest

import (
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// longNames are types as Postgres's messages have them: short names and long ones.
var longNames = [...]string{
	"int2", "smallint", "int4", "integer", "int", "integer", "int8", "bigint", "float4", "real", "float8", "double precision",
	"bool", "boolean", "timestamptz", "timestamp with time zone", "timestamp", "timestamp without time zone",
	"time", "time without time zone", "varchar", "character varying", "bpchar", "character", "decimal", "numeric",
}

// typeName is a column's type for messages.
func typeName(c *schema.Column) string {
	name, _, _ := strings.Cut(strings.ToLower(c.SourceType), "(")
	name = strings.TrimSpace(name)
	if name == "" {
		switch c.Type {
		case schema.TypeInt:
			name = "bigint"
		case schema.TypeDecimal:
			name = "numeric"
		case schema.TypeFloat:
			name = "double precision"
		case schema.TypeBytes:
			name = "bytea"
		default:
			name = c.Type.String()
		}
	}
	for i := 0; i < len(longNames); i += 2 {
		if longNames[i] == name {
			return longNames[i+1]
		}
	}
	return name
}

// literal is the stored value that a text means in a column.
func literal(c *schema.Column, text string) (value.Value, *Error) {
	switch c.Type {
	case schema.TypeInt:
		if !isInteger(text) {
			return value.Null, badLiteral(c, text)
		}
		v, err := c.Canonical(value.Text(text))
		if err != nil {
			return value.Null, refuse("22003", `value "`+strings.TrimSpace(text)+`" is out of range for type `+typeName(c))
		}
		return v, nil
	case schema.TypeArray:
		items, ok := schema.ParseArray(text)
		if !ok {
			return value.Null, malformedArray(text)
		}
		items, err := elements(c.Element(), items)
		if err != nil {
			return value.Null, err
		}
		return value.Text(string(schema.AppendArray(nil, items))), nil
	}
	v, err := c.Canonical(value.Text(text))
	if err != nil {
		return value.Null, badLiteral(c, text)
	}
	return v, nil
}

// elements brings the elements of an array to the text that Postgres prints.
func elements(c *schema.Column, items []schema.ArrayItem) ([]schema.ArrayItem, *Error) {
	for i := range items {
		item := &items[i]
		switch {
		case item.Nested:
			if _, err := elements(c, item.Items); err != nil {
				return nil, err
			}
		case !item.Null:
			v, err := literal(c, item.Text)
			if err != nil {
				return nil, err
			}
			item.Text = postgresText(c, v)
		}
	}
	return items, nil
}

func badLiteral(c *schema.Column, text string) *Error {
	name := typeName(c)
	switch c.Type {
	case schema.TypeTimestamp, schema.TypeTimestampTZ, schema.TypeDate, schema.TypeTime:
		return refuse("22007", `invalid input syntax for type `+name+`: "`+text+`"`)
	case schema.TypeEnum:
		return refuse("22P02", `invalid input value for enum `+name+`: "`+text+`"`)
	case schema.TypeJSON, schema.TypeJSONB:
		return refuse("22P02", "invalid input syntax for type json").with(`Token "`+text+`" is invalid.`, "")
	}
	return refuse("22P02", `invalid input syntax for type `+name+`: "`+text+`"`)
}

func malformedArray(text string) *Error {
	return refuse("22P02", `malformed array literal: "`+text+`"`).with(`Array value must start with "{" or dimension information.`, "")
}

func isInteger(text string) bool {
	text = strings.TrimSpace(text)
	text = strings.TrimPrefix(strings.TrimPrefix(text, "+"), "-")
	for i := range len(text) {
		if text[i] < '0' || text[i] > '9' {
			return false
		}
	}
	return text != ""
}

// parseArray is the flat list of an array's texts.
func parseArray(text string) ([]string, bool) {
	items, ok := schema.ParseArray(text)
	if !ok {
		return nil, false
	}
	list := make([]string, len(items))
	for i, item := range items {
		if item.Nested || item.Null {
			return nil, false
		}
		list[i] = item.Text
	}
	return list, true
}
