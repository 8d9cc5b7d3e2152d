package postgrest

import (
	"rockpool.dev/query"
	"rockpool.dev/value"
)

// shown is the body that shows the rows with these keys: in their order, or as
// the request orders them.
func (w *write) shown(keys []value.Row) ([]byte, error) {
	if !w.prefer.has(representation) {
		return nil, nil
	}
	w.root.where = nil // a changed row is shown whether it still passes or not
	q, sh, refused := w.root.selects()
	if refused != nil {
		return nil, refused
	}
	grouped := w.root.aggregated()
	ordered := len(w.root.order) > 0
	if (grouped || ordered) && len(keys) > keysMax {
		return nil, refuse("54000", "the order of so many written rows is not served").with("", "write fewer rows at once, or read them by a request of their own")
	}
	hidden := len(q.Columns)
	if !grouped {
		for _, name := range w.keyNames() {
			add(q, column(w.root.as, name))
		}
	}
	var rows []value.Row
	where := q.Where
	for rest := keys; len(rest) > 0; {
		part := rest[:min(len(rest), keysMax)]
		rest = rest[len(part):]
		q.Where = w.withKeys(part)
		if where != nil {
			q.Where = and([]*query.Expr{q.Where, where})
		}
		found, err := w.query(q)
		if err != nil {
			return nil, err
		}
		rows = append(rows, found...)
	}
	if !grouped && !ordered {
		rows = inOrder(rows, hidden, keys)
	}
	return w.printed(sh, rows)
}

// inOrder puts rows, whose keys stand from column hidden on, in the order of keys.
func inOrder(rows []value.Row, hidden int, keys []value.Row) []value.Row {
	byKey := make(map[string]value.Row, len(rows))
	for _, row := range rows {
		byKey[string(row[hidden:].Append(nil))] = row
	}
	out := rows[:0:0]
	for _, key := range keys {
		if row, ok := byKey[string(key.Append(nil))]; ok {
			out = append(out, row)
		}
	}
	return out
}

// printed is the body of rows.
func (w *write) printed(sh *shape, rows []value.Row) (body []byte, err error) {
	switch {
	case w.media.object && len(rows) != 1:
		return nil, notOne(len(rows))
	case w.media.csv:
		body = sh.csvHead(body)
	case !w.media.object:
		body = append(body, '[')
	}
	for i, row := range rows {
		var refused *Error
		if body, refused = w.print(body, sh, row, i == 0); refused != nil {
			return nil, refused
		}
	}
	if !w.media.csv && !w.media.object {
		body = append(body, ']')
	}
	return body, nil
}
