package policy_test

import (
	"encoding/json"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/policy"
	"rockpool.dev/value"
)

var table = &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
	{Name: "id", Type: schema.TypeInt},
	{Name: "owner", Type: schema.TypeText},
	{Name: "price", Type: schema.TypeDecimal},
	{Name: "active", Type: schema.TypeBool},
	{Name: "at", Type: schema.TypeDate},
	{Name: "doc", Type: schema.TypeJSON},
}}

var row = value.Row{value.Int(7), value.Text("ann"), value.Text("9.50"), value.Int(1), value.Text("2026-01-02"), value.Null}

var env = policy.Env{
	Claims: map[string]any{"sub": "ann", "role": "staff", "level": json.Number("3"), "orgs": []any{"x", "ann"}, "app": map[string]any{"team": "blue"}},
	Args:   map[string]value.Value{"owner": value.Text("ann"), "id": value.Text("7"), "none": value.Null},
}

func bound(t *testing.T, src string) *policy.Bound {
	t.Helper()
	p, err := policy.Parse(src)
	if err == nil {
		err = p.Check(table, p.Params())
	}
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	b, err := p.Bind(table, env)
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	return b
}

// Each predicate against one row, as Postgres would answer; unknown is no.
func TestMatch(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]bool{
		"true": true, "FALSE": false, "NULL": false, "NOT NULL": false,
		"id = 7": true, "7 = id": true, "id <> 7": false, "id != 8": true, "6 < id": true, "id >= 8": false, "id = -7": false,
		"owner = auth.sub": true, "owner = claims.sub": true, "auth.sub = owner": true, "owner = auth.nobody": false, "owner <> auth.nobody": false,
		"NOT (owner = auth.nobody)": false, "auth.role = 'staff'": true, "auth.level >= 3": true, "auth.level > 3": false, "auth.app.team = 'blue'": true,
		"owner IN ('bob', 'ann')": true, "owner NOT IN ('bob')": true, "owner NOT IN ('bob', NULL)": false, "owner in (auth.orgs)": true, "owner IN (auth.none)": false,
		"price < 10": true, "price = 9.5": true, "price > 9.49": true, "price < 9.5": false, "price >= '9.50'": true,
		"active": true, "NOT active": false, "active = true": true, "active = false": false,
		"at > '2025-12-31'": true, "at <= '2026-01-02'": true,
		"doc IS NULL": true, "doc IS NOT NULL": false, "owner IS NOT NULL": true,
		"owner LIKE 'an%'": true, "owner LIKE 'ann'": true, "owner LIKE 'an'": false, "owner NOT LIKE 'b%'": true, "owner LIKE 'AN%'": false,
		"owner = :owner": true, "id = :id": true, "owner = :none": false,
		"id = 7 AND owner = 'bob' OR active": true, "id = 7 AND (owner = 'bob' OR NOT active)": false,
		"doc IS NULL OR owner = auth.nobody": true, "owner = auth.nobody AND false": false, `"owner" = 'ann'`: true, "owner = 'a''nn'": false,
	} {
		if got := bound(t, src).Match(row); got != want {
			t.Errorf("%s = %v, want %v", src, got, want)
		}
	}
}

// What the subset does not have is refused before any row is tested.
func TestRefused(t *testing.T) {
	t.Parallel()
	for src, want := range map[string]fault.Kind{
		"": fault.InvalidSQL, "id =": fault.InvalidSQL, "id = 1 id": fault.InvalidSQL, "(id = 1": fault.InvalidSQL, "id = 'x": fault.InvalidSQL,
		"id = 1; DROP TABLE t": fault.InvalidSQL, "id = 1 -- x": fault.InvalidSQL, "lower(owner) = 'x'": fault.InvalidSQL, "auth.uid() = owner": fault.InvalidSQL,
		"id IN (SELECT 1)": fault.InvalidSQL, "EXISTS (SELECT 1)": fault.InvalidSQL, "owner LIKE '%n'": fault.InvalidSQL, "owner LIKE 'a_n'": fault.InvalidSQL,
		"owner LIKE auth.sub": fault.InvalidSQL, "owner < 'b'": fault.InvalidSQL, "doc = '{}'": fault.InvalidSQL, "id = owner": fault.InvalidSQL, "id LIKE '7%'": fault.InvalidSQL,
		"t.owner = 'x'": fault.InvalidSQL, "nope = 1": fault.UnknownColumn, "id + 1 = 2": fault.InvalidSQL, "id IN ()": fault.InvalidSQL, "7": fault.InvalidSQL, "owner IS 'x'": fault.InvalidSQL,
	} {
		p, err := policy.Parse(src)
		if err == nil {
			err = p.Check(table, p.Params())
		}
		if fault.KindOf(err) != want {
			t.Errorf("%q: %v, want kind %v", src, err, want)
		}
	}
	p, err := policy.Parse("owner = :who")
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Check(table, nil); err == nil {
		t.Error("a parameter was taken where none is allowed")
	}
	if _, err := p.Bind(table, policy.Env{}); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("Bind without the argument = %v, want invalid_argument", err)
	}
}

// Equal conditions have equal keys, and equalities come off the top.
func TestKeyAndSplit(t *testing.T) {
	t.Parallel()
	a, b := bound(t, "owner = auth.sub AND price < 10 AND true"), bound(t, "price < 10 AND (owner = :owner AND price < 10)")
	if a := policy.And(a, a); a.Key() != policy.And(b, b).Key() {
		t.Errorf("keys differ: %s and %s", a.Key(), b.Key())
	}
	cols, vals, rest := policy.And(b, bound(t, "7 = id")).Split()
	if len(cols) != 2 || cols[0] != 0 || cols[1] != 1 || !vals.Equal(value.Row{value.Int(7), value.Text("ann")}) {
		t.Errorf("Split = %v %v, want id = 7, owner = ann", cols, vals)
	}
	if !rest.Match(row) || rest.Key() != bound(t, "price < 10").Key() {
		t.Errorf("rest = %s, want price < 10", rest.Key())
	}
	if bound(t, "owner = 'ann'").Key() == bound(t, "owner = 'bob'").Key() {
		t.Error("different values have one key")
	}
	if !policy.And(bound(t, "auth.role = 'nobody'"), bound(t, "id = 1")).Never() {
		t.Error("a claim that does not hold leaves rows")
	}
}

// A text that parses never panics, and Never and Split agree with Match.
func FuzzPredicate(f *testing.F) {
	for _, s := range []string{"id = 7 AND owner = auth.sub", "NOT (price < 1.5 OR active)", "owner IN ('a', :owner, NULL)", "((((id=1))))", "owner LIKE 'a%'"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		p, err := policy.Parse(src)
		if err != nil || p.Check(table, p.Params()) != nil {
			return
		}
		b, err := p.Bind(table, env)
		if err != nil {
			return
		}
		got := b.Match(row)
		cols, vals, rest := b.Split()
		split := rest.Match(row)
		for i, c := range cols {
			split = split && !vals[i].IsNull() && row[c].Equal(vals[i])
		}
		if got && b.Never() || got != split {
			t.Fatalf("%q: match %v, never %v, split %v", src, got, b.Never(), split)
		}
	})
}
