package query

import "strings"

// suggestDistanceMax is the most edits at which a name is still a suggestion.
const suggestDistanceMax = 3

// Suggest returns the candidate that name was most likely meant to be, or "".
// Case alone is no distance; a third of the name's letters may differ.
func Suggest(name string, candidates []string) string {
	best, at := "", suggestDistanceMax+1
	limit := min(suggestDistanceMax, len(name)/3+1)
	for _, c := range candidates {
		if d := distance(strings.ToLower(name), strings.ToLower(c), limit); d <= limit && d < at {
			best, at = c, d
		}
	}
	return best
}

// distance is the edit distance of a and b where two swapped neighbours count
// as one edit, or limit+1 when it is more than limit.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
