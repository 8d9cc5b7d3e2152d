package mutation

import (
	"slices"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Fold applies operations on one row, in order, to what stands there; nil is
// absent. An update or delta of an absent row leaves it absent: only an insert
// makes a row (SYNC.md §3). Neither base nor the operations are changed.
func Fold(t *schema.Table, base value.Row, ops []Op) value.Row {
	row, owned := base, false
	for i := range ops {
		op := &ops[i]
		switch op.Kind {
		case Delete:
			row, owned = nil, false
		case Insert:
			row, owned = make(value.Row, len(t.Columns)), true
			op.put(row)
		case Update:
			if row == nil {
				continue
			}
			if !owned {
				row, owned = slices.Clone(row), true
			}
			op.put(row)
		}
	}
	return row
}

// put writes the operation's columns into row: values as they are, amounts
// added to what stands there.
func (op *Op) put(row value.Row) {
	for n, col := range op.Cols {
		if int(col) >= len(row) || n >= len(op.New) {
			continue // a column of another schema version
		}
		if op.isDelta(n) {
			row[col] = plus(row[col], op.New[n])
		} else {
			row[col] = op.New[n]
		}
	}
}

func (op *Op) isDelta(n int) bool { return slices.Contains(op.Deltas, uint32(n)) }
