package host_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// sets puts rows of arguments into one batch.
func sets(rows ...value.Row) (b []byte) {
	for _, row := range rows {
		b = row.Append(b)
	}
	return b
}

// A batch is one transaction: one mutation for a synced table, one flush, all
// or nothing, and its key applies it once.
func TestBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	insert := &wire.Batch{
		SQL: "INSERT INTO products(id, name) VALUES (?, ?)", Count: 3, IdempotencyKey: "b1",
		Sets: sets(value.Row{value.Int(1), value.Text("one")}, value.Row{value.Int(2), value.Text("two")}, value.Row{value.Int(3), value.Text("three")}),
	}
	var d wire.QueryDone
	w.done(w.send(1, wire.PageBatch, insert), &d)
	if d.Changes != 3 || d.Mid != 1 || d.LastID != 3 {
		t.Errorf("batch = %+v, want 3 changes as mutation 1, last row 3", d)
	}
	d = wire.QueryDone{}
	w.done(w.send(1, wire.PageBatch, insert), &d)
	if n := w.count(1, "SELECT count(*) FROM products"); n != 3 || d.Mid != 1 {
		t.Errorf("after its repeat there are %d rows, mutation %d, want 3 and 1", n, d.Mid)
	}
	insert.IdempotencyKey, insert.Sets = "b2", sets(value.Row{value.Int(4), value.Text("four")}, value.Row{value.Int(2), value.Text("again")}, value.Row{value.Int(5), value.Text("five")})
	if f := w.failed(w.send(1, wire.PageBatch, insert)); fault.Kind(f.Kind) != fault.Constraint {
		t.Errorf("a key that is there = %+v, want constraint", f)
	}
	if n := w.count(1, "SELECT count(*) FROM products"); n != 3 {
		t.Errorf("after a failed batch there are %d rows, want 3", n)
	}
}

func TestBadBatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	one := sets(value.Row{value.Int(1), value.Text("x")})
	const insert = "INSERT INTO products(id, name) VALUES (?, ?)"
	for name, c := range map[string]struct {
		batch wire.Batch
		want  fault.Kind
	}{
		"a read":             {wire.Batch{SQL: "SELECT ?, ?", Count: 1, Sets: one}, fault.InvalidArgument},
		"DDL":                {wire.Batch{SQL: "CREATE TABLE x(y)", Count: 1}, fault.InvalidArgument},
		"BEGIN":              {wire.Batch{SQL: "BEGIN", Count: 1}, fault.Forbidden},
		"no statement":       {wire.Batch{SQL: " -- none", Count: 1}, fault.InvalidSQL},
		"no such table":      {wire.Batch{SQL: "DELETE FROM nowhere WHERE id = ?", Count: 1}, fault.UnknownTable},
		"our own table":      {wire.Batch{SQL: "DELETE FROM _rockpool_tx WHERE mid = ? AND state = ?", Count: 1, Sets: one}, fault.Forbidden},
		"fewer sets":         {wire.Batch{SQL: insert, Count: 2, Sets: one}, fault.WrongParameters},
		"more sets":          {wire.Batch{SQL: insert, Count: 1, Sets: append(one[:len(one):len(one)], one...)}, fault.WrongParameters},
		"half a value":       {wire.Batch{SQL: insert, Count: 1, Sets: one[:len(one)-1]}, fault.WrongParameters},
		"an unknown tag":     {wire.Batch{SQL: insert, Count: 1, Sets: []byte{9, 0}}, fault.WrongParameters},
		"more than BatchMax": {wire.Batch{SQL: insert, Count: 1 << 40, Sets: one}, fault.LimitExceeded},
	} {
		if f := w.failed(w.send(1, wire.PageBatch, &c.batch)); fault.Kind(f.Kind) != c.want {
			t.Errorf("%s: %+v, want %s", name, f, c.want)
		}
	}
	if n := w.count(1, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("bad batches left %d rows", n)
	}
	w.run()
	w.exec(1, "INSERT INTO products(id, name) VALUES (?, ?)", value.Int(1), value.Text("x")) // it still writes
}
