package policy

import (
	"strconv"
	"strings"

	"rockpool.dev/value"
)

// depthMax is how deep a predicate may nest.
const depthMax = 64

// Predicate is a parsed predicate that is not yet bound to a table.
type Predicate struct {
	src  string
	root *node
}

// Parse reads a predicate. It returns fault.InvalidSQL with the byte offset
// for what the subset does not have.
func Parse(src string) (*Predicate, error) {
	toks, err := lex(src)
	if err != nil {
		return nil, err
	}
	p := &parser{toks: toks}
	root, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != tokEnd {
		return nil, refuse(t.at, "unexpected "+strconv.Quote(t.text))
	}
	return &Predicate{src, root}, nil
}

// Always returns the predicate that is true for every row, or for none.
func Always(yes bool) *Predicate {
	if yes {
		return &Predicate{"true", &node{kind: nodeConst, truth: isTrue}}
	}
	return &Predicate{"false", &node{kind: nodeConst, truth: isFalse}}
}

// String returns the text that was parsed.
func (p *Predicate) String() string { return p.src }

type parser struct {
	toks []token
	i    int
}

func (p *parser) peek() token { return p.toks[p.i] }

func (p *parser) next() token {
	t := p.toks[p.i]
	if t.kind != tokEnd {
		p.i++
	}
	return t
}

func (p *parser) op(text string) bool {
	if t := p.peek(); t.kind == tokOp && t.text == text {
		p.i++
		return true
	}
	return false
}

func (p *parser) word(text string) bool {
	if p.peek().is(text) {
		p.i++
		return true
	}
	return false
}

func (p *parser) or(depth int) (*node, error) {
	return p.list(depth, nodeOr, "or", (*parser).and)
}

func (p *parser) and(depth int) (*node, error) {
	return p.list(depth, nodeAnd, "and", (*parser).not)
}

func (p *parser) list(depth int, kind nodeKind, word string, part func(*parser, int) (*node, error)) (*node, error) {
	if depth > depthMax {
		return nil, refuse(p.peek().at, "it nests too deep")
	}
	first, err := part(p, depth+1)
	if err != nil {
		return nil, err
	}
	kids := []*node{first}
	for p.word(word) {
		n, err := part(p, depth+1)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
	}
	if len(kids) == 1 {
		return first, nil
	}
	return &node{kind: kind, kids: kids}, nil
}

func (p *parser) not(depth int) (*node, error) {
	if depth > depthMax {
		return nil, refuse(p.peek().at, "it nests too deep")
	}
	if p.word("not") {
		n, err := p.not(depth + 1)
		if err != nil {
			return nil, err
		}
		return &node{kind: nodeNot, kids: []*node{n}}, nil
	}
	if p.op("(") {
		n, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		if !p.op(")") {
			return nil, refuse(p.peek().at, "a parenthesis is not closed")
		}
		return n, nil
	}
	return p.test()
}

func (p *parser) test() (*node, error) {
	left, err := p.operand()
	if err != nil {
		return nil, err
	}
	t := p.peek()
	if t.kind == tokOp {
		switch t.text {
		case "=", "<>", "!=", "<", "<=", ">", ">=":
			p.i++
			right, err := p.operand()
			if err != nil {
				return nil, err
			}
			op := t.text
			if op == "!=" {
				op = "<>"
			}
			return &node{kind: nodeCompare, op: op, args: []operand{left, right}, at: t.at}, nil
		}
	}
	switch {
	case p.word("is"):
		negate := p.word("not")
		if !p.word("null") {
			return nil, refuse(p.peek().at, "only IS NULL and IS NOT NULL are known")
		}
		return negated(&node{kind: nodeIsNull, args: []operand{left}, at: t.at}, negate), nil
	case p.peek().is("not") || p.peek().is("in") || p.peek().is("like"):
		negate := p.word("not")
		n, err := p.inOrLike(left)
		return negated(n, negate), err
	}
	// A bare operand is a boolean: active, auth.admin, true.
	if left.kind == opValue {
		switch {
		case left.val.IsNull():
			return &node{kind: nodeConst, truth: isUnknown}, nil
		case left.name == "bool":
			return &node{kind: nodeConst, truth: truthOf(left.val.Int() != 0)}, nil
		}
		return nil, refuse(t.at, "a value alone is no predicate")
	}
	return &node{kind: nodeCompare, op: "=", args: []operand{left, {kind: opValue, val: value.Int(1), name: "bool"}}, at: t.at}, nil
}

