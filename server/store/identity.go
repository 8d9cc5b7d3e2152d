package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// startIdentities sets each identity column's next value after the largest.
func (s *Store) startIdentities() error {
	for _, t := range s.tables {
		for i, c := range t.Columns {
			if !c.Identity {
				continue
			}
			row, _, err := sqlite.OneRow(s.w, "SELECT coalesce(max("+schema.Quote(c.Name)+"), 0) + 1 FROM "+schema.Quote(t.Name))
			if err != nil {
				return err
			}
			if err := run(s.w, "INSERT OR REPLACE INTO _rockpool_identity (tbl, col, next) VALUES (?, ?, ?)",
				value.Int(int64(t.ID)), value.Int(int64(i)), row[0]); err != nil {
				return err
			}
		}
	}
	return nil
}

// Identity takes the next value of an identity column, in w's transaction.
func (w *Write) Identity(table uint32, col int) (value.Value, error) {
	row, found, err := sqlite.OneRow(w.s.w, "UPDATE _rockpool_identity SET next = next + 1 WHERE tbl = ? AND col = ? RETURNING next - 1",
		value.Int(int64(table)), value.Int(int64(col)))
	if err == nil && !found {
		err = fault.New(fault.Internal, "assign an identity", "the column has no counter")
	}
	if err != nil {
		return value.Null, err
	}
	return row[0], nil
}
