package live_test

import (
	"strconv"
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/live"
)

// call is an aggregate of a column, or of all rows.
func call(name string, of query.Expr) query.Expr {
	return query.Expr{Kind: query.ExprCall, Name: name, Args: []query.Expr{of}}
}

// A window, a count and a sum are told what a commit has changed without a run;
// what they cannot tell makes them run again.
func TestKept(t *testing.T) {
	t.Parallel()
	x := captured(t)
	x.exec("INSERT INTO items WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) SELECT i, i % 10, i FROM n")
	few := num(3)
	window := from("items", col("", "id"), col("", "qty"))
	window.Where, window.Limit = cmp(col("", "order_id"), "=", num(1)), &few
	window.OrderBy = []query.Order{{Expr: col("", "qty")}}
	sums := where(from("items", call("count", query.Expr{Kind: query.ExprStar}), call("sum", col("", "qty"))), cmp(col("", "order_id"), "=", num(1)))
	w, s := x.watch(1, window), x.watch(2, sums)
	x.run()
	for _, c := range []struct{ what, sql, want, rows, sums string }{
		{"in both", "UPDATE items SET qty = 2 WHERE id = 11", "chunk 1, state 3 [1 1 0 1 3 1] 0, head, chunk 1, state 1 [] 0", "[1 1] [11 2] [21 21]", "[10 451]"},
		{"in neither", "UPDATE items SET qty = 0 WHERE id = 12", "", "[1 1] [11 2] [21 21]", "[10 451]"},
		{"behind the window", "UPDATE items SET qty = 1000 WHERE id = 91", "head, chunk 1, state 1 [] 0", "[1 1] [11 2] [21 21]", "[10 1360]"},
		{"moved to the front", "UPDATE items SET qty = -1 WHERE id = 31", "chunk 1, state 3 [0 1 1 2] 0, head, chunk 1, state 1 [] 0", "[31 -1] [1 1] [11 2]", "[10 1328]"},
		{"out of the condition", "UPDATE items SET order_id = 2 WHERE id IN (1, 31)", "chunk 2, state 3 [3 1 0 2] 0, head, chunk 1, state 1 [] 0", "[11 2] [21 21] [41 41]", "[8 1328]"},
		{"NULL is no number", "UPDATE items SET qty = NULL WHERE id = 91", "head, chunk 1, state 1 [] 0", "[11 2] [21 21] [41 41]", "[8 328]"},
	} {
		x.commit(c.sql)
		if len(x.set.Due()) != 0 {
			t.Errorf("%s: a query is due", c.what)
		}
		got := x.page.take()
		rows, sums := x.page.shown(w.ID), x.page.shown(s.ID)
		if got != c.want || rows != c.rows || sums != c.sums {
			t.Errorf("%s: told %q, rows %s, sums %s; want %q, %s, %s", c.what, got, rows, sums, c.want, c.rows, c.sums)
		}
	}
	x.commit("DELETE FROM items WHERE order_id = 1 AND id < 60")
	if due := x.set.Due(); len(due) != 1 || due[0] != w {
		t.Errorf("too few rows are left in the window, and due is %v", due)
	}
	x.run()
	if got := x.page.shown(w.ID); got != "[61 61] [71 71] [81 81]" {
		t.Errorf("after the run: %s", got)
	}
	x.commit("UPDATE items SET qty = " + strconv.FormatInt(1<<60, 10) + " WHERE id = 61")
	if due := x.set.Due(); len(due) != 1 || due[0] != s {
		t.Errorf("a sum is too large to be kept, and due is %v", due)
	}
	x.run()
	x.run()
	if got := x.page.shown(s.ID); got != "[4 1152921504606847128]" {
		t.Errorf("after the run: %s", got)
	}
	if got := x.set.Stats(); got.Kept != 1 || got.Limit != live.KeptMax || got.Applied == 0 || got.Passed == 0 || got.Runs < 4 {
		t.Errorf("stats = %+v, want the window kept and the sum not any more", got)
	}
}

// first is the first n rows of a table in the order of its key.
func first(table string, n int64, columns ...query.Expr) *query.Select {
	q, limit := from(table, columns...), num(n)
	q.OrderBy, q.Limit = []query.Order{{Expr: col("", "id")}}, &limit
	return q
}

// Rows that are too long to be kept, whatever is shown of them, make a window
// one that runs again.
func TestLongRowsAreNotKept(t *testing.T) {
	t.Parallel()
	x := captured(t)
	x.exec("INSERT INTO orders WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9) SELECT i, 'open', '1.00', printf('%.*c', 100000, 'x') FROM n")
	q := x.watch(1, first("orders", 5, col("", "id")))
	x.run()
	x.run()
	if got := x.set.Stats().Kept; got != 0 {
		t.Errorf("%d queries are kept, want none: 9 rows have %d bytes, and KeptBytesMax is %d", got, 900000, live.KeptBytesMax)
	}
	if got := x.page.shown(q.ID); got != "[1] [2] [3] [4] [5]" {
		t.Errorf("shown %s", got)
	}
}

// A commit that a run has seen counts once, also when it is told together with
// one that the run has not seen.
func TestCommitIsCountedOnce(t *testing.T) {
	t.Parallel()
	x := captured(t)
	q := x.watch(1, from("items", call("count", query.Expr{Kind: query.ExprStar})))
	var log sqlite.CaptureLog
	commit := func(sql string) {
		x.exec("BEGIN; " + sql)
		log = append(log, x.c.CapturedTx()...)
		x.exec("COMMIT")
		x.commits++
	}
	commit("INSERT INTO items VALUES (1, 1, 1)")
	x.run()
	commit("INSERT INTO items VALUES (2, 1, 1)")
	x.set.Touch(live.Changes{Log: log, Commits: x.commits}, &x.page, x.clock)
	x.run()
	if got := x.page.shown(q.ID); got != "[2]" {
		t.Errorf("2 rows are counted as %s", got)
	}
}
