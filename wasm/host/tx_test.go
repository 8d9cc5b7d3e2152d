package host_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

const insert = "INSERT INTO products(id, name) VALUES (?, 'x')"

func (w *world) begin(port uint32, m wire.BeginTx) uint32 {
	w.t.Helper()
	var tx wire.TxStarted
	w.done(w.send(port, wire.PageBegin, &m), &tx)
	return tx.Tx
}

func (w *world) inTx(port, tx uint32, sql string, args ...value.Value) {
	w.t.Helper()
	var d wire.QueryDone
	w.done(w.send(port, wire.PageTxQuery, &wire.TxQuery{Tx: tx, SQL: sql, Args: args}), &d)
}

// An interactive transaction is its tab's own; others read what was before,
// and their writes wait until it ends.
func TestInteractive(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.join(2)
	tx := w.begin(1, wire.BeginTx{})
	w.inTx(1, tx, insert, value.Int(1))
	if n := w.count(2, "SELECT count(*) FROM products"); n != 0 {
		t.Errorf("another tab sees %d uncommitted rows", n)
	}
	other := w.send(2, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(2)}})
	w.run()
	if w.last(other) != nil {
		t.Fatal("a write did not wait for the transaction")
	}
	if f := w.failed(w.send(2, wire.PageTxQuery, &wire.TxQuery{Tx: tx, SQL: "SELECT 1"})); fault.Kind(f.Kind) != fault.NotFound {
		t.Errorf("use of another tab's transaction = %+v", f)
	}
	var end wire.WriteDone
	id := w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: tx, Commit: true})
	if w.last(id) != nil {
		t.Error("the commit was answered before its flush")
	}
	w.done(id, &end)
	var d wire.QueryDone
	w.done(other, &d)
	if end.Mid != 1 || d.Mid != 2 {
		t.Errorf("mids = %d, %d, want 1, 2", end.Mid, d.Mid)
	}
	if n := w.count(2, "SELECT count(*) FROM products"); n != 2 {
		t.Errorf("count = %d, want 2", n)
	}
}

// A transaction ends by its timeout, or with its tab; nothing of it stays, and
// those who waited go on.
func TestInteractiveEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(w *world){
		"by its timeout": func(w *world) { w.pass(400) },
		"with its tab":   func(w *world) { w.h.PortClose(1) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.join(1)
			w.join(2)
			tx := w.begin(1, wire.BeginTx{TimeoutMillis: 300})
			w.inTx(1, tx, insert, value.Int(1))
			id := w.send(2, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(2)}})
			end(w)
			var d wire.QueryDone
			w.done(id, &d)
			if n := w.count(2, "SELECT id FROM products"); n != 2 {
				t.Errorf("row %d is there, want 2 alone", n)
			}
			if name == "by its timeout" {
				if f := w.failed(w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: tx, Commit: true})); fault.Kind(f.Kind) != fault.NotFound {
					t.Errorf("commit after the timeout = %+v", f)
				}
			}
		})
	}
}

// A failed statement leaves the transaction as it was; a read-only one holds
// its snapshot and refuses writes.
func TestInteractiveStatements(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	tx := w.begin(1, wire.BeginTx{})
	w.inTx(1, tx, insert, value.Int(1))
	if f := w.failed(w.send(1, wire.PageTxQuery, &wire.TxQuery{Tx: tx, SQL: insert, Args: value.Row{value.Int(1)}})); fault.Kind(f.Kind) != fault.Constraint {
		t.Errorf("duplicate key = %+v", f)
	}
	snap := w.begin(1, wire.BeginTx{ReadOnly: true})
	w.inTx(1, snap, "SELECT count(*) FROM products")
	var end wire.WriteDone
	w.done(w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: tx, Commit: true}), &end)
	id := w.send(1, wire.PageTxQuery, &wire.TxQuery{Tx: snap, SQL: "SELECT id FROM products"})
	var d wire.QueryDone
	w.done(id, &d)
	if d.Rows != 0 {
		t.Errorf("the snapshot moved: %d rows", d.Rows)
	}
	if f := w.failed(w.send(1, wire.PageTxQuery, &wire.TxQuery{Tx: snap, SQL: insert, Args: value.Row{value.Int(3)}})); fault.Kind(f.Kind) != fault.ReadOnly {
		t.Errorf("write in a read-only transaction = %+v", f)
	}
	w.done(w.send(1, wire.PageTxEnd, &wire.TxEnd{Tx: snap}), &end)
	if n := w.count(1, "SELECT count(*) FROM products"); n != 1 {
		t.Errorf("count = %d, want 1", n)
	}
}

// BEGIN, SAVEPOINT, ROLLBACK TO and COMMIT as text, as clients send them.
func TestTransactionAsText(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.join(1)
	w.exec(1, "BEGIN")
	w.exec(1, insert, value.Int(1))
	w.exec(1, "SAVEPOINT a")
	w.exec(1, insert, value.Int(2))
	w.exec(1, "ROLLBACK TO a")
	w.exec(1, insert, value.Int(3))
	w.exec(1, "COMMIT")
	if n := w.count(1, "SELECT sum(id) FROM products"); n != 4 {
		t.Errorf("sum of ids = %d, want 1 + 3", n)
	}
	w.exec(1, "BEGIN")
	w.exec(1, insert, value.Int(9))
	w.exec(1, "ROLLBACK")
	if n := w.count(1, "SELECT count(*) FROM products"); n != 2 {
		t.Errorf("count after rollback = %d, want 2", n)
	}
	if f := w.failed(w.send(1, wire.PageQuery, &wire.Query{SQL: "COMMIT"})); fault.Kind(f.Kind) != fault.InvalidArgument {
		t.Errorf("commit without begin = %+v", f)
	}
}
