package store_test

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// decoded returns the outbox as it would be sent.
func (c *client) decoded() []mutation.Tx {
	c.t.Helper()
	if err := c.db.Flush(); err != nil {
		c.t.Fatal(err)
	}
	list, err := c.db.ReadOutbox(1, 1000)
	if err != nil {
		c.t.Fatalf("ReadOutbox: %v", err)
	}
	out := make([]mutation.Tx, len(list))
	for i, o := range list {
		if err := out[i].Decode(o.Body); err != nil {
			c.t.Fatalf("decode mid %d: %v", o.Mid, err)
		}
		if out[i].Mid != o.Mid {
			c.t.Errorf("body of mid %d says mid %d", o.Mid, out[i].Mid)
		}
	}
	return out
}

// TestWriteQueues shows that one transaction becomes one mutation, in the same
// SQLite transaction as its rows.
func TestWriteQueues(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	mid := c.write("INSERT INTO items(id, name, qty) VALUES (1, 'a', 5), (2, 'b', 6)", "UPDATE items SET name = 'c' WHERE id = 1")
	if mid != 1 {
		t.Fatalf("mid = %d, want 1", mid)
	}
	txs := c.decoded()
	if len(txs) != 1 || len(txs[0].Ops) != 2 {
		t.Fatalf("outbox = %+v, want one transaction of two inserts", txs)
	}
	for _, op := range txs[0].Ops {
		if op.Kind != mutation.Insert || op.Table != itemsID {
			t.Errorf("op = %+v, want an insert into items", op)
		}
	}
	if txs[0].Digest == 0 || txs[0].HLC.Millis() < 1_700_000_000_000 || txs[0].Schema != 1 {
		t.Errorf("header = %+v", txs[0])
	}
	c.reopen()
	if got := c.db.Pending(); got != 1 {
		t.Errorf("after a restart %d are pending, want 1", got)
	}
	if got := c.write("DELETE FROM items WHERE id = 2"); got != 2 {
		t.Errorf("next mid = %d, want 2", got)
	}
}

func TestWriteLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(c *client) error{
		"rollback": func(c *client) error {
			w, err := c.db.BeginWrite()
			if err != nil {
				return err
			}
			if err := w.Conn().Exec("INSERT INTO items(id, name) VALUES (9, 'x')"); err != nil {
				return err
			}
			if err := w.Rollback(); err != nil {
				return err
			}
			return w.Rollback()
		},
		"statement fails": func(c *client) error {
			if _, err := c.try("INSERT INTO items(id, name) VALUES (9, 'x')", "INSERT INTO nothing VALUES (1)"); err == nil {
				return fmt.Errorf("a bad statement was taken")
			}
			return nil
		},
		"early check fails": func(c *client) error {
			_, err := c.try("INSERT INTO items(id, name, qty) VALUES (9, 'x', -1)")
			if fault.KindOf(err) != fault.Constraint {
				return fmt.Errorf("err = %v, want a constraint", err)
			}
			return nil
		},
		"outbox full": func(c *client) error {
			c.opt.OutboxBytesMax = 10
			c.reopen()
			_, err := c.try("INSERT INTO items(id, name) VALUES (9, 'x')")
			if fault.KindOf(err) != fault.LimitExceeded {
				return fmt.Errorf("err = %v, want limit_exceeded", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			if err := fail(c); err != nil {
				t.Fatal(err)
			}
			c.want("SELECT * FROM items")
			c.want("SELECT * FROM _rockpool_tx")
			c.want("SELECT * FROM _rockpool_op")
			c.want("SELECT * FROM _rockpool_base")
			if m := c.db.Meta(); m.LastMid != 0 {
				t.Errorf("last mid = %d, want 0", m.LastMid)
			}
			c.opt.OutboxBytesMax = 0
			c.reopen()
			if mid := c.write("INSERT INTO items(id, name) VALUES (9, 'x')"); mid != 1 {
				t.Errorf("the next write has mid %d, want 1", mid)
			}
		})
	}
}

