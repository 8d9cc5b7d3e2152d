package postgrest

import (
	"strconv"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Read is a reading request that runs. It is read in steps, so that others have
// their turn between them; who began it closes it.
type Read struct {
	p     *Plan
	rows  *sqlite.Rows
	shape *shape
	body  []byte
	n     int64
	total int64 // -1 when it was not asked for
}

// Read begins a plan that writes nothing: what it counts and what it shows are of
// one moment if the connection is in a read transaction, or until the first
// Step returns if nobody writes before.
func (p *Plan) Read(c *sqlite.Conn) (*Read, error) {
	q, sh, refused := p.root.selects()
	if refused != nil {
		return nil, refused
	}
	r := &Read{p: p, shape: sh, total: -1}
	heads := p.method == "HEAD" && len(q.GroupBy) == 0 && !p.root.aggregated()
	if p.prefer.counts() || heads {
		total, err := p.count(c)
		if err != nil {
			return nil, err
		}
		if p.prefer.counts() {
			r.total = total
			if p.root.offset > total {
				return nil, badRange("An offset of " + strconv.FormatInt(p.root.offset, 10) + " was requested, but there are only " +
					strconv.FormatInt(total, 10) + " rows.")
			}
		}
		if heads {
			r.n = max(total-p.root.offset, 0)
			if p.root.limit >= 0 {
				r.n = min(r.n, p.root.limit)
			}
			return r, nil
		}
	}
	text, err := sqlgen.Select(q, p.options())
	if err != nil {
		return nil, err
	}
	s, err := c.Cached(text.SQL)
	if err != nil {
		return nil, err
	}
	if r.rows, err = s.Query(text.Args...); err != nil {
		return nil, err
	}
	switch {
	case p.media.csv:
		r.body = sh.csvHead(r.body)
	case !p.media.object:
		r.body = append(r.body, '[')
	}
	return r, nil
}

// count is the number of rows without limit and offset.
func (p *Plan) count(c *sqlite.Conn) (int64, error) {
	all, refused := p.root.conditions()
	if refused != nil {
		return 0, refused
	}
	q := &query.Select{Where: and(all)}
	add(q, expr(query.ExprCall, "count", expr(query.ExprStar, "")))
	p.root.from(q)
	text, err := sqlgen.Select(q, p.options())
	if err != nil {
		return 0, err
	}
	row, _, err := sqlite.OneRow(c, text.SQL, text.Args...)
	if err != nil {
		return 0, err
	}
	return row[0].Int(), nil
}

// Step reads about so many rows.
func (r *Read) Step(rows int) (done bool, err error) {
	for ; rows > 0 && r.rows != nil; rows-- {
		if !r.rows.Next() {
			err := r.rows.Close()
			r.rows = nil
			return true, err
		}
		if err := r.add(r.rows.Row()); err != nil {
			return false, err
		}
	}
	return r.rows == nil, nil
}

// add prints a row. Of a single object's further rows only the number matters.
func (r *Read) add(row value.Row) error {
	r.n++
	if r.p.method == "HEAD" || r.p.media.object && r.n > 1 {
		return nil
	}
	var refused *Error
	r.body, refused = r.p.print(r.body, r.shape, row, r.n == 1)
	if refused != nil {
		return refused
	}
	return nil
}

// print writes one row of an answer.
func (p *Plan) print(dst []byte, sh *shape, row value.Row, first bool) ([]byte, *Error) {
	out := printer{p.media.stripped}
	if p.media.csv {
		return out.csvRow(append(dst, '\n'), sh, row)
	}
	if !first && !p.media.object {
		dst = append(dst, ',')
	}
	return out.object(dst, sh, row)
}

// Bytes is the length of the answer so far.
func (r *Read) Bytes() int { return len(r.body) }

// Close ends the read. It is idempotent.
func (r *Read) Close() {
	if r.rows != nil {
		_ = r.rows.Close()
		r.rows = nil
	}
}

// Response is the answer, once Step was done.
func (r *Read) Response() (*Response, error) {
	p := r.p
	if p.media.object && r.n != 1 {
		return nil, notOne(int(r.n))
	}
	total, status := "*", 200
	if r.total >= 0 {
		total = strconv.FormatInt(r.total, 10)
		if r.n < r.total && !p.root.aggregated() {
			status = 206
		}
	}
	resp := &Response{Status: status, Headers: p.headers(span(p.root.offset, r.n) + "/" + total)}
	resp.add("content-type", p.media.contentType())
	if p.method != "HEAD" {
		if !p.media.csv && !p.media.object {
			r.body = append(r.body, ']')
		}
		resp.Body = r.body
	}
	return resp, nil
}
