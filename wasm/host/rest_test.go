package host_test

import (
	"strings"
	"testing"

	"rockpool.dev/wire"
)

// A REST write is one queued mutation, its key applies it once and is answered
// alike; a refusal is an answer, and leaves nothing.
func TestRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	ask := func(method, target, body, key string, headers ...wire.RestHeader) wire.RestDone {
		t.Helper()
		var d wire.RestDone
		w.done(w.send(1, wire.PageRest, &wire.RestCall{Method: method, Target: target, Body: body, Headers: headers, IdempotencyKey: key}), &d)
		return d
	}
	rows := wire.RestHeader{Name: "prefer", Value: "return=representation"}
	for range 2 {
		d := ask("POST", "products?select=id,name", `[{"id":1,"name":"one"},{"id":2,"name":"two"}]`, "k1", rows)
		if d.Status != 201 || string(d.Body) != `[{"id":1,"name":"one"},{"id":2,"name":"two"}]` {
			t.Errorf("insert = %d %s", d.Status, d.Body)
		}
	}
	if d := ask("GET", "products?select=name&order=id.desc", "", ""); string(d.Body) != `[{"name":"two"},{"name":"one"}]` {
		t.Errorf("read = %d %s", d.Status, d.Body)
	}
	if d := ask("POST", "products", `[{"id":3,"name":"x"},{"id":1,"name":"x"}]`, "k2"); d.Status != 409 || !strings.Contains(string(d.Body), `"code":"23505"`) {
		t.Errorf("a key that is there = %d %s, want 409, 23505", d.Status, d.Body)
	}
	if d := ask("DELETE", "products?id=gt.0", "", "k3", wire.RestHeader{Name: "prefer", Value: "tx=rollback"}); d.Status != 204 {
		t.Errorf("a delete that is rolled back = %d %s", d.Status, d.Body)
	}
	if n := w.count(1, "SELECT count(*) FROM products"); n != 2 {
		t.Errorf("there are %d rows, want 2", n)
	}
	if n := w.count(1, "SELECT count(*) FROM _rockpool_tx"); n != 1 {
		t.Errorf("%d mutations are queued, want 1", n)
	}
	for target, elsewhere := range map[string]bool{"nowhere": true, "rpc/f": true, "products?nope=eq.1": false} {
		if d := ask("GET", target, "", ""); d.Status < 400 || d.Elsewhere != elsewhere {
			t.Errorf("%s = %d, elsewhere %v, want %v", target, d.Status, d.Elsewhere, elsewhere)
		}
	}
}

// A long answer lets others have their turn, and is whole.
func TestALongRestRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.exec(1, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) INSERT INTO products(id, name) SELECT i, 'p' || i FROM n")
	w.run()
	id := w.send(1, wire.PageRest, &wire.RestCall{Method: "GET", Target: "products?select=id"})
	other := w.count(1, "SELECT count(*) FROM products")
	w.run()
	var d wire.RestDone
	w.done(id, &d)
	if n := strings.Count(string(d.Body), `"id"`); n != 2000 || other != 2000 {
		t.Errorf("the answer has %d rows, want 2000", n)
	}
}
