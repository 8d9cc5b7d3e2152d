package sqlfn_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/value"
)

// function finds one by its name.
func function(t *testing.T, name string) func([]value.Value) (value.Value, error) {
	t.Helper()
	for _, f := range sqlfn.Functions() {
		if f.Name == name {
			return f.Call
		}
	}
	t.Fatalf("there is no %s", name)
	return nil
}

// TestRoundedKinds: a number is rounded to one of its kind, halves away from zero.
func TestRoundedKinds(t *testing.T) {
	round := function(t, "pg_round")
	for _, c := range []struct {
		args []value.Value
		want value.Value
	}{
		{[]value.Value{value.Int(25)}, value.Int(25)},
		{[]value.Value{value.Int(25), value.Int(-1)}, value.Int(30)},
		{[]value.Value{value.Float(-2.5)}, value.Float(-3)},
		{[]value.Value{value.Float(2.675), value.Int(2)}, value.Float(2.68)},
		{[]value.Value{value.Text("2.5")}, value.Text("3")},
		{[]value.Value{value.Text("-0.04"), value.Int(1)}, value.Text("0.0")},
		{[]value.Value{value.Text("9.95"), value.Int(1)}, value.Text("10.0")},
		{[]value.Value{value.Text("7"), value.Int(2)}, value.Text("7.00")},
		{[]value.Value{value.Text("4"), value.Int(-1)}, value.Text("0")},
		{[]value.Value{value.Text("Infinity"), value.Int(1)}, value.Text("Infinity")},
		{[]value.Value{value.Null}, value.Null},
		{[]value.Value{value.Int(1), value.Null}, value.Null},
	} {
		if got, err := round(c.args); err != nil || got != c.want {
			t.Errorf("pg_round(%v) = %v, %v; want %v", c.args, got, err, c.want)
		}
	}
}

// TestCutText: places count from one, also those before the first.
func TestCutText(t *testing.T) {
	substr := function(t, "pg_substr")
	for _, c := range []struct {
		from, count int64
		want        string
	}{{1, 2, "日b"}, {0, 2, "日"}, {-1, 3, "日"}, {-5, 3, ""}, {2, 9, "bc"}, {2, 1<<63 - 1, "bc"}, {9, 1, ""}, {2, 0, ""}, {-1 << 63, 1<<63 - 1, ""}} {
		if got, err := substr([]value.Value{value.Text("日bc"), value.Int(c.from), value.Int(c.count)}); err != nil || got.Str() != c.want {
			t.Errorf("from %d so many as %d: %q, %v; want %q", c.from, c.count, got.Str(), err, c.want)
		}
	}
	if got, err := substr([]value.Value{value.Text("日bc"), value.Int(-1)}); err != nil || got.Str() != "日bc" {
		t.Errorf("from before the first on: %q, %v", got.Str(), err)
	}
	if _, err := substr([]value.Value{value.Text("a"), value.Int(1), value.Int(-1)}); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("less than no characters: %v", err)
	}
}
