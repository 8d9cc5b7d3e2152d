package postgrest

import (
	"strconv"

	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// shape is how the columns of a query become the members of an object.
type shape struct{ members []member }

type memberKind uint8

const (
	memberValue memberKind = iota + 1
	memberOne              // rows of a query, of which there is one or none
	memberMany             // rows
	memberList             // rows of one column: a list of its values
)

// member is one member of an object. A value has its column's type, which is
// nil where only the value itself tells, a path into its JSON, and a cast.
type member struct {
	name string
	kind memberKind
	c    *schema.Column
	path []step
	cast *schema.Column
	sub  *shape
}

// selects is the node's query, and the shape of its rows.
func (n *node) selects() (*query.Select, *shape, *Error) {
	q, sh := &query.Select{}, &shape{}
	if err := n.columns(q, sh); err != nil {
		return nil, nil, err
	}
	if len(q.Columns) == 0 { // rows without members, which are still counted
		add(q, bound(value.Int(1)))
	}
	n.from(q)
	all, err := n.conditions()
	if err != nil {
		return nil, nil, err
	}
	q.Where = and(all)
	if q.OrderBy, err = n.ordered(); err != nil {
		return nil, nil, err
	}
	if n.limit >= 0 {
		q.Limit = bound(value.Int(n.limit))
	}
	if n.offset > 0 {
		q.Offset = bound(value.Int(n.offset))
	}
	return q, sh, nil
}

// add adds a member.
func (sh *shape) add(m *member) { sh.members = append(sh.members, *m) }

// group adds a term to a query's GROUP BY.
func group(q *query.Select, e *query.Expr) { q.GroupBy = append(q.GroupBy, *e) }

// add adds a column to a query. Its name says nothing: the shape has the names.
func add(q *query.Select, e *query.Expr) {
	q.Columns = append(q.Columns, query.ResultExpr{Expr: *e, As: "c" + strconv.Itoa(len(q.Columns))})
}

// columns adds the node's items to a query and its shape.
func (n *node) columns(q *query.Select, sh *shape) *Error {
	aggregated := n.aggregated()
	kids := n.kids
	for i := range n.items {
		it := &n.items[i]
		if it.embed != nil {
			kid := kids[0]
			kids = kids[1:]
			if err := kid.embedded(q, sh); err != nil {
				return err
			}
			if aggregated {
				for _, name := range kid.relation.near {
					group(q, column(n.as, name))
				}
			}
			continue
		}
		if it.aggregate == "" && it.field.name == "*" {
			for j := range n.table.Columns {
				c := &n.table.Columns[j]
				e := column(n.as, c.Name)
				add(q, e)
				sh.add(&member{name: c.Name, kind: memberValue, c: c})
				if aggregated {
					group(q, e)
				}
			}
			continue
		}
		e, m, err := n.item(it, aggregated)
		if err != nil {
			return err
		}
		add(q, e)
		sh.add(m)
		if aggregated && !n.isAggregate(it) {
			group(q, e)
		}
	}
	return nil
}

// isAggregate reports whether an item is computed from all rows of a group. A
// plain count is one where no column has that name.
func (n *node) isAggregate(it *item) bool {
	return it.aggregate != "" || it.embed == nil && it.field.name == "count" && len(it.field.path) == 0 && n.table.Index("count") < 0
}

func (n *node) aggregated() bool {
	for i := range n.items {
		if n.isAggregate(&n.items[i]) {
			return true
		}
	}
	return false
}

// item is a column, what is in its JSON, or an aggregate. Paths and casts of a
// column are left to who prints it; where rows are grouped the query needs them.
func (n *node) item(it *item, aggregated bool) (e *query.Expr, m *member, err *Error) {
	m = &member{name: it.field.name, kind: memberValue}
	if n.isAggregate(it) {
		return n.aggregate(it)
	}
	if m.cast, err = castType(it.cast); err != nil {
		return e, m, err
	}
	if aggregated && len(it.field.path) > 0 {
		e, m.c, err = n.field(it.field)
	} else {
		m.path = it.field.path
		e, m.c, err = n.column(it.field.name)
	}
	for i := len(it.field.path) - 1; i >= 0; i-- {
		if it.field.path[i].isKey {
			m.name = it.field.path[i].key
			break
		}
	}
	if it.alias != "" {
		m.name = it.alias
	}
	return e, m, err
}

var (
	int8Column    = &schema.Column{Type: schema.TypeInt, SourceType: "int8"}
	float8Column  = &schema.Column{Type: schema.TypeFloat, SourceType: "float8"}
	numericColumn = &schema.Column{Type: schema.TypeDecimal, SourceType: "numeric"}
)

// aggregate is count(), column.sum() and the like.
func (n *node) aggregate(it *item) (e *query.Expr, m *member, err *Error) {
	m = &member{name: it.aggregate, kind: memberValue, c: int8Column}
	if it.aggregate == "" {
		m.name = "count"
	}
	if it.alias != "" {
		m.name = it.alias
	}
	e = expr(query.ExprCall, it.aggregate)
	if it.field.name == "*" || it.aggregate == "" {
		e.Name, e.Args = "count", []query.Expr{{Kind: query.ExprStar}}
		m.cast, err = castType(it.aggregateCast)
		return e, m, err
	}
	arg, c, err := n.field(it.field)
	if err != nil {
		return e, m, err
	}
	if it.cast != "" {
		if c, err = castType(it.cast); err != nil {
			return e, m, err
		}
		switch c.Type {
		case schema.TypeInt, schema.TypeFloat, schema.TypeDecimal:
			arg = expr(query.ExprArith, "+", arg, bound(value.Int(0)))
			if c.Type == schema.TypeDecimal {
				c = nil // what SQLite computes here is a number, not a decimal's text
			}
		case schema.TypeText:
		default:
			return e, m, unsupported("an aggregate of a cast to " + it.cast)
		}
	}
	e.Args = []query.Expr{*arg}
	switch it.aggregate {
	case "count":
	case "sum", "avg":
		if m.c, err = computed(it.aggregate, c); err != nil {
			return e, m, err
		}
	default:
		m.c = c
	}
	m.cast, err = castType(it.aggregateCast)
	return e, m, err
}

// computed is the type of a sum or an average.
func computed(aggregate string, c *schema.Column) (*schema.Column, *Error) {
	switch {
	case c == nil:
		return nil, nil
	case c.Type == schema.TypeInt && aggregate == "sum":
		return int8Column, nil
	case c.Type == schema.TypeInt, c.Type == schema.TypeFloat:
		return float8Column, nil
	case c.Type == schema.TypeDecimal:
		return numericColumn, nil
	}
	return nil, refuse("42883", "function "+aggregate+"("+typeName(c)+") does not exist").with("", "No function matches the given name and argument types. You might need to add explicit type casts.")
}

// castType is the type of a cast's name; nil for "".
func castType(name string) (*schema.Column, *Error) {
	if name == "" {
		return nil, nil
	}
	t := schema.TypeOf(name)
	if t == schema.TypeUnknown {
		return nil, refuse("42704", `type "`+name+`" does not exist`)
	}
	return &schema.Column{Type: t, SourceType: name}, nil
}

// embedded adds the node to its parent's query: rows in one column, or, spread,
// a column for each of its own.
func (n *node) embedded(q *query.Select, sh *shape) *Error {
	if n.embed.spread {
		return n.spread(q, sh)
	}
	if n.empty() {
		return nil // it only filters
	}
	sub, inner, err := n.selects()
	if err != nil {
		return err
	}
	e, kind := &query.Expr{Kind: query.ExprRows, Sub: sub}, memberMany
	if n.relation.toOne() {
		e.Kind, kind = query.ExprRow, memberOne
	}
	add(q, e)
	sh.add(&member{name: n.name, kind: kind, sub: inner})
	return nil
}

// empty reports whether the node shows nothing: rel().
func (n *node) empty() bool {
	if len(n.items) > len(n.kids) {
		return false
	}
	for _, kid := range n.kids {
		if !kid.empty() {
			return false
		}
	}
	return true
}

// spread gives a to-one's columns to its parent, and those of a to-many as lists.
func (n *node) spread(q *query.Select, sh *shape) *Error {
	if n.aggregated() {
		return refuse("PGRST127", "Feature not implemented").with("Aggregates are not implemented for spread embeds", "")
	}
	own, inner := &query.Select{}, &shape{}
	if err := n.columns(own, inner); err != nil {
		return err
	}
	for i := range own.Columns {
		e, m := &own.Columns[i].Expr, &inner.members[i]
		if n.relation.toOne() {
			scalar, err := n.scalar(e)
			if err != nil {
				return err
			}
			add(q, scalar)
			sh.add(m)
			continue
		}
		list := *n
		list.items, list.kids = nil, nil
		sub, _, err := list.selects()
		if err != nil {
			return err
		}
		all, err := n.conditions()
		if err != nil {
			return err
		}
		sub.Columns, sub.Where = nil, and(all)
		add(sub, e)
		add(q, &query.Expr{Kind: query.ExprRows, Sub: sub})
		sh.add(&member{name: m.name, kind: memberList, sub: &shape{[]member{*m}}})
	}
	return nil
}
