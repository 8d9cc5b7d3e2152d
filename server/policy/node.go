package policy

import (
	"strconv"
	"strings"

	"rockpool.dev/value"
)

type nodeKind uint8

const (
	nodeConst nodeKind = iota + 1 // truth
	nodeAnd
	nodeOr
	nodeNot
	nodeCompare // op, args: two
	nodeIn      // args: the tested one, then the list
	nodeIsNull  // args: one
	nodeLike    // args: one; prefix, exact
)

// truth is a value of SQL's three-valued logic.
type truth uint8

const (
	isFalse truth = iota
	isTrue
	isUnknown
)

// node is one part of a predicate. Nodes are not changed once they are built.
type node struct {
	kind   nodeKind
	truth  truth
	op     string
	kids   []*node
	args   []operand
	prefix string
	exact  bool
	at     int
}

type operandKind uint8

const (
	opColumn operandKind = iota + 1
	opValue
	opClaim
	opParam
)

type operand struct {
	kind operandKind
	name string   // column or parameter
	path []string // claim
	col  int      // index of the column, once checked
	val  value.Value
	at   int
}

func (o operand) text() string {
	switch o.kind {
	case opColumn:
		return strconv.Quote(o.name)
	case opClaim:
		return "auth." + strings.Join(o.path, ".")
	case opParam:
		return ":" + o.name
	default:
		return valueText(o.val)
	}
}

// text renders a canonical form: equal predicates that were bound to equal
// values give equal text. It is a key, not SQL.
func (n *node) text(b *strings.Builder) {
	switch n.kind {
	case nodeConst:
		b.WriteString([...]string{"false", "true", "unknown"}[n.truth])
	case nodeAnd, nodeOr, nodeNot:
		b.WriteString([...]string{"", "", "and", "or", "not"}[n.kind])
		b.WriteByte('(')
		for i, k := range n.kids {
			if i > 0 {
				b.WriteByte(',')
			}
			k.text(b)
		}
		b.WriteByte(')')
	default:
		b.WriteString([...]string{"compare", "in", "null", "like"}[n.kind-nodeCompare])
		b.WriteString(n.op)
		b.WriteByte('(')
		for _, a := range n.args {
			b.WriteString(a.text())
			b.WriteByte(',')
		}
		b.WriteString(strconv.Quote(n.prefix) + strconv.FormatBool(n.exact) + ")")
	}
}

func valueText(v value.Value) string {
	switch v.Kind() {
	case value.KindNull:
		return "null"
	case value.KindInt:
		return strconv.FormatInt(v.Int(), 10)
	case value.KindFloat:
		return strconv.FormatFloat(v.Float(), 'g', -1, 64) + "f"
	case value.KindBlob:
		return "x" + strconv.Quote(v.Str())
	default:
		return "t" + strconv.Quote(v.Str())
	}
}
