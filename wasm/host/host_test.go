package host_test

import (
	"encoding/binary"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/value"
	"rockpool.dev/wasm/host"
	"rockpool.dev/wire"
)

// The main path of one tab: open, operations, SQL, a built query.
func TestServe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	id := w.send(1, wire.PageOperations, &wire.Operations{Ops: []wire.Operation{
		{
			Type: wire.OpInsert, Table: "products", Columns: []string{"id", "name", "price", "stock", "active"},
			Values: value.Row{value.Int(1), value.Text("Chai"), value.Text("18.00"), value.Int(39), value.Int(1)},
		},
		{Type: wire.OpInsert, Table: "products", Columns: []string{"id", "name", "price"}, Values: value.Row{value.Int(2), value.Text("Chang"), value.Text("9.5")}},
		{Type: wire.OpIncrement, Table: "products", Columns: []string{"id", "stock"}, Values: value.Row{value.Int(1), value.Int(-2)}},
	}})
	var ops wire.OperationsDone
	w.done(id, &ops)
	if len(ops.Results) != 3 || ops.Mid != 1 {
		t.Fatalf("operations = %+v", ops)
	}
	if d := w.exec(1, "UPDATE products SET stock = stock + 1 WHERE id = ?", value.Int(1)); d.Changes != 1 || d.Mid != 2 {
		t.Errorf("update = %+v, want 1 change as mutation 2", d)
	}
	if n := w.count(1, "SELECT stock FROM products WHERE id = 1"); n != 38 {
		t.Errorf("stock = %d, want 38", n)
	}
	sel := &query.Select{
		From: query.TableRef{Name: "products"}, Columns: []query.ResultExpr{{Expr: query.Expr{Kind: query.ExprColumn, Name: "name"}}},
		Where: &query.Expr{Kind: query.ExprCompare, Name: "<", Args: []query.Expr{
			{Kind: query.ExprColumn, Name: "price"}, {Kind: query.ExprValue, Value: value.Int(10)},
		}},
	}
	id = w.send(1, wire.PageSelect, &wire.SelectCall{Select: sel})
	var d wire.QueryDone
	w.done(id, &d)
	if d.Rows != 1 {
		t.Errorf("products below 10 = %d rows, want 1: 9.50 is less as a number", d.Rows)
	}
	if chunk := w.of(id, wire.PageChunk); len(chunk) != 1 || !strings.Contains(string(chunk[0].body), "Chang") {
		t.Errorf("chunks = %v", chunk)
	}
}

// RETURNING gives rows and is captured as any write.
func TestReturning(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	id := w.send(1, wire.PageQuery, &wire.Query{SQL: "INSERT INTO products(id, name) VALUES (7, 'x') RETURNING id, name"})
	var d wire.QueryDone
	w.done(id, &d)
	if d.Rows != 1 || d.Mid != 1 || len(w.of(id, wire.PageHead)) != 1 || len(w.of(id, wire.PageChunk)) != 1 {
		t.Errorf("done = %+v, frames %v", d, w.frames)
	}
}

// A large result comes in several chunks, with turns of others between.
func TestLargeResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	const rows = 50_000
	id := w.send(1, wire.PageQuery, &wire.Query{
		Lane: wire.LaneBulk,
		SQL:  "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50000) SELECT i, 'row ' || i FROM n",
	})
	if w.last(id) != nil {
		t.Fatal("the whole result came in the call that asked for it")
	}
	quick := w.send(1, wire.PageQuery, &wire.Query{SQL: "SELECT 1"})
	if w.last(quick) == nil {
		t.Error("a quick read waited for a bulk one")
	}
	var d wire.QueryDone
	w.done(id, &d)
	if n := len(w.of(id, wire.PageChunk)); d.Rows != rows || n < 10 {
		t.Errorf("rows = %d in %d chunks, want %d in many", d.Rows, n, rows)
	}
}

// A write whose page waits for nothing else is flushed and answered at once.
func TestWriteAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.run()
	w.log = nil
	w.next++
	body := (&wire.Query{SQL: "INSERT INTO products(id, name) VALUES (1, 'x')"}).AppendTo(nil)
	frame := binary.LittleEndian.AppendUint32([]byte{byte(wire.PageQuery), wire.PageAlone, 0, 0}, w.next)
	w.h.Frame(1, append(frame, body...))
	if f := w.last(w.next); f == nil || f.kind != wire.PageDone {
		t.Fatalf("a write alone was answered with %v, want at once", f)
	}
	if len(w.log) < 2 || w.log[0] != "flush" {
		t.Errorf("it came before its flush: %v", w.log)
	}
}