func negated(n *node, yes bool) *node {
	if !yes || n == nil {
		return n
	}
	return &node{kind: nodeNot, kids: []*node{n}}
}

func (p *parser) inOrLike(left operand) (*node, error) {
	at := p.peek().at
	if p.word("like") {
		t := p.next()
		if t.kind != tokText {
			return nil, refuse(t.at, "LIKE needs a literal pattern")
		}
		prefix, found := strings.CutSuffix(t.text, "%")
		if strings.ContainsAny(prefix, `%_\`) {
			return nil, refuse(t.at, "only a pattern that is a prefix, as 'abc%', is known")
		}
		return &node{kind: nodeLike, args: []operand{left}, prefix: prefix, exact: !found, at: at}, nil
	}
	if !p.word("in") || !p.op("(") {
		return nil, refuse(p.peek().at, "IN needs a list in parentheses")
	}
	if p.peek().is("select") {
		return nil, refuse(p.peek().at, "subqueries are not known here")
	}
	args := []operand{left}
	for {
		o, err := p.operand()
		if err != nil {
			return nil, err
		}
		args = append(args, o)
		if p.op(")") {
			return &node{kind: nodeIn, args: args, at: at}, nil
		}
		if !p.op(",") {
			return nil, refuse(p.peek().at, "the list of IN is not closed")
		}
	}
}

func (p *parser) operand() (operand, error) {
	t := p.next()
	switch t.kind {
	case tokText:
		return operand{kind: opValue, val: value.Text(t.text), at: t.at}, nil
	case tokNumber:
		return number(t)
	case tokParam:
		return operand{kind: opParam, name: t.text, at: t.at}, nil
	case tokQuoted:
		return operand{kind: opColumn, name: t.text, at: t.at}, nil
	case tokWord:
		return p.wordOperand(t)
	}
	if t.kind == tokEnd {
		return operand{}, refuse(t.at, "it ends too early")
	}
	return operand{}, refuse(t.at, "unexpected "+strconv.Quote(t.text))
}

func number(t token) (operand, error) {
	if n, err := strconv.ParseInt(t.text, 10, 64); err == nil {
		return operand{kind: opValue, val: value.Int(n), at: t.at}, nil
	}
	f, err := strconv.ParseFloat(t.text, 64)
	if err != nil {
		return operand{}, refuse(t.at, "not a number")
	}
	// Decimals keep their text, which a numeric column compares exactly.
	return operand{kind: opValue, val: value.Float(f), name: t.text, at: t.at}, nil
}

func (p *parser) wordOperand(t token) (operand, error) {
	switch {
	case t.is("true"):
		return operand{kind: opValue, val: value.Int(1), name: "bool", at: t.at}, nil
	case t.is("false"):
		return operand{kind: opValue, val: value.Int(0), name: "bool", at: t.at}, nil
	case t.is("null"):
		return operand{kind: opValue, at: t.at}, nil
	case t.is("select"), t.is("exists"), t.is("case"), t.is("cast"):
		return operand{}, refuse(t.at, t.text+" is not known here")
	}
	if !p.op(".") {
		if nx := p.peek(); nx.kind == tokOp && nx.text == "(" {
			return operand{}, refuse(t.at, "functions are not known here: "+t.text+"(…)")
		}
		return operand{kind: opColumn, name: t.text, at: t.at}, nil
	}
	if !t.is("auth") && !t.is("claims") {
		return operand{}, refuse(t.at, "only auth.… may have a dot")
	}
	var path []string
	for {
		w := p.next()
		if w.kind != tokWord && w.kind != tokQuoted {
			return operand{}, refuse(w.at, "auth. needs the name of a claim")
		}
		path = append(path, w.text)
		if !p.op(".") {
			break
		}
	}
	if nx := p.peek(); nx.kind == tokOp && nx.text == "(" {
		return operand{}, refuse(t.at, "write auth.sub, without parentheses, for the caller")
	}
	return operand{kind: opClaim, path: path, at: t.at}, nil
}
