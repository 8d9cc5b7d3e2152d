package policy

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
)

// sourceBytesMax bounds the text of one predicate.
const sourceBytesMax = 16 << 10

type tokenKind uint8

const (
	tokEnd tokenKind = iota
	tokWord
	tokQuoted // "identifier"
	tokText   // 'literal'
	tokNumber
	tokParam // :name
	tokOp
)

type token struct {
	kind tokenKind
	text string // words keep their case; ops are as written
	at   int
}

func (t token) is(word string) bool { return t.kind == tokWord && strings.EqualFold(t.text, word) }

func refuse(at int, msg string) error {
	return fault.New(fault.InvalidSQL, "read a policy", msg).At(at).
		WithHint("a policy may use comparisons, AND, OR, NOT, IN (…), IS NULL and LIKE 'prefix%' over columns, auth.claims and :parameters")
}

func lex(src string) ([]token, error) {
	if len(src) > sourceBytesMax {
		return nil, refuse(0, "it is longer than "+strconv.Itoa(sourceBytesMax)+" bytes")
	}
	var out []token
	for i := 0; i < len(src); {
		c := src[i]
		switch {
		case c == ' ' || c == '\t' || c == '\n' || c == '\r':
			i++
		case c == '\'' || c == '"':
			text, next, ok := quoted(src, i)
			if !ok {
				return nil, refuse(i, "a quote is not closed")
			}
			kind := tokText
			if c == '"' {
				kind = tokQuoted
			}
			out = append(out, token{kind, text, i})
			i = next
		case c == ':' && i+1 < len(src) && isWordStart(src[i+1]):
			end := wordEnd(src, i+1)
			out = append(out, token{tokParam, src[i+1 : end], i})
			i = end
		case isWordStart(c):
			end := wordEnd(src, i)
			out = append(out, token{tokWord, src[i:end], i})
			i = end
		case c >= '0' && c <= '9' || c == '-' && i+1 < len(src) && src[i+1] >= '0' && src[i+1] <= '9':
			end := i + 1
			for end < len(src) && (src[end] >= '0' && src[end] <= '9' || src[end] == '.') {
				end++
			}
			out = append(out, token{tokNumber, src[i:end], i})
			i = end
		default:
			op := operatorAt(src[i:])
			if op == "" {
				return nil, refuse(i, "unexpected character "+strconv.QuoteRune(rune(c)))
			}
			out = append(out, token{tokOp, op, i})
			i += len(op)
		}
	}
	return append(out, token{kind: tokEnd, at: len(src)}), nil
}

func operatorAt(s string) string {
	for _, op := range [...]string{"<>", "!=", "<=", ">=", "=", "<", ">", "(", ")", ",", "."} {
		if strings.HasPrefix(s, op) {
			return op
		}
	}
	return ""
}

func isWordStart(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

func wordEnd(src string, i int) int {
	for i < len(src) && (isWordStart(src[i]) || src[i] >= '0' && src[i] <= '9') {
		i++
	}
	return i
}

// quoted reads a quoted string at i; a doubled quote stands for one.
func quoted(src string, i int) (text string, next int, ok bool) {
	q := src[i]
	var b strings.Builder
	for i++; i < len(src); i++ {
		if src[i] != q {
			b.WriteByte(src[i])
			continue
		}
		if i+1 < len(src) && src[i+1] == q {
			b.WriteByte(q)
			i++
			continue
		}
		return b.String(), i + 1, true
	}
	return "", i, false
}
