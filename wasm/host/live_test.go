package host_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

func (w *world) states(id uint32) (list []wire.LiveState) {
	w.t.Helper()
	for _, f := range w.of(id, wire.PageLiveEnd) {
		var s wire.LiveState
		if err := s.Decode(f.body); err != nil {
			w.t.Fatal(err)
		}
		list = append(list, s)
	}
	return list
}

// A watched query is told again when a table it reads has changed, once for
// all of a batch, and not when its rows are the same.
func TestLive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	w.exec(1, "CREATE TABLE notes(body)")
	w.exec(1, "CREATE VIEW cheap AS SELECT * FROM products WHERE stock < 10")
	id := w.send(2, wire.PageLive, &wire.LiveCall{SQL: "SELECT name FROM cheap WHERE id < ?", Args: value.Row{value.Int(100)}})
	notes := w.send(1, wire.PageLive, &wire.LiveCall{SQL: "SELECT body FROM notes"})
	w.run()
	if s := w.states(id); len(s) != 1 || s[0].Rows != 0 {
		t.Fatalf("first states = %+v", s)
	}
	for i := range 5 {
		w.send(1, wire.PageQuery, &wire.Query{SQL: "INSERT INTO products(id, name, stock) VALUES (?, 'n', 1)", Args: value.Row{value.Int(int64(i))}})
	}
	w.run()
	if s := w.states(id); len(s) != 2 || s[1].Rows != 5 {
		t.Errorf("states after 5 writes of one turn = %+v, want one more with 5 rows", s)
	}
	w.exec(1, "INSERT INTO products(id, name, stock) VALUES (200, 'beyond', 1)")
	if s := w.states(id); len(s) != 2 {
		t.Errorf("states after a change elsewhere in the table = %+v, want no further one", s)
	}
	if n := len(w.of(id, wire.PageHead)); n != 2 {
		t.Errorf("%d heads, want 2: an unchanged state sends nothing", n)
	}
	if s := w.states(notes); len(s) != 1 {
		t.Errorf("a query of another table ran %d times", len(s))
	}
	w.exec(2, "INSERT INTO notes VALUES ('local tables are watched too')")
	if s := w.states(notes); len(s) != 2 || s[1].Rows != 1 {
		t.Errorf("states of a local table = %+v", s)
	}
	w.send(2, wire.PageCancel, &wire.Cancel{Call: id})
	var e wire.Empty
	w.done(id, &e)
	w.exec(1, "DELETE FROM products")
	if s := w.states(id); len(s) != 2 {
		t.Error("a stopped query was told a state")
	}
	if n := len(w.events(2, wire.EventTables)); n == 0 {
		t.Error("the other tab heard of no table")
	}
}

// What cannot be watched is refused; what stops working fails and is told.
func TestLiveErrors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	for name, c := range map[string]struct {
		sql  string
		kind fault.Kind
	}{
		"a write":     {"DELETE FROM products", fault.InvalidArgument},
		"no table":    {"SELECT * FROM produkts", fault.UnknownTable},
		"bad grammar": {"SELEC 1", fault.InvalidSQL},
		"too many":    {"SELECT ?", fault.WrongParameters},
	} {
		if f := w.failed(w.send(1, wire.PageLive, &wire.LiveCall{SQL: c.sql})); fault.Kind(f.Kind) != c.kind {
			t.Errorf("%s: %+v, want %v", name, f, c.kind)
		}
	}
	w.exec(1, "CREATE TABLE notes(body)")
	id := w.send(1, wire.PageLive, &wire.LiveCall{SQL: "SELECT * FROM notes"})
	w.run()
	w.exec(1, "DROP TABLE notes")
	if f := w.failed(id); fault.Kind(f.Kind) != fault.UnknownTable {
		t.Errorf("after the table is gone: %+v", f)
	}
}

// A tab that goes away takes its watched queries and its calls with it.
func TestPortClose(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	w.send(2, wire.PageLive, &wire.LiveCall{SQL: "SELECT * FROM products"})
	w.send(2, wire.PageQuery, &wire.Query{
		Lane: wire.LaneBulk,
		SQL:  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000000) SELECT i FROM n",
	})
	w.h.PortClose(2)
	before := len(w.frames)
	w.exec(1, insert, value.Int(1))
	for _, f := range w.frames[before:] {
		if f.port == 2 {
			t.Fatalf("a frame went to a port that is gone: %+v", f)
		}
	}
	var s wire.Stats
	w.done(w.send(1, wire.PageStats, &wire.Empty{}), &s)
	if s.Live != 0 || s.Pool.Busy != 0 {
		t.Errorf("%d watched queries and %d readers are left", s.Live, s.Pool.Busy)
	}
}

// What is wrong is said with kind, place and remedy.
func TestValidate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	var v wire.Validated
	w.done(w.send(1, wire.PageValidate, &wire.Validate{SQL: "SELECT nmae FROM products"}), &v)
	if len(v.Problems) != 1 || fault.Kind(v.Problems[0].Kind) != fault.UnknownColumn || v.Problems[0].Suggestion != "name" || v.Problems[0].Offset != 7 {
		t.Errorf("problems = %+v", v.Problems)
	}
	w.done(w.send(1, wire.PageValidate, &wire.Validate{SQL: "SELECT * FROM products WHERE id = ?"}), &v)
	if len(v.Problems) != 0 || !v.ReadOnly || v.Params != 1 || len(v.Plan) != 1 || !strings.Contains(v.Plan[0], "SEARCH products") {
		t.Errorf("validated = %+v", v)
	}
}
