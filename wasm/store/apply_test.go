package store_test

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

func TestApplyCleanRows(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID, linesID)
	a := c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 2, nil, nil).put(linesID, 1, 1, "x").apply()
	if a.Updated != 3 || fmt.Sprint(a.Tables) != "[items lines]" {
		t.Errorf("applied = %+v, want 3 rows of items and lines", a)
	}
	a = c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "B", 2, nil, nil).apply()
	if a.Updated != 1 {
		t.Errorf("an equal row counts: updated = %d, want 1", a.Updated)
	}
	a = c.frame().out(itemsID, 1).out(itemsID, 99).out(linesID, 1, 1).apply()
	if a.Updated != 2 {
		t.Errorf("updated = %d, want 2", a.Updated)
	}
	c.want("SELECT id, name FROM items", "2|B")
	c.want("SELECT * FROM lines")
	c.want("SELECT count(*) FROM _rockpool_tx", "0")
	if cur := c.db.Meta().Cursor; cur.Seq != 3 {
		t.Errorf("cursor = %v, want seq 3", cur)
	}
}

func TestApplyRefuses(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		change func(*wire.Tx)
		want   fault.Kind
	}{
		"a hole":          {func(x *wire.Tx) { x.From.Seq++ }, fault.Protocol},
		"another epoch":   {func(x *wire.Tx) { x.From.Epoch++ }, fault.Protocol},
		"another schema":  {func(x *wire.Tx) { x.Schema++ }, fault.SchemaMismatch},
		"unknown table":   {func(x *wire.Tx) { x.Blocks[0].Table = 99 }, fault.SchemaMismatch},
		"short row":       {func(x *wire.Tx) { x.Blocks[0].Data = x.Blocks[0].Data[:5] }, fault.Protocol},
		"unknown op":      {func(x *wire.Tx) { x.Blocks[0].Data[0] = 77 }, fault.Protocol},
		"unknown status":  {func(x *wire.Tx) { x.Acks[0].Status = 99 }, fault.Protocol},
		"half of a block": {func(x *wire.Tx) { x.Blocks[0].Data = append(x.Blocks[0].Data, wire.BlockPut, 3, 255) }, fault.Protocol},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			mid := c.write("INSERT INTO items(id, name) VALUES (5, 'e')")
			f := c.frame().put(itemsID, 1, "a", 1, nil, nil).ack(mid, mutation.Applied)
			k.change(&f.t)
			if _, err := c.db.ApplyTx(&f.t); fault.KindOf(err) != k.want {
				t.Fatalf("err = %v, want kind %v", err, k.want)
			}
			c.want("SELECT id FROM items", "5")
			if m := c.db.Meta(); !m.Cursor.IsZero() || m.AckedMid != 0 || c.db.Pending() != 1 {
				t.Errorf("meta = %+v, pending %d: a refused frame left something", m, c.db.Pending())
			}
			c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 5, "e", nil, nil, nil).ack(mid, mutation.Applied).apply()
			c.want("SELECT id FROM items ORDER BY id", "1", "5")
		})
	}
}

