package suite

import (
	"errors"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestScalarFunction gives and takes every kind of value.
func TestScalarFunction(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x)")
	calls := 0
	err := c.Function("echo", 1, true, func(args []value.Value) (value.Value, error) { calls++; return args[0], nil })
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range edges {
		if got := one(t, c, "SELECT echo(?)", want); !got.Equal(want) {
			t.Errorf("echo(%s) = %v, want %v", name, got, want)
		}
	}
	if err := c.Function("joined", -1, true, func(args []value.Value) (value.Value, error) {
		var s []string
		for _, a := range args {
			s = append(s, a.Str())
		}
		return value.Text(strings.Join(s, "+")), nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := one(t, c, "SELECT joined('a', joined('b', 'c'), joined())"); got.Str() != "a+b+c+" {
		t.Errorf("nested calls = %q, want a+b+c+", got.Str())
	}
	exec(t, c, "CREATE INDEX by_echo ON v(echo(x)); INSERT INTO v(x) SELECT value FROM json_each('[3,1,2]')")
	plan := rows(t, c, "EXPLAIN QUERY PLAN SELECT id FROM v WHERE echo(x) = 2")
	if !strings.Contains(plan[0][3].Str(), "by_echo") {
		t.Errorf("a deterministic function's index is not used: %v", plan)
	}
	wantInt(t, c, "SELECT id FROM v WHERE echo(x) = 2", 3)
	calls = 0
	exec(t, c, "SELECT echo(i) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000) SELECT i FROM n)")
	if calls != 1000 {
		t.Errorf("%d calls, want 1000", calls)
	}
}

// TestFunctionErrors: the statement fails with the function's message and kind.
func TestFunctionErrors(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	refuse := fault.New(fault.TypeMismatch, "parse number", "not a number")
	fails := func(args []value.Value) (value.Value, error) {
		if args[0].Int() == 3 {
			return value.Null, refuse
		}
		return args[0], nil
	}
	if err := c.Function("picky", 1, false, fails); err != nil {
		t.Fatal(err)
	}
	err := c.Exec("INSERT INTO v SELECT picky(value) FROM json_each('[1,2,3,4]')")
	if !errors.Is(err, refuse) || fault.KindOf(err) != fault.TypeMismatch || !strings.Contains(err.Error(), "not a number") {
		t.Errorf("Exec = %v, kind %v, want the function's error", err, fault.KindOf(err))
	}
	wantInt(t, c, "SELECT count(*) FROM v", 0)
	wantInt(t, c, "SELECT picky(4)", 4)
	err = c.Exec("SELECT 1 FROM nowhere")
	if errors.Is(err, refuse) {
		t.Error("a later error still names the function's")
	}
}

// total sums and refuses negative numbers.
type total struct{ sum int64 }

func (g *total) Step(args []value.Value) error {
	if args[0].Int() < 0 {
		return fault.New(fault.InvalidArgument, "total", "a negative number")
	}
	g.sum += args[0].Int()
	return nil
}

func (g *total) Final() (value.Value, error) { return value.Int(g.sum), nil }

func TestAggregate(t *testing.T) {
	c := db(t, "CREATE TABLE v(g, x); INSERT INTO v SELECT value % 3, value FROM json_each('[1,2,3,4,5,6,7,8,9]')")
	if err := c.Aggregate("mytotal", 1, func() sqlite.Aggregate { return &total{} }); err != nil {
		t.Fatal(err)
	}
	wantRows(t, "groups", rows(t, c, "SELECT g, mytotal(x), mytotal(2 * x) FROM v GROUP BY g ORDER BY g"), []value.Row{
		{value.Int(0), value.Int(18), value.Int(36)}, {value.Int(1), value.Int(12), value.Int(24)}, {value.Int(2), value.Int(15), value.Int(30)},
	})
	wantInt(t, c, "SELECT mytotal(x) FROM v WHERE 0", 0)
	err := c.Exec("SELECT mytotal(x - 5) FROM v")
	wantKind(t, "an aggregate that fails", err, fault.InvalidArgument)
	wantInt(t, c, "SELECT mytotal(x) FROM v", 45)
}

// TestCollation orders, compares and indexes by a function.
func TestCollation(t *testing.T) {
	c := open(t, sqlite.Options{})
	if err := c.Collation("by_length", func(a, b string) int {
		if len(a) != len(b) {
			return len(a) - len(b)
		}
		return strings.Compare(a, b)
	}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "CREATE TABLE v(x TEXT COLLATE by_length PRIMARY KEY); INSERT INTO v VALUES ('ccc'), ('a'), ('🐚'), ('bb'), ('')")
	wantRows(t, "order", rows(t, c, "SELECT x FROM v ORDER BY x"), []value.Row{
		{value.Text("")}, {value.Text("a")}, {value.Text("bb")}, {value.Text("ccc")}, {value.Text("🐚")},
	})
	wantRows(t, "range", rows(t, c, "SELECT x FROM v WHERE x > 'zz' ORDER BY x DESC"), []value.Row{{value.Text("🐚")}, {value.Text("ccc")}})
}
