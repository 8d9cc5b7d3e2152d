package postgrest

import (
	"errors"
	"slices"
	"strconv"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// ErrRollback comes with the answer of a request that prefers tx=rollback: the
// caller's transaction must be rolled back.
var ErrRollback = errors.New("postgrest: the request asks for a rollback")

// keysMax bounds the rows whose keys one statement lists.
const keysMax = 500

// Write runs a plan that writes, within a transaction of the caller's, which must
// be rolled back on any error.
func (p *Plan) Write(c *sqlite.Conn) (*Response, error) {
	w := &write{p, c}
	var (
		keys []value.Row
		body []byte
		err  error
	)
	switch p.method {
	case "POST":
		if keys, err = w.insert(); err == nil {
			body, err = w.shown(keys)
		}
	case "PATCH":
		if keys, err = w.update(); err == nil {
			body, err = w.shown(keys)
		}
	default:
		keys, body, err = w.remove()
	}
	if err != nil {
		return nil, err
	}
	if p.prefer.maxAffected >= 0 && int64(len(keys)) > p.prefer.maxAffected && p.method != "POST" {
		return nil, refuse("PGRST124", "Query result exceeds max-affected preference constraint").with("The query affects "+strconv.Itoa(len(keys))+" rows", "")
	}
	resp := p.written(keys, body)
	if p.prefer.has(rollback) {
		return resp, ErrRollback
	}
	return resp, nil
}

// written is the answer to a write of rows with these keys.
func (p *Plan) written(keys []value.Row, body []byte) *Response {
	n, total := int64(len(keys)), "*"
	if p.prefer.counts() {
		total = strconv.FormatInt(n, 10)
	}
	resp := &Response{Status: 204}
	switch {
	case p.method == "POST":
		if resp.Status = 201; p.prefer.has(mergeRows) && !p.created && n > 0 {
			resp.Status = 200
		}
		resp.Headers = p.headers("*/" + total)
		if p.prefer.has(headersOnly) && n == 1 {
			resp.add("location", p.location(keys[0]))
		}
	case p.method == "PATCH":
		resp.Headers = p.headers(span(0, n) + "/" + total)
	default:
		resp.Headers = p.headers("*/" + total)
	}
	if p.prefer.has(representation) {
		if resp.Status == 204 {
			resp.Status = 200
		}
		resp.Body = body
		resp.add("content-type", p.media.contentType())
	}
	return resp
}

// location is where the row with this key is read.
func (p *Plan) location(key value.Row) string {
	at := "/" + escape(p.table.Name)
	for i, k := range p.table.Key {
		sep := "&"
		if i == 0 {
			sep = "?"
		}
		c := &p.table.Columns[k]
		at += sep + escape(c.Name) + "=eq." + escape(c.ToText(key[i]))
	}
	return at
}

// escape writes text for a URL.
func escape(s string) string {
	const digits = "0123456789ABCDEF"
	var out []byte
	for i := range len(s) {
		c := s[i]
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == '~':
			out = append(out, c)
		default:
			out = append(out, '%', digits[c>>4], digits[c&15])
		}
	}
	return string(out)
}

// write is one run of a writing plan.
type write struct {
	*Plan
	c *sqlite.Conn
}

// run executes a statement and returns its rows.
func (w *write) run(sql string, args value.Row) (rows []value.Row, err error) {
	s, err := w.c.Cached(sql)
	if err != nil {
		return nil, err
	}
	r, err := s.Query(args...)
	if err != nil {
		return nil, err
	}
	for r.Next() {
		rows = append(rows, r.Row())
	}
	return rows, r.Close()
}

// keyNames are the columns of the primary key.
func (w *write) keyNames() []string {
	var names []string
	for _, k := range w.table.Key {
		names = append(names, w.table.Columns[k].Name)
	}
	return names
}

