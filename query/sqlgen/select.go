package sqlgen

import (
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Select renders a query. Kinds: invalid_argument for a tree that has no
// meaning, forbidden for the database's own tables, wrong_parameters,
// limit_exceeded for more values than ArgsMax or a tree beyond DepthMax.
func Select(q *query.Select, o Options) (Statement, error) {
	if problems := query.Validate(q, nil, nil); len(problems) > 0 {
		return Statement{}, problems[0].Err()
	}
	w := &writer{opt: o}
	w.selects(q, nil)
	return w.done()
}

// Predicate renders one expression over the columns of a table, which the
// text calls by its name.
func Predicate(e *query.Expr, table string, o Options) (Statement, error) {
	q := &query.Select{From: query.TableRef{Name: table}, Where: e}
	if problems := query.Validate(q, nil, nil); len(problems) > 0 {
		return Statement{}, problems[0].Err()
	}
	w := &writer{opt: o}
	w.expr(e, w.scopeOf(q, nil))
	return w.done()
}

// writer collects a statement.
type writer struct {
	opt  Options
	sql  strings.Builder
	args value.Row
	// places are the parameters of typed values on Postgres, by type and value.
	places map[string]int
	// shapes are the nested rows of the query that is being written.
	shapes []Nested
	// collated counts the collations that were written.
	collated int
	// inRaw says that a raw text is written, where Postgres finds the types.
	inRaw bool
	err   error
}

func (w *writer) done() (Statement, error) {
	if w.err == nil && len(w.args) > ArgsMax {
		w.err = fault.New(fault.LimitExceeded, "render query", "it has more than ArgsMax, "+strconv.Itoa(ArgsMax)+", values").
			WithHint("put the values into a table and join it")
	}
	if !withPostgres && w.opt.Dialect != SQLite {
		w.fail("this program renders for SQLite only")
	}
	if w.err != nil {
		return Statement{}, w.err
	}
	return Statement{SQL: w.sql.String(), Args: w.args, Nested: w.shapes}, nil
}

func (w *writer) fail(msg string) {
	if w.err == nil {
		w.err = fault.New(fault.InvalidArgument, "render query", msg)
	}
}

func (w *writer) text(s string) { w.sql.WriteString(s) }

// name writes an identifier.
func (w *writer) name(s string) {
	if strings.IndexByte(s, 0) >= 0 {
		w.fail("a name has a zero byte")
		return
	}
	w.text(schema.Quote(s))
}

// scope resolves columns to their types.
type scope struct {
	refs   []query.TableRef
	tables []*schema.Table
	outer  *scope
	// columns are those of the result, which ORDER BY may name.
	columns []query.ResultExpr
}

func (w *writer) scopeOf(q *query.Select, outer *scope) *scope {
	sc := &scope{outer: outer, columns: q.Columns}
	add := func(r query.TableRef) {
		sc.refs = append(sc.refs, r)
		var t *schema.Table
		if w.opt.Schema != nil {
			t = w.opt.Schema.Table(r.Name)
		}
		sc.tables = append(sc.tables, t)
	}
	add(q.From)
	for i := range q.Joins {
		add(q.Joins[i].Table)
	}
	return sc
}

// column returns what the schema knows of a column expression, or nil.
func (s *scope) column(e *query.Expr) *schema.Column {
	if e.Kind != query.ExprColumn {
		return nil
	}
	for ; s != nil; s = s.outer {
		for i, t := range s.tables {
			ref := s.refs[i]
			if t == nil || e.Table != "" && e.Table != ref.Alias && (ref.Alias != "" || e.Table != ref.Name) {
				continue
			}
			if j := t.Index(e.Name); j >= 0 {
				return &t.Columns[j]
			}
		}
	}
	return nil
}

// aliased returns the column of the result that a name is the alias of, or nil.
func (s *scope) aliased(e *query.Expr) *query.Expr {
	if e.Kind != query.ExprColumn || e.Table != "" {
		return nil
	}
	for i := range s.columns {
		if c := &s.columns[i]; c.As == e.Name && (c.Expr.Kind != query.ExprColumn || c.Expr.Name != e.Name) {
			return &c.Expr
		}
	}
	return nil
}

func (w *writer) selects(q *query.Select, outer *scope) {
	sc := w.scopeOf(q, outer)
	w.text("SELECT ")
	if q.Distinct {
		w.text("DISTINCT ")
	}
	w.columns(q, sc)
	w.text(" FROM ")
	w.table(q.From)
	for i := range q.Joins {
		j := &q.Joins[i]
		w.text(joins[j.Kind])
		w.table(j.Table)
		w.text(" ON ")
		w.expr(j.On, sc)
	}
	w.clause(" WHERE ", q.Where, sc)
	w.list(" GROUP BY ", q.GroupBy, sc)
	w.clause(" HAVING ", q.Having, sc)
	w.order(q.OrderBy, sc)
	if q.Limit != nil {
		w.text(" LIMIT ")
		w.integer(q.Limit, sc)
	} else if q.Offset != nil && (!withPostgres || w.opt.Dialect == SQLite) {
		w.text(" LIMIT -1")
	}
	if q.Offset != nil {
		w.text(" OFFSET ")
		w.integer(q.Offset, sc)
	}
}

var joins = [...]string{
	query.InnerJoin: " JOIN ", query.LeftJoin: " LEFT JOIN ",
	query.RightJoin: " RIGHT JOIN ", query.FullJoin: " FULL JOIN ",
}

func (w *writer) columns(q *query.Select, sc *scope) {
	if len(q.Columns) == 0 {
		w.text("*")
	}
	for i := range q.Columns {
		if i > 0 {
			w.text(", ")
		}
		c := &q.Columns[i]
		if c.Expr.Nested() {
			shape := w.nested(&c.Expr, sc)
			shape.As = c.As
			w.shapes = append(w.shapes, shape)
		} else {
			before := w.collated
			w.expr(&c.Expr, sc)
			if q.Distinct {
				w.compared(&c.Expr, sc, before)
			}
		}
		switch {
		case c.As != "":
			w.text(" AS ")
			w.name(c.As)
		case c.Expr.Kind == query.ExprColumn:
			w.text(" AS ") // SQLite promises a name to no column without AS
			w.name(c.Expr.Name)
		}
	}
}

func (w *writer) table(r query.TableRef) {
	if (!withPostgres || w.opt.Dialect == SQLite) && (catalog(r.Name) || eponymous(r.Name)) && (w.opt.Schema == nil || w.opt.Schema.Table(r.Name) == nil) {
		w.err = fault.New(fault.Forbidden, "render query", r.Name+" is SQLite's own and no table of the app's").
			WithHint("read it by SQL text")
	}
	w.name(r.Name)
	if r.Alias != "" {
		w.text(" AS ")
		w.name(r.Alias)
	}
}

// catalog reports whether SQLite answers a name by itself: its catalogue, and
// its pragmas as tables.
func catalog(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "sqlite_") || strings.HasPrefix(name, "pragma_")
}