// The last write of a page that waits for no others takes those before it
// along: one flush, and all are answered at once.
func TestWritesAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.run()
	w.log, w.yields = nil, 0
	insert := &wire.Query{SQL: "INSERT INTO products(id, name) VALUES (?, 'x')", Args: value.Row{value.Int(0)}}
	var ids []uint32
	for i := range 7 {
		insert.Args[0] = value.Int(int64(i))
		ids = append(ids, w.send(1, wire.PageQuery, insert))
	}
	w.next++
	insert.Args[0] = value.Int(7)
	frame := binary.LittleEndian.AppendUint32([]byte{byte(wire.PageQuery), wire.PageAlone, 0, 0}, w.next)
	w.h.Frame(1, insert.AppendTo(frame))
	for _, id := range append(ids, w.next) {
		if f := w.last(id); f == nil || f.kind != wire.PageDone {
			t.Fatalf("write %d was answered with %v, want at once", id, f)
		}
	}
	if n := strings.Count(strings.Join(w.log, " "), "flush"); n != 1 || w.log[0] != "flush" {
		t.Errorf("the log is %v, want one flush and then the answers", w.log)
	}
}

// Answers to writes go out after the flush, one flush for all of a turn.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.run()
	w.log, w.yields = nil, 0
	var ids []uint32
	for i := range 8 {
		ids = append(ids, w.send(1, wire.PageQuery, &wire.Query{
			SQL: "INSERT INTO products(id, name) VALUES (?, 'x')", Args: value.Row{value.Int(int64(i))},
		}))
	}
	for _, id := range ids {
		if w.last(id) != nil {
			t.Fatalf("write %d was answered before a flush", id)
		}
	}
	if w.yields != 1 {
		t.Errorf("asked %d times for a turn, want once", w.yields)
	}
	// A read of the same tab sees them already.
	if n := w.count(1, "SELECT count(*) FROM products"); n != 8 {
		t.Errorf("count = %d, want 8", n)
	}
	w.run()
	flushes := 0
	for i, e := range w.log {
		switch {
		case e == "flush":
			flushes++
		case flushes == 0 && i > 0 && strings.HasPrefix(e, "done") && e != "done "+itoa(ids[len(ids)-1]+1):
			t.Errorf("%q came before the flush: %v", e, w.log)
		}
	}
	if flushes != 1 {
		t.Errorf("%d flushes for 8 writes in flight, want 1: %v", flushes, w.log)
	}
	for _, id := range ids {
		if f := w.last(id); f == nil || f.kind != wire.PageDone {
			t.Errorf("write %d was not answered", id)
		}
	}
}

// A write that is sent twice with its key applies once, and its status is known.
func TestIdempotency(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	q := &wire.Query{SQL: "INSERT INTO products(id, name) VALUES (1, 'x')", IdempotencyKey: "k1"}
	var first, again wire.QueryDone
	w.done(w.send(1, wire.PageQuery, q), &first)
	w.done(w.send(1, wire.PageQuery, q), &again)
	if first.Mid != 1 || again.Mid != 1 {
		t.Errorf("mids = %d, %d, want 1 and 1", first.Mid, again.Mid)
	}
	var s wire.WriteDone
	w.done(w.send(1, wire.PageStatus, &wire.WriteStatus{IdempotencyKey: "k1"}), &s)
	if !s.Known || s.Mid != 1 {
		t.Errorf("status = %+v", s)
	}
	w.done(w.send(1, wire.PageStatus, &wire.WriteStatus{IdempotencyKey: "never"}), &s)
	if s.Known {
		t.Error("a key that was never used is known")
	}
}

