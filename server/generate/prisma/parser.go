package prisma

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Limits of one schema.
const (
	// BytesMax is the most bytes of one file.
	BytesMax = 4 << 20
	// nestingMax is how deep lists and calls may stand in each other.
	nestingMax = 16
)

var keywords = []string{"model", "enum", "view", "type", "datasource", "generator"}

// parser reads the tokens of one file by recursive descent. It stops at the
// first mistake, by a panic that parse catches.
type parser struct {
	lex lexer
	tok token
	out *file
}

// parse adds what a file declares to out.
func parse(name, text string, out *file) (err *Error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			e, ok := thrown.(*Error)
			if !ok {
				panic(thrown)
			}
			err = e
		}
	}()
	p := &parser{lex: lexer{pos: pos{name, 1, 1}, rest: text}, out: out}
	if len(text) > BytesMax {
		fail(p.lex.pos, "the file is larger than "+strconv.Itoa(BytesMax)+" bytes", "")
	}
	p.next()
	for p.tok.kind != end {
		p.declaration()
	}
	return nil
}

func fail(at pos, msg, hint string) {
	panic(&Error{File: at.file, Line: at.line, Column: at.column, Msg: msg, Hint: hint})
}

func (p *parser) next() token {
	last := p.tok
	p.tok = p.lex.next()
	if p.tok.kind == nonsense {
		if strings.HasPrefix(p.tok.text, `"`) {
			fail(p.tok.pos, "the text has no end on its line", `close it with "`)
		}
		fail(p.tok.pos, p.tok.shown()+" begins nothing here", "")
	}
	return last
}

func (p *parser) is(text string) bool { return p.tok.kind == punct && p.tok.text == text }

