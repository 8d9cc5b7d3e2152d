package live_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/wasm/live"
)

// Whatever two states are, the one becomes the other by what is kept and what
// is new, and nothing is new that the first one has.
func TestDiff(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(rapid.Uint64Range(1, 9), 0, 12)
		before, after := rows.Draw(t, "before"), rows.Draw(t, "after")
		kept, fresh := live.Diff(before, after)
		var got []uint64
		next := 0
		for i := 0; i < len(kept); i += 2 {
			from, n := int(kept[i]), int(kept[i+1])
			for j := range n {
				if from > 0 {
					got = append(got, before[from-1+j])
				} else {
					got = append(got, after[fresh[next]])
					next++
				}
			}
		}
		if !slices.Equal(got, after) || next != len(fresh) {
			t.Fatalf("diff(%v, %v) = %v, %v: gives %v", before, after, kept, fresh, got)
		}
		has := map[uint64]int{}
		for _, h := range before {
			has[h]++
		}
		want := 0
		for _, h := range after {
			if has[h]--; has[h] < 0 {
				want++
			}
		}
		if len(fresh) != want {
			t.Fatalf("diff(%v, %v): %d new rows, want %d", before, after, len(fresh), want)
		}
	})
}

// One row among many costs one row.
func TestDiffIsShort(t *testing.T) {
	t.Parallel()
	before := []uint64{1, 2, 3, 4, 5, 6}
	for _, c := range []struct {
		after []uint64
		want  string
	}{
		{[]uint64{1, 2, 9, 4, 5, 6}, "[1 2 0 1 4 3] [2]"},
		{[]uint64{2, 3, 4, 5, 6}, "[2 5] []"},
		{[]uint64{1, 6, 2, 3, 4, 5}, "[1 1 6 1 2 4] []"},
		{[]uint64{}, "[] []"},
	} {
		kept, fresh := live.Diff(before, c.after)
		if got := fmt.Sprint(kept, " ", fresh); got != c.want {
			t.Errorf("to %v: %s, want %s", c.after, got, c.want)
		}
	}
}
