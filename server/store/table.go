package store

import (
	"strings"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// table is a published table with the statements that name it.
type table struct {
	*schema.Table
	columns string // quoted, in column order
	match   string // "k1" = ? AND "k2" = ?
	sel     string
	insert  string
	remove  string
}

func newTable(t *schema.Table) *table {
	out := &table{Table: t}
	names := make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i] = schema.Quote(t.Columns[i].Name)
	}
	out.columns = strings.Join(names, ", ")
	out.match = matches(t, t.Key)
	name := schema.Quote(t.Name)
	out.sel = "SELECT " + out.columns + " FROM " + name + " WHERE " + out.match
	out.remove = "DELETE FROM " + name + " WHERE " + out.match
	// Columns that SQLite computes cannot be inserted; the replica's DDL has none.
	out.insert = "INSERT INTO " + name + " (" + out.columns + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	return out
}

// matches is "a" = ? AND "b" = ? over columns by index; IS for values that may
// be NULL would miss the index, so callers pass none.
func matches(t *schema.Table, cols []uint32) string {
	parts := make([]string, len(cols))
	for i, c := range cols {
		parts[i] = schema.Quote(t.Columns[c].Name) + " = ?"
	}
	return strings.Join(parts, " AND ")
}

// keyOf returns the primary key of a row.
func keyOf(t *schema.Table, row value.Row) value.Row {
	key := make(value.Row, len(t.Key))
	for i, k := range t.Key {
		key[i] = row[k]
	}
	return key
}
