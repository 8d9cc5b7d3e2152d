package mutation_test

import (
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// What a writer sees while its operations are pending is what Decide will leave:
// a column that joins two values joins, any other shows the writer's.
func TestShow(t *testing.T) {
	t.Parallel()
	text := value.Text
	chain := []mutation.Op{update(1, text("b"), text("d")), update(1, text("d"), text("f"))}
	for _, c := range []struct {
		name        string
		row, column schema.Strategy
		base        string
		ops         []mutation.Op
		want        string
	}{
		{"max: theirs is larger", merge, schema.StrategyMax, "g", chain, "g"},
		{"max: theirs is between", merge, schema.StrategyMax, "e", chain, "f"},
		{"max: nobody else wrote", merge, schema.StrategyMax, "b", chain, "f"},
		{"max: lowered by one who saw", merge, schema.StrategyMax, "b", []mutation.Op{update(1, text("b"), text("a"))}, "a"},
		{"min: theirs is smaller", merge, schema.StrategyMin, "a", []mutation.Op{update(1, text("d"), text("c"))}, "a"},
		{"min: theirs is larger", merge, schema.StrategyMin, "e", []mutation.Op{update(1, text("d"), text("c"))}, "c"},
		{"union", merge, schema.StrategyUnion, "{1,2}", []mutation.Op{update(1, text("{1}"), text("{1,3}"))}, "{1,2,3}"},
		{"an insert that met one", merge, schema.StrategyMax, "zz", []mutation.Op{create}, "zz"},
		{"last writer", merge, inherit, "g", chain, "f"},
		{"the row's last writer", lww, schema.StrategyMax, "g", chain, "f"},
		{"manual", manual, schema.StrategyMax, "g", chain, "f"},
	} {
		table, base := item(c.row, c.column), rowOf(1, c.base, 5)
		if got := mutation.Show(table, base, c.ops)[1].Str(); got != c.want {
			t.Errorf("%s: Show = %q, want %q", c.name, got, c.want)
		}
		if base[1].Str() != c.base {
			t.Errorf("%s: the base has changed", c.name)
		}
	}
}