func TestLocalTablesAreNotQueued(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	if mid := c.write("INSERT INTO drafts VALUES (1, 'x')", "CREATE TABLE mine(a)", "INSERT INTO mine VALUES (1)"); mid != 0 {
		t.Errorf("mid = %d, want 0", mid)
	}
	c.want("SELECT count(*) FROM _rockpool_tx", "0")
	c.want("SELECT body FROM drafts", "x")
	w, err := c.db.BeginWrite()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Conn().Exec("INSERT INTO drafts VALUES (2, 'y')"); err != nil {
		t.Fatal(err)
	}
	if log := w.Conn().CapturedTx(); len(log) != 0 {
		t.Errorf("a table of this device only was recorded: %d bytes", len(log))
	}
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// TestCanonical shows that what SQL text wrote is brought to its stored form in
// the row and in the mutation, or an ack would change it.
func TestCanonical(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.write("INSERT INTO items(id, name, price, at) VALUES (1, 'a', '7.5', '2024-01-02T03:04:05Z')")
	c.want("SELECT price, at FROM items", "7.50|2024-01-02T03:04:05.000000+00:00")
	op := c.decoded()[0].Ops[0]
	for i, col := range op.Cols {
		if col == 3 && op.New[i].Str() != "7.50" {
			t.Errorf("queued price = %q, want 7.50", op.New[i].Str())
		}
	}
}

func TestEarlyChecks(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		sql  string
		want fault.Kind
	}{
		"NULL where none may be":     {"INSERT INTO items(id, name) VALUES (1, NULL)", fault.Constraint},
		"left out where none may be": {"INSERT INTO items(id) VALUES (1)", fault.Constraint},
		"check":                      {"UPDATE items SET qty = -1 WHERE id = 7", fault.Constraint},
		"NULL passes a check":        {"UPDATE items SET qty = NULL WHERE id = 7", fault.Unknown},
		"no parent":                  {"INSERT INTO lines VALUES (99, 1, 'x')", fault.Constraint},
		"parent":                     {"INSERT INTO lines VALUES (7, 2, 'x')", fault.Unknown},
		"parent has children":        {"DELETE FROM items WHERE id = 7", fault.Constraint},
		"unique":                     {"INSERT INTO users VALUES (2, 'a@x', 1)", fault.Constraint},
		"text in an integer":         {"INSERT INTO users VALUES (3, 'b@x', 'old')", fault.TypeMismatch},
		"no date":                    {"UPDATE items SET at = 'soon' WHERE id = 7", fault.TypeMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID, usersID, linesID)
			c.frame().put(itemsID, 7, "seven", 1, nil, nil).put(linesID, 7, 1, "x").put(usersID, 1, "a@x", 3).apply()
			_, err := c.try(k.sql)
			if k.want == fault.Unknown && err != nil || k.want != fault.Unknown && fault.KindOf(err) != k.want {
				t.Errorf("%s: err = %v, want kind %v", k.sql, err, k.want)
			}
		})
	}
}

// TestRules holds that what is refused early names its constraint by SQLite's
// codes, as what SQLite itself refuses does.
func TestRules(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		sql  string
		want fault.Rule
	}{
		"not null":            {"INSERT INTO items(id, name) VALUES (1, NULL)", fault.Rule{Code: sqlite.ConstraintNotNull, Table: "items", Columns: []string{"name"}}},
		"check":               {"UPDATE items SET qty = -1 WHERE id = 7", fault.Rule{Code: sqlite.ConstraintCheck, Table: "items", Name: "qty_not_negative"}},
		"no parent":           {"INSERT INTO lines VALUES (99, 1, 'x')", fault.Rule{Code: sqlite.ConstraintForeignKey, Table: "items", Columns: []string{"item"}, Name: "lines_item_fkey"}},
		"parent has children": {"DELETE FROM items WHERE id = 7", fault.Rule{Code: sqlite.ConstraintTrigger, Table: "lines", Columns: []string{"item"}, Name: "lines_item_fkey"}},
		"unique":              {"INSERT INTO users VALUES (2, 'a@x', 1)", fault.Rule{Code: sqlite.ConstraintUnique, Table: "users", Columns: []string{"email"}}},
		"key":                 {"INSERT INTO items(id, name) VALUES (7, 'x')", fault.Rule{Code: sqlite.ConstraintPrimaryKey, Table: "items", Columns: []string{"id"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID, usersID, linesID)
			c.frame().put(itemsID, 7, "seven", 1, nil, nil).put(linesID, 7, 1, "x").put(usersID, 1, "a@x", 3).apply()
			_, err := c.try(k.sql)
			if got := fault.RuleOf(err); got == nil || !reflect.DeepEqual(*got, k.want) {
				t.Errorf("%s: err = %v breaks %+v, want %+v", k.sql, err, got, k.want)
			}
		})
	}
}

// TestPartialParents shows that a reference into a table that is not all here
// is left to the source.
func TestPartialParents(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	if mid := c.write("INSERT INTO lines VALUES (99, 1, 'x')"); mid != 1 {
		t.Errorf("mid = %d, want 1", mid)
	}
}

