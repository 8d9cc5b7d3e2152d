package schema

import "rockpool.dev/value"

// KeyOf returns the primary key's values of a whole row, in key order.
func (t *Table) KeyOf(row value.Row) value.Row {
	key := make(value.Row, len(t.Key))
	for i, k := range t.Key {
		key[i] = row[k]
	}
	return key
}

// IsKey reports whether column i belongs to the primary key.
func (t *Table) IsKey(i int) bool {
	for _, k := range t.Key {
		if int(k) == i {
			return true
		}
	}
	return false
}