// TestFold shows SYNC.md §3's rules 2 and 3: visible = fold(base, pending).
func TestFold(t *testing.T) {
	t.Parallel()
	type step func(c *client)
	write := func(sql string) step { return func(c *client) { c.write(sql) } }
	put := func(vals ...any) step { return func(c *client) { c.frame().put(itemsID, vals...).apply() } }
	out := func(key ...any) step { return func(c *client) { c.frame().out(itemsID, key...).apply() } }
	ack := func(mid uint64, s mutation.Status) step { return func(c *client) { c.frame().ack(mid, s).apply() } }
	ackPut := func(mid uint64, vals ...any) step {
		return func(c *client) { c.frame().ack(mid, mutation.Applied).put(itemsID, vals...).apply() }
	}
	restart := func(c *client) {
		c.reopen()
		s := c.db.Shapes()[0]
		if err := c.db.Ready(&wire.Ready{ID: s.ID, Pos: c.db.Meta().Cursor, Bucket: c.buckets[itemsID], Table: itemsID}); err != nil {
			c.t.Fatal(err)
		}
	}
	for name, k := range map[string]struct {
		steps []step
		want  []string
	}{
		"mine over theirs": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET name = 'mine' WHERE id = 1"),
			put(1, "theirs", 9, nil, nil),
		}, []string{"1|mine|9"}},
		"theirs once mine is rejected": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET name = 'mine' WHERE id = 1"),
			put(1, "theirs", 9, nil, nil), ack(1, mutation.Rejected),
		}, []string{"1|theirs|9"}},
		"rejected at once": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET name = 'mine' WHERE id = 1"),
			ack(1, mutation.Rejected),
		}, []string{"1|a|1"}},
		"rejected insert": {[]step{write("INSERT INTO items(id, name) VALUES (1, 'a')"), ack(1, mutation.Rejected)}, nil},
		"rejected delete": {[]step{
			put(1, "a", 1, nil, nil), write("DELETE FROM items WHERE id = 1"),
			ack(1, mutation.Rejected),
		}, []string{"1|a|1"}},
		"no resurrection by update": {[]step{put(1, "a", 1, nil, nil), write("UPDATE items SET name = 'mine' WHERE id = 1"), out(1)}, nil},
		"no resurrection by delta":  {[]step{put(1, "a", 1, nil, nil), write("UPDATE items SET qty = qty + 1 WHERE id = 1"), out(1)}, nil},
		"deltas add up": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET qty = qty + 2 WHERE id = 1"),
			write("UPDATE items SET qty = qty + 3 WHERE id = 1"), put(1, "a", 10, nil, nil),
		}, []string{"1|a|15"}},
		"an ack takes its own delta alone": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET qty = qty + 2 WHERE id = 1"),
			write("UPDATE items SET qty = qty + 3 WHERE id = 1"), ackPut(1, 1, "a", 3, nil, nil),
		}, []string{"1|a|6"}},
		"delete stays deleted": {[]step{put(1, "a", 1, nil, nil), write("DELETE FROM items WHERE id = 1"), put(1, "b", 2, nil, nil)}, nil},
		"insert over delete": {[]step{
			put(1, "a", 1, nil, nil), write("DELETE FROM items WHERE id = 1"),
			write("INSERT INTO items(id, name, qty) VALUES (1, 'new', 7)"), put(1, "b", 2, nil, nil),
		}, []string{"1|new|7"}},
		"insert acked, update pending": {[]step{
			write("INSERT INTO items(id, name, qty) VALUES (1, 'a', 1)"),
			write("UPDATE items SET name = 'b' WHERE id = 1"), ackPut(1, 1, "a", 1, nil, nil),
		}, []string{"1|b|1"}},
		"all that over a restart": {[]step{
			put(1, "a", 1, nil, nil), write("UPDATE items SET name = 'mine' WHERE id = 1"), restart,
			write("UPDATE items SET qty = qty + 1 WHERE id = 1"), restart, put(1, "theirs", 9, nil, nil), restart,
			ackPut(1, 1, "mine", 9, nil, nil),
		}, []string{"1|mine|10"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			for _, s := range k.steps {
				s(c)
			}
			c.want("SELECT id, name, qty FROM items ORDER BY id", k.want...)
			if c.db.Pending() == 0 {
				c.want("SELECT * FROM _rockpool_base")
			}
		})
	}
}

// TestMaxShows: a pending value of a column under max does not hide a larger one
// that has come, and what was lowered by one who had seen it shows.
func TestMaxShows(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	s := testSchema()
	s.Table("users").Columns[2].Strategy = schema.StrategyMax
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	c.follow(usersID)
	put := func(id, age int) { c.frame().put(usersID, id, nil, age).apply() }
	put(1, 10)
	put(2, 10)
	c.write("UPDATE users SET age = 12 WHERE id = 1")
	put(1, 11)
	c.want("SELECT age FROM users WHERE id = 1", "12")
	put(1, 20)
	c.want("SELECT age FROM users WHERE id = 1", "20")
	c.write("UPDATE users SET age = 15 WHERE id = 1")
	c.want("SELECT age FROM users WHERE id = 1", "15")
	c.write("UPDATE users SET age = 5 WHERE id = 2")
	put(1, 21)
	c.want("SELECT age FROM users ORDER BY id", "21", "5")
}

// TestMaxStandsOverAResync: a write that met a larger value and was settled
// without its log record, as a resync tells it, leaves the larger one in view.
func TestMaxStandsOverAResync(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	s := testSchema()
	s.Table("users").Columns[2].Strategy = schema.StrategyMax
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	c.follow(usersID)
	c.frame().put(usersID, 1, nil, 10).apply()
	mid := c.write("UPDATE users SET age = 12 WHERE id = 1")
	c.frame().put(usersID, 1, nil, 20).apply()
	next := c.db.Meta().Cursor
	next.Epoch++
	if _, err := c.db.Resync(next, []mutation.Outcome{{Mid: mid, Status: mutation.Merged}}); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT age FROM users", "20")
}

