package query

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// ProblemsMax is how many problems Validate reports before it stops.
const ProblemsMax = 20

// Problem is one fault of a query.
type Problem struct {
	Kind fault.Kind
	Msg  string
	// Hint says what to do; Suggestion is the name that was likely meant, or "".
	Hint, Suggestion string
	// Where is the place in the tree, as "where.and[1].price".
	Where string
}

// Err returns the problem as an error.
func (p Problem) Err() error {
	return fault.New(p.Kind, "check query", p.Where+": "+p.Msg).WithHint(p.Hint)
}

// Validate checks a query's form and its names against a schema, and returns
// what is wrong, in reading order; nothing is fine. With a nil schema only the
// form is checked. Tables that start with "_rockpool_" are refused; local says
// which further tables exist and may be nil; their columns are not checked.
func Validate(q *Select, s *schema.Schema, local func(table string) bool) []Problem {
	c := &checker{schema: s, local: local}
	c.selects(q, "query", nil, 0)
	return c.found
}

// scope is the tables that a name may refer to; outer is the enclosing
// query's, for correlated subqueries.
type scope struct {
	names  []string
	tables []*schema.Table // nil: local, unknown columns
	outer  *scope
	// aliases are result columns, which ORDER BY may name.
	aliases []string
}

type checker struct {
	schema *schema.Schema
	local  func(string) bool
	found  []Problem
}

func (c *checker) add(kind fault.Kind, where, msg, hint, suggestion string) {
	if len(c.found) < ProblemsMax {
		c.found = append(c.found, Problem{Kind: kind, Msg: msg, Hint: hint, Suggestion: suggestion, Where: where})
	}
}

func (c *checker) form(where, msg string) {
	c.add(fault.InvalidArgument, where, msg, "", "")
}

func (c *checker) selects(q *Select, where string, outer *scope, depth int) {
	if q == nil {
		c.form(where, "there is no query")
		return
	}
	if depth > DepthMax {
		c.add(fault.LimitExceeded, where, "the query nests deeper than DepthMax, "+strconv.Itoa(DepthMax), "split it", "")
		return
	}
	sc := &scope{outer: outer}
	c.table(sc, q.From, where+".from")
	for i := range q.Joins {
		c.table(sc, q.Joins[i].Table, at(where+".join", i))
	}
	for i := range q.Joins {
		j := &q.Joins[i]
		if j.Kind < InnerJoin || j.Kind > FullJoin {
			c.form(at(where+".join", i), "unknown kind of join")
		}
		if j.On == nil {
			c.form(at(where+".join", i), "a join needs a condition")
		}
		c.optional(j.On, at(where+".join", i)+".on", sc, depth+1)
	}
	for i := range q.Columns {
		switch e := &q.Columns[i].Expr; {
		case e.Nested():
			c.nested(&q.Columns[i], at(where+".columns", i), sc, depth+1)
		case e.Kind == ExprStar && q.Columns[i].As == "":
			if e.Table != "" && !sc.has(e.Table) {
				c.unknownQualifier(e.Table, at(where+".columns", i), sc)
			}
		default:
			c.expr(e, at(where+".columns", i), sc, depth+1)
		}
		if as := q.Columns[i].As; as != "" {
			sc.aliases = append(sc.aliases, as)
		}
	}
	c.optional(q.Where, where+".where", sc, depth+1)
	for i := range q.GroupBy {
		c.expr(&q.GroupBy[i], at(where+".groupBy", i), sc, depth+1)
	}
	c.optional(q.Having, where+".having", sc, depth+1)
	for i := range q.OrderBy {
		if q.OrderBy[i].Nulls > NullsLast {
			c.form(at(where+".orderBy", i), "unknown order of nulls")
		}
		c.expr(&q.OrderBy[i].Expr, at(where+".orderBy", i), sc, depth+1)
	}
	c.optional(q.Limit, where+".limit", sc, depth+1)
	c.optional(q.Offset, where+".offset", sc, depth+1)
}

