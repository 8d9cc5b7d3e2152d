package postgrest

import (
	"strings"
	"unicode/utf8"
)

// paramsMax bounds the parameters of one URL.
const paramsMax = 1000

// param is one parameter, decoded.
type param struct{ key, value string }

// splitTarget cuts a target into its path and its parameters, in order.
func splitTarget(target string) (path string, params []param, err *Error) {
	raw, query, _ := strings.Cut(target, "?")
	query, _, _ = strings.Cut(query, "#")
	path, ok := unescape(raw, false)
	if !ok {
		return "", nil, refuse("PGRST100", "the URL is not well formed")
	}
	for _, one := range strings.Split(query, "&") {
		if one == "" {
			continue
		}
		key, val, _ := strings.Cut(one, "=")
		key, ok = unescape(key, true)
		val, also := unescape(val, true)
		if !ok || !also {
			return "", nil, refuse("PGRST100", "the URL is not well formed").with("a parameter is not valid UTF-8", "")
		}
		if len(params) == paramsMax {
			return "", nil, refuse("PGRST100", "the URL has too many parameters")
		}
		params = append(params, param{key, val})
	}
	return path, params, nil
}

// unescape decodes %XX and, in a query, + for a blank. What is no escape stays.
// ok is false for text that is not UTF-8, or has a zero byte.
func unescape(s string, plus bool) (text string, ok bool) {
	if !strings.ContainsAny(s, "%+") {
		return s, valid(s)
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '+' && plus:
			out = append(out, ' ')
		case c == '%' && i+2 < len(s) && hex(s[i+1]) >= 0 && hex(s[i+2]) >= 0:
			out = append(out, byte(hex(s[i+1])<<4|hex(s[i+2])))
			i += 2
		default:
			out = append(out, c)
		}
	}
	return string(out), valid(string(out))
}

// valid says that Postgres could hold a text.
func valid(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

func hex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}
