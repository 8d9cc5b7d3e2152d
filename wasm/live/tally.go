package live

import (
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// errTally says that a number cannot be kept: the query runs again.
var errTally = fault.New(fault.InvalidArgument, "keep a count or a sum", "a number is too large, or no integer")

// tallyMax bounds a sum that is kept: far below where SQLite's own overflows.
const tallyMax = 1 << 53

// tally keeps the counts and the sums of whole numbers of the rows of one table
// that pass a condition. A commit adds those of its rows' new images and takes
// off those of the old ones.
type tally struct {
	table *schema.Table
	// fill reads, for each column of the result, how many rows count and their
	// sum; delta reads from the images what to add to each, and what to take off
	// each sum.
	fill, delta sqlgen.Statement
	// rows is the result, of values that are bound.
	rows    string
	isSum   []bool
	numbers []int64 // count and sum of each column
	cursor  builder.Cursor
}

// tallyOf returns the tally of a query, or nil where the query is not of the kind.
func tallyOf(q *query.Select, s *schema.Schema) *tally {
	t := s.Table(q.From.Name)
	if t == nil || t.LocalOnly || len(q.Columns) == 0 || q.Distinct || q.Limit != nil || q.Offset != nil || q.Having != nil ||
		len(q.Joins)+len(q.GroupBy)+len(q.OrderBy) > 0 {
		return nil
	}
	places := []place{{TableRef: q.From, table: t}}
	if q.Where != nil && (!only(q.Where, places, 0) || aggregates(q.Where)) {
		return nil
	}
	y := &tally{table: t, numbers: make([]int64, 2*len(q.Columns))}
	var fill, delta []query.ResultExpr
	for i := range q.Columns {
		e := &q.Columns[i].Expr
		if e.Kind != query.ExprCall || e.Distinct || e.Name != "count" && e.Name != "sum" {
			return nil
		}
		of := &e.Args[0]
		isSum, all := e.Name == "sum", of.Kind == query.ExprStar
		switch {
		case isSum && !wholeNumber(of, places):
			return nil
		case !all && (!only(of, places, 0) || aggregates(of)):
			return nil
		}
		none := query.Expr{Kind: query.ExprValue}
		sum := func(e query.Expr) query.ResultExpr {
			return query.ResultExpr{Expr: query.Expr{Kind: query.ExprCall, Name: "sum", Args: []query.Expr{e}}}
		}
		signed := column(imageSign)
		counted := signed
		if !all {
			counted = query.Expr{Kind: query.ExprCase, Args: []query.Expr{{Kind: query.ExprNot, Args: []query.Expr{{Kind: query.ExprIsNull, Args: []query.Expr{*of}}}}, signed}}
		}
		added, taken := query.ResultExpr{Expr: none}, query.ResultExpr{Expr: none}
		summed := added
		if isSum { // a value that is no integer makes the sum none: it is not multiplied
			added, taken, summed = sum(where(1, of)), sum(where(-1, of)), sum(*of)
		}
		fill = append(fill, query.ResultExpr{Expr: query.Expr{Kind: query.ExprCall, Name: "count", Args: []query.Expr{*of}}}, summed)
		delta = append(delta, sum(counted), added, taken)
		y.isSum = append(y.isSum, isSum)
	}
	y.rows = "SELECT ?" + strings.Repeat(", ?", len(y.isSum)-1)
	var err error
	render := func(columns []query.ResultExpr) (out sqlgen.Statement) {
		if err == nil {
			out, err = sqlgen.Select(&query.Select{Columns: columns, From: q.From, Where: q.Where}, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: s})
		}
		return out
	}
	y.fill, y.delta = render(fill), render(delta)
	if err != nil {
		return nil
	}
	return y
}

// wholeNumber reports whether an expression is a column of integers.
func wholeNumber(e *query.Expr, places []place) bool {
	if e.Kind != query.ExprColumn || found(e, places) != 0 {
		return false
	}
	t := places[0].table
	return t.Columns[t.Index(e.Name)].Type == schema.TypeInt
}

// where is a value in images of one sign.
func where(sign int64, of *query.Expr) query.Expr {
	is := query.Expr{Kind: query.ExprCompare, Name: "=", Args: []query.Expr{column(imageSign), {Kind: query.ExprValue, Value: value.Int(sign)}}}
	return query.Expr{Kind: query.ExprCase, Args: []query.Expr{is, *of}}
}

func (y *tally) reads() sqlgen.Statement { return y.fill }

func (y *tally) of() *schema.Table { return y.table }

func (y *tally) refill(m *images, sets []byte, n int) error {
	row, _, ok := value.DecodeRow(sets, len(y.numbers))
	if !ok || n != 1 {
		return errTally
	}
	for i, v := range row {
		if !small(v) {
			return errTally
		}
		y.numbers[i] = v.Int()
	}
	return m.open()
}

// small reports whether a number can be kept; NULL is 0.
func small(v value.Value) bool {
	return v.IsNull() || v.Kind() == value.KindInt && v.Int() < tallyMax && v.Int() > -tallyMax
}

func (y *tally) apply(m *images, x *changedTable) (changed bool, err error) {
	if err := m.load(x); err != nil {
		return false, err
	}
	row, _, err := sqlite.OneRow(m.conn, y.delta.SQL, y.delta.Args...)
	if err != nil {
		return false, err
	}
	for i := range y.isSum {
		count, added, taken := row[3*i], row[3*i+1], row[3*i+2]
		if !small(count) || !small(added) || !small(taken) {
			return false, errTally
		}
		more := added.Int() - taken.Int()
		y.numbers[2*i] += count.Int()
		y.numbers[2*i+1] += more
		changed = changed || count.Int() != 0 || more != 0
		if !small(value.Int(y.numbers[2*i+1])) {
			return false, errTally
		}
	}
	return changed, nil
}

func (y *tally) show(m *images) (k sqlite.Chunk, n, cols int, ok bool, err error) {
	args := make(value.Row, len(y.isSum))
	for i, isSum := range y.isSum {
		switch {
		case !isSum:
			args[i] = value.Int(y.numbers[2*i])
		case y.numbers[2*i] > 0:
			args[i] = value.Int(y.numbers[2*i+1])
		}
	}
	s, err := m.conn.Cached(y.rows)
	if err != nil {
		return k, 0, 0, false, err
	}
	defer y.cursor.Close()
	if err := y.cursor.Start(s, args); err != nil {
		return k, 0, 0, false, err
	}
	done, err := y.cursor.Next()
	return sqlite.ChunkOf(y.cursor.Framed(), builder.HeadBytes), 1, len(args), done, err
}

func (y *tally) forget(*images) {}
