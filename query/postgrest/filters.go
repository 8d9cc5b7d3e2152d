package postgrest

import (
	"strings"
)

// logic is a tree of tests: a test, or a group.
type logic struct {
	not bool
	// group is "and" or "or" with kids; "" is a test of a field.
	group string
	kids  []logic
	field field
	test  test
}

// test is an operator and what it compares with.
type test struct {
	not bool
	op  string
	// each is "any" or "all" where values is a list of them, else "".
	each   string
	value  string
	values []string
}

// filter is a tree for the embed at a path of names, [] for the root.
type filter struct {
	path  []string
	logic logic
}

// The operators that take one value: those that may have (any) and (all), and the
// others. Each stands between blanks.
const (
	eachOperators  = " eq gt gte lt lte like ilike match imatch isdistinct "
	plainOperators = " neq cs cd ov sl sr nxr nxl adj fts plfts phfts wfts "
)

const expectOperator = `"not" or operator (eq, gt, ...)`

// readFilter reads path.column->json=test.
func readFilter(key, val string) (f *filter, err *Error) {
	f = &filter{}
	if f.path, f.logic.field, err = readPath(key); err != nil {
		return nil, err
	}
	s := &scanner{what: "filter", text: val}
	if err = s.test(&f.logic.test, false); err == nil && !s.end() {
		err = s.fail("end of input")
	}
	return f, err
}

// readPath reads embed.embed.column->json.
func readPath(key string) (names []string, f field, err *Error) {
	s := &scanner{what: "tree path", text: key}
	for {
		name, err := s.name()
		if err != nil {
			return nil, f, err
		}
		if !s.take(".") {
			f.name = name
			break
		}
		if len(names) == depthMax {
			return nil, f, s.failed("the path has too many parts")
		}
		names = append(names, name)
	}
	if f.path, err = s.path(); err == nil && !s.end() {
		err = s.fail("")
	}
	return names, f, err
}

// test reads [not.]op.value. Within a group a value ends at a comma or a
// closing parenthesis.
func (s *scanner) test(t *test, grouped bool) (err *Error) {
	begin := s.at
	t.not = s.take("not.")
	switch {
	case s.take("in."):
		t.op = "in"
		t.values, err = s.list()
		return err
	case s.take("is."):
		t.op = "is"
		from := s.at
		for s.at < len(s.text) && (s.text[s.at]|0x20 >= 'a' && s.text[s.at]|0x20 <= 'z' || s.text[s.at] == '_') {
			s.at++
		}
		switch t.value = strings.ToLower(s.text[from:s.at]); t.value {
		case "null", "not_null", "unknown", "true", "false":
			return nil
		}
		s.at = from
		return s.fail("null or trilean value (unknown, true, false)")
	}
	from := s.at
	for s.at < len(s.text) && 'a' <= s.text[s.at] && s.text[s.at] <= 'z' {
		s.at++
	}
	t.op = s.text[from:s.at]
	word := " " + t.op + " "
	each := strings.Contains(eachOperators, word)
	switch {
	case !each && !strings.Contains(plainOperators, word):
		if s.at = begin; t.op != "" && strings.HasPrefix(s.text[from+len(t.op):], ".") {
			s.at = from + len(t.op) + 1
			return s.failed("unknown single value operator " + t.op)
		}
		return s.fail(expectOperator)
	case each && s.take("(any)"):
		t.each = "any"
	case each && s.take("(all)"):
		t.each = "all"
	case strings.HasSuffix(t.op, "fts") && s.take("("):
		end := strings.IndexByte(s.rest(), ')')
		if end < 0 {
			return s.fail(`")"`)
		}
		s.at += end + 1
	}
	if !s.take(".") {
		return s.fail("delimiter (.)")
	}
	if grouped {
		t.value = s.groupedValue()
	} else {
		t.value, s.at = s.rest(), len(s.text)
	}
	if t.each != "" {
		if t.values, err = anyOf(t.value); t.op == "eq" && t.each == "any" {
			t.op, t.each = "in", "" // which has no limit of SQLite's on how deep an OR nests
		}
	}
	return err
}

// list reads (a,"b,c").
func (s *scanner) list() (values []string, err *Error) {
	if s.blanks(); !s.take("(") {
		return nil, s.fail(`"("`)
	}
	if s.take(")") {
		return nil, nil
	}
	for {
		values = append(values, s.listValue())
		switch {
		case s.take(","):
		case s.take(")"):
			return values, nil
		default:
			return nil, s.fail(`"," or ")"`)
		}
	}
}

// listValue is one value of a list: quoted to its end, or as it stands.
func (s *scanner) listValue() string {
	before := s.at
	if s.sees(`"`) {
		if v, err := s.quoted(); err == nil && (s.end() || s.sees(",") || s.sees(")")) {
			return v
		}
		s.at = before
	}
	for s.at < len(s.text) && s.text[s.at] != ',' && s.text[s.at] != ')' {
		s.at++
	}
	return s.text[before:s.at]
}

// groupedValue is a value within a group; commas may stand in an array's braces.
func (s *scanner) groupedValue() string {
	if s.sees("{") {
		if end := strings.IndexAny(s.rest()[1:], "{}"); end >= 0 && s.rest()[1+end] == '}' {
			s.at += end + 2
			return s.text[s.at-end-2 : s.at]
		}
	}
	return s.listValue()
}

// anyOf is the list of (any) and (all): an array as Postgres writes it. What
// clients send is not always quoted.
func anyOf(text string) ([]string, *Error) {
	items, ok := parseArray(text)
	if !ok {
		return nil, malformedArray(text)
	}
	return items, nil
}

// readLogic reads and=(…), or=(…), embed.or=(…) and their not. forms.
func readLogic(key, val string) (f *filter, err *Error) {
	f = &filter{}
	parts := strings.Split(key, ".")
	f.logic.group = parts[len(parts)-1]
	for _, one := range parts[:len(parts)-1] {
		if one == "not" {
			f.logic.not = true
		} else {
			f.path = append(f.path, strings.Trim(one, `"`))
		}
	}
	s := &scanner{what: "logic tree", text: val}
	f.logic.kids, err = s.group(1)
	if err == nil && !s.end() {
		err = s.fail("end of input")
	}
	return f, err
}

// group reads (node,node).
func (s *scanner) group(depth int) (kids []logic, err *Error) {
	if depth > depthMax {
		return nil, s.failed("it nests too deep")
	}
	if s.blanks(); !s.take("(") {
		return nil, s.fail(`"("`)
	}
	for {
		s.blanks()
		kids = append(kids, logic{})
		if err = s.node(&kids[len(kids)-1], depth); err != nil {
			return nil, err
		}
		if s.blanks(); s.comma() {
			continue
		}
		if s.take(")") {
			return kids, nil
		}
		return nil, s.fail(`"," or ")"`)
	}
}

// node reads a test or a group within a group.
func (s *scanner) node(l *logic, depth int) (err *Error) {
	before := s.at
	not := s.take("not.")
	for _, word := range [...]string{"and", "or"} {
		if s.sees(word+"(") || s.sees(word+" (") {
			s.at += len(word)
			l.not, l.group = not, word
			l.kids, err = s.group(depth + 1)
			return err
		}
	}
	s.at = before
	if err = s.field(&l.field); err != nil {
		if s.at == before {
			err = s.fail("field name (* or [a..z0..9_$]), negation operator (not) or logic operator (and, or)")
		}
		return err
	}
	if !s.take(".") {
		return s.fail("delimiter (.)")
	}
	return s.test(&l.test, true)
}