func TestDepends(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID, linesID)
	c.frame().put(itemsID, 7, "seven", 10, nil, nil).apply()
	c.write("INSERT INTO items(id, name, qty) VALUES (1, 'a', 1)") // 1
	c.write("INSERT INTO lines VALUES (1, 1, 'x')")                // 2: parent of 1
	c.write("UPDATE items SET qty = qty + 1 WHERE id = 7")         // 3
	c.write("UPDATE items SET qty = qty + 1 WHERE id = 7")         // 4: increments stand alone
	c.write("UPDATE items SET name = 'b' WHERE id = 7")            // 5: both increments
	c.write("UPDATE items SET qty = qty + 1 WHERE id = 7")         // 6: the rename
	c.write("UPDATE items SET qty = qty + 1 WHERE id = 1")         // 7: the insert
	c.write("INSERT INTO items(id, name) VALUES (2, 'z')")         // 8: nothing
	want := [][]uint64{nil, {1}, nil, nil, {3, 4}, {5}, {1}, nil}
	for i, tx := range c.decoded() {
		if fmt.Sprint(tx.Depends) != fmt.Sprint(want[i]) {
			t.Errorf("mid %d depends on %v, want %v", tx.Mid, tx.Depends, want[i])
		}
	}
}

func TestIncrementTravelsAsAmount(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(usersID)
	c.frame().put(usersID, 1, "a@x", 30).apply()
	// age is not a delta column: the caller says that it was only incremented.
	if _, err := c.tryInfo(store.CommitInfo{Deltas: []store.DeltaColumn{{Table: usersID, Key: row(1), Column: 2}}},
		"UPDATE users SET age = age + 2 WHERE id = 1"); err != nil {
		t.Fatal(err)
	}
	op := c.decoded()[0].Ops[0]
	if len(op.Deltas) != 1 || op.New[op.Deltas[0]].Int() != 2 {
		t.Fatalf("op = %+v, want an amount of 2", op)
	}
	c.frame().put(usersID, 1, "a@x", 40).apply()
	c.want("SELECT age FROM users", "42")
}

func TestIdempotencyKeys(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	if _, known, err := c.db.Known("k"); known || err != nil {
		t.Fatalf("Known = %v, %v before use", known, err)
	}
	if _, err := c.tryInfo(store.CommitInfo{IdempotencyKey: "k", Result: []byte("r")}, "INSERT INTO items(id, name) VALUES (1, 'a')"); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	once, known, err := c.db.Known("k")
	if err != nil || !known || once.Mid != 1 || string(once.Result) != "r" {
		t.Errorf("Known = %+v, %v, %v", once, known, err)
	}
	if _, err := c.tryInfo(store.CommitInfo{IdempotencyKey: "k"}, "INSERT INTO items(id, name) VALUES (2, 'b')"); fault.KindOf(err) != fault.Duplicate {
		t.Errorf("second use: err = %v, want duplicate", err)
	}
	c.want("SELECT id FROM items", "1")
	c.now += 25 * 60 * 60 * 1000
	if _, err := c.tryInfo(store.CommitInfo{IdempotencyKey: "later"}, "INSERT INTO items(id, name) VALUES (3, 'c')"); err != nil {
		t.Fatal(err)
	}
	if _, known, _ := c.db.Known("k"); known {
		t.Error("the key is remembered for more than a day")
	}
}

// A write to rows that a large transaction has made, and that is not sent yet,
// reads that one once, and not for each row again.
func TestLargeOnesAreReadOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	large := c.write("WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) INSERT INTO items(id, name, qty) SELECT i, printf('%.*c', 80, 'x'), i FROM n")
	c.write("UPDATE items SET name = 'first' WHERE id = 1")
	c.write("UPDATE items SET name = 'first' WHERE id = 4")
	read := 0
	store.SetHook(c.db, func(sql string) error {
		if strings.Contains(sql, "SELECT data FROM _rockpool_op") {
			read++
		}
		return nil
	})
	c.write("UPDATE items SET name = 'second' WHERE id = 2")
	c.write("UPDATE items SET qty = 0 WHERE id = 3")
	if read != 0 {
		t.Errorf("2 writes have read large transactions %d times", read)
	}
	store.SetHook(c.db, nil)
	for _, tx := range c.decoded()[1:] {
		if !reflect.DeepEqual(tx.Depends, []uint64{large}) {
			t.Errorf("mutation %d depends on %v, want %d", tx.Mid, tx.Depends, large)
		}
	}
}

