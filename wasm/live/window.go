package live

import (
	"strconv"
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// WindowRowsMax is the largest LIMIT of a window; a query beyond it runs again.
const WindowRowsMax = 500

// window keeps the first rows of a query over one table that has an order and
// a LIMIT, in a table of the images' database: whole rows, and some more than
// are shown. A commit takes the changed rows out and puts those in that pass
// the query's condition; SQLite sorts what is there. Rows of equal order are in
// the order of the key, so that the answer is one.
//
// Law: of the rows that pass, those that are not kept come after all that are.
// So a row that goes leaves the law in force, and one that comes is kept when
// it comes before one that was kept; when too few are left to show, the query
// runs again.
type window struct {
	table *schema.Table
	// limit is how many rows are shown, size how many a run reads.
	limit, size int
	// fill reads the rows of a run, put those that changed, rows what is shown,
	// with two columns more: a number, and the turn in which the row came.
	fill, put, rows   sqlgen.Statement
	make, insert, del string
	drop, cut, clear  string

	made bool
	// complete says that all rows that pass are kept.
	complete bool
	turn     int64
	cursor   builder.Cursor
}

// The columns of a window's table beside the row.
const (
	windowID = sqlite.ReservedPrefix + "id"
	windowAt = sqlite.ReservedPrefix + "at"
)

// windowOf returns the window of a query, or nil where the query is not of the
// kind. number tells windows apart.
func windowOf(q *query.Select, s *schema.Schema, number int) *window {
	t := s.Table(q.From.Name)
	limit := whole(q.Limit)
	if t == nil || t.LocalOnly || len(t.Key) == 0 || limit < 1 || limit > WindowRowsMax || q.Offset != nil && whole(q.Offset) != 0 ||
		len(q.Joins)+len(q.GroupBy) > 0 || q.Having != nil || q.Distinct {
		return nil
	}
	named, err := query.Named(q, s)
	if err != nil || !plain(named, t) {
		return nil
	}
	w := &window{table: t, limit: limit, size: limit + limit/2 + 4}
	order := totalOrder(named, t)
	kept := *t
	kept.Name = "window " + strconv.Itoa(number) // the prefix of our own is refused in a query
	if s.Table(kept.Name) != nil {
		return nil
	}
	w.make = schema.ImageDDL(&kept, windowAt+" INTEGER", windowID+" INTEGER PRIMARY KEY")
	name := schema.Quote(kept.Name)
	w.drop = "DROP TABLE IF EXISTS " + name
	w.clear = "DELETE FROM " + name
	w.cut = "DELETE FROM " + name + " WHERE " + windowID + " = ?"

	columns := make([]query.ResultExpr, len(t.Columns))
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		columns[i].Expr = column(t.Columns[i].Name)
		names[i] = schema.Quote(t.Columns[i].Name)
	}
	into := "INSERT INTO " + name + "(" + windowAt + ", " + strings.Join(names, ", ") + ") "
	w.insert = into + "VALUES (0" + strings.Repeat(", ?", len(names)) + ")"
	keys := make([]string, len(t.Key))
	for i, k := range t.Key {
		keys[i] = names[k]
	}
	key := strings.Join(keys, ", ")
	w.del = "DELETE FROM " + name + " WHERE (" + key + ") IN (SELECT " + key + " FROM " + schema.Quote(t.Name) + ")"

	tables := *s
	tables.Tables = append(append([]schema.Table(nil), s.Tables...), kept)
	render := func(q *query.Select) (out sqlgen.Statement) {
		if err == nil {
			out, err = sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: &tables})
		}
		return out
	}
	at := query.Expr{Kind: query.ExprValue, Value: value.Int(int64(w.size))}
	w.fill = render(&query.Select{Columns: columns, From: q.From, Where: q.Where, OrderBy: order, Limit: &at})
	w.put = render(&query.Select{
		Columns: append([]query.ResultExpr{{Expr: at, As: windowAt}}, columns...),
		From:    q.From, Where: both(column(imageLast), q.Where),
	})
	w.put.SQL = into + w.put.SQL
	w.rows = render(&query.Select{
		Columns: append(append([]query.ResultExpr(nil), named.Columns...), query.ResultExpr{Expr: column(windowID)}, query.ResultExpr{Expr: column(windowAt)}),
		From:    query.TableRef{Name: kept.Name, Alias: calls(q.From)}, OrderBy: order,
	})
	if err != nil {
		return nil
	}
	return w
}

// calls is what a query calls a table.
func calls(r query.TableRef) string {
	if r.Alias != "" {
		return r.Alias
	}
	return r.Name
}

func column(name string) query.Expr { return query.Expr{Kind: query.ExprColumn, Name: name} }

func both(a query.Expr, b *query.Expr) *query.Expr {
	e := &query.Expr{Kind: query.ExprAnd, Args: []query.Expr{a}}
	if b != nil {
		e.Args = append(e.Args, *b)
	}
	return e
}

