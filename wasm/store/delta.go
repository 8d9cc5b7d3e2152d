package store

import (
	"slices"
	"sort"

	"rockpool.dev/mutation"
)

// asDeltas turns new values of columns that were only incremented into
// amounts. A column without a number before or after stays a plain update.
func asDeltas(ops []mutation.Op, list []DeltaColumn) {
	if len(list) == 0 {
		return
	}
	cols := map[rowKey][]uint32{}
	for _, d := range list {
		key := rowKey{d.Table, encodeKey(d.Key)}
		cols[key] = append(cols[key], d.Column)
	}
	for i := range ops {
		op := &ops[i]
		if op.Kind != mutation.Update {
			continue
		}
		for _, col := range cols[rowKey{op.Table, encodeKey(op.Key)}] {
			n := slices.Index(op.Cols, col)
			if n < 0 || slices.Contains(op.Deltas, uint32(n)) {
				continue
			}
			amount, ok := mutation.Amount(op.New[n], op.Old[n])
			if !ok {
				continue
			}
			op.New[n] = amount
			op.Deltas = append(op.Deltas, uint32(n))
		}
		sort.Slice(op.Deltas, func(a, b int) bool { return op.Deltas[a] < op.Deltas[b] })
	}
}