// accept passes a punctuation mark, if it is there.
func (p *parser) accept(text string) bool {
	if p.is(text) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(text, where string) {
	if !p.accept(text) {
		fail(p.tok.pos, strconv.Quote(text)+" is missing "+where+", before "+p.tok.shown(), "")
	}
}

func (p *parser) name(what string) token {
	if p.tok.kind != word {
		fail(p.tok.pos, what+" is missing, before "+p.tok.shown(), "")
	}
	return p.next()
}

// blanks passes ends of lines and returns the documentation among them.
func (p *parser) blanks() (text string) {
	for p.tok.kind == newline || p.tok.kind == doc {
		if p.tok.kind == doc {
			if text != "" {
				text += "\n"
			}
			text += p.tok.text
		}
		p.next()
	}
	return text
}

func (p *parser) declaration() {
	text := p.blanks()
	if p.tok.kind == end {
		return
	}
	keyword := p.name("a block, as model User { … },")
	if find := keyword.text; !slices.Contains(keywords, find) {
		fail(keyword.pos, "there is no block "+strconv.Quote(find), cmp.Or(didYouMean(find, keywords), "blocks are "+strings.Join(keywords, ", ")))
	}
	name := p.name("the name of the " + keyword.text)
	d := &declaration{keyword: keyword.text, name: name.text, pos: name.pos, doc: text}
	p.expect("{", "after "+keyword.text+" "+name.text)
	for {
		text := p.blanks()
		switch {
		case p.accept("}"):
			p.keep(d)
			return
		case p.tok.kind == end:
			fail(p.tok.pos, keyword.text+" "+name.text+" has no end", `close it with }`)
		case p.tok.kind == block:
			p.next()
			d.attrs = append(d.attrs, p.attribute())
		default:
			f := p.field(d.keyword)
			f.doc = text
			d.fields = append(d.fields, f)
		}
		if p.tok.kind != newline && p.tok.kind != doc && p.tok.kind != end && !p.is("}") {
			fail(p.tok.pos, "the line should end here, before "+p.tok.shown(), "")
		}
	}
}

func (p *parser) keep(d *declaration) {
	switch d.keyword {
	case "datasource":
		p.out.datasource = d
	case "model":
		p.out.models = append(p.out.models, d)
	case "view":
		p.out.views = append(p.out.views, d)
	case "enum":
		p.out.enums = append(p.out.enums, d)
	case "type":
		fail(d.pos, "type "+d.name+" is a composite type, which only MongoDB has", "make it a model with a relation, or a Json field")
	}
}

func (p *parser) field(keyword string) *field {
	name := p.name("a field's name")
	f := &field{name: name.text, pos: name.pos}
	switch keyword {
	case "datasource", "generator":
		p.expect("=", "after "+name.text)
		value := p.expr(0)
		f.set = &value
		return f
	case "model", "view", "type":
		p.fieldType(f)
	}
	for p.tok.kind == attr {
		p.next()
		f.attrs = append(f.attrs, p.attribute())
	}
	return f
}

func (p *parser) fieldType(f *field) {
	if p.accept(":") { // Prisma 1 wrote one
		fail(f.pos, "a field has no colon between its name and its type", "write "+f.name+" "+p.tok.text)
	}
	typ := p.name("the type of " + f.name)
	f.typ, f.typePos = typ.text, typ.pos
	if typ.text == "Unsupported" {
		p.expect("(", "after Unsupported")
		if p.tok.kind != str {
			fail(p.tok.pos, "Unsupported takes the database's type as text", `write Unsupported("circle")`)
		}
		f.unsupported = p.next().text
		p.expect(")", "after the type's name")
	}
	if p.accept("[") {
		p.expect("]", "after [")
		f.list = true
	}
	if p.is("!") {
		fail(p.tok.pos, "fields are required without a mark", "leave ! out")
	}
	if p.accept("?") {
		f.null = true
		if f.list {
			fail(f.typePos, "a list cannot be optional", "an empty list says that there is none: leave ? out")
		}
	}
}

// attribute reads what is behind @ or @@.
func (p *parser) attribute() attribute {
	name := p.name("the attribute's name")
	a := attribute{name: name.text, pos: name.pos}
	for p.accept(".") {
		a.name += "." + p.name("the attribute's name").text
	}
	if p.accept("(") {
		a.args = p.args(0)
	}
	return a
}

// args reads to the closing parenthesis.
func (p *parser) args(depth int) (out []arg) {
	for {
		p.blanks()
		if p.accept(")") {
			return out
		}
		a := arg{value: p.expr(depth)}
		if p.accept(":") {
			if a.value.kind != exprWord {
				fail(a.value.pos, "an argument's name is a plain word", "")
			}
			p.blanks()
			a.name, a.value = a.value.text, p.expr(depth)
		}
		out = append(out, a)
		p.blanks()
		if !p.accept(",") && !p.is(")") {
			fail(p.tok.pos, "an argument ends with , or ), before "+p.tok.shown(), "")
		}
	}
}

func (p *parser) expr(depth int) expr {
	if depth > nestingMax {
		fail(p.tok.pos, "lists and calls stand in each other deeper than "+strconv.Itoa(nestingMax), "")
	}
	e := expr{text: p.tok.text, pos: p.tok.pos}
	switch {
	case p.tok.kind == str:
		e.kind = exprText
		p.next()
	case p.tok.kind == number:
		e.kind = exprNumber
		p.next()
	case p.tok.kind == word:
		e.kind = exprWord
		p.next()
		for p.accept(".") { // a field of a composite, an enum's value
			e.text += "." + p.name("a name after the dot").text
		}
		if p.accept("(") {
			e.kind, e.args = exprCall, p.args(depth+1)
		}
	case p.accept("["):
		e.kind = exprList
		for p.blanks(); !p.accept("]"); p.blanks() {
			e.list = append(e.list, p.expr(depth+1))
			p.blanks()
			if !p.accept(",") && !p.is("]") {
				fail(p.tok.pos, "a list's item ends with , or ], before "+p.tok.shown(), "")
			}
		}
	default:
		fail(p.tok.pos, "a value is missing, before "+p.tok.shown(), "")
	}
	return e
}
