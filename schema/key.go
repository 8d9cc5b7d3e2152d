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

// ImageKey returns the encoded key of an encoded row, "" of one that is cut short.
func (t *Table) ImageKey(image []byte) string {
	var key []byte
	for _, k := range t.Key {
		at := value.RowLen(image, int(k))
		if at < 0 {
			return ""
		}
		key = append(key, image[at:at+value.EncodedLen(image[at:])]...)
	}
	return string(key)
}