// whole returns a value that is a whole number of a sensible size, or -1.
func whole(e *query.Expr) int {
	if e == nil || e.Kind != query.ExprValue || e.Value.Kind() != value.KindInt || e.Value.Int() < 0 || e.Value.Int() > WindowRowsMax {
		return -1
	}
	return int(e.Value.Int())
}

// plain reports whether every expression of a query looks at one row of t
// alone, and no name of the result hides another column in ORDER BY.
func plain(q *query.Select, t *schema.Table) bool {
	places := []place{{TableRef: q.From, table: t}}
	fine := func(e *query.Expr) bool { return e == nil || only(e, places, 0) && !aggregates(e) }
	if !fine(q.Where) {
		return false
	}
	for i := range q.Columns {
		c := &q.Columns[i]
		if !fine(&c.Expr) {
			return false
		}
		if t.Index(c.As) >= 0 && !(c.Expr.Kind == query.ExprColumn && strings.EqualFold(c.Expr.Name, c.As)) {
			return false
		}
	}
	for i := range q.OrderBy {
		if !fine(&q.OrderBy[i].Expr) {
			return false
		}
	}
	return true
}

func aggregates(e *query.Expr) bool {
	if f := query.FindFunction(e.Name); e.Kind == query.ExprCall && f != nil && f.Aggregate {
		return true
	}
	for i := range e.Args {
		if aggregates(&e.Args[i]) {
			return true
		}
	}
	return false
}

// totalOrder is a query's order, and the key where that leaves rows equal: in
// the direction of the last term, and with NULLs where SQLite has them, so that
// an index serves it.
func totalOrder(q *query.Select, t *schema.Table) []query.Order {
	order := append([]query.Order(nil), q.OrderBy...)
	desc := len(order) > 0 && order[len(order)-1].Desc
	nulls := query.NullsFirst
	if desc {
		nulls = query.NullsLast
	}
	for _, k := range t.Key {
		has := false
		for i := range q.OrderBy {
			e := &q.OrderBy[i].Expr
			has = has || e.Kind == query.ExprColumn && strings.EqualFold(e.Name, t.Columns[k].Name)
		}
		if !has {
			order = append(order, query.Order{Expr: column(t.Columns[k].Name), Desc: desc, Nulls: nulls})
		}
	}
	return order
}

func (w *window) reads() sqlgen.Statement { return w.fill }

func (w *window) of() *schema.Table { return w.table }

func (w *window) forget(m *images) {
	if w.made && m.conn != nil {
		_ = m.conn.Exec(w.drop) // it is memory
	}
}

func (w *window) refill(m *images, sets []byte, n int) error {
	if err := m.open(); err != nil {
		return err
	}
	if !w.made {
		if err := m.conn.Exec(w.make); err != nil {
			return err
		}
		w.made = true
	}
	if err := m.run(w.clear, nil, 1); err != nil {
		return err
	}
	if err := m.run(w.insert, sets, n); err != nil {
		return err
	}
	w.complete = n < w.size
	return nil
}

func (w *window) apply(m *images, x *changedTable) (changed bool, err error) {
	if err := m.load(x); err != nil {
		return false, err
	}
	before := m.conn.TotalChanges()
	if err := m.run(w.del, nil, 1); err != nil {
		return false, err
	}
	w.turn++
	w.put.Args[0] = value.Int(w.turn)
	if err := m.run(w.put.SQL, w.put.Args.Append(nil), 1); err != nil {
		return false, err
	}
	return m.conn.TotalChanges() != before, nil
}

// show is kept's; it is not ok when too few rows are left.
func (w *window) show(m *images) (k sqlite.Chunk, n, cols int, ok bool, err error) {
	s, err := m.conn.Cached(w.rows.SQL)
	if err != nil {
		return k, 0, 0, false, err
	}
	defer w.cursor.Close()
	if err := w.cursor.Start(s, w.rows.Args); err != nil {
		return k, 0, 0, false, err
	}
	done, err := w.cursor.Next()
	if err != nil || !done {
		return k, 0, 0, false, err
	}
	k = sqlite.ChunkOf(w.cursor.Framed(), builder.HeadBytes)
	cols, n = k.Columns()-2, k.Rows()
	if !w.complete {
		for w.turn > 0 && n > 0 && k.Int(n-1, cols+1) == w.turn {
			n-- // it comes after all that were kept: others may come before it
		}
		if n < w.limit {
			return k, 0, 0, false, nil
		}
	}
	if n > 2*w.size {
		n, w.complete = w.size, false
	}
	var gone []byte
	for i := n; i < k.Rows(); i++ {
		gone = value.Int(k.Int(i, cols)).Append(gone)
	}
	if err := m.run(w.cut, gone, k.Rows()-n); err != nil {
		return k, 0, 0, false, err
	}
	return k, min(n, w.limit), cols, true, nil
}
