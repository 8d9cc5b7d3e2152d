package policy

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Env is what a predicate is bound to.
type Env struct {
	// Claims is a verified token's payload, decoded with json.Number.
	Claims map[string]any
	Args   map[string]value.Value
}

// Bound is a predicate over one table's rows in which only columns are open.
type Bound struct {
	table *schema.Table
	root  *node
}

// Bind puts a caller's claims and arguments in. The predicate must have passed
// Check for the table. A claim that is missing is NULL; an argument that is
// missing, or that its column cannot hold, is fault.InvalidArgument.
func (p *Predicate) Bind(t *schema.Table, env Env) (*Bound, error) {
	n, err := p.root.bind(t, env)
	if err != nil {
		return nil, err
	}
	return &Bound{t, n}, nil
}

// And is true where both are. Both must be of one table.
func And(a, b *Bound) *Bound {
	return &Bound{a.table, conjunction([]*node{a.root, b.root})}
}

// conjunction flattens ANDs, drops what is true, sorts and removes repeats, so
// that the same condition always has the same form.
func conjunction(parts []*node) *node {
	var flat []*node
	var add func(n *node)
	add = func(n *node) {
		if n.kind == nodeAnd {
			for _, k := range n.kids {
				add(k)
			}
			return
		}
		if n.kind != nodeConst || n.truth != isTrue {
			flat = append(flat, n)
		}
	}
	for _, n := range parts {
		add(n)
	}
	for _, n := range flat {
		if n.kind == nodeConst { // false or unknown: no row passes
			return &node{kind: nodeConst, truth: isFalse}
		}
	}
	slices.SortStableFunc(flat, func(a, b *node) int { return strings.Compare(a.key(), b.key()) })
	flat = slices.CompactFunc(flat, func(a, b *node) bool { return a.key() == b.key() })
	switch len(flat) {
	case 0:
		return &node{kind: nodeConst, truth: isTrue}
	case 1:
		return flat[0]
	}
	return &node{kind: nodeAnd, kids: flat}
}

func (n *node) key() string {
	var b strings.Builder
	n.text(&b)
	return b.String()
}

// Key is equal for predicates that are bound to the same condition.
func (b *Bound) Key() string { return b.root.key() }

// Never reports that no row can pass.
func (b *Bound) Never() bool { return b.root.kind == nodeConst && b.root.truth != isTrue }

// Split takes the conditions "column = value" off the top of a predicate:
// the columns ascending, their values, and what is left.
func (b *Bound) Split() (cols []uint32, vals value.Row, rest *Bound) {
	parts := []*node{b.root}
	if b.root.kind == nodeAnd {
		parts = b.root.kids
	}
	tuple := map[uint32]value.Value{}
	var left []*node
	for _, n := range parts {
		if n.kind == nodeCompare && n.op == "=" && n.args[0].kind == opColumn && n.args[1].kind == opValue {
			c := uint32(n.args[0].col)
			if _, twice := tuple[c]; !twice {
				tuple[c] = n.args[1].val
				cols = append(cols, c)
				continue
			}
		}
		left = append(left, n)
	}
	slices.Sort(cols)
	for _, c := range cols {
		vals = append(vals, tuple[c])
	}
	return cols, vals, &Bound{b.table, conjunction(left)}
}

func (n *node) bind(t *schema.Table, env Env) (*node, error) {
	switch n.kind {
	case nodeConst:
		return n, nil
	case nodeAnd, nodeOr, nodeNot:
		return n.bindKids(t, env)
	}
	out := &node{kind: n.kind, op: n.op, prefix: n.prefix, exact: n.exact, at: n.at}
	column := n.column(t)
	open := false
	for i, a := range n.args {
		bound, err := a.bind(t, env, column, i > 0 && n.kind == nodeIn)
		if err != nil {
			return nil, err
		}
		for _, b := range bound {
			open = open || b.kind == opColumn
		}
		out.args = append(out.args, bound...)
	}
	if out.kind == nodeCompare && out.args[0].kind != opColumn && out.args[1].kind == opColumn {
		out.args[0], out.args[1] = out.args[1], out.args[0]
		out.op = mirrored(out.op)
	}
	if !open {
		return &node{kind: nodeConst, truth: out.eval(t, nil)}, nil
	}
	return out, nil
}

