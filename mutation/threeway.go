package mutation

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// threeWay merges two values of a column that came from one base: text by lines
// and words, JSON by key, sets by element. false when both sides changed the
// same part to different things, or when a value is not of that form: such a
// meeting is a conflict, and never half of each.
func threeWay(c *schema.Column, s schema.Strategy, base, mine, theirs value.Value) (value.Value, bool) {
	switch {
	case mine.Equal(theirs) || mine.Equal(base):
		return theirs, true
	case theirs.Equal(base):
		return mine, true
	case mine.IsNull() || theirs.IsNull():
		return theirs, false
	}
	b, m, t := base.Str(), mine.Str(), theirs.Str() // "" for NULL: both made it
	var out string
	var ok bool
	switch s {
	case schema.StrategyText:
		out, ok = mergeText(b, m, t)
	case schema.StrategyJSON:
		out, ok = mergeJSON(b, m, t)
	case schema.StrategySet:
		out, ok = mergeSet(b, m, t)
	}
	if !ok {
		return theirs, false
	}
	v, err := c.Canonical(value.Text(out))
	if err != nil {
		return theirs, false
	}
	return v, true
}
