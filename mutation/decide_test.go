package mutation_test

import (
	"math"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// item is (id, name, units, tags): what each case changes is its strategies.
func item(row, name schema.Strategy) *schema.Table {
	return &schema.Table{
		ID: 1, Name: "item", Key: []uint32{0}, Strategy: row,
		Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt},
			{Name: "name", Type: schema.TypeText, Strategy: name},
			{Name: "units", Type: schema.TypeInt},
			{Name: "tags", Type: schema.TypeArray},
		},
	}
}

func rowOf(id int64, name string, units int64) value.Row {
	return value.Row{value.Int(id), value.Text(name), value.Int(units), value.Null}
}

func update(col uint32, old, now value.Value, deltas ...uint32) mutation.Op {
	return mutation.Op{Table: 1, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{col}, Old: value.Row{old}, New: value.Row{now}, Deltas: deltas}
}

var (
	rename = update(1, value.Text("base"), value.Text("mine"))
	remove = mutation.Op{Table: 1, Kind: mutation.Delete, Key: value.Row{value.Int(1)}, Old: rowOf(1, "base", 5)}
	create = mutation.Op{Table: 1, Kind: mutation.Insert, Key: value.Row{value.Int(1)}, Cols: []uint32{0, 1, 2}, New: value.Row{value.Int(1), value.Text("mine"), value.Int(5)}}
)

const (
	inherit = schema.StrategyInherit
	merge   = schema.StrategyMerge
	lww     = schema.StrategyLWW
	manual  = schema.StrategyManual
)

// Each rule of SYNC.md §7, on one row. mine is the later clock unless a case
// says so.
func TestDecide(t *testing.T) {
	t.Parallel()
	theirs := rowOf(1, "theirs", 5)
	for _, c := range []struct {
		name        string
		row, column schema.Strategy
		op          mutation.Op
		cur         value.Row
		met, early  bool // conflict; mine is the earlier clock
		status      mutation.Status
		rule        mutation.Rule // 0: no conflict is reported
		name2       string        // the name that stands afterwards; "" when nothing is written
		cols        int           // columns on which two values met
	}{
		{"no conflict", merge, inherit, rename, rowOf(1, "base", 5), false, false, mutation.Applied, 0, "mine", 0},
		{"equal values are no conflict", merge, inherit, rename, rowOf(1, "mine", 9), true, false, mutation.Applied, 0, "mine", 0},
		{"different columns merge", merge, inherit, rename, rowOf(1, "base", 9), true, false, mutation.Merged, mutation.RuleMerged, "mine", 0},
		{"same column, mine later", merge, inherit, rename, theirs, true, false, mutation.Merged, mutation.RuleLWWMine, "mine", 1},
		{"same column, mine earlier", merge, inherit, rename, theirs, true, true, mutation.Superseded, mutation.RuleLWWTheirs, "", 1},
		{"column max keeps theirs", merge, schema.StrategyMax, rename, theirs, true, false, mutation.Superseded, mutation.RuleMax, "", 1},
		{"column min takes mine", merge, schema.StrategyMin, rename, theirs, true, true, mutation.Merged, mutation.RuleMin, "mine", 1},
		{"column manual parks", merge, manual, rename, theirs, true, false, mutation.Parked, mutation.RuleManual, "", 1},
		{"lww, mine later", lww, inherit, rename, theirs, true, false, mutation.Merged, mutation.RuleLWWMine, "mine", 1},
		{"lww, mine earlier", lww, inherit, rename, theirs, true, true, mutation.Superseded, mutation.RuleLWWTheirs, "", 1},
		{"manual parks", manual, inherit, rename, theirs, true, false, mutation.Parked, mutation.RuleManual, "", 1},
		{"manual without conflict applies", manual, inherit, rename, rowOf(1, "base", 5), false, false, mutation.Applied, 0, "mine", 0},
		{"amounts never conflict", manual, inherit, update(2, value.Int(5), value.Int(-2), 0), rowOf(1, "theirs", 3), true, true, mutation.Applied, 0, "theirs", 0},
		{"an amount beyond 64 bits", merge, inherit, update(2, value.Int(5), value.Int(math.MaxInt64), 0), rowOf(1, "base", 5), false, false, mutation.Rejected, 0, "", 0},
		{"an amount below 64 bits", merge, inherit, update(2, value.Int(5), value.Int(math.MinInt64), 0), rowOf(1, "base", -5), false, false, mutation.Rejected, 0, "", 0},
		{"an amount to the edge", merge, inherit, update(2, value.Int(5), value.Int(math.MaxInt64-5), 0), rowOf(1, "base", 5), false, false, mutation.Applied, 0, "base", 0},
		{"update of a deleted row", merge, inherit, rename, nil, true, false, mutation.Superseded, mutation.RuleGone, "", 0},
		{"update of a deleted row, manual", manual, inherit, rename, nil, true, false, mutation.Parked, mutation.RuleManual, "", 0},
		{"delete met an update: the row survives", merge, inherit, remove, theirs, true, false, mutation.Superseded, mutation.RuleSurvives, "", 0},
		{"delete met an update, lww, earlier", lww, inherit, remove, theirs, true, true, mutation.Superseded, mutation.RuleLWWTheirs, "", 0},
		{"delete met an update, manual", manual, inherit, remove, theirs, true, false, mutation.Parked, mutation.RuleManual, "", 0},
		{"delete of a deleted row", merge, inherit, remove, nil, true, false, mutation.Applied, 0, "", 0},
		{"insert", merge, inherit, create, nil, false, false, mutation.Applied, 0, "mine", 0},
		{"insert of the same content", merge, inherit, create, rowOf(1, "mine", 5), false, false, mutation.Applied, 0, "", 0},
		{"insert met another row, later", merge, inherit, create, theirs, false, false, mutation.Merged, mutation.RuleExists, "mine", 1},
		{"insert met another row, manual", manual, inherit, create, theirs, false, false, mutation.Parked, mutation.RuleManual, "", 1},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			m := mutation.Meeting{Conflict: c.met, MineHLC: version.HLC(2), TheirsHLC: version.HLC(1)}
			if c.early {
				m.MineHLC, m.TheirsHLC = 1, 2
			}
			d := mutation.Decide(item(c.row, c.column), c.op, c.cur, m)
			if d.Status != c.status {
				t.Errorf("status %d, want %d", d.Status, c.status)
			}
			switch {
			case c.rule == 0 && d.Conflict != nil:
				t.Errorf("conflict %+v, want none", d.Conflict)
			case c.rule != 0 && (d.Conflict == nil || d.Conflict.Rule != c.rule || len(d.Conflict.Cols) != c.cols):
				t.Errorf("conflict %+v, want rule %d on %d columns", d.Conflict, c.rule, c.cols)
			}
			got := ""
			if d.Write != nil {
				got = d.Write[1].Str()
			}
			if got != c.name2 {
				t.Errorf("the name that stands is %q, want %q", got, c.name2)
			}
		})
	}
}

