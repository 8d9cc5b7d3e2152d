package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Reader reads a store's file without knowing its schema, for a person.
type Reader struct{ c *sqlite.Conn }

// OpenReader opens a store's file for reading, also while a relay has it open.
func OpenReader(path string) (*Reader, error) {
	c, err := sqlite.Open(sqlite.Options{Name: path, ReadOnly: true, CacheKiB: readerCacheKiB})
	if err != nil {
		return nil, err
	}
	if err := sqlfn.Register(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return &Reader{c}, nil
}

// Query hands f each row of a reading statement, with the columns' names.
func (r *Reader) Query(sql string, f func(columns []string, row value.Row) error) error {
	st, err := r.c.Prepare(sql)
	if err != nil {
		return err
	}
	defer func() { _ = st.Close() }()
	if !st.ReadOnly() {
		return fault.New(fault.ReadOnly, "query the store", "only reading statements are allowed here").
			WithHint("write through a client, so that everybody hears of it")
	}
	var names []string
	for _, c := range st.Columns() {
		names = append(names, c.Name)
	}
	rows, err := st.Query()
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		if err := f(names, rows.Row()); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Close closes the file.
func (r *Reader) Close() error { return r.c.Close() }
