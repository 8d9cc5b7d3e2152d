package postgrest

import (
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// node is a table of a request: the root, or an embed.
type node struct {
	p     *Plan
	table *schema.Table
	// as is the table's name in the query, shown in errors.
	as, shown string
	items     []item
	where     []logic
	order     []order
	// limit and offset are -1 and 0 for none.
	limit, offset int64
	kids          []*node // in the order of their items

	// These are of an embed.
	embed    *embed
	name     string // its key in the answer, and in paths
	relation *relation
	parent   *node
	junction string // its name in the query
}

// aliasPrefix begins the names of embedded tables in a query: no table of a
// schema that a relay serves begins so.
const aliasPrefix = "_rockpool_"

// newNode makes the node of a table, or that of an embed in its parent's table t,
// and those of its embeds.
func (p *Plan) newNode(t *schema.Table, items []item, parent *node, e *embed, alias string) (*node, *Error) {
	n := &node{p: p, table: t, as: t.Name, shown: t.Name, items: items, limit: -1, parent: parent, embed: e}
	if parent != nil {
		r, err := findRelation(p.env.Schema, parent.table, e.name, e.hint)
		if err != nil {
			return nil, err
		}
		p.nodes++
		n.relation, n.table, n.name = r, r.to, e.name
		if alias != "" {
			n.name = alias
		}
		n.as, n.junction = aliasPrefix+strconv.Itoa(p.nodes), aliasPrefix+"j"+strconv.Itoa(p.nodes)
		n.shown = r.to.Name + "_" + strconv.Itoa(n.depth())
	}
	for i := range items {
		if one := &items[i]; one.embed != nil {
			kid, err := p.newNode(n.table, one.embed.items, n, one.embed, one.alias)
			if err != nil {
				return nil, err
			}
			n.kids = append(n.kids, kid)
		}
	}
	return n, nil
}

func (n *node) depth() int {
	d := 0
	for at := n.parent; at != nil; at = at.parent {
		d++
	}
	return d
}

// at finds the embed at a path of names.
func (n *node) at(path []string) (*node, *Error) {
	for _, name := range path {
		kid := n.kid(name)
		if kid == nil {
			return nil, notEmbedded(name)
		}
		n = kid
	}
	return n, nil
}

func (n *node) kid(name string) *node {
	for _, kid := range n.kids {
		if kid.name == name || kid.embed.name == name {
			return kid
		}
	}
	return nil
}

// column is a column of the node's table, in the query.
func (n *node) column(name string) (*query.Expr, *schema.Column, *Error) {
	at := n.table.Index(name)
	if at < 0 {
		return nil, nil, noColumn(n.shown, name)
	}
	return column(n.as, name), &n.table.Columns[at], nil
}

// field is a column or what is at a path in it. as is what values beside it
// take: the column, text for ->>, nil for JSON.
func (n *node) field(f field) (e *query.Expr, as *schema.Column, err *Error) {
	e, c, err := n.column(f.name)
	if err != nil || len(f.path) == 0 {
		return e, c, err
	}
	if c.Type != schema.TypeJSON && c.Type != schema.TypeJSONB {
		return e, nil, unsupported("a path into a column of type " + typeName(c))
	}
	var b strings.Builder
	b.WriteByte('$')
	for i, s := range f.path {
		switch {
		case s.text && i < len(f.path)-1:
			return e, nil, refuse("42883", "operator does not exist: text -> unknown").with("", "use -> for all steps but the last")
		case !s.isKey:
			b.WriteString("[" + strconv.Itoa(s.index) + "]")
		case strings.IndexByte(s.key, '"') >= 0:
			return e, nil, unsupported("a path with a quote in a key")
		default:
			b.WriteString(`."` + s.key + `"`)
		}
	}
	if f.path[len(f.path)-1].text {
		return expr(query.ExprJSONPath, b.String(), e), textColumn, nil
	}
	return expr(query.ExprJSON, b.String(), e), nil, nil
}

var (
	textColumn  = &schema.Column{Type: schema.TypeText, SourceType: "text"}
	jsonbColumn = &schema.Column{Type: schema.TypeJSONB, SourceType: "jsonb"}
)

// from is the node's tables: its own, and the junction before it.
func (n *node) from(q *query.Select) {
	q.From = query.TableRef{Name: n.table.Name}
	if n.as != n.table.Name {
		q.From.Alias = n.as
	}
	if n.relation == nil || n.relation.card != manyToMany {
		return
	}
	r := n.relation
	on := pairs(n.junction, r.junctionFar, n.as, r.far)
	q.Joins = []query.Join{{Kind: query.InnerJoin, Table: query.TableRef{Name: r.junction.Name, Alias: n.junction}, On: on}}
}

// conditions are all that a row of the node must meet.
func (n *node) conditions() ([]*query.Expr, *Error) {
	all, err := n.joined()
	if err != nil {
		return nil, err
	}
	for i := range n.where {
		e, err := n.logic(&n.where[i])
		if err != nil {
			return nil, err
		}
		all = append(all, e)
	}
	for _, kid := range n.kids {
		if kid.embed.inner {
			e, err := kid.exists()
			if err != nil {
				return nil, err
			}
			all = append(all, e)
		}
	}
	return all, nil
}

// joined is what ties the node to its parent, and what may be seen.
func (n *node) joined() (all []*query.Expr, err *Error) {
	if r := n.relation; r != nil {
		if r.card == manyToMany {
			all = append(all, pairs(n.junction, r.junctionNear, n.parent.as, r.near))
			if all, err = n.p.visible(all, r.junction, n.junction); err != nil {
				return nil, err
			}
		} else {
			all = append(all, pairs(n.as, r.far, n.parent.as, r.near))
		}
	}
	return n.p.visible(all, n.table, n.as)
}

// visible adds what must hold of the rows of a table.
func (p *Plan) visible(all []*query.Expr, t *schema.Table, as string) ([]*query.Expr, *Error) {
	if p.env.Visible == nil {
		return all, nil
	}
	e, err := p.env.Visible(t, as)
	if err != nil {
		return nil, p.Failure(err)
	}
	if e != nil {
		all = append(all, e)
	}
	return all, nil
}

// exists is true where the node has a row.
func (n *node) exists() (*query.Expr, *Error) {
	all, err := n.conditions()
	if err != nil {
		return nil, err
	}
	q := &query.Select{}
	add(q, bound(value.Int(1)))
	n.from(q)
	q.Where = and(all)
	return &query.Expr{Kind: query.ExprExists, Sub: q}, nil
}

// pairs is a.x = b.y for each pair of columns.
func pairs(a string, xs []string, b string, ys []string) *query.Expr {
	var all []*query.Expr
	for i := range xs {
		all = append(all, compare("=", column(a, xs[i]), column(b, ys[i])))
	}
	return and(all)
}

// expr makes an expression. Expressions go by pointer here: copied, they make
// the Worker's binary much larger.
func expr(kind query.ExprKind, name string, args ...*query.Expr) *query.Expr {
	e := &query.Expr{Kind: kind, Name: name}
	for _, a := range args {
		take(e, a)
	}
	return e
}

// take gives an expression one more argument.
func take(e, arg *query.Expr) { e.Args = append(e.Args, *arg) }

func column(table, name string) *query.Expr {
	e := expr(query.ExprColumn, name)
	e.Table = table
	return e
}

func bound(v value.Value) *query.Expr {
	e := expr(query.ExprValue, "")
	e.Value = v
	return e
}

func compare(op string, a, b *query.Expr) *query.Expr { return expr(query.ExprCompare, op, a, b) }

func negated(e *query.Expr) *query.Expr { return expr(query.ExprNot, "", e) }

func isNull(e *query.Expr) *query.Expr { return expr(query.ExprIsNull, "", e) }

// and joins conditions; nil for none.
func and(all []*query.Expr) *query.Expr {
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return expr(query.ExprAnd, "", all...)
}