func TestDeleteLaterThanAnUpdateUnderLWW(t *testing.T) {
	t.Parallel()
	d := mutation.Decide(item(lww, inherit), remove, rowOf(1, "theirs", 5), mutation.Meeting{Conflict: true, MineHLC: 2, TheirsHLC: 1})
	if !d.Delete || d.Status != mutation.Merged || d.Conflict == nil {
		t.Errorf("Decide = %+v, want a delete that is told", d)
	}
}

func TestUnionKeepsBothSets(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	table.Columns[3].Strategy = schema.StrategyUnion
	cur := rowOf(1, "base", 5)
	cur[3] = value.Text(`{a,"b,c"}`)
	d := mutation.Decide(table, update(3, value.Text("{a}"), value.Text("{a,d}")), cur, mutation.Meeting{Conflict: true})
	if d.Write == nil || d.Write[3].Str() != `{a,"b,c",d}` || d.Conflict.Rule != mutation.RuleUnion {
		t.Errorf("Decide = %+v, want the union", d)
	}
}

func TestStatusOf(t *testing.T) {
	t.Parallel()
	a, m, s, p, r := mutation.Applied, mutation.Merged, mutation.Superseded, mutation.Parked, mutation.Rejected
	for _, c := range []struct {
		in   []mutation.Status
		want mutation.Status
	}{
		{nil, a},
		{[]mutation.Status{a, a}, a},
		{[]mutation.Status{a, m}, m},
		{[]mutation.Status{s, s}, s},
		{[]mutation.Status{a, s}, m},
		{[]mutation.Status{m, p, a}, p},
		{[]mutation.Status{p, r}, r},
	} {
		if got := mutation.StatusOf(c.in); got != c.want {
			t.Errorf("StatusOf(%v) = %d, want %d", c.in, got, c.want)
		}
	}
}

// TestOverwrote: what a written transaction replaced, by the rule that let it.
func TestOverwrote(t *testing.T) {
	t.Parallel()
	a, b := value.Row{value.Int(1), value.Text("a")}, value.Row{value.Int(1), value.Text("b")}
	for name, c := range map[string]struct {
		x    mutation.Conflict
		want bool
	}{
		"mine was later":      {mutation.Conflict{Cols: []uint32{1}, Theirs: a, Chosen: b, Rule: mutation.RuleLWWMine}, true},
		"theirs was later":    {mutation.Conflict{Cols: []uint32{1}, Theirs: a, Chosen: a, Rule: mutation.RuleLWWTheirs}, false},
		"theirs was greater":  {mutation.Conflict{Cols: []uint32{1}, Theirs: b, Chosen: b, Rule: mutation.RuleMax}, false},
		"different columns":   {mutation.Conflict{Theirs: a, Chosen: b, Rule: mutation.RuleMerged}, false},
		"a later delete":      {mutation.Conflict{Theirs: a, Rule: mutation.RuleLWWMine}, true},
		"open":                {mutation.Conflict{Cols: []uint32{1}, Theirs: a, Rule: mutation.RuleManual}, false},
		"the row was deleted": {mutation.Conflict{Mine: a, Rule: mutation.RuleGone}, false},
	} {
		if got := c.x.Overwrote(); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}
