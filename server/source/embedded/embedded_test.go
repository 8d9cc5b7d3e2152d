package embedded_test

import (
	"context"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

const orderID = "0198c0de-0000-7000-8000-00000000000a"

// client writes to a world's source without a socket.
type client struct {
	t   *testing.T
	w   *relaytest.World
	who source.Client
	mid uint64
}

func newClient(t *testing.T, w *relaytest.World, id string) *client {
	t.Helper()
	c := &client{t: t, w: w, who: source.Client{ID: id, Incarnation: "1", User: id}}
	if _, err := w.Source.Register(context.Background(), id, id, "", "1"); err != nil {
		t.Fatal(err)
	}
	return c
}

func (c *client) tx(seen version.Pos, ops ...mutation.Op) *mutation.Tx {
	c.mid++
	m := &mutation.Tx{Mid: c.mid, Seen: seen, HLC: version.At(c.w.Now), Schema: 1, Ops: ops}
	m.Seal()
	return m
}

func (c *client) send(m *mutation.Tx) source.Reply {
	c.t.Helper()
	r, err := c.w.Source.Apply(context.Background(), c.who, m)
	if err != nil {
		c.t.Fatalf("mid %d: %v", m.Mid, err)
	}
	return r
}

// do applies operations that have seen everything, and returns the outcome.
func (c *client) do(ops ...mutation.Op) mutation.Outcome {
	c.t.Helper()
	return c.at(c.w.Store.Head(), ops...)
}

func (c *client) at(seen version.Pos, ops ...mutation.Op) mutation.Outcome {
	c.t.Helper()
	r := c.send(c.tx(seen, ops...))
	if r.Kind != source.Logged || r.Record == nil || len(r.Record.Origins) != 1 {
		c.t.Fatalf("reply %+v, want a log record with one origin", r)
	}
	return r.Record.Origins[0].Outcome
}

func world(t *testing.T) *relaytest.World {
	return relaytest.NewWorld(t, relaytest.Options{Seed: []value.Row{
		relaytest.Product(1, "tea", "4.50", 10), relaytest.Product(2, "coffee", "9.00", 1), relaytest.Product(3, "milk", "1.20", 7),
	}})
}

func product(t *testing.T, w *relaytest.World, id int64) value.Row {
	t.Helper()
	r, _, err := w.Store.Row(w.Store.Schema().Table("products").ID, value.Row{value.Int(id)})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A transaction on which the relay fails by itself is rejected at the third
// time, and what comes behind it goes on. A full disk is no try.
func TestGivesUpOnPoison(t *testing.T) {
	t.Parallel()
	w := world(t)
	c, s := newClient(t, w, "a"), w.Store.Schema()
	src := w.Source
	var failure error
	src.MayWrite = func(*source.Client, *schema.Table, value.Row, value.Row) error { return failure }
	failure = fault.New(fault.QuotaExceeded, "write", "the disk is full")
	bad := c.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))
	for range 2 * source.FailuresMax {
		if r, err := src.Apply(context.Background(), c.who, bad); fault.KindOf(err) != fault.QuotaExceeded {
			t.Fatalf("with a full disk: %+v, %v", r, err)
		}
	}
	failure = fault.New(fault.Internal, "write", "the policy cannot be read")
	for range source.FailuresMax - 1 {
		if r, err := src.Apply(context.Background(), c.who, bad); fault.KindOf(err) != fault.Internal {
			t.Fatalf("reply %+v, %v", r, err)
		}
	}
	r, err := src.Apply(context.Background(), c.who, bad)
	if err != nil || r.Record == nil {
		t.Fatalf("reply %+v, %v", r, err)
	}
	if o := r.Record.Origins[0].Outcome; o.Status != mutation.Rejected || fault.Kind(o.Kind) != fault.Internal || !strings.Contains(o.Detail, "the policy cannot be read") {
		t.Errorf("outcome %+v, want a rejection that says why", o)
	}
	failure = nil
	if r := c.send(c.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))); r.Kind != source.Logged || r.Record.Origins[0].Outcome.Status != mutation.Applied {
		t.Errorf("what comes behind it: %+v", r)
	}
}