// insert writes the rows of the body and returns their keys. Those that were
// there already and stay, by resolution=ignore-duplicates, have none.
func (w *write) insert() (keys []value.Row, err error) {
	ins := sqlgen.Insert{Table: w.table.Name, Returning: w.keyNames()}
	merge := w.prefer.has(mergeRows)
	if merge || w.prefer.has(ignoreRows) {
		if ins.Conflict = w.conflict; ins.Conflict == nil {
			ins.Conflict = ins.Returning
		}
		if err := w.checkConflict(ins.Conflict); err != nil {
			return nil, err
		}
	}
	for i := range w.rows {
		row := &w.rows[i]
		if err := w.completeKey(row); err != nil {
			return nil, err
		}
		w.writing = row
		ins.Columns, ins.Update = nil, nil
		for _, at := range row.columns {
			ins.Columns = append(ins.Columns, w.table.Columns[at].Name)
		}
		if merge {
			if err := w.merge(&ins, row); err != nil {
				return nil, err
			}
		}
		sql, err := ins.SQL()
		if err != nil {
			return nil, err
		}
		written, err := w.run(sql, row.values)
		if err != nil {
			return nil, err
		}
		keys = append(keys, written...)
	}
	return keys, nil
}

// merge says what an upsert does to the row that is there: it takes every column
// of the new one, and what the columns parameter names and the new one leaves out
// has its default then.
func (w *write) merge(ins *sqlgen.Insert, row *newRow) (err error) {
	for _, names := range [...][]string{ins.Columns, w.columns} {
		for _, name := range names {
			if !slices.Contains(ins.Conflict, name) && !slices.Contains(ins.Update, name) {
				ins.Update = append(ins.Update, name)
			}
		}
	}
	if len(ins.Update) == 0 {
		ins.Update = ins.Conflict // nothing changes, and the row is one of the answer
	}
	if !w.created {
		w.created, err = w.isNew(ins.Conflict, row)
	}
	return err
}

// isNew reports whether no row has the key of a new one.
func (w *write) isNew(key []string, row *newRow) (bool, error) {
	var all []*query.Expr
	for _, name := range key {
		at := slices.Index(row.columns, w.table.Index(name))
		if at < 0 {
			return true, nil
		}
		all = append(all, compare("=", column(w.root.as, name), bound(row.values[at])))
	}
	found, err := w.keys(&query.Select{Where: and(all)})
	return len(found) == 0, err
}

// keys runs a query of the table's keys.
func (w *write) keys(q *query.Select) ([]value.Row, error) {
	w.root.from(q)
	for _, name := range w.keyNames() {
		add(q, column(w.root.as, name))
	}
	return w.query(q)
}

// query runs a query.
func (w *write) query(q *query.Select) ([]value.Row, error) {
	text, err := sqlgen.Select(q, w.options())
	if err != nil {
		return nil, err
	}
	return w.run(text.SQL, text.Args)
}

// checkConflict holds on_conflict to a key of the table.
func (w *write) checkConflict(names []string) error {
	var columns []int
	for _, name := range names {
		at := w.table.Index(name)
		if at < 0 {
			return refuse("42703", `column "`+name+`" does not exist`)
		}
		columns = append(columns, at)
	}
	if sameColumns(w.table.Key, columns) {
		return nil
	}
	for i := range w.table.Unique {
		if sameColumns(w.table.Unique[i].Columns, columns) {
			return nil
		}
	}
	return refuse("42P10", "there is no unique or exclusion constraint matching the ON CONFLICT specification")
}

// completeKey gives a row the key that the database would have given it.
func (w *write) completeKey(row *newRow) error {
	for _, k := range w.table.Key {
		c := &w.table.Columns[k]
		at := slices.Index(row.columns, int(k))
		if at >= 0 && !row.values[at].IsNull() {
			continue
		}
		var v value.Value
		switch {
		case c.Identity && w.env.Identity != nil:
			var err error
			if v, err = w.env.Identity(w.table, int(k)); err != nil {
				return err
			}
		case c.Type == schema.TypeUUID && len(w.table.Key) == 1 && w.env.NewKey != nil:
			v = value.Text(w.env.NewKey())
		case c.Identity:
			return refuse("23502", `null value in column "`+c.Name+`" of relation "`+w.table.Name+`" violates not-null constraint`).with("The server would number the row, and it is not asked before the write is here.", "give the row a key, or make the key a uuid")
		case at < 0 && c.HasLocalDefault():
			continue
		default:
			return notNull(w.table, c.Name)
		}
		if at >= 0 {
			row.values[at] = v
		} else {
			row.columns, row.values = append(row.columns, int(k)), append(row.values, v)
		}
	}
	return w.identities(row)
}

