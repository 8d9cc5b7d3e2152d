package live

import (
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/builder"
)

// diff says how the rows of one state become those of the next. kept is pairs:
// a place in before, counted from 1, and a number of rows from there on that
// stay as they are; or 0 and a number of rows that are new. fresh is the places
// of those in after, rising. Rows are told by their hashes.
func diff(before, after []uint64) (kept []uint32, fresh []int) {
	add := func(from, n int) {
		last := len(kept) - 2
		switch {
		case n == 0:
		case last >= 0 && from == 0 && kept[last] == 0, last >= 0 && from > 0 && kept[last] > 0 && int(kept[last]+kept[last+1]) == from:
			kept[last+1] += uint32(n)
		default:
			kept = append(kept, uint32(from), uint32(n))
		}
	}
	head, tail := 0, 0
	for shorter := min(len(before), len(after)); head < shorter && before[head] == after[head]; {
		head++
	}
	for shorter := min(len(before), len(after)) - head; tail < shorter && before[len(before)-1-tail] == after[len(after)-1-tail]; {
		tail++
	}
	add(1, head)
	if middle := before[head : len(before)-tail]; head+tail < len(after) {
		at := make(map[uint64][]int, len(middle))
		for i, h := range middle {
			at[h] = append(at[h], head+i+1)
		}
		for i := head; i < len(after)-tail; i++ {
			if from := at[after[i]]; len(from) > 0 {
				at[after[i]] = from[1:]
				add(from[0], 1)
			} else {
				fresh = append(fresh, i)
				add(0, 1)
			}
		}
	}
	add(len(before)-tail+1, tail)
	return kept, fresh
}

// picked returns chunks of the rows at some places of a state's chunks: those
// as they are of which all is asked for.
func picked(chunks [][]byte, fresh []int, cols int) (out [][]byte) {
	first := 0
	for _, framed := range chunks {
		k := sqlite.ChunkOf(framed, builder.HeadBytes)
		n := 0
		for n < len(fresh) && fresh[n] < first+k.Rows() {
			n++
		}
		if n > 0 && n == k.Rows() && cols == k.Columns() {
			out, fresh = append(out, framed), fresh[n:]
		} else if n > 0 {
			rows := make([]int, n)
			for i := range rows {
				rows[i] = fresh[i] - first
			}
			p := k.Pick(rows, cols)
			out, fresh = append(out, p.Framed()), fresh[n:]
		}
		first += k.Rows()
	}
	return out
}
