package mutation

import (
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// compare orders two canonical values of one column; NULL comes first.
func compare(c *schema.Column, a, b value.Value) int {
	switch {
	case a.IsNull() || b.IsNull():
		return order(!a.IsNull(), !b.IsNull())
	case c.Type == schema.TypeDecimal:
		return schema.CompareDecimal(number(a), number(b))
	case a.Kind() == value.KindInt && b.Kind() == value.KindInt:
		return cmp(a.Int(), b.Int())
	case a.Kind() <= value.KindFloat && b.Kind() <= value.KindFloat:
		return cmp(a.Float(), b.Float())
	default:
		return strings.Compare(a.Str(), b.Str())
	}
}

func cmp[T int64 | float64](a, b T) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

func order(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
