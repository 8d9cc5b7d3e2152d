package postgrest

import (
	"strings"
)

// item is one item of a select: a column, every column, an aggregate, or what is
// embedded.
type item struct {
	alias string
	field field // name "*" is every column
	cast  string
	// aggregate is sum, avg, min, max or count, or "".
	aggregate, aggregateCast string
	embed                    *embed
}

// embed is a relation in a select.
type embed struct {
	name, hint    string
	inner, spread bool
	items         []item
}

// readSelect reads a select parameter, or one of returning rows.
func readSelect(text string) ([]item, *Error) {
	s := &scanner{what: "select parameter", text: text}
	s.blanks()
	if s.end() {
		return []item{{field: field{name: "*"}}}, nil
	}
	items, err := s.items(0)
	if err == nil && !s.end() {
		err = s.fail(`"," or end of input`)
	}
	return items, err
}

// items reads items up to a closing parenthesis or the end.
func (s *scanner) items(depth int) (items []item, err *Error) {
	if depth > depthMax {
		return nil, s.failed("it embeds too deep")
	}
	for {
		s.blanks()
		if depth > 0 && len(items) == 0 && s.sees(")") {
			return nil, nil
		}
		items = append(items, item{})
		if err = s.item(&items[len(items)-1], depth); err != nil {
			return nil, err
		}
		if s.blanks(); !s.comma() {
			return items, nil
		}
	}
}

func (s *scanner) item(it *item, depth int) (err *Error) {
	if s.take("...") {
		name, err := s.name()
		if err != nil {
			return err
		}
		it.embed, err = s.embed(name, depth)
		if it.embed != nil {
			it.embed.spread = true
		}
		return err
	}
	if s.take("*") {
		it.field.name = "*"
		return nil
	}
	name, err := s.name()
	if err != nil {
		return err
	}
	if s.sees(":") && !s.sees("::") {
		s.at++
		it.alias = name
		if name, err = s.name(); err != nil {
			return err
		}
	}
	switch {
	case name == "count" && s.take("()"):
		it.field.name, it.aggregate = "*", "count"
		it.aggregateCast, err = s.cast()
		return err
	case s.sees("(") || s.sees("!"):
		it.embed, err = s.embed(name, depth)
		return err
	}
	it.field.name = name
	if it.field.path, err = s.path(); err != nil {
		return err
	}
	if it.cast, err = s.cast(); err != nil {
		return err
	}
	if s.take(".") {
		for _, one := range [...]string{"sum", "avg", "count", "max", "min"} {
			if s.take(one + "()") {
				it.aggregate = one
				break
			}
		}
		if it.aggregate == "" {
			return s.fail(`"sum()", "avg()", "count()", "max()" or "min()"`)
		}
		it.aggregateCast, err = s.cast()
	}
	return err
}

// cast reads ::type, or nothing.
func (s *scanner) cast() (string, *Error) {
	if !s.take("::") {
		return "", nil
	}
	begin := s.at
	for s.at < len(s.text) && isNameRune(rune(s.text[s.at])) {
		s.at++
	}
	name := strings.TrimSpace(s.text[begin:s.at])
	if name == "" {
		return "", s.fail("letter or digit")
	}
	return name, nil
}

// embed reads !hint, !inner, !left and the items of a relation.
func (s *scanner) embed(name string, depth int) (*embed, *Error) {
	e := &embed{name: name}
	for range 2 {
		if !s.take("!") {
			break
		}
		word, err := s.name()
		if err != nil {
			return nil, err
		}
		switch word {
		case "inner":
			e.inner = true
		case "left":
		default:
			e.hint = word
		}
	}
	if !s.take("(") {
		return nil, s.fail(`"("`)
	}
	items, err := s.items(depth + 1)
	if err != nil {
		return nil, err
	}
	if e.items = items; !s.take(")") {
		return nil, s.fail(`")" or ","`)
	}
	return e, nil
}
