package schema

import (
	"strconv"

	"rockpool.dev/value"
)

// FromText turns what Postgres prints for a column (pgoutput's text form, COPY,
// a cast to text; DateStyle ISO, TimeZone UTC, bytea_output hex) into the
// stored form. NULL has no text: callers handle it. Errors: fault.TypeMismatch,
// which here means that the column is not of the type the schema says.
func (c *Column) FromText(pgText string) (value.Value, error) {
	v := value.Text(pgText)
	switch c.Type {
	case TypeUnknown, TypeEnum, TypeInterval, TypeArray, TypeJSON, TypeJSONB, TypeUUID, TypeTime, TypeDate:
		return v, nil // the form that is stored is Postgres's own
	}
	return c.Canonical(v)
}

// ToText turns a stored value, not NULL, into text that Postgres reads as the
// column's type.
func (c *Column) ToText(v value.Value) string {
	switch v.Kind() {
	case value.KindInt:
		if c.Type == TypeBool {
			return strconv.FormatBool(v.Int() != 0)
		}
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return formatFloat(v.Float())
	case value.KindBlob:
		out := make([]byte, 2, 2+2*len(v.Str()))
		copy(out, `\x`)
		for i := range len(v.Str()) {
			b := v.Str()[i]
			out = append(out, hexDigits[b>>4], hexDigits[b&15])
		}
		return string(out)
	}
	return v.Str()
}
