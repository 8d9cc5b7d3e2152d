package sqlfn

import (
	"testing"

	"rockpool.dev/value"
)

func TestContainment(t *testing.T) {
	t.Parallel()
	functions := map[string]func([]value.Value) (value.Value, error){"@>": arrayContains, "&&": arrayOverlaps, "json @>": jsonContains}
	for _, c := range []struct {
		left, op, right string
		want            bool
	}{
		{"{a,b}", "@>", "{b}", true},
		{"{a,b}", "@>", "{}", true},
		{"{a,b}", "@>", "{b,c}", false},
		{"{NULL,a}", "@>", "{NULL}", false},
		{"{{1,2},{3,4}}", "@>", "{4,1}", true},
		{"{a,b}", "&&", "{c,b}", true},
		{"{a}", "&&", "{c}", false},
		{"{NULL}", "&&", "{NULL}", false},
		{`{"a":1,"b":{"c":[1,2]}}`, "json @>", `{"b":{"c":[2]}}`, true},
		{`{"a":1}`, "json @>", `{"a":2}`, false},
		{`{"a":1}`, "json @>", `{}`, true},
		{`[1,[2]]`, "json @>", `[[2]]`, true},
		{`[1,2]`, "json @>", `1`, true},
		{`[[1]]`, "json @>", `1`, false},
		{`1`, "json @>", `[1]`, false},
		{`[1,1]`, "json @>", `[1.0]`, true},
		{`"x"`, "json @>", `"x"`, true},
	} {
		got, err := functions[c.op]([]value.Value{value.Text(c.left), value.Text(c.right)})
		if err != nil || got != value.Bool(c.want) {
			t.Errorf("%s %s %s = %v, %v, want %v", c.left, c.op, c.right, got, err, c.want)
		}
	}
	for op, f := range functions {
		if got, err := f([]value.Value{value.Null, value.Text("{}")}); err != nil || !got.IsNull() {
			t.Errorf("NULL %s = %v, %v, want NULL", op, got, err)
		}
	}
}