// table brings one table into scope.
func (c *checker) table(sc *scope, ref TableRef, where string) {
	if ref.Name == "" {
		c.form(where, "the table has no name")
		return
	}
	if len(ref.Name) >= len(reserved) && equalFold(ref.Name[:len(reserved)], reserved) {
		c.add(fault.Forbidden, where, "tables that start with "+reserved+" are the database's own", "", "")
		return
	}
	name := ref.Alias
	if name == "" {
		name = ref.Name
	}
	if slices.Contains(sc.names, name) {
		c.form(where, "two tables are called "+name+": give one an alias")
	}
	var t *schema.Table
	if c.schema != nil {
		if t = c.schema.Table(ref.Name); t == nil && (c.local == nil || !c.local(ref.Name)) {
			var names []string
			for i := range c.schema.Tables {
				names = append(names, c.schema.Tables[i].Name)
			}
			s := Suggest(ref.Name, names)
			c.add(fault.UnknownTable, where, "there is no table "+ref.Name, mean(s), s)
		}
	}
	sc.names = append(sc.names, name)
	sc.tables = append(sc.tables, t)
}

const reserved = "_rockpool_"

func (c *checker) optional(e *Expr, where string, sc *scope, depth int) {
	if e != nil {
		c.expr(e, where, sc, depth)
	}
}

// arity is the number of arguments of a kind: min, max (-1: any).
var arity = [256][2]int8{
	ExprCompare: {2, 2}, ExprAnd: {0, -1}, ExprOr: {0, -1}, ExprNot: {1, 1}, ExprBetween: {3, 3}, ExprIsNull: {1, 1},
	ExprArith: {2, 2}, ExprJSONPath: {1, 1}, ExprJSON: {1, 1}, ExprRaw: {0, -1}, ExprCase: {2, -1}, ExprIn: {1, -1}, ExprCall: {0, -1},
}

func (c *checker) expr(e *Expr, where string, sc *scope, depth int) {
	if depth > DepthMax {
		c.add(fault.LimitExceeded, where, "the query nests deeper than DepthMax, "+strconv.Itoa(DepthMax), "split it", "")
		return
	}
	bounds := arity[e.Kind]
	if n := len(e.Args); n < int(bounds[0]) || bounds[1] >= 0 && n > int(bounds[1]) {
		c.form(where, "it has "+strconv.Itoa(n)+" arguments")
		return
	}
	switch e.Kind {
	case ExprColumn:
		c.column(e, where, sc)
	case ExprValue:
	case ExprCompare:
		c.oneOf(e.Name, compares, "comparison", where)
	case ExprArith:
		c.oneOf(e.Name, ariths, "operator", where)
	case ExprAnd, ExprOr, ExprNot, ExprBetween, ExprIsNull, ExprCase:
	case ExprIn:
		if e.Sub != nil {
			if len(e.Args) != 1 {
				c.form(where, "IN takes a list or a query, not both")
			}
			c.selects(e.Sub, where+".in", sc, depth+1)
		}
	case ExprCall:
		c.call(e, where)
		if star := e.Name == "count" && !e.Distinct && len(e.Args) == 1 && e.Args[0].Kind == ExprStar && e.Args[0].Table == ""; star {
			return
		}
	case ExprExists, ExprSub:
		c.selects(e.Sub, where+".query", sc, depth+1)
	case ExprStar:
		c.form(where, "a star is columns of a result, without an alias, or all of what count counts")
	case ExprJSONPath, ExprJSON:
		if _, err := ParsePath(e.Name); err != nil {
			c.form(where, err.Error())
		}
	case ExprRaw:
		if n := Placeholders(e.Name); n != len(e.Args) {
			c.add(fault.WrongParameters, where, "the text has "+strconv.Itoa(n)+" placeholders for "+
				strconv.Itoa(len(e.Args))+" values", "", "")
		}
	case ExprRows, ExprRow:
		c.form(where, "nested rows are a column of the result, and no part of an expression")
	default:
		c.form(where, "unknown kind of expression")
	}
	for i := range e.Args {
		c.expr(&e.Args[i], at(where, i), sc, depth+1)
	}
}

