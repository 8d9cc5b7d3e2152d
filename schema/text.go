package schema

import (
	"strconv"

	"rockpool.dev/value"
)

// FromText reads a value as Postgres prints it (COPY, pgoutput and ::text
// alike, under the session settings of server/source/postgres) into its
// canonical form. fault.TypeMismatch when it is no such value.
func (c *Column) FromText(text string) (value.Value, error) {
	switch c.Type {
	case TypeJSONB, TypeJSON, TypeText, TypeUnknown, TypeEnum, TypeInterval, TypeArray:
		return value.Text(text), nil // Postgres's own text is the form
	}
	return Canonical(c, value.Text(text))
}

// ToText writes a canonical value as text that Postgres casts to the column's
// type. v is not NULL.
func (c *Column) ToText(v value.Value) string {
	switch {
	case c.Type == TypeBool:
		return strconv.FormatBool(v.Int() != 0)
	case v.Kind() == value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64)
	case v.Kind() == value.KindBlob:
		const digits = "0123456789abcdef"
		b := v.Str()
		out := make([]byte, 0, 2+2*len(b))
		out = append(out, `\x`...)
		for i := range len(b) {
			out = append(out, digits[b[i]>>4], digits[b[i]&15])
		}
		return string(out)
	default:
		return plain(v)
	}
}