// TestNoFlicker shows that the confirmed value takes the place of the
// optimistic one in one transaction that changes nothing to see.
func TestNoFlicker(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET name = 'b' WHERE id = 1", "INSERT INTO items(id, name, qty) VALUES (2, 'n', 3)")
	a := c.frame().put(itemsID, 1, "b", 1, nil, nil).put(itemsID, 2, "n", 3, nil, nil).ack(mid, mutation.Applied).apply()
	if a.Updated != 0 || len(a.Tables) != 0 || len(a.Outcomes) != 1 {
		t.Errorf("applied = %+v, want one outcome and no change", a)
	}
	if c.db.Pending() != 0 {
		t.Errorf("pending = %d, want 0", c.db.Pending())
	}
	c.want("SELECT * FROM _rockpool_base")
	if mid := c.write("DELETE FROM items WHERE id = 2"); mid != 2 {
		t.Errorf("after an empty outbox mid = %d, want 2", mid)
	}
}

// TestFailedKeepsData shows what a rejection takes out of view and what stays
// readable; dependants leave with it and are still sent.
func TestFailedKeepsData(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID, linesID)
	c.write("INSERT INTO items(id, name) VALUES (1, 'a')")
	c.write("INSERT INTO lines VALUES (1, 1, 'x')")
	c.write("INSERT INTO items(id, name) VALUES (2, 'b')")
	a := c.frame().outcome(mutation.Outcome{Mid: 1, Status: mutation.Rejected, Kind: uint16(fault.Constraint), Code: "23505", Detail: "taken"}).apply()
	c.want("SELECT id FROM items", "2")
	c.want("SELECT * FROM lines")
	if len(a.RolledBack) != 2 || a.RolledBack[0].Mid != 1 || a.RolledBack[1].Mid != 2 {
		t.Errorf("rolled back %+v, want mids 1 and 2", a.RolledBack)
	}
	if txs := c.decoded(); len(txs) != 2 || txs[0].Mid != 2 {
		t.Errorf("to send: %+v, want mids 2 and 3", txs)
	}
	a = c.frame().ack(2, mutation.Blocked).apply()
	if len(a.RolledBack) != 0 || len(a.Outcomes) != 1 {
		t.Errorf("blocked: %+v, want the outcome alone", a)
	}
	c.reopen()
	list, err := c.db.Outbox()
	if err != nil || len(list) != 3 {
		t.Fatalf("Outbox = %+v, %v; want 3 entries", list, err)
	}
	if list[0].State != wire.TxRejected || list[0].Kind != uint16(fault.Constraint) || list[0].Detail != "taken" || show(list[0].Ops[0].Key.Values) != "1" {
		t.Errorf("rejected entry = %+v", list[0])
	}
	if list[1].State != wire.TxBlocked || list[1].CausedBy != 1 || list[0].CausedBy != 0 || list[2].CausedBy != 0 {
		t.Errorf("blocked entry = %+v, want it caused by 1 and the others by none", list[1])
	}
	if h := list[0].History; len(h) != 2 || h[0].State != wire.TxApplied || h[1].State != wire.TxRejected || h[1].Millis <= h[0].Millis {
		t.Errorf("history of the rejected = %+v", h)
	}
	if _, err := c.db.Discard(3); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("discard a pending one: %v, want forbidden", err)
	}
	done, err := c.db.Retry(1)
	if err != nil || done.Mid != 4 || done.Ended != 1 {
		t.Fatalf("Retry = %+v, %v; want mid 4 instead of 1", done, err)
	}
	c.want("SELECT id FROM items ORDER BY id", "1", "2")
	if done, err := c.db.Discard(2); err != nil || done.Ended != 2 {
		t.Fatalf("Discard = %+v, %v; want that 2 has ended", done, err)
	}
	if _, err := c.db.Discard(2); fault.KindOf(err) != fault.NotFound {
		t.Errorf("discard twice: %v, want not_found", err)
	}
	c.want("SELECT mid FROM _rockpool_tx", "3", "4")
	c.want("SELECT * FROM _rockpool_rejected")
}

// TestServerWinsUniqueIndex is SYNC.md §3's rule 4.
func TestServerWinsUniqueIndex(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(usersID)
	c.frame().put(usersID, 1, "a@x", 1).put(usersID, 2, "b@x", 2).apply()
	// A swap, which no order of single writes could do.
	c.frame().put(usersID, 1, "b@x", 1).put(usersID, 2, "a@x", 2).apply()
	c.want("SELECT id, email FROM users ORDER BY id", "1|b@x", "2|a@x")
	// An optimistic row gives way and is flagged.
	mid := c.write("INSERT INTO users VALUES (3, 'c@x', 3)")
	a := c.frame().put(usersID, 4, "c@x", 4).apply()
	c.want("SELECT id, email FROM users ORDER BY id", "1|b@x", "2|a@x", "4|c@x")
	if fmt.Sprint(a.Likely) != fmt.Sprint([]uint64{mid}) {
		t.Errorf("likely = %v, want mid %d", a.Likely, mid)
	}
	c.reopen()
	if err := c.db.Ready(&wire.Ready{ID: c.shapes[usersID], Bucket: c.buckets[usersID], Table: usersID}); err != nil {
		t.Fatal(err)
	}
	// It comes back when its place is free.
	c.frame().put(usersID, 4, "d@x", 4).apply()
	c.want("SELECT id, email FROM users ORDER BY id", "1|b@x", "2|a@x", "3|c@x", "4|d@x")
	c.frame().put(usersID, 3, "c@x", 3).ack(mid, mutation.Applied).apply()
	c.want("SELECT id FROM users ORDER BY id", "1", "2", "3", "4")
	c.want("SELECT * FROM _rockpool_base")
}