// identities numbers the columns beside the key that the source numbers.
func (w *write) identities(row *newRow) error {
	if w.env.Identity == nil {
		return nil
	}
	for i := range w.table.Columns {
		if c := &w.table.Columns[i]; c.Identity && !w.table.IsKey(i) && !slices.Contains(row.columns, i) {
			v, err := w.env.Identity(w.table, i)
			if err != nil {
				return err
			}
			row.columns, row.values = append(row.columns, i), append(row.values, v)
		}
	}
	return nil
}

// where is which rows an update or a delete changes. Without a filter it is none
// of them: that is rarely meant.
func (w *write) where(verb string) (*query.Expr, error) {
	if len(w.root.where) == 0 {
		return nil, refuse("21000", verb+" requires a WHERE clause")
	}
	all, refused := w.visible(nil, w.table, w.table.Name)
	for i := 0; refused == nil && i < len(w.root.where); i++ {
		var e *query.Expr
		if e, refused = w.root.logic(&w.root.where[i]); refused == nil {
			all = append(all, e)
		}
	}
	if refused != nil {
		return nil, refused
	}
	if w.root.limit < 0 && w.root.offset == 0 {
		return and(all), nil
	}
	keys, err := w.first(and(all))
	if err != nil {
		return nil, err
	}
	return w.withKeys(keys), nil
}

// first are the keys of the rows that order, limit and offset leave.
func (w *write) first(where *query.Expr) ([]value.Row, error) {
	q := &query.Select{Where: where}
	var refused *Error
	if q.OrderBy, refused = w.root.ordered(); refused != nil {
		return nil, refused
	}
	q.Limit, q.Offset = bound(value.Int(w.root.limit)), bound(value.Int(w.root.offset))
	w.root.limit, w.root.offset = -1, 0
	return w.keys(q)
}

// withKeys is true of the rows with these keys.
func (w *write) withKeys(keys []value.Row) *query.Expr {
	key := func(i int) *query.Expr { return column(w.root.as, w.table.Columns[w.table.Key[i]].Name) }
	if len(w.table.Key) == 1 {
		e := expr(query.ExprIn, "", key(0))
		for _, of := range keys {
			take(e, bound(of[0]))
		}
		return e
	}
	e := expr(query.ExprOr, "")
	for _, of := range keys {
		var all []*query.Expr
		for i, v := range of {
			all = append(all, compare("=", key(i), bound(v)))
		}
		take(e, and(all))
	}
	return e
}

// update changes rows and returns their keys.
func (w *write) update() ([]value.Row, error) {
	where, err := w.where("UPDATE")
	if err != nil {
		return nil, err
	}
	if len(w.rows) == 0 || len(w.rows[0].columns) == 0 {
		return nil, nil
	}
	row := &w.rows[0]
	w.writing = row
	ch := sqlgen.Change{Table: w.table.Name, Where: where, Returning: w.keyNames()}
	for i, at := range row.columns {
		ch.Set = append(ch.Set, sqlgen.Assignment{Column: w.table.Columns[at].Name, Value: *bound(row.values[i])})
	}
	return w.change(&ch)
}

func (w *write) change(ch *sqlgen.Change) ([]value.Row, error) {
	text, err := ch.Render(w.options())
	if err != nil {
		return nil, err
	}
	return w.run(text.SQL, text.Args)
}

// remove deletes rows; what it shows of them is as they were.
func (w *write) remove() (keys []value.Row, body []byte, err error) {
	where, err := w.where("DELETE")
	if err != nil {
		return nil, nil, err
	}
	if w.prefer.has(representation) {
		if keys, err = w.keys(&query.Select{Where: where}); err != nil {
			return nil, nil, err
		}
		if body, err = w.shown(keys); err != nil {
			return nil, nil, err
		}
	}
	keys, err = w.change(&sqlgen.Change{Table: w.table.Name, Where: where, Returning: w.keyNames()})
	return keys, body, err
}
