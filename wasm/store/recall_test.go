package store_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// queue makes a client with three queued writes, the second built on the first.
func queue(t *testing.T) (c *client, first, second, third uint64) {
	t.Helper()
	c = newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
	first = c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	second = c.write("UPDATE items SET name = name || '!' WHERE id = 1")
	third = c.write("INSERT INTO items(id, name) VALUES (3, 'free')")
	if err := c.db.Flush(); err != nil {
		t.Fatal(err)
	}
	return c, first, second, third
}

func (c *client) recall(mid uint64) store.Applied {
	c.t.Helper()
	a, err := c.db.Recall(mid)
	if err != nil {
		c.t.Fatalf("Recall(%d): %v", mid, err)
	}
	return a
}

// A queued write is taken back with what was built on it; what is independent
// stays, and its place in the queue is sent empty, under its own ID.
func TestRecall(t *testing.T) {
	t.Parallel()
	c, first, second, third := queue(t)
	id := c.decoded()[0].ID
	a := c.recall(first)
	c.want("SELECT id, name FROM items ORDER BY id", "1|base", "3|free")
	if len(a.Outcomes) != 1 || a.Outcomes[0].Mid != first || fault.Kind(a.Outcomes[0].Kind) != fault.Cancelled {
		t.Errorf("told %+v, want that the first was cancelled", a.Outcomes)
	}
	if len(a.RolledBack) != 2 || a.RolledBack[0].Mid != first || a.RolledBack[1].Mid != second {
		t.Errorf("rolled back %+v, want both", a.RolledBack)
	}
	if p, f := c.db.Unsettled(); c.db.Pending() != 2 || p != 0 || f != 1 {
		t.Errorf("%d wait, %d parked, %d failed", c.db.Pending(), p, f)
	}
	if _, err := c.db.Recall(first); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("again: %v, want forbidden", err)
	}
	done, err := c.db.Discard(first)
	if err != nil || done.Ended != first {
		t.Fatalf("Discard = %+v, %v", done, err)
	}
	c.reopen()
	if list, err := c.db.Outbox(); err != nil || len(list) != 2 || list[0].Mid != second || list[0].CausedBy != 0 {
		t.Errorf("Outbox = %+v, %v; want the others, and no cause that is gone", list, err)
	}
	if o, err := c.db.Settled(first); err != nil || o == nil || o.Status != mutation.Rejected || fault.Kind(o.Kind) != fault.Cancelled {
		t.Errorf("Settled = %+v, %v; want cancelled", o, err)
	}
	for _, act := range []func(uint64) (store.Committed, error){c.db.Discard, c.db.Retry} {
		if _, err := act(first); fault.KindOf(err) != fault.NotFound {
			t.Errorf("act on what was given up: %v, want not_found", err)
		}
	}
	txs := c.decoded()
	if len(txs) != 3 || txs[0].Mid != first || len(txs[0].Ops) != 0 || txs[0].Schema != 0 || txs[0].ID != id || txs[0].Digest != mutation.Digest(nil) {
		t.Fatalf("in its place goes %+v, want nothing, of no version, with its ID", txs)
	}
	if mid := c.write("UPDATE items SET qty = 5 WHERE id = 3"); mid != third+1 {
		t.Errorf("the next write has mid %d: a place was given out twice", mid)
	}
	c.frame().ack(first, mutation.Rejected).ack(second, mutation.Blocked).ack(third, mutation.Applied).put(itemsID, 3, "free", nil, nil, nil).apply()
	c.want("SELECT mid FROM _rockpool_tx ORDER BY mid", "2", "4")
	c.want("SELECT mid FROM _rockpool_op ORDER BY mid", "2", "4")
}

// What an earlier socket had taken may have been applied: that stands, is told,
// and is not kept to be written twice.
func TestRecallTooLate(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(*client, uint64){
		"kept":      func(*client, uint64) {},
		"discarded": func(c *client, mid uint64) { must(c.db.Discard(mid))(c) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, first, second, third := queue(t)
			id := c.decoded()[0].ID
			c.recall(first)
			end(c, first)
			c.reopen()
			a, err := c.db.Settle([]mutation.Outcome{
				{Mid: first, Status: mutation.Applied, ID: id}, {Mid: second, Status: mutation.Applied}, {Mid: third, Status: mutation.Applied},
			})
			if err != nil || len(a.Outcomes) != 3 || a.Outcomes[0].Status != mutation.Applied {
				t.Errorf("told %+v, %v; want that all were applied", a.Outcomes, err)
			}
			c.want("SELECT count(*) FROM _rockpool_tx", "0")
			c.want("SELECT count(*) FROM _rockpool_rejected", "0")
		})
	}
}