// Each mid has one effect, whatever is sent how often in what order.
func TestExactlyOnce(t *testing.T) {
	t.Parallel()
	w := world(t)
	c, s := newClient(t, w, "a"), w.Store.Schema()
	first := c.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))
	if r := c.send(first); r.Kind != source.Logged {
		t.Fatalf("first: %+v", r)
	}
	for range 3 {
		if r := c.send(first); r.Kind != source.Duplicate || r.Outcome == nil || r.Outcome.Status != mutation.Applied {
			t.Fatalf("repeat: %+v, want a duplicate with its outcome", r)
		}
	}
	c.mid = 4
	if r := c.send(c.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))); r.Kind != source.Gap || r.FromMid != 2 {
		t.Fatalf("mid 5 after 1: %+v, want a gap from 2", r)
	}
	other := &mutation.Tx{Mid: 1, Schema: 1, Ops: []mutation.Op{relaytest.AddStock(s, 1, 50)}}
	other.Seal()
	if _, err := w.Source.Apply(context.Background(), c.who, other); fault.KindOf(err) != fault.Duplicate {
		t.Fatalf("mid 1 with other content: %v, want duplicate", err)
	}
	stranger := c.who
	stranger.Incarnation = "9"
	if r, err := w.Source.Apply(context.Background(), stranger, first); err != nil || r.Kind != source.Unknown {
		t.Fatalf("another incarnation: %+v, %v, want unknown", r, err)
	}
	if got := product(t, w, 1)[3].Int(); got != 11 || w.Store.Head().Seq != 1 {
		t.Fatalf("stock %d at %v, want one increment", got, w.Store.Head())
	}
}

// A refused transaction writes nothing, moves the mid, and names the reason.
func TestConstraints(t *testing.T) {
	t.Parallel()
	w := world(t)
	c, s := newClient(t, w, "a"), w.Store.Schema()
	products, lines := s.Table("products"), s.Table("lines")
	row := product(t, w, 1)
	for _, k := range []struct {
		name string
		ops  []mutation.Op
		kind fault.Kind
		code string
	}{
		{"check", []mutation.Op{relaytest.AddStock(s, 3, 1), relaytest.AddStock(s, 1, -11)}, fault.Constraint, "23514"},
		{"unique", []mutation.Op{relaytest.Insert(products, relaytest.Product(9, "tea", "1.00", 0))}, fault.Constraint, "23505"},
		{"not null", []mutation.Op{relaytest.Set(products, row, "name", value.Null)}, fault.Constraint, "23502"},
		{"foreign key", []mutation.Op{relaytest.Insert(lines, value.Row{value.Int(1), value.Text(orderID), value.Int(1)})}, fault.Constraint, "23503"},
		{"type", []mutation.Op{relaytest.Set(products, row, "stock", value.Text("many"))}, fault.TypeMismatch, ""},
		{"table", []mutation.Op{{Table: 99, Kind: mutation.Delete, Key: value.Row{value.Int(1)}}}, fault.UnknownTable, ""},
		{"column", []mutation.Op{{Table: products.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{9}, Old: value.Row{value.Null}, New: value.Row{value.Null}}}, fault.SchemaMismatch, ""},
		{"not whole", []mutation.Op{{Table: products.ID, Kind: mutation.Update, Key: value.Row{}}}, fault.SchemaMismatch, ""},
		{"a form that is not the stored one", []mutation.Op{relaytest.Set(products, row, "price", value.Text("4.5"))}, fault.TypeMismatch, ""},
		{"the key", []mutation.Op{relaytest.Set(products, row, "id", value.Int(7))}, fault.SchemaMismatch, ""},
	} {
		o := c.do(k.ops...)
		if o.Status != mutation.Rejected || fault.Kind(o.Kind) != k.kind || o.Code != k.code || o.Detail == "" {
			t.Errorf("%s: %+v, want rejected with %v %q", k.name, o, k.kind, k.code)
		}
	}
	if got := product(t, w, 3); got[3].Int() != 7 {
		t.Fatalf("a rejected transaction left stock %v behind", got[3])
	}
	if o := c.do(relaytest.AddStock(s, 1, 1)); o.Status != mutation.Applied {
		t.Fatalf("after the refusals: %+v, want applied", o)
	}
}

