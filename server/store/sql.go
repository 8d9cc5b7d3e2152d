package store

import (
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// run executes a statement of ours, kept prepared.
func run(c *sqlite.Conn, sql string, args ...value.Value) error {
	s, err := c.Cached(sql)
	if err != nil {
		return err
	}
	return s.Run(args...)
}

// each hands every row of a query to f. The query is read ahead in chunks: f
// must not write to what it reads.
func each(c *sqlite.Conn, sql string, f func(value.Row) error, args ...value.Value) error {
	s, err := c.Cached(sql)
	if err != nil {
		return err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return err
	}
	for rows.Next() {
		if err = f(rows.Row()); err != nil {
			break
		}
	}
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return err
}

func num(v uint64) value.Value { return value.Int(int64(v)) }

func blob(b []byte) value.Value { return value.Blob(b) }