// eponymous reports whether SQLite has a virtual table by that name that nobody
// made, https://www.sqlite.org/vtab.html#eponymous_virtual_tables.
func eponymous(name string) bool {
	name = strings.ToLower(name)
	return strings.HasPrefix(name, "json") && (strings.HasSuffix(name, "_each") || strings.HasSuffix(name, "_tree")) || name == "dbstat"
}

func (w *writer) clause(word string, e *query.Expr, sc *scope) {
	if e != nil {
		w.text(word)
		w.expr(e, sc)
	}
}

func (w *writer) list(word string, list []query.Expr, sc *scope) {
	for i := range list {
		if i == 0 {
			w.text(word)
		} else {
			w.text(", ")
		}
		before := w.collated
		w.expr(&list[i], sc)
		w.compared(&list[i], sc, before)
	}
}

// compared says how SQLite compares what is no column of a table, and was
// written since so many collations: a computed decimal as one, and what has a
// decimal within by itself (beside).
func (w *writer) compared(e *query.Expr, sc *scope, before int) {
	if e.Kind == query.ExprColumn {
		as := sc.aliased(e)
		if as == nil || sc.column(e) != nil {
			return
		}
		e, before = as, 0
	}
	switch {
	case withPostgres && w.opt.Dialect != SQLite:
	case is(w.typeOf(e, sc), schema.TypeDecimal):
		w.collate(decimalCollation)
	case w.collated > before:
		w.collate("BINARY")
	}
}

// order writes ORDER BY. SQLite sorts NULLs low by itself, Postgres high; a
// column that has no NULLs needs no word, and keeps SQLite's use of an index.
func (w *writer) order(terms []query.Order, sc *scope) {
	for i := range terms {
		if i == 0 {
			w.text(" ORDER BY ")
		} else {
			w.text(", ")
		}
		t := &terms[i]
		ordered := &t.Expr
		before := w.collated
		if as := sc.aliased(ordered); as != nil {
			ordered, before = as, 0 // the result's names come before the tables'
		}
		if as := w.typeOf(ordered, sc); w.ranks(as) {
			w.ordered(ordered, sc, as) // not the alias: no expression may have one
		} else {
			w.expr(&t.Expr, sc)
		}
		w.compared(ordered, sc, before)
		if t.Desc {
			w.text(" DESC")
		}
		first := t.Nulls == query.NullsFirst || t.Nulls == query.NullsDefault && t.Desc
		low := !withPostgres || w.opt.Dialect == SQLite
		if c := sc.column(ordered); c != nil && c.NotNull && len(sc.tables) == 1 {
			continue
		}
		if first == (low != t.Desc) {
			continue // the engine's own order
		}
		if first {
			w.text(" NULLS FIRST")
		} else {
			w.text(" NULLS LAST")
		}
	}
}

// integer writes LIMIT and OFFSET, which are values or whole expressions.
func (w *writer) integer(e *query.Expr, sc *scope) {
	if e.Kind == query.ExprValue && e.Value.Kind() != value.KindInt && !e.Value.IsNull() {
		w.fail("LIMIT and OFFSET take integers")
		return
	}
	w.expr(e, sc)
}