// nested checks a column that holds rows: its names become properties.
func (c *checker) nested(r *ResultExpr, where string, sc *scope, depth int) {
	if r.As == "" {
		c.form(where, "nested rows need a name")
	}
	c.selects(r.Expr.Sub, where+".rows", sc, depth)
	if r.Expr.Sub == nil {
		return
	}
	names := make(map[string]bool)
	for i := range r.Expr.Sub.Columns {
		name := r.Expr.Sub.Columns[i].Name()
		switch {
		case name == "":
			c.form(at(where+".rows.columns", i), "a column of nested rows needs a name")
		case names[name]:
			c.form(at(where+".rows.columns", i), "two columns of nested rows are called "+name)
		}
		names[name] = true
	}
}

func (c *checker) oneOf(name string, allowed []string, what, where string) {
	if !slices.Contains(allowed, name) {
		c.add(fault.InvalidArgument, where, "unknown "+what+" "+strconv.Quote(name), "use one of "+join(allowed), "")
	}
}

func (c *checker) call(e *Expr, where string) {
	f := FindFunction(e.Name)
	if f == nil {
		var names []string
		for i := range Functions {
			names = append(names, Functions[i].Name)
		}
		s := Suggest(e.Name, names)
		c.add(fault.InvalidArgument, where, "the function "+strconv.Quote(e.Name)+" is not on the list", mean(s), s)
		return
	}
	n := len(e.Args)
	if n < f.Min || f.Max >= 0 && n > f.Max {
		c.form(where, e.Name+" has "+strconv.Itoa(n)+" arguments")
	}
	if e.Distinct && !f.Aggregate {
		c.form(where, e.Name+" is no aggregate: DISTINCT has no meaning")
	}
}

// column resolves a column inside out.
func (c *checker) column(e *Expr, where string, sc *scope) {
	if e.Name == "" {
		c.form(where, "the column has no name")
		return
	}
	if c.schema == nil {
		return
	}
	var names []string
	hits := 0
	for s := sc; s != nil; s = s.outer {
		for i, t := range s.tables {
			if e.Table != "" && s.names[i] != e.Table {
				continue
			}
			if t == nil || t.Index(e.Name) >= 0 || e.Name == "rowid" && t.LocalOnly {
				hits++
				continue
			}
			for j := range t.Columns {
				names = append(names, t.Columns[j].Name)
			}
		}
		if hits == 0 && e.Table == "" && slices.Contains(s.aliases, e.Name) {
			return
		}
		if hits > 1 && e.Table == "" && !slices.Contains(s.tables, nil) {
			c.add(fault.UnknownColumn, where, "the column "+e.Name+" is in more than one table", "name its table", "")
		}
		if hits > 0 {
			return
		}
		if e.Table != "" && slices.Contains(s.names, e.Table) {
			break
		}
	}
	if e.Table != "" && !sc.has(e.Table) {
		c.unknownQualifier(e.Table, where, sc)
		return
	}
	s := Suggest(e.Name, append(names, sc.aliases...))
	full := e.Name
	if e.Table != "" {
		full = e.Table + "." + e.Name
	}
	c.add(fault.UnknownColumn, where, "there is no column "+full, mean(s), s)
}

func (c *checker) unknownQualifier(name, where string, sc *scope) {
	var names []string
	for s := sc; s != nil; s = s.outer {
		names = append(names, s.names...)
	}
	s := Suggest(name, names)
	c.add(fault.UnknownTable, where, "the table "+name+" is not in the query", mean(s), s)
}

func (s *scope) has(table string) bool {
	for ; s != nil; s = s.outer {
		if slices.Contains(s.names, table) {
			return true
		}
	}
	return false
}

func mean(suggestion string) string {
	if suggestion == "" {
		return ""
	}
	return "did you mean " + suggestion + "?"
}

func at(where string, i int) string { return where + "[" + strconv.Itoa(i) + "]" }

func join(names []string) string {
	out := ""
	for i, n := range names {
		if i > 0 {
			out += ", "
		}
		out += n
	}
	return out
}

// equalFold compares ASCII without case, as SQLite does with names.
func equalFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		x, y := a[i], b[i]
		if 'A' <= x && x <= 'Z' {
			x += 'a' - 'A'
		}
		if 'A' <= y && y <= 'Z' {
			y += 'a' - 'A'
		}
		if x != y {
			return false
		}
	}
	return true
}
