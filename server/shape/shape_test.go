package shape_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/policy"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

func tables() *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: 1, Name: "orders", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "customer", Type: schema.TypeText},
			{Name: "total", Type: schema.TypeInt},
		}},
		{ID: 2, Name: "secrets", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, NotNull: true}}},
		{ID: 3, Name: "drafts", Key: []uint32{0}, LocalOnly: true, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, NotNull: true}}},
	}}
}

func parsed(t *testing.T, text string) *policy.Predicate {
	t.Helper()
	p, err := policy.Parse(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return p
}

// catalog lets a caller read its own orders, write those below 100, and follow
// parts of them by two shapes.
func catalog(t *testing.T) *shape.Catalog {
	t.Helper()
	c, err := shape.New(tables(), map[string]shape.Rule{
		"orders": {Read: parsed(t, "customer = auth.sub"), Write: parsed(t, "customer = auth.sub and total < 100")},
	}, map[string]shape.Shape{
		"large": {Table: "orders", Where: parsed(t, "total > :least")},
		"exact": {Table: "orders", Where: parsed(t, "total = :total")},
		"none":  {Table: "orders", Where: parsed(t, "total = 1 and customer = 'nobody'")},
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func claims(sub string) map[string]any { return map[string]any{"sub": sub} }

func arg(name string, n int64) wire.ShapeArg { return wire.ShapeArg{Name: name, Value: value.Int(n)} }

func order(id int64, customer string, total int64) value.Row {
	return value.Row{value.Int(id), value.Text(customer), value.Int(total)}
}

func all(uint32) []uint32 { return nil }

// What a subscription may have: its table under the policy and its own
// condition, with claims and arguments put in.
func TestResolve(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, test := range []struct {
		name  string
		args  []wire.ShapeArg
		who   map[string]any
		in    []value.Row
		out   []value.Row
		equal int // columns that changes are routed by
	}{
		{"orders", nil, claims("ann"), []value.Row{order(1, "ann", 5)}, []value.Row{order(1, "bob", 5), nil}, 1},
		{"large", []wire.ShapeArg{arg("least", 10)}, claims("ann"), []value.Row{order(1, "ann", 11)}, []value.Row{order(1, "ann", 10), order(1, "bob", 11)}, 1},
		{"exact", []wire.ShapeArg{arg("total", 7)}, claims("ann"), []value.Row{order(1, "ann", 7)}, []value.Row{order(1, "ann", 8), order(1, "bob", 7)}, 2},
		{"orders", nil, nil, nil, []value.Row{order(1, "ann", 5), order(1, "", 5)}, 0}, // no claim, no row
	} {
		s, err := c.Resolve(test.name, test.args, test.who, all)
		if err != nil {
			t.Errorf("%s%v: %v", test.name, test.args, err)
			continue
		}
		for _, r := range test.in {
			if !s.Has(r) {
				t.Errorf("%s%v of %v lacks %v", test.name, test.args, test.who, r)
			}
		}
		for _, r := range test.out {
			if s.Has(r) {
				t.Errorf("%s%v of %v has %v", test.name, test.args, test.who, r)
			}
		}
		if test.in == nil {
			if !s.Empty {
				t.Errorf("%s%v of %v is not known to be empty", test.name, test.args, test.who)
			}
		} else if len(s.Cols) != test.equal || len(s.Vals) != test.equal {
			t.Errorf("%s%v is routed by %v %v, want %d columns", test.name, test.args, s.Cols, s.Vals, test.equal)
		}
	}
}

// Equal keys are equal buckets: everything that changes what is in one, or how
// it looks, changes its key; the order of arguments does not.
func TestKeys(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	seen, stamps := map[string]string{}, map[uint64]string{}
	for _, x := range []struct {
		name    string
		args    []wire.ShapeArg
		sub     string
		columns []uint32
	}{
		{"orders", nil, "ann", nil},
		{"orders", nil, "bob", nil},
		{"orders", nil, "ann", []uint32{0, 1}},
		{"large", []wire.ShapeArg{arg("least", 10)}, "ann", nil},
		{"large", []wire.ShapeArg{arg("least", 11)}, "ann", nil},
		{"exact", []wire.ShapeArg{arg("total", 10)}, "ann", nil},
	} {
		what := fmt.Sprint(x)
		s, err := c.Resolve(x.name, x.args, claims(x.sub), func(uint32) []uint32 { return x.columns })
		if err != nil {
			t.Fatal(err)
		}
		if other := seen[s.Key]; other != "" {
			t.Errorf("%s and %s have one key %q", what, other, s.Key)
		}
		seen[s.Key] = what
		again, err := c.Resolve(x.name, x.args, claims(x.sub), func(uint32) []uint32 { return x.columns })
		if err != nil || again.Key != s.Key || again.Stamp() != s.Stamp() || s.Stamp() == 0 {
			t.Errorf("%s has keys %q and %q, stamps %x and %x (%v)", what, s.Key, again.Key, s.Stamp(), again.Stamp(), err)
		}
		if other := stamps[s.Stamp()]; other != "" {
			t.Errorf("%s and %s have one stamp", what, other)
		}
		stamps[s.Stamp()] = what
		if got := len(s.Project(order(1, "ann", 5))); x.columns != nil && got != len(x.columns) || x.columns == nil && got != 3 {
			t.Errorf("%s projects to %d columns", what, got)
		}
	}
}

func TestResolveRefuses(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	for _, test := range []struct {
		name string
		args []wire.ShapeArg
		kind fault.Kind
		says string
	}{
		{"nothing", nil, fault.UnknownTable, "nothing"},
		{"drafts", nil, fault.UnknownTable, "drafts"},
		{"secrets", nil, fault.NoPolicy, "secrets"},
		{"large", nil, fault.InvalidArgument, "least"},
		{"large", []wire.ShapeArg{arg("most", 1)}, fault.InvalidArgument, "least"},
		{"large", []wire.ShapeArg{arg("least", 1), arg("most", 1)}, fault.InvalidArgument, "1 arguments"},
		{"orders", []wire.ShapeArg{arg("least", 1)}, fault.InvalidArgument, "0 arguments"},
	} {
		_, err := c.Resolve(test.name, test.args, claims("ann"), all)
		if fault.KindOf(err) != test.kind || !strings.Contains(err.Error(), test.says) {
			t.Errorf("Resolve(%s, %v) = %v, want %v that says %q", test.name, test.args, err, test.kind, test.says)
		}
		if test.kind == fault.NoPolicy && fault.HintOf(err) == "" {
			t.Errorf("Resolve(%s) = %v without a remedy", test.name, err)
		}
	}
}

// The write policy holds for the row before and for the row after.
func TestMayWrite(t *testing.T) {
	t.Parallel()
	c := catalog(t)
	orders := c.Schema().Table("orders")
	ann := &source.Client{Claims: claims("ann")}
	for _, test := range []struct {
		what     string
		old, new value.Row
		kind     fault.Kind
	}{
		{"insert of my own", nil, order(1, "ann", 5), 0},
		{"insert for another", nil, order(1, "bob", 5), fault.Forbidden},
		{"update within", order(1, "ann", 5), order(1, "ann", 6), 0},
		{"update out of it", order(1, "ann", 5), order(1, "ann", 100), fault.Forbidden},
		{"update of another's into mine", order(1, "bob", 5), order(1, "ann", 5), fault.Forbidden},
		{"delete of my own", order(1, "ann", 5), nil, 0},
		{"delete of another's", order(1, "bob", 5), nil, fault.Forbidden},
	} {
		if err := c.MayWrite(ann, orders, test.old, test.new); fault.KindOf(err) != test.kind {
			t.Errorf("%s: %v, want kind %v", test.what, err, test.kind)
		}
	}
	if err := c.MayWrite(ann, c.Schema().Table("secrets"), nil, value.Row{value.Int(1)}); fault.KindOf(err) != fault.NoPolicy || fault.HintOf(err) == "" {
		t.Errorf("a table without a policy: %v, want no_policy and a remedy", err)
	}
	if got := fmt.Sprint(c.Closed()); got != "[drafts secrets]" {
		t.Errorf("closed tables %s, want [drafts secrets]", got)
	}
}

// Rules that cannot be are told when the relay starts, by the name of the table
// or shape.
func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		what   string
		rules  map[string]shape.Rule
		shapes map[string]shape.Shape
		says   string
	}{
		{"a rule of no table", map[string]shape.Rule{"gone": {}}, nil, "gone"},
		{"a rule over no column", map[string]shape.Rule{"orders": {Read: parsed(t, "owner = 'x'")}}, nil, "tables.orders.read"},
		{"a write rule over no column", map[string]shape.Rule{"orders": {Write: parsed(t, "owner = 'x'")}}, nil, "tables.orders.write"},
		{"a rule with an argument", map[string]shape.Rule{"orders": {Read: parsed(t, "total = :total")}}, nil, "tables.orders.read"},
		{"a shape of no table", nil, map[string]shape.Shape{"s": {Table: "gone", Where: policy.Always(true)}}, "shapes.s"},
		{"a shape over no column", nil, map[string]shape.Shape{"s": {Table: "orders", Where: parsed(t, "owner = 'x'")}}, "shapes.s.where"},
		{"a shape with a table's name", nil, map[string]shape.Shape{"orders": {Table: "orders", Where: policy.Always(true)}}, "shapes.orders"},
	} {
		if _, err := shape.New(tables(), test.rules, test.shapes); err == nil || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want an error that says %q", test.what, err, test.says)
		}
	}
}

// rockpool dev opens everything to everybody.
func TestOpen(t *testing.T) {
	t.Parallel()
	c, err := shape.Open(tables(), nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := c.Resolve("secrets", nil, nil, all)
	if err != nil || !s.Has(value.Row{value.Int(1)}) || s.Empty {
		t.Errorf("secrets: %+v, %v; want every row", s, err)
	}
	if err := c.MayWrite(&source.Client{}, c.Schema().Table("orders"), nil, order(1, "x", 1)); err != nil {
		t.Errorf("write: %v", err)
	}
	if len(c.Closed()) != 0 {
		t.Errorf("closed: %v", c.Closed())
	}
	// Claims come as encoding/json leaves them.
	var given map[string]any
	dec := json.NewDecoder(strings.NewReader(`{"sub": "ann"}`))
	dec.UseNumber()
	if err := dec.Decode(&given); err != nil {
		t.Fatal(err)
	}
	if s, err := catalog(t).Resolve("orders", nil, given, all); err != nil || !s.Has(order(1, "ann", 1)) {
		t.Errorf("claims of a token: %+v, %v", s, err)
	}
}
