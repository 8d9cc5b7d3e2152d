package mutation

// Limits of match: the merge runs under a row's lock.
const (
	// matchPartsMax is the most parts of a text that are compared.
	matchPartsMax = 1 << 16
	// matchEditsMax is how many parts may differ.
	matchEditsMax = 512
)

// match pairs the parts of a with equal ones of b, both ascending, as many as
// can be: for each of a its index in b, or -1. false beyond the limits.
// E. W. Myers, An O(ND) Difference Algorithm and Its Variations (1986).
func match(a, b []string) (pairs []int, ok bool) {
	pairs = make([]int, len(a))
	head := 0
	for head < len(a) && head < len(b) && a[head] == b[head] {
		pairs[head] = head
		head++
	}
	n, m := len(a), len(b)
	for n > head && m > head && a[n-1] == b[m-1] {
		n--
		m--
		pairs[n] = m
	}
	for i := head; i < n; i++ {
		pairs[i] = -1
	}
	a, b = a[head:n], b[head:m]
	if len(a) == 0 || len(b) == 0 {
		return pairs, true
	}
	if len(a)+len(b) > matchPartsMax {
		return nil, false
	}
	trace, ok := furthest(a, b)
	if !ok {
		return nil, false
	}
	// Back from the end: each step undoes one edit, and pairs what was equal behind it.
	x, y := len(a), len(b)
	for d := len(trace) - 1; d >= 0; d-- {
		k, prev := x-y, 0
		if d > 0 {
			prev = origin(trace[d-1], k, d)
		}
		fromX, fromY := 0, 0
		if d > 0 {
			fromX = int(trace[d-1][prev+d-1])
			fromY = fromX - prev
		}
		for x > fromX && y > fromY && a[x-1] == b[y-1] {
			x--
			y--
			pairs[head+x] = head + y
		}
		x, y = fromX, fromY
	}
	return pairs, true
}

// furthest is the forward pass: for each number d of edits, how far into a each
// diagonal k (an index of a less one of b, at k+d) has come.
func furthest(a, b []string) (trace [][]int32, ok bool) {
	for d := 0; d <= matchEditsMax; d++ {
		row := make([]int32, 2*d+1)
		for k := -d; k <= d; k += 2 {
			x := 0
			if d > 0 {
				last := trace[d-1]
				prev := origin(last, k, d)
				x = int(last[prev+d-1])
				if prev == k-1 {
					x++ // a part of a is gone
				}
			}
			for x < len(a) && x-k < len(b) && x-k >= 0 && a[x] == b[x-k] {
				x++
			}
			row[k+d] = int32(x)
			if x >= len(a) && x-k >= len(b) {
				return append(trace, row), true
			}
		}
		trace = append(trace, row)
	}
	return nil, false
}

// origin is the diagonal from which edit d came to k.
func origin(last []int32, k, d int) int {
	if k == -d || k != d && last[k-1+d-1] < last[k+1+d-1] {
		return k + 1
	}
	return k - 1
}
