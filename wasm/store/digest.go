package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// Digest sums the visible rows of a synced table, in whatever order they lie:
// two databases with equal rows have equal digests. Kind unknown_table.
func (db *DB) Digest(name string) (uint64, error) {
	t := db.schema.Table(name)
	if t == nil {
		return 0, fault.New(fault.UnknownTable, "digest table "+name, "the schema has no such table")
	}
	x := db.tables[t.ID]
	var sum value.Digest
	err := db.each("SELECT "+x.cols+" FROM "+x.name, nil, eachRows, eachBytes, func(row value.Row) bool {
		sum.Add(row)
		return true
	})
	return sum.Sum64(), fault.In("digest table "+name, err)
}
