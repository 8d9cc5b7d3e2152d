package mutation

import (
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/value"
)

// number is a value's decimal text.
func number(v value.Value) string {
	switch v.Kind() {
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'f', -1, 64)
	default:
		return v.Str()
	}
}

// union is the set of the elements of two one-dimensional Postgres arrays, in
// their own text: theirs in their order, then what only mine has. false when
// either is no such array.
func union(theirs, mine value.Value) (value.Value, bool) {
	a, ok := elements(theirs.Str())
	if !ok {
		return value.Null, false
	}
	b, ok := elements(mine.Str())
	if !ok {
		return value.Null, false
	}
	for _, e := range b {
		if !slices.Contains(a, e) {
			a = append(a, e)
		}
	}
	return value.Text("{" + strings.Join(a, ",") + "}"), true
}

// elements cuts '{a,"b,c"}' at its commas; quoted elements keep their quotes.
// https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO
func elements(array string) ([]string, bool) {
	if len(array) < 2 || array[0] != '{' || array[len(array)-1] != '}' {
		return nil, false
	}
	body := array[1 : len(array)-1]
	if body == "" {
		return nil, true
	}
	var out []string
	start, quoted := 0, false
	for i := 0; i < len(body); i++ {
		switch c := body[i]; {
		case c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '}':
			return nil, false
		case c == ',':
			out = append(out, body[start:i])
			start = i + 1
		}
	}
	return append(out, body[start:]), !quoted
}