func TestLikely(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).apply()
	c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	if a := c.frame().put(itemsID, 1, "theirs", 1, nil, nil).apply(); fmt.Sprint(a.Likely) != "[1]" {
		t.Errorf("likely = %v, want mid 1", a.Likely)
	}
}

// TestTruncate shows BlockClear: rows that the frame brings after it stay.
func TestTruncate(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 1, nil, nil).apply()
	c.write("UPDATE items SET name = 'x' WHERE id = 2", "INSERT INTO items(id, name) VALUES (3, 'mine')")
	c.frame().put(itemsID, 5, "gone", 1, nil, nil).block(itemsID, []byte{wire.BlockClear}).put(itemsID, 4, "d", 1, nil, nil).apply()
	c.want("SELECT id, name FROM items ORDER BY id", "3|mine", "4|d")
}

func TestSettleOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET qty = qty + 1 WHERE id = 1")
	o := mutation.Outcome{Mid: mid, Status: mutation.Parked}
	for i := range 2 {
		a, err := c.db.Settle([]mutation.Outcome{o})
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 - i; len(a.Outcomes) != want || len(a.NewConflicts) != want {
			t.Errorf("call %d settled %d with %d conflicts, want %d", i+1, len(a.Outcomes), len(a.NewConflicts), want)
		}
	}
	if m := c.db.Meta(); m.AckedMid != mid {
		t.Errorf("acked = %d, want %d", m.AckedMid, mid)
	}
}

func TestResyncKeepsRowsAndOutbox(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET qty = qty + 5 WHERE id = 1")
	pos := version.Pos{Epoch: 2, Seq: 40}
	// The relay has applied it meanwhile: no flicker before the new rows come. A
	// database with the position has the outcome, as nothing brings it again.
	if a, err := c.db.Resync(pos, []mutation.Outcome{{Mid: mid, Status: mutation.Applied}}); err != nil || len(a.Outcomes) != 1 {
		t.Fatalf("Resync = %+v, %v, want one outcome", a, err)
	}
	if m := c.db.Meta(); m.AckedMid != mid || m.Cursor != pos || c.db.Pending() != 0 {
		t.Fatalf("%+v with %d pending, want %d settled at %v", m, c.db.Pending(), mid, pos)
	}
	c.want("SELECT id, qty FROM items ORDER BY id", "1|6", "2|1")
	c.write("UPDATE items SET qty = qty + 1 WHERE id = 1")
	c.reopen()
	if s := c.db.Shapes(); len(s) != 1 || s[0].State == 2 {
		t.Fatalf("shapes = %+v, want one that is not ready", s)
	}
	c.snapshot(itemsID, row(1, "a", 6, nil, nil), row(3, "c", 1, nil, nil))
	a, err := c.db.Adopt(c.shapes[itemsID])
	if err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id, qty FROM items ORDER BY id", "1|7", "3|1")
	if a.Updated != 2 {
		t.Errorf("updated = %d, want 2 (one came, one went)", a.Updated)
	}
	if c.db.Meta().Cursor != pos || c.db.Pending() != 1 {
		t.Errorf("cursor %v, pending %d", c.db.Meta().Cursor, c.db.Pending())
	}
}

// TestRolledBack: what was refused is told as rolled back; what waits for a
// person, or lost to another's value, is not.
func TestRolledBack(t *testing.T) {
	t.Parallel()
	for status, want := range map[mutation.Status]int{
		mutation.Applied: 0, mutation.Merged: 0, mutation.Superseded: 0, mutation.Parked: 0, mutation.Rejected: 1, mutation.Blocked: 1,
	} {
		c := newClient(t)
		c.follow(itemsID)
		c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
		mid := c.write("UPDATE items SET name = 'mine' WHERE id = 1")
		if a := c.frame().put(itemsID, 1, "theirs", 1, nil, nil).ack(mid, status).apply(); len(a.RolledBack) != want {
			t.Errorf("status %d: rolled back %+v, want %d", status, a.RolledBack, want)
		}
	}
}