func (n *node) bindKids(t *schema.Table, env Env) (*node, error) {
	kids := make([]*node, 0, len(n.kids))
	for _, k := range n.kids {
		b, err := k.bind(t, env)
		if err != nil {
			return nil, err
		}
		kids = append(kids, b)
	}
	switch n.kind {
	case nodeNot:
		if kids[0].kind == nodeConst {
			return &node{kind: nodeConst, truth: not(kids[0].truth)}, nil
		}
	case nodeOr:
		kept := kids[:0]
		for _, k := range kids {
			if k.kind == nodeConst && k.truth == isTrue {
				return k, nil
			}
			if k.kind != nodeConst || k.truth == isUnknown {
				kept = append(kept, k)
			}
		}
		kids = kept
		if len(kids) == 0 {
			return &node{kind: nodeConst, truth: isFalse}, nil
		}
		if len(kids) == 1 {
			return kids[0], nil
		}
	}
	return &node{kind: n.kind, kids: kids}, nil
}

// column returns the column that a test is about, or nil.
func (n *node) column(t *schema.Table) *schema.Column {
	for _, a := range n.args {
		if a.kind == opColumn {
			return &t.Columns[t.Index(a.name)]
		}
	}
	return nil
}

func (o operand) bind(t *schema.Table, env Env, c *schema.Column, list bool) ([]operand, error) {
	var vals []value.Value
	switch o.kind {
	case opColumn:
		o.col = t.Index(o.name)
		return []operand{o}, nil
	case opValue:
		v := o.val
		if v.Kind() == value.KindFloat && c != nil && c.Type == schema.TypeDecimal {
			v = value.Text(o.name)
		}
		vals = []value.Value{v}
	case opParam:
		v, ok := env.Args[o.name]
		if !ok {
			return nil, fault.New(fault.InvalidArgument, "subscribe", "argument "+o.name+" is missing")
		}
		vals = []value.Value{v}
	case opClaim:
		vals = claimValues(lookup(env.Claims, o.path), list)
	}
	out := make([]operand, 0, len(vals))
	for _, v := range vals {
		v, err := coerce(c, v)
		if err != nil {
			return nil, fault.New(fault.InvalidArgument, "subscribe", o.text()+" does not fit column "+c.Name)
		}
		out = append(out, operand{kind: opValue, val: v})
	}
	return out, nil
}

// coerce brings v to the stored form of a column.
func coerce(c *schema.Column, v value.Value) (value.Value, error) {
	if c == nil || v.IsNull() {
		return v, nil
	}
	if v.Kind() == value.KindText && classOf(c.Type) != classText {
		return c.FromText(v.Str())
	}
	if classOf(c.Type) == classText && v.Kind() == value.KindInt {
		v = value.Text(strconv.FormatInt(v.Int(), 10))
	}
	return c.Canonical(v)
}

func lookup(claims map[string]any, path []string) any {
	var at any = claims
	for _, p := range path {
		m, ok := at.(map[string]any)
		if !ok {
			return nil
		}
		at = m[p]
	}
	return at
}

func claimValues(v any, list bool) []value.Value {
	if items, ok := v.([]any); ok && list {
		out := make([]value.Value, 0, len(items))
		for _, it := range items {
			out = append(out, claimValue(it))
		}
		return out
	}
	return []value.Value{claimValue(v)}
}

// claimValue is NULL for what is no single value.
func claimValue(v any) value.Value {
	switch v := v.(type) {
	case string:
		return value.Text(v)
	case bool:
		return value.Bool(v)
	case float64:
		return value.Float(v)
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return value.Int(n)
		}
		f, _ := v.Float64()
		return value.Float(f)
	}
	return value.Null
}

func mirrored(op string) string {
	switch op {
	case "<":
		return ">"
	case "<=":
		return ">="
	case ">":
		return "<"
	case ">=":
		return "<="
	}
	return op
}