// Children may come before their parent; a parent takes them with it, and the
// log says so; identities are assigned.
func TestForeignKeysAndIdentity(t *testing.T) {
	t.Parallel()
	w := world(t)
	c, s := newClient(t, w, "a"), w.Store.Schema()
	order, line := value.Row{value.Text(orderID), value.Null, value.Text("a")}, value.Row{value.Int(1), value.Text(orderID), value.Int(2)}
	if o := c.do(relaytest.Insert(s.Table("lines"), line), relaytest.Insert(s.Table("orders"), order)); o.Status != mutation.Applied {
		t.Fatalf("insert: %+v", o)
	}
	stored, _, err := w.Store.Row(s.Table("orders").ID, value.Row{value.Text(orderID)})
	if err != nil || stored[1].Int() != 1 {
		t.Fatalf("order %v (%v), want number 1", stored, err)
	}
	r := c.send(c.tx(w.Store.Head(), relaytest.Delete(s.Table("orders"), stored)))
	if len(r.Record.Changes) != 2 {
		t.Fatalf("a delete that cascades logged %+v, want the order and its line", r.Record.Changes)
	}
}

// What becomes of two who met, by strategy (SYNC.md §7).
func TestConflicts(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, b, s := newClient(t, w, "a"), newClient(t, w, "b"), w.Store.Schema()
	products, lines := s.Table("products"), s.Table("lines")
	row, seen := product(t, w, 1), w.Store.Head()
	if o := a.at(seen, relaytest.Set(products, row, "name", value.Text("green tea"))); o.Status != mutation.Applied {
		t.Fatalf("a: %+v", o)
	}
	if o := b.at(seen, relaytest.Set(products, row, "price", value.Text("5.00"))); o.Status != mutation.Merged || len(o.Conflicts) != 1 {
		t.Fatalf("another column: %+v, want merged and told", o)
	}
	if got := product(t, w, 1); got[1].Str() != "green tea" || got[2].Str() != "5.00" {
		t.Fatalf("row %v, want both edits", got)
	}
	if o := b.at(seen, relaytest.AddStock(s, 1, -2)); o.Status != mutation.Applied {
		t.Fatalf("an amount: %+v, want applied", o)
	}
	// Both sell the last one.
	seen = w.Store.Head()
	x, y := a.at(seen, relaytest.AddStock(s, 2, -1)), b.at(seen, relaytest.AddStock(s, 2, -1))
	if x.Status != mutation.Applied || y.Status != mutation.Rejected || product(t, w, 2)[3].Int() != 0 {
		t.Fatalf("the last unit: %+v and %+v, stock %v", x, y, product(t, w, 2)[3])
	}
	// One deletes, one updates.
	milk := product(t, w, 3)
	seen = w.Store.Head()
	if o := a.at(seen, relaytest.Delete(products, milk)); o.Status != mutation.Applied {
		t.Fatalf("delete: %+v", o)
	}
	if o := b.at(seen, relaytest.Set(products, milk, "name", value.Text("m"))); o.Status != mutation.Superseded || product(t, w, 3) != nil {
		t.Fatalf("update of a deleted row: %+v, want superseded and no row", o)
	}
	// A manual table parks; what builds on it is blocked; the rest goes on.
	a.do(relaytest.Insert(s.Table("orders"), value.Row{value.Text(orderID), value.Null, value.Text("a")}))
	line := value.Row{value.Int(1), value.Text(orderID), value.Int(2)}
	a.do(relaytest.Insert(lines, line))
	seen = w.Store.Head()
	a.at(seen, relaytest.Set(lines, line, "quantity", value.Int(3)))
	o := b.at(seen, relaytest.Set(lines, line, "quantity", value.Int(4)))
	if o.Status != mutation.Parked || len(o.Conflicts) != 1 || !o.Conflicts[0].Theirs.Equal(value.Row{value.Int(1), value.Text(orderID), value.Int(3)}) {
		t.Fatalf("manual: %+v, want parked with theirs", o)
	}
	m := b.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))
	m.Depends = []uint64{o.Mid}
	if r := b.send(m); r.Record.Origins[0].Outcome.Status != mutation.Blocked {
		t.Fatalf("dependant: %+v, want blocked", r.Record.Origins[0])
	}
	if o := b.do(relaytest.AddStock(s, 1, 1)); o.Status != mutation.Applied {
		t.Fatalf("after it: %+v, want applied", o)
	}
}

