package mutation

import (
	"slices"
	"strings"

	"rockpool.dev/schema"
)

// mergeSet merges sets, written as Postgres or JSON arrays: what either side
// added is in, what either side took out is not. Theirs come first, in their
// order. false when one is no array of one dimension; an empty base is an empty set.
func mergeSet(base, mine, theirs string) (string, bool) {
	m, ok := listed(mine)
	if !ok {
		return "", false
	}
	t, ok := listed(theirs)
	if !ok {
		return "", false
	}
	b, _ := listed(base)
	out := make([]string, 0, len(t)+len(m))
	for _, e := range t {
		if slices.Contains(m, e) || !slices.Contains(b, e) {
			out = append(out, e)
		}
	}
	for _, e := range m {
		if !slices.Contains(b, e) && !slices.Contains(out, e) {
			out = append(out, e)
		}
	}
	if theirs[0] == '[' {
		return "[" + strings.Join(out, ", ") + "]", true
	}
	return "{" + strings.Join(out, ",") + "}", true
}

// listed cuts an array of one dimension into its elements' text.
func listed(array string) ([]string, bool) {
	if !strings.HasPrefix(array, "[") {
		return elements(array)
	}
	kind, parts := schema.JSONParts(array)
	var out []string
	for _, p := range parts {
		out = append(out, p.Text)
	}
	return out, kind == '['
}
