// Package livetest reads what live queries tell, as a page does. It owns no
// product code: nothing outside tests and the simulator may import it.
package livetest

// Patched returns the rows of a state from those of the one before and those
// that are new, by wire.LiveState.Kept: pairs of a position in the rows before,
// from 1, or 0 for new rows, and a number of rows. Without pairs all are new.
// rest are new rows that no pair has taken.
func Patched[T any](before, fresh []T, kept []uint32) (rows, rest []T) {
	if len(kept) == 0 {
		return fresh, nil
	}
	for i := 0; i < len(kept); i += 2 {
		if from, n := int(kept[i]), int(kept[i+1]); from > 0 {
			rows = append(rows, before[from-1:from-1+n]...)
		} else {
			rows, fresh = append(rows, fresh[:n]...), fresh[n:]
		}
	}
	return rows, fresh
}