// A client's own clean writes never conflict with each other, seen or not.
func TestOwnWritesDoNotConflict(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, products := newClient(t, w, "a"), w.Store.Schema().Table("products")
	row, seen := product(t, w, 1), w.Store.Head()
	for _, name := range []string{"x", "y", "z"} {
		o := a.at(seen, relaytest.Set(products, row, "name", value.Text(name)))
		if o.Status != mutation.Applied || len(o.Conflicts) != 0 {
			t.Fatalf("%s: %+v, want applied", name, o)
		}
		row[1] = value.Text(name)
	}
}

// Whoever inserts over a row has not seen it, wherever his cursor stands: what
// he then writes over a value of it is a conflict, also in the same transaction.
func TestInsertOverARowHasNotSeenIt(t *testing.T) {
	t.Parallel()
	for _, together := range []bool{false, true} {
		w := world(t)
		a, products := newClient(t, w, "a"), w.Store.Schema().Table("products")
		row, seen := product(t, w, 1), w.Store.Head() // its price is what a does not see
		mine := make(value.Row, len(row))
		mine[0], mine[1] = row[0], value.Text("mine")
		insert, update := relaytest.Insert(products, mine), relaytest.Set(products, mine, "price", value.Text("7.00"))
		var o mutation.Outcome
		if together {
			o = a.do(insert, update)
		} else {
			if first := a.do(insert); first.Status != mutation.Merged {
				t.Fatalf("the insert: %+v, want merged", first)
			}
			w.Now++
			o = a.at(seen, update)
		}
		if n := len(o.Conflicts); n == 0 || o.Conflicts[n-1].Rule != mutation.RuleLWWMine {
			t.Errorf("together %v: %+v, want a conflict about the price", together, o)
		}
	}
}

// Old schemas, old transactions, and clocks that run ahead.
func TestEarlyRefusals(t *testing.T) {
	t.Parallel()
	w := world(t)
	a, s := newClient(t, w, "a"), w.Store.Schema()
	for name, c := range map[string]struct {
		change func(*mutation.Tx)
		status mutation.Status
		kind   fault.Kind
		skewed bool
	}{
		"schema": {func(m *mutation.Tx) { m.Schema = 9 }, mutation.Rejected, fault.SchemaMismatch, false},
		"age":    {func(m *mutation.Tx) { m.HLC = version.At(w.Now - 31*24*3600*1000) }, mutation.Rejected, fault.Rejected, false},
		"clock":  {func(m *mutation.Tx) { m.HLC = version.At(w.Now + 3_600_000) }, mutation.Applied, 0, true},
	} {
		m := a.tx(w.Store.Head(), relaytest.AddStock(s, 1, 1))
		c.change(m)
		o := a.send(m).Record.Origins[0].Outcome
		if o.Status != c.status || fault.Kind(o.Kind) != c.kind || o.Skewed != c.skewed {
			t.Errorf("%s: %+v, want status %d, %v, skewed %v", name, o, c.status, c.kind, c.skewed)
		}
	}
}
