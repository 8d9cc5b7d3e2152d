package store

import (
	"strings"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
)

// writeBack brings values to their stored form in the rows where SQL text
// wrote another one, as '7.5' in a column of two fractional digits. The row is
// then what its mutation says, and an ack changes nothing in it.
func (db *DB) writeBack(norm mutation.Normalized) error {
	for i := range norm.Rewrite {
		r := &norm.Rewrite[i]
		x, err := db.table("bring values to their stored form", r.Table)
		if err != nil {
			return err
		}
		names := make([]string, len(r.Cols))
		for j, col := range r.Cols {
			names[j] = schema.Quote(x.Columns[col].Name)
		}
		args := append(append(r.Values[:0:0], r.Values...), r.Key...)
		if err := db.run("UPDATE "+x.name+" SET "+strings.Join(names, " = ?, ")+" = ? WHERE "+x.match, args...); err != nil {
			return err
		}
	}
	return nil
}
