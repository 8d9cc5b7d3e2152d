package policy

import (
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

var queryKinds = map[nodeKind]query.ExprKind{nodeAnd: query.ExprAnd, nodeOr: query.ExprOr, nodeNot: query.ExprNot, nodeIn: query.ExprIn, nodeIsNull: query.ExprIsNull}

// Expr is the predicate as a condition of a query, in which the table is called
// as. It is true of the rows that Match passes. fault.Forbidden for an order of
// floats, whose infinities are stored as text: better no row than a wrong one.
func (b *Bound) Expr(as string) (*query.Expr, error) { return b.root.expr(b.table, as) }

func (n *node) expr(t *schema.Table, as string) (*query.Expr, error) {
	e := &query.Expr{Kind: queryKinds[n.kind]}
	for _, k := range n.kids {
		kid, err := k.expr(t, as)
		if err != nil {
			return nil, err
		}
		e.Args = append(e.Args, *kid)
	}
	for _, a := range n.args {
		if a.kind == opColumn {
			e.Args = append(e.Args, query.Expr{Kind: query.ExprColumn, Table: as, Name: t.Columns[a.col].Name})
		} else {
			e.Args = append(e.Args, query.Expr{Kind: query.ExprValue, Value: a.val})
		}
	}
	switch n.kind {
	case nodeConst:
		switch n.truth {
		case isTrue:
			e.Kind = query.ExprAnd // of nothing
		case isFalse:
			e.Kind = query.ExprOr
		default:
			e.Kind = query.ExprValue // NULL
		}
	case nodeCompare:
		if n.op != "=" && n.op != "<>" && n.typeOf(t) == schema.TypeFloat {
			return nil, fault.New(fault.Forbidden, "read "+t.Name, "its policy orders floats, which a query cannot")
		}
		e.Kind, e.Name = query.ExprCompare, n.op
	case nodeLike:
		e.Kind, e.Name = query.ExprCompare, "="
		text := n.prefix
		if !n.exact {
			e.Name, text = "like", strings.NewReplacer(`\`, `\\`, "%", `\%`, "_", `\_`).Replace(n.prefix)+"%"
		}
		e.Args = append(e.Args, query.Expr{Kind: query.ExprValue, Value: value.Text(text)})
	}
	return e, nil
}
