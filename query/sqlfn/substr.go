package sqlfn

import (
	"unicode/utf8"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// substr is Postgres's: characters from a place on, the first of which is 1;
// places before it count and have none. fault.InvalidArgument for less than no
// characters.
func substr(a []value.Value) (value.Value, error) {
	for _, v := range a {
		if v.IsNull() {
			return value.Null, nil
		}
	}
	s, from := text(a[0]), a[1].Int()
	end := int64(len(s)) + 1 // no text has more characters
	if len(a) > 2 {
		n := a[2].Int()
		if n < 0 {
			return value.Null, fault.New(fault.InvalidArgument, "cut text", "the count of characters is negative")
		}
		if from < end-n {
			end = from + n
		}
	}
	place, start := int64(1), len(s)
	for i := 0; i < len(s); place++ {
		if place == end {
			return value.Text(s[min(start, i):i]), nil
		}
		if place >= from && start == len(s) {
			start = i
		}
		_, n := utf8.DecodeRuneInString(s[i:])
		i += n
	}
	if end < 1 {
		start = len(s)
	}
	return value.Text(s[start:]), nil
}
