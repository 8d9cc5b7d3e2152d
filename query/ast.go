// Package query is the one form that every query surface lowers to: a tree
// with a canonical byte form and hash. sqlgen renders it as SQL text, where
// every value is bound and every identifier quoted. It owns no execution.
package query

import "rockpool.dev/value"

// Select is a query.
type Select struct {
	Distinct bool         `wire:"1"`
	Columns  []ResultExpr `wire:"2"` // empty: every column of From and of the joined tables
	From     TableRef     `wire:"3"`
	Joins    []Join       `wire:"4"`
	Where    *Expr        `wire:"5"`
	GroupBy  []Expr       `wire:"6"`
	Having   *Expr        `wire:"7"`
	OrderBy  []Order      `wire:"8"`
	// Limit and Offset are absent when nil.
	Limit  *Expr `wire:"9"`
	Offset *Expr `wire:"10"`
}

// TableRef names a table and, if not "", its alias.
type TableRef struct {
	Name  string `wire:"1"`
	Alias string `wire:"2"`
}

// ResultExpr is one column of the result.
type ResultExpr struct {
	Expr Expr   `wire:"1"`
	As   string `wire:"2"` // "" keeps the column's own name
}

// JoinKind is how rows without a partner are treated.
type JoinKind uint8

// The kinds of join.
const (
	InnerJoin JoinKind = 1
	LeftJoin  JoinKind = 2
	RightJoin JoinKind = 3
	FullJoin  JoinKind = 4
)

// Join is one joined table.
type Join struct {
	Kind  JoinKind `wire:"1"`
	Table TableRef `wire:"2"`
	On    *Expr    `wire:"3"`
}

// Nulls says where NULLs sort.
type Nulls uint8

// The null orders. NullsDefault is Postgres's on both engines: last when
// ascending, first when descending.
const (
	NullsDefault Nulls = 0
	NullsFirst   Nulls = 1
	NullsLast    Nulls = 2
)

// Order is one term of ORDER BY.
type Order struct {
	Expr  Expr  `wire:"1"`
	Desc  bool  `wire:"2"`
	Nulls Nulls `wire:"3"`
}

// ExprKind is the kind of an expression.
type ExprKind uint8

// The kinds of expression and what they use.
const (
	ExprColumn   ExprKind = 1  // Table (may be ""), Name
	ExprValue    ExprKind = 2  // Value, always bound
	ExprCompare  ExprKind = 3  // Name: = <> < <= > >= like ilike; Args: two
	ExprAnd      ExprKind = 4  // Args
	ExprOr       ExprKind = 5  // Args
	ExprNot      ExprKind = 6  // Args: one
	ExprIn       ExprKind = 7  // Args: the tested one, then the list; or Sub
	ExprBetween  ExprKind = 8  // Args: three
	ExprIsNull   ExprKind = 9  // Args: one
	ExprCall     ExprKind = 10 // Name: an allowed function; Args
	ExprArith    ExprKind = 11 // Name: + - * / % ||; Args: two
	ExprExists   ExprKind = 12 // Sub
	ExprStar     ExprKind = 13 // Table (may be ""): every column; or inside count
	ExprJSONPath ExprKind = 14 // Args: one; Name: the path; Text result
	ExprRaw      ExprKind = 15 // Name: SQL text with ? for each of Args; from the developer, never from a user
	ExprCase     ExprKind = 16 // Args: when, then, …, [else]
	ExprSub      ExprKind = 17 // Sub: a scalar subquery
	ExprRows     ExprKind = 18 // Sub: all its rows as one value; a column of a result, nowhere else
	ExprRow      ExprKind = 19 // Sub: its first row, or NULL, likewise
	ExprJSON     ExprKind = 20 // Args: one; Name: the path; what is there: text, a number, a boolean, or JSON
)

// Expr is an expression.
type Expr struct {
	Kind  ExprKind    `wire:"1"`
	Table string      `wire:"2"`
	Name  string      `wire:"3"`
	Value value.Value `wire:"4"`
	Args  []Expr      `wire:"5"`
	Sub   *Select     `wire:"6"`
	// Distinct is for aggregate calls.
	Distinct bool `wire:"7"`
}

// DepthMax is how deep a query may nest.
const DepthMax = 64