// TestOnlyDurableIsSent: a crash must not take back what was sent.
func TestOnlyDurableIsSent(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.write("INSERT INTO items(id, name) VALUES (1, 'a')")
	if list, err := c.db.ReadOutbox(1, 10); err != nil || len(list) != 0 {
		t.Errorf("before the flush ReadOutbox = %v, %v; want nothing", list, err)
	}
	if err := c.db.Flush(); err != nil {
		t.Fatal(err)
	}
	c.write("INSERT INTO items(id, name) VALUES (2, 'b')")
	if list, err := c.db.ReadOutbox(1, 10); err != nil || len(list) != 1 || list[0].Mid != 1 {
		t.Errorf("ReadOutbox = %v, %v; want mid 1 alone", list, err)
	}
}

func TestOneWriter(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	w, err := c.db.BeginWrite()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.db.BeginWrite(); fault.KindOf(err) != fault.Busy {
		t.Errorf("second BeginWrite: %v, want busy", err)
	}
	if _, err := c.db.ApplyTx(&wire.Tx{From: c.db.Meta().Cursor}); fault.KindOf(err) != fault.Busy {
		t.Errorf("ApplyTx meanwhile: %v, want busy", err)
	}
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Commit(store.CommitInfo{}); fault.KindOf(err) != fault.Closed {
		t.Errorf("Commit after Rollback: %v, want closed", err)
	}
}

// TestSavepoints shows that undone statements leave no operation.
func TestSavepoints(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.write("INSERT INTO items(id, name) VALUES (1, 'a')", "SAVEPOINT s", "INSERT INTO items(id, name) VALUES (2, 'b')",
		"UPDATE items SET name = 'z'", "ROLLBACK TO s", "RELEASE s", "INSERT INTO items(id, name) VALUES (3, 'c')")
	txs := c.decoded()
	if len(txs) != 1 || len(txs[0].Ops) != 2 {
		t.Fatalf("outbox = %+v, want two inserts", txs)
	}
	c.want("SELECT id, name FROM items ORDER BY id", "1|a", "3|c")
}

func TestOutboxShowsImages(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(usersID)
	c.frame().put(usersID, 1, "a@x", 30).apply()
	c.write("UPDATE users SET age = 31 WHERE id = 1")
	list, err := c.db.Outbox()
	if err != nil || len(list) != 1 || len(list[0].Ops) != 1 {
		t.Fatalf("Outbox = %+v, %v", list, err)
	}
	op := list[0].Ops[0]
	if list[0].State != wire.TxApplied || op.Table != "users" || op.Old == nil || op.New == nil ||
		show(op.Key.Values) != "1" || show(op.Old.Values) != "30" || show(op.New.Values) != "31" {
		t.Errorf("entry = %+v, op = %+v", list[0], op)
	}
}

// TestTooLarge: a transaction that could not be sent is refused at its commit,
// with the limit named, and what comes after it flows on. The largest that
// can be sent is taken. The engine may have no room for a value beyond the limit
// beside its record, and says so in its place. Not parallel: in the browser's
// build all databases share that room.
func TestTooLarge(t *testing.T) {
	for name, k := range map[string]struct {
		sql   []string
		bytes int // beyond what is allowed: positive is refused
	}{
		"one long value": {[]string{"INSERT INTO items(id, name) VALUES (1, printf('%%.*c', %d, 'x'))"}, 1},
		"many rows":      {[]string{"WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %d / 5000) INSERT INTO items(id, name) SELECT i, printf('%%05000d', i) FROM n"}, 1},
		"one that fits":  {[]string{"INSERT INTO items(id, name) VALUES (1, printf('%%.*c', %d, 'x'))"}, -1000},
	} {
		t.Run(name, func(t *testing.T) {
			c := newClient(t)
			first := c.write("INSERT INTO items(id, name) VALUES (-1, 'before')")
			_, err := c.try(fmt.Sprintf(k.sql[0], wire.MutationBytesMax+k.bytes))
			kind := fault.KindOf(err)
			if refused := kind == fault.TooLarge || kind == fault.OutOfMemory && name == "one long value"; refused != (k.bytes > 0) || !refused && err != nil {
				t.Fatalf("commit: %v, refused should be %v", err, k.bytes > 0)
			}
			if k.bytes < 0 {
				return
			}
			if kind == fault.TooLarge && !strings.Contains(err.Error(), strconv.Itoa(wire.MutationBytesMax)) || fault.HintOf(err) == "" {
				t.Errorf("commit: %v, want the limit and what to do", err)
			}
			c.want("SELECT id FROM items", "-1")
			last := c.write("INSERT INTO items(id, name) VALUES (-2, 'after')")
			if err := c.db.Flush(); err != nil {
				t.Fatal(err)
			}
			out, err := c.db.ReadOutbox(first, 10)
			if err != nil || len(out) != 2 || out[1].Mid != last || last != first+1 {
				t.Errorf("outbox %d transactions, %v; want mids %d and %d", len(out), err, first, first+1)
			}
		})
	}
}