// A tab of another protocol, or of an older build, is told to reload and gets nothing else.
func TestVersionGate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1) // build 1
	for name, c := range map[string]struct {
		version uint32
		build   uint64
		reload  bool
	}{
		"another protocol": {wire.PageVersion + 1, 1, true},
		"same build":       {wire.PageVersion, 1, false},
		"an older build":   {wire.PageVersion, 0, true},
	} {
		w.h.PortOpen(9)
		if got := w.hello(9, c.version, c.build); got.Reload != c.reload || got.Version != wire.PageVersion {
			t.Errorf("%s: welcome = %+v, want reload %v", name, got, c.reload)
		}
		if c.reload {
			if f := w.failed(w.send(9, wire.PageOpen, &wire.OpenDatabase{Name: "shop", Memory: true})); fault.Kind(f.Kind) != fault.Protocol {
				t.Errorf("%s: open = %+v", name, f)
			}
		}
		w.h.PortClose(9)
	}
	w.h.PortOpen(2)
	if got := w.hello(2, wire.PageVersion, 5); got.Reload {
		t.Error("the newest build was told to reload")
	}
	if n := len(w.events(1, wire.EventReload)); n != 1 {
		t.Errorf("the older tab was told %d times to reload, want once", n)
	}
}

// A deadline ends a long step, and a call that only waited.
func TestDeadline(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.tick = 200 // each look at the clock takes 0.2 ms
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
	f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: endless, DeadlineMillis: 50}))
	if fault.Kind(f.Kind) != fault.DeadlineExceeded {
		t.Errorf("endless read = %+v", f)
	}
	f = w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "INSERT INTO products(id, name) " + endless + ", 1", DeadlineMillis: 50}))
	if k := fault.Kind(f.Kind); k != fault.DeadlineExceeded && k != fault.InvalidSQL {
		t.Errorf("endless write = %+v", f)
	}
	w.tick = 0
	if n := w.count(1, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("a write that was cut left %d rows", n)
	}
	// A write behind an interactive transaction.
	var tx wire.TxStarted
	w.done(w.send(1, wire.PageBegin, &wire.BeginTx{TimeoutMillis: 5000}), &tx)
	id := w.send(1, wire.PageQuery, &wire.Query{SQL: "INSERT INTO products(id, name) VALUES (1, 'x')", DeadlineMillis: 100})
	w.pass(150)
	if f := w.failed(id); fault.Kind(f.Kind) != fault.DeadlineExceeded {
		t.Errorf("waiting write = %+v", f)
	}
	var end wire.WriteDone
	w.done(w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: tx.Tx}), &end)
	if n := w.count(1, "SELECT count(*) FROM products"); n != 0 {
		t.Error("a write ran after its deadline")
	}
}

// A cancel ends a read between chunks and gives its reader back.
func TestCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	const long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000000) SELECT i FROM n"
	for range 20 { // more than there are readers
		id := w.send(1, wire.PageQuery, &wire.Query{SQL: long, Lane: wire.LaneBulk})
		w.send(1, wire.PageCancel, &wire.Cancel{Call: id})
		if f := w.failed(id); fault.Kind(f.Kind) != fault.Cancelled {
			t.Fatalf("cancelled read = %+v", f)
		}
	}
	var s wire.Stats
	w.done(w.send(1, wire.PageStats, &wire.Empty{}), &s)
	if s.Pool.Busy != 0 {
		t.Errorf("%d readers are still lent", s.Pool.Busy)
	}
}

// The page revokes a call's URL to end it inside one long step, when no frame
// is read: the core looks there now and then, and only for calls that have one.
func TestCancelInsideAStep(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.tick = 200 // each look at the clock takes 0.2 ms
	looks, revokedAt := 0, 3
	w.revoked = func(url string) bool {
		if url != "blob:mine" {
			t.Errorf("the core looks at %q", url)
		}
		looks++
		return looks >= revokedAt
	}
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
	for name, sql := range map[string]string{"read": endless, "write": "INSERT INTO products(id, name) SELECT 1, (" + endless + ")"} {
		looks = 0
		began := w.micros
		f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: sql, Standing: "blob:mine"}))
		if fault.Kind(f.Kind) != fault.Cancelled || looks != revokedAt {
			t.Errorf("%s: %+v after %d looks, want cancelled after %d", name, f, looks, revokedAt)
		}
		if ran := w.micros - began; ran < int64(revokedAt)*host.RevokedMicros {
			t.Errorf("%s: %d looks within %d µs, want %d µs apart", name, looks, ran, host.RevokedMicros)
		}
	}
	looks = 0
	if f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: endless, DeadlineMillis: 500})); fault.Kind(f.Kind) != fault.DeadlineExceeded || looks != 0 {
		t.Errorf("a call without a URL: %+v after %d looks", f, looks)
	}
	if n := w.count(1, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("a write that was cancelled left %d rows", n)
	}
}

func itoa(n uint32) string {
	s := ""
	for ; n > 0; n /= 10 {
		s = string(rune('0'+n%10)) + s
	}
	return s
}