// Another write that a copy of the database made under the number says nothing
// of ours.
func TestRecallAndTwin(t *testing.T) {
	t.Parallel()
	c, first, _, _ := queue(t)
	id := c.decoded()[0].ID
	c.recall(first)
	a, err := c.db.Settle([]mutation.Outcome{{Mid: first, Status: mutation.Applied, ID: id + 1}})
	if err != nil || len(a.Outcomes) != 0 {
		t.Errorf("told %+v, %v; want nothing", a.Outcomes, err)
	}
	if list, err := c.db.Outbox(); err != nil || len(list) == 0 || list[0].Mid != first {
		t.Errorf("Outbox = %+v, %v; want it kept", list, err)
	}
}

func must(_ any, err error) func(*client) {
	return func(c *client) {
		c.t.Helper()
		if err != nil {
			c.t.Fatal(err)
		}
	}
}

// A write that was taken back can be written again, or another in its place: the
// old one goes in the same transaction, or not at all.
func TestReplace(t *testing.T) {
	t.Parallel()
	c, first, _, _ := queue(t)
	if _, err := c.db.Replace(first, func(*sqlite.Conn, *store.CommitInfo) error { return nil }); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("of a queued one: %v, want forbidden", err)
	}
	c.recall(first)
	broken := fault.New(fault.InvalidArgument, "", "no")
	if _, err := c.db.Replace(first, func(w *sqlite.Conn, _ *store.CommitInfo) error {
		if err := w.Exec("UPDATE items SET name = 'half' WHERE id = 1"); err != nil {
			return err
		}
		return broken
	}); fault.KindOf(err) != fault.InvalidArgument {
		t.Fatalf("Replace = %v, want the writer's own error", err)
	}
	c.want("SELECT name FROM items WHERE id = 1", "base")
	if list, _ := c.db.Outbox(); len(list) != 3 {
		t.Fatalf("Outbox = %+v, want all kept", list)
	}
	done, err := c.db.Replace(first, func(w *sqlite.Conn, _ *store.CommitInfo) error {
		return w.Exec("UPDATE items SET name = 'other' WHERE id = 1")
	})
	if err != nil || done.Mid != 4 || done.Ended != first {
		t.Fatalf("Replace = %+v, %v; want mid 4 in the place of %d", done, err, first)
	}
	c.want("SELECT name FROM items WHERE id = 1", "other")
	if list, _ := c.db.Outbox(); len(list) != 3 || list[2].Mid != 4 {
		t.Errorf("Outbox = %+v, want the replacement last", list)
	}
}

// A new schema, and a new client ID, find a place that was given up.
func TestGivenUpOutlivesItsSchema(t *testing.T) {
	t.Parallel()
	c, first, _, _ := queue(t)
	c.recall(first)
	must(c.db.Discard(first))(c)
	s := testSchema()
	s.Version = 2
	s.Table("items").Columns[1].Name = "title"
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	c.reopenAt(s)
	if txs := c.decoded(); len(txs) != 3 || txs[0].Mid != first || len(txs[0].Ops) != 0 {
		t.Fatalf("the outbox has %+v", txs)
	}
	if _, err := c.db.Rewind("another", 0, nil); err != nil {
		t.Fatal(err)
	}
	for _, tx := range c.decoded() {
		if len(tx.Ops) == 0 {
			t.Errorf("the new client sends %+v, which is nothing", tx)
		}
	}
	c.want("SELECT count(*) FROM _rockpool_tx WHERE state = 7", "0")
}

// A file of storage version 3 opens, and keeps what waits in it.
func TestStorage3(t *testing.T) {
	t.Parallel()
	c, first, _, _ := queue(t)
	c.conn.SetGuard(nil)
	if err := c.conn.Exec("UPDATE _rockpool_meta SET storage = 3"); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	if list, err := c.db.Outbox(); err != nil || len(list) != 3 || list[0].Mid != first || list[0].State != wire.TxDurable {
		t.Errorf("Outbox = %+v, %v", list, err)
	}
	c.want("SELECT storage FROM _rockpool_meta", "4")
}
