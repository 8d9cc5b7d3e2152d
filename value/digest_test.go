package value_test

import (
	"testing"

	"rockpool.dev/value"
)

// TestDigest shows that order does not matter and that everything else does.
func TestDigest(t *testing.T) {
	t.Parallel()
	sum := func(rows ...value.Row) uint64 {
		var d value.Digest
		for _, r := range rows {
			d.Add(r)
		}
		return d.Sum64()
	}
	a, b := value.Row{value.Int(1), value.Text("x")}, value.Row{value.Int(2), value.Null}
	if sum(a, b) != sum(b, a) {
		t.Error("the order of rows changes the digest")
	}
	for name, rows := range map[string][]value.Row{
		"missing row":   {a},
		"repeated row":  {a, b, b},
		"other type":    {{value.Text("1"), value.Text("x")}, b},
		"other value":   {{value.Int(1), value.Text("y")}, b},
		"swapped cells": {{value.Int(2), value.Text("x")}, {value.Int(1), value.Null}},
	} {
		if sum(rows...) == sum(a, b) {
			t.Errorf("%s: the digest is the same", name)
		}
	}
}
