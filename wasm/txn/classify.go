package txn

import "strings"

// Verb is what a SQL text asks of the transaction it is in.
type Verb uint8

// The verbs. Other is every statement that is not about transactions.
const (
	Other Verb = iota
	Empty
	Begin
	Commit
	Rollback
	Savepoint
	Release
	RollbackTo
)

// Statement is the first statement of a text, as far as transactions go.
type Statement struct {
	Verb Verb
	// Name is the savepoint's, without quotes.
	Name string
	// Table is what INSERT, REPLACE, UPDATE or DELETE writes, without quotes
	// and schema, or "".
	Table string
	// OrFail is true for INSERT OR FAIL and UPDATE OR FAIL: half of such a
	// statement can stay, which no captured change would tell.
	OrFail bool
	// Tail is the offset of what follows the semicolon of a statement about
	// transactions, or -1 when nothing but space and comments does. For others
	// it is -1: a trigger's body has semicolons, and SQLite knows better.
	Tail int
}

// Classify reads the first statement of sql. It does not check its grammar:
// what is not about transactions is Other, and SQLite judges it.
func Classify(sql string) Statement {
	t := tokens{sql: sql}
	first := t.next()
	for first == ";" {
		first = t.next()
	}
	s := Statement{Tail: -1}
	switch strings.ToUpper(first) {
	case "":
		s.Verb = Empty
		return s
	case "BEGIN":
		s.Verb = Begin
	case "COMMIT", "END":
		s.Verb = Commit
	case "SAVEPOINT":
		s.Verb, s.Name = Savepoint, unquote(t.next())
	case "RELEASE":
		s.Verb, s.Name = Release, t.after("SAVEPOINT")
	case "ROLLBACK":
		s.Verb = Rollback
		word := t.next()
		if strings.EqualFold(word, "TRANSACTION") {
			word = t.next()
		}
		if strings.EqualFold(word, "TO") {
			s.Verb, s.Name = RollbackTo, t.after("SAVEPOINT")
		} else if word == ";" {
			s.Tail = t.tail()
			return s
		}
	default:
		s.write(t)
		return s
	}
	for word := t.next(); word != ""; word = t.next() {
		if word == ";" {
			s.Tail = t.tail()
			break
		}
	}
	return s
}

// write finds the table that a statement writes and OR FAIL. It looks at every
// token, as the verb may follow WITH or EXPLAIN, and takes the first that fits.
func (s *Statement) write(t tokens) {
	t.at = 0
	depth := 0
	for word := t.next(); word != "" && word != ";"; word = t.next() {
		switch upper := strings.ToUpper(word); {
		case word == "(":
			depth++
		case word == ")":
			depth--
		case depth > 0:
		case upper == "INSERT", upper == "UPDATE", upper == "REPLACE":
			word = t.next()
			if strings.EqualFold(word, "OR") {
				s.OrFail = strings.EqualFold(t.next(), "FAIL")
				word = t.next()
			}
			if strings.EqualFold(word, "INTO") {
				word = t.next()
			}
			s.Table = t.qualified(word)
			return
		case upper == "DELETE":
			if word = t.next(); strings.EqualFold(word, "FROM") {
				word = t.next()
			}
			s.Table = t.qualified(word)
			return
		case upper == "CREATE", upper == "SELECT", upper == "DROP", upper == "ALTER":
			return
		}
	}
}

// tokens cuts SQL text into words, quoted names, strings and single marks,
// https://www.sqlite.org/lang.html; comments and space are passed over.
type tokens struct {
	sql string
	at  int
}

// next returns the next token, or "" at the end.
func (t *tokens) next() string {
	t.space()
	if t.at >= len(t.sql) {
		return ""
	}
	start, c := t.at, t.sql[t.at]
	switch {
	case c == '\'' || c == '"' || c == '`':
		t.quoted(c)
	case c == '[':
		if i := strings.IndexByte(t.sql[t.at:], ']'); i >= 0 {
			t.at += i + 1
		} else {
			t.at = len(t.sql)
		}
	case wordByte(c):
		for t.at < len(t.sql) && wordByte(t.sql[t.at]) {
			t.at++
		}
	default:
		t.at++
	}
	return t.sql[start:t.at]
}

// quoted passes over a quoted token, where the quote doubled stands for itself.
func (t *tokens) quoted(q byte) {
	t.at++
	for t.at < len(t.sql) {
		if t.sql[t.at] != q {
			t.at++
			continue
		}
		t.at++
		if t.at >= len(t.sql) || t.sql[t.at] != q {
			return
		}
		t.at++
	}
}

// space passes over white space and comments.
func (t *tokens) space() {
	for t.at < len(t.sql) {
		rest := t.sql[t.at:]
		switch {
		case strings.IndexByte(" \t\r\n\f", rest[0]) >= 0:
			t.at++
		case strings.HasPrefix(rest, "--"):
			t.skip("\n", 0)
		case strings.HasPrefix(rest, "/*"):
			t.skip("*/", 2)
		case strings.HasPrefix(rest, "\uFEFF"):
			t.at += len("\uFEFF")
		default:
			return
		}
	}
}

// skip moves behind the next end mark that lies from bytes on, or to the end.
func (t *tokens) skip(end string, from int) {
	if i := strings.Index(t.sql[t.at+from:], end); i >= 0 {
		t.at += from + i + len(end)
	} else {
		t.at = len(t.sql)
	}
}

// after returns the name after an optional word.
func (t *tokens) after(optional string) string {
	word := t.next()
	if strings.EqualFold(word, optional) {
		word = t.next()
	}
	return unquote(word)
}

// qualified returns the table of "table" or "schema.table".
func (t *tokens) qualified(word string) string {
	at := t.at
	if t.next() == "." {
		return unquote(t.next())
	}
	t.at = at
	return unquote(word)
}

// tail returns the offset of a following statement, or -1.
func (t *tokens) tail() int {
	for {
		t.space()
		at := t.at
		switch t.next() {
		case "":
			return -1
		case ";":
		default:
			return at
		}
	}
}

func wordByte(c byte) bool {
	return c == '_' || c == '$' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// unquote takes the quotes off a name.
func unquote(word string) string {
	if len(word) < 2 {
		return word
	}
	switch q := word[0]; q {
	case '"', '`', '\'':
		return strings.ReplaceAll(word[1:len(word)-1], string([]byte{q, q}), string(q))
	case '[':
		return word[1 : len(word)-1]
	}
	return word
}
