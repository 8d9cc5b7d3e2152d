package prisma

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

type kind uint8

const (
	end kind = iota
	newline
	word     // a name or keyword: letters, digits, _, -
	str      // "…", unescaped
	number   // 1, -2.5
	doc      // /// text
	attr     // @
	block    // @@
	punct    // one of { } ( ) [ ] , : = ? . !
	nonsense // a byte that begins nothing, or a string without an end
)

// pos is a place in a file, from 1 on.
type pos struct {
	file         string
	line, column int
}

type token struct {
	kind kind
	text string
	pos  pos
}

// shown is a token for people.
func (t token) shown() string {
	switch t.kind {
	case end:
		return "the end of the file"
	case newline:
		return "the end of the line"
	case str:
		return "the text " + strconv.Quote(t.text)
	case doc:
		return "a comment"
	}
	return strconv.Quote(t.text)
}

// lexer cuts a file into tokens; comments go, but for those of three slashes.
type lexer struct {
	pos  pos
	rest string
}

func (l *lexer) advance(n int) string {
	text := l.rest[:n]
	l.rest = l.rest[n:]
	if lines := strings.Count(text, "\n"); lines > 0 {
		l.pos.line += lines
		l.pos.column = n - strings.LastIndexByte(text, '\n')
	} else {
		l.pos.column += n
	}
	return text
}

func (l *lexer) next() token {
	l.skip()
	t := token{pos: l.pos}
	if l.rest == "" {
		return t
	}
	take := func(k kind, n int) token {
		t.kind, t.text = k, l.advance(n)
		return t
	}
	switch c := l.rest[0]; {
	case c == '\n':
		return take(newline, 1)
	case strings.HasPrefix(l.rest, "///"):
		take(doc, lineEnd(l.rest))
		t.text = strings.TrimSpace(strings.TrimPrefix(t.text, "///"))
		return t
	case strings.HasPrefix(l.rest, "@@"):
		return take(block, 2)
	case c == '@':
		return take(attr, 1)
	case c == '"':
		return l.text(t)
	case strings.IndexByte("{}()[],:=?.!", c) >= 0:
		return take(punct, 1)
	case c >= '0' && c <= '9' || c == '-' && len(l.rest) > 1 && l.rest[1] >= '0' && l.rest[1] <= '9':
		return take(number, 1+span(l.rest[1:], func(r rune) bool { return r >= '0' && r <= '9' || strings.ContainsRune(".eE", r) }))
	}
	if n := span(l.rest, isWord); n > 0 && l.rest[0] != '-' {
		return take(word, n)
	}
	_, n := utf8.DecodeRuneInString(l.rest)
	return take(nonsense, n)
}

// skip passes blanks and comments.
func (l *lexer) skip() {
	for {
		n := span(l.rest, func(r rune) bool { return r == ' ' || r == '\t' || r == '\r' || r == '\f' || r == '\ufeff' })
		switch rest := l.rest[n:]; {
		case strings.HasPrefix(rest, "//") && !strings.HasPrefix(rest, "///"):
			n += lineEnd(rest)
		case strings.HasPrefix(rest, "/*"):
			close := strings.Index(rest, "*/")
			if close < 0 {
				n += len(rest)
			} else {
				n += close + 2
			}
		}
		if n == 0 {
			return
		}
		l.advance(n)
	}
}

// text cuts a string. One without an end is nonsense to the end of its line.
func (l *lexer) text(t token) token {
	for i := 1; i < len(l.rest) && l.rest[i] != '\n'; i++ {
		switch l.rest[i] {
		case '\\':
			i++
		case '"':
			raw := l.advance(i + 1)
			t.kind, t.text = str, unescape(raw[1:len(raw)-1])
			return t
		}
	}
	t.kind, t.text = nonsense, l.advance(lineEnd(l.rest))
	return t
}

// unescape knows JSON's escapes; an unknown one stays as it is.
func unescape(s string) string {
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	if out, err := strconv.Unquote(`"` + strings.ReplaceAll(s, `\/`, "/") + `"`); err == nil {
		return out
	}
	return s
}

func lineEnd(s string) int {
	if n := strings.IndexByte(s, '\n'); n >= 0 {
		return n
	}
	return len(s)
}

func span(s string, of func(rune) bool) int {
	if n := strings.IndexFunc(s, func(r rune) bool { return !of(r) }); n >= 0 {
		return n
	}
	return len(s)
}

func isWord(r rune) bool {
	return r == '_' || r == '-' || unicode.IsLetter(r) && r != utf8.RuneError || unicode.IsDigit(r)
}
