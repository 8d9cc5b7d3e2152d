//go:build js && wasm

package sqlite

import "rockpool.dev/value"

// pages reads what Conn.Pages returns, and the reserved bytes of a page.
func (e *engine) pages(first, n int) (pages []byte, count, reserved int, err error) {
	row, ok, err := OneRow(e.c, "SELECT data FROM sqlite_dbpage WHERE pgno = 1")
	if err != nil || !ok {
		return nil, 0, 0, err
	}
	header := row[0].Str()
	pages = make([]byte, 0, n*len(header))
	s, err := e.c.Cached("SELECT data FROM sqlite_dbpage WHERE pgno >= ? AND pgno < ? ORDER BY pgno")
	if err != nil {
		return nil, 0, 0, err
	}
	rows, err := s.Query(value.Int(int64(first)), value.Int(int64(first+n)))
	if err != nil {
		return nil, 0, 0, err
	}
	defer rows.Close()
	for ; rows.Next(); count++ {
		pages = append(pages, rows.Value(0).Str()...)
	}
	return pages, count, int(header[headerReservedAt]), rows.Err()
}
