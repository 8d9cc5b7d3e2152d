package sqlfn

import (
	"unicode"
	"unicode/utf8"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// like is LIKE and, with fold, ILIKE.
func like(a []value.Value, fold bool) (value.Value, error) {
	if a[0].IsNull() || a[1].IsNull() {
		return value.Null, nil
	}
	ok, err := Like(text(a[0]), text(a[1]), fold)
	return value.Bool(ok), err
}

// Like reports whether s matches a LIKE pattern with backslash escapes,
// letter case aside when fold is true. fault.InvalidArgument when the pattern
// ends within an escape.
func Like(s, pattern string, fold bool) (bool, error) {
	// Behind the last % that was met, pattern and text may be tried again
	// from one character on: that is enough, as % matches anything.
	backPattern, backText := -1, 0
	p, i := 0, 0
	for {
		if p < len(pattern) && pattern[p] == '%' {
			p++
			backPattern, backText = p, i
			continue
		}
		if p == len(pattern) {
			if i == len(s) {
				return true, nil
			}
		} else {
			any := pattern[p] == '_'
			q := p
			if pattern[q] == '\\' {
				if q++; q == len(pattern) {
					return false, fault.New(fault.InvalidArgument, "match pattern", "the pattern ends within an escape")
				}
			}
			want, wn := utf8.DecodeRuneInString(pattern[q:])
			if i < len(s) {
				got, gn := utf8.DecodeRuneInString(s[i:])
				if any || got == want || fold && unicode.ToLower(got) == unicode.ToLower(want) {
					p, i = q+wn, i+gn
					continue
				}
			}
		}
		if backPattern < 0 || backText >= len(s) {
			return false, escaped(pattern)
		}
		_, n := utf8.DecodeRuneInString(s[backText:])
		backText += n
		p, i = backPattern, backText
	}
}

// escaped refuses a pattern that ends within an escape, wherever the match failed.
func escaped(pattern string) error {
	n := 0
	for i := len(pattern) - 1; i >= 0 && pattern[i] == '\\'; i-- {
		n++
	}
	if n%2 == 1 {
		return fault.New(fault.InvalidArgument, "match pattern", "the pattern ends within an escape")
	}
	return nil
}
