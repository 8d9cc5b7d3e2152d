package mutation

import (
	"slices"

	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Fold applies operations on one row, in order, to what stands there; nil is
// absent. An update or delta of an absent row leaves it absent: only an insert
// makes a row (SYNC.md §3). Neither base nor the operations are changed.
func Fold(t *schema.Table, base value.Row, ops []Op) value.Row { return fold(t, base, ops, false) }

// Show is Fold as the operations' writer sees it while they are pending: in a
// column that joins two values (max, min, union, text, json, set), what they meet and had not
// seen is joined with theirs, as Decide will. A value that is on its way would
// else hide a larger one that has come, and half of its transaction with it.
func Show(t *schema.Table, base value.Row, ops []Op) value.Row { return fold(t, base, ops, true) }

func fold(t *schema.Table, base value.Row, ops []Op, joins bool) value.Row {
	joins = joins && t.RowStrategy() == schema.StrategyMerge
	row, owned := base, false
	for i := range ops {
		op := &ops[i]
		switch op.Kind {
		case Delete:
			row, owned = nil, false
		case Insert:
			met := row
			row, owned = make(value.Row, len(t.Columns)), true
			op.put(row)
			if joins && met != nil {
				op.join(t, met, row)
			}
		case Update:
			if row == nil {
				continue
			}
			met := row
			if !owned || joins {
				row, owned = slices.Clone(row), true
			}
			op.put(row)
			if joins {
				op.join(t, met, row)
			}
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

// join settles the columns of row, as the operation has left it, that join what
// it met there and had not seen.
func (op *Op) join(t *schema.Table, met, row value.Row) {
	for n, col := range op.Cols {
		if int(col) >= len(row) || int(col) >= len(met) || n >= len(op.New) || n < len(op.Old) && met[col].Equal(op.Old[n]) {
			continue
		}
		switch s := t.Columns[col].Strategy; s {
		case schema.StrategyMax, schema.StrategyMin, schema.StrategyUnion, schema.StrategyText, schema.StrategyJSON, schema.StrategySet:
			if v, by := settle(&t.Columns[col], s, op.was(col), row[col], met[col], Meeting{MineHLC: 1}); by != RuleManual {
				row[col] = v
			}
		}
	}
}

func (op *Op) isDelta(n int) bool { return slices.Contains(op.Deltas, uint32(n)) }
