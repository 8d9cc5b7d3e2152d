package store_test

import (
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// TestJoin shows that chunks and tail may come in any order: what the tail
// says after the snapshot's position overrules the chunk.
func TestJoin(t *testing.T) {
	t.Parallel()
	chunk := func(c *client) {
		c.chunk(itemsID, row(1, "old", 1, nil, nil), row(2, "out", 1, nil, nil), row(3, "same", 1, nil, nil), row(5, "back", 1, nil, nil))
	}
	tail := func(c *client) {
		c.frame().put(itemsID, 1, "new", 2, nil, nil).out(itemsID, 2).put(itemsID, 4, "more", 1, nil, nil).out(itemsID, 5).apply()
		c.frame().put(itemsID, 5, "again", 1, nil, nil).apply()
	}
	for name, steps := range map[string][]func(*client){
		"chunk, tail":        {chunk, tail},
		"tail, chunk":        {tail, chunk},
		"chunk, tail, chunk": {chunk, tail, chunk},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.snapshot(itemsID)
			for _, s := range steps {
				s(c)
				c.want("SELECT id FROM items") // never half
			}
			a, err := c.db.Adopt(c.shapes[itemsID])
			if err != nil {
				t.Fatal(err)
			}
			c.want("SELECT id, name FROM items ORDER BY id", "1|new", "3|same", "4|more", "5|again")
			if a.Updated != 4 || fmt.Sprint(a.Tables) != "[items]" {
				t.Errorf("adopted = %+v", a)
			}
			c.frame().put(itemsID, 6, "tail", 1, nil, nil).apply()
			c.want("SELECT count(*) FROM items", "5")
			c.want("SELECT name FROM sqlite_master WHERE name GLOB '_rockpool_stage*'")
			if mid := c.write("UPDATE items SET name = 'z' WHERE id = 6"); mid != 1 {
				t.Errorf("a write after the adoption has mid %d: the table is not captured any more", mid)
			}
		})
	}
}

// TestStamp shows that a shape says of which bucket the rows in view are: that
// changes with the rows, not when others are on their way, and is kept.
func TestStamp(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	is := func(when string, want uint64) {
		t.Helper()
		if got := c.db.Shapes()[0].Stamp; got != want {
			t.Errorf("%s: stamp %x, want %x", when, got, want)
		}
	}
	c.snapshot(itemsID, row(1, "a", 1, nil, nil))
	is("before the rows are shown", 0)
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	is("once they are", itemsID<<60)
	c.reopen()
	is("after a restart", itemsID<<60)
	if err := c.db.StartStage(&wire.Snap{ID: c.shapes[itemsID], Pos: c.db.Meta().Cursor, Bucket: 7, Table: itemsID, Stamp: 5}); err != nil {
		t.Fatal(err)
	}
	is("while others come", itemsID<<60)
	if s, err := c.db.AddShape("items", nil); err != nil || s.ID != c.shapes[itemsID] {
		t.Errorf("AddShape of a shape with a stamp = %+v, %v, want the one that is there", s, err)
	}
}

func TestStageCleared(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.snapshot(itemsID, row(1, "a", 1, nil, nil))
	c.frame().block(itemsID, []byte{wire.BlockClear}).put(itemsID, 3, "c", 1, nil, nil).apply()
	c.chunk(itemsID, row(2, "b", 1, nil, nil))
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id FROM items", "3")
}

func TestAdoptWaitsForCursor(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	s, err := c.db.AddShape("items", nil)
	if err != nil {
		t.Fatal(err)
	}
	pos := c.frame().t.To
	if err := c.db.StartStage(&wire.Snap{ID: s.ID, Pos: pos, Bucket: 1, Table: itemsID}); err != nil {
		t.Fatal(err)
	}
	if c.db.CanAdopt(s.ID) {
		t.Error("CanAdopt before the cursor is there")
	}
	if _, err := c.db.Adopt(s.ID); fault.KindOf(err) != fault.Protocol {
		t.Errorf("Adopt: %v, want protocol", err)
	}
	c.frame().apply()
	if !c.db.CanAdopt(s.ID) {
		t.Error("CanAdopt = false at the snapshot's position")
	}
}

// TestAdoptTogether shows that shapes that went stale together show their new
// rows at once, in one commit, or none of them.
func TestAdoptTogether(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID, usersID)
	c.frame().put(itemsID, 1, "old", 1, nil, nil).put(usersID, 1, "old@x", 1).apply()
	if _, err := c.db.Resync(version.Pos{Epoch: 2, Seq: 7}, nil); err != nil {
		t.Fatal(err)
	}
	c.snapshot(itemsID, row(1, "new", 1, nil, nil))
	const both = "SELECT i.name, u.email FROM items i, users u"
	if _, err := c.db.Adopt(c.shapes[itemsID], c.shapes[usersID]); fault.KindOf(err) != fault.Protocol {
		t.Errorf("Adopt with one that is not staged: %v, want protocol", err)
	}
	c.want(both, "old|old@x")
	c.snapshot(usersID, row(1, "new@x", 1))
	commits := c.db.Commits()
	a, err := c.db.Adopt(c.shapes[itemsID], c.shapes[usersID])
	if err != nil {
		t.Fatal(err)
	}
	c.want(both, "new|new@x")
	if n := c.db.Commits() - commits; n != 1 || a.Updated != 2 || fmt.Sprint(a.Tables) != "[items users]" {
		t.Errorf("adopted %+v in %d commits, want both tables in one", a, n)
	}
	for _, s := range c.db.Shapes() {
		if s.State != store.ShapeReady || s.Staging {
			t.Errorf("%s is %+v, want it ready", s.Name, s)
		}
	}
}

// TestSeenWhileStale shows that a write over rows that are older than the
// cursor says so, also after a restart: else it would replace what others have
// written since without a conflict.
func TestSeenWhileStale(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID, usersID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(usersID, 1, "a@x", 1).apply()
	old := c.db.Meta().Cursor
	seen := func(when, sql string, want version.Pos) {
		t.Helper()
		mid := c.write(sql)
		if err := c.db.Flush(); err != nil {
			t.Fatal(err)
		}
		out, err := c.db.ReadOutbox(mid, 1)
		var tx mutation.Tx
		if err != nil || len(out) != 1 || tx.Decode(out[0].Body) != nil {
			t.Fatalf("%s: ReadOutbox = %d transactions, %v", when, len(out), err)
		}
		if tx.Seen != want {
			t.Errorf("%s: the write has seen %v, want %v", when, tx.Seen, want)
		}
	}
	seen("before", "UPDATE items SET name = 'b'", old)
	now := version.Pos{Epoch: 2, Seq: 7}
	if _, err := c.db.Resync(now, nil); err != nil {
		t.Fatal(err)
	}
	seen("stale", "UPDATE items SET name = 'c'", old)
	c.reopen()
	c.snapshot(itemsID, row(1, "d", 1, nil, nil))
	seen("after a restart", "UPDATE items SET name = 'e'", old)
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	seen("with the new rows", "UPDATE items SET name = 'f'", now)
	seen("of a table without its new rows", "UPDATE users SET email = 'f@x'", old)
}

// TestAdoptWaitsForGap shows that rows from before the cursor are not shown
// before what they lack has come: the view would go back, and stay there when
// the app is closed in between.
func TestAdoptWaitsForGap(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	old := c.db.Meta().Cursor
	c.frame().put(itemsID, 1, "newest", 1, nil, nil).apply()
	stage := func() {
		t.Helper()
		if err := c.db.StartStage(&wire.Snap{ID: c.shapes[itemsID], Pos: old, Bucket: 7, Table: itemsID}); err != nil {
			t.Fatal(err)
		}
		c.buckets[itemsID] = 7
		c.chunk(itemsID, row(1, "before", 1, nil, nil))
		if c.db.CanAdopt(c.shapes[itemsID]) {
			t.Error("CanAdopt before the gap has come")
		}
		if _, err := c.db.Adopt(c.shapes[itemsID]); fault.KindOf(err) != fault.Protocol {
			t.Errorf("Adopt: %v, want protocol", err)
		}
		c.want("SELECT name FROM items", "newest")
	}
	stage()
	c.frame().apply() // moves on: not the gap
	if c.db.CanAdopt(c.shapes[itemsID]) {
		t.Error("CanAdopt after a transaction that is not the gap")
	}
	c.reopen()
	c.want("SELECT name FROM items", "newest")
	if s := c.db.Shapes()[0]; s.State != store.ShapeStale {
		t.Errorf("after a restart the shape's state is %d, want stale", s.State)
	}
	stage()
	gap := c.frame().put(itemsID, 1, "newest", 1, nil, nil)
	gap.t.To = gap.t.From
	gap.apply()
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT name FROM items", "newest")
}

// TestAdoptFoldsPending shows that pending operations stay over new rows,
// with and without a unique index.
func TestAdoptFoldsPending(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.write("INSERT INTO items(id, name, qty) VALUES (9, 'mine', 1)", "INSERT INTO users VALUES (9, 'mine@x', 1)")
	c.snapshot(itemsID, row(1, "a", 1, nil, nil))
	c.snapshot(usersID, row(1, "a@x", 1), row(2, "mine@x", 2))
	for _, id := range []uint32{itemsID, usersID} {
		if _, err := c.db.Adopt(c.shapes[id]); err != nil {
			t.Fatal(err)
		}
	}
	c.want("SELECT id, name FROM items ORDER BY id", "1|a", "9|mine")
	c.want("SELECT id, email FROM users ORDER BY id", "1|a@x", "2|mine@x") // the server's row has the address
	c.write("UPDATE items SET name = 'b' WHERE id = 1")
	c.snapshot(itemsID, row(1, "server", 5, nil, nil), row(9, "mine", 1, nil, nil), row(2, "n", 1, nil, nil))
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id, name, qty FROM items ORDER BY id", "1|b|5", "2|n|1", "9|mine|1")
	c.frame().ack(2, mutation.Rejected).apply()
	c.want("SELECT id, name FROM items ORDER BY id", "1|server", "2|n", "9|mine")
}

// TestInsertSurvivesFirstSnapshot: an order placed before the first sync is
// applied while the rows are on their way; it is never out of sight.
func TestInsertSurvivesFirstSnapshot(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	mid := c.write("INSERT INTO items(id, name, qty) VALUES (9, 'mine', 1)")
	c.snapshot(itemsID, row(1, "a", 1, nil, nil))
	c.frame().put(itemsID, 9, "mine", 1, nil, nil).ack(mid, mutation.Applied).apply()
	c.want("SELECT id FROM items", "9")
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id FROM items ORDER BY id", "1", "9")
}

// TestAdoptKeepsLocalObjects: the app's own index and view survive the
// adoption, whichever way it takes.
func TestAdoptKeepsLocalObjects(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"index": "CREATE INDEX mine ON items(name)",
		"view":  "CREATE VIEW mine AS SELECT name FROM items",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.write(sql)
			c.snapshot(itemsID, row(1, "a", 1, nil, nil))
			if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
				t.Fatal(err)
			}
			c.want("SELECT count(*) FROM sqlite_master WHERE name = 'mine'", "1")
		})
	}
}

// TestOverlap shows membership: a row leaves when the last of its shapes does.
func TestOverlap(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 2, nil, nil).apply()
	second, err := c.db.AddShape("cheap", []wire.ShapeArg{{Name: "below", Value: value.Int(2)}})
	if err != nil {
		t.Fatal(err)
	}
	if again, err := c.db.AddShape("cheap", []wire.ShapeArg{{Name: "below", Value: value.Int(2)}}); err != nil || again.ID != second.ID {
		t.Errorf("the same shape again = %+v, %v", again, err)
	}
	if err := c.db.StartStage(&wire.Snap{ID: second.ID, Pos: c.db.Meta().Cursor, Bucket: 77, Table: itemsID}); err != nil {
		t.Fatal(err)
	}
	chunk := chunkOf(c.db.Schema(), itemsID, []value.Row{row(1, "a", 1, nil, nil), row(3, "c", 1, nil, nil)})
	if _, err := c.db.Stage(second.ID, chunk); err != nil {
		t.Fatal(err)
	}
	if _, err := c.db.Adopt(second.ID); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id FROM items ORDER BY id", "1", "2", "3")
	// Out of the first, still in the second.
	c.frame().out(itemsID, 1).apply()
	c.want("SELECT id FROM items ORDER BY id", "1", "2", "3")
	c.frame().bucket(77, itemsID, row(1).Append([]byte{wire.BlockOut})).apply()
	c.want("SELECT id FROM items ORDER BY id", "2", "3")
	if _, err := c.db.DropShape(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id FROM items ORDER BY id", "3")
	c.want("SELECT * FROM _rockpool_member")
	c.frame().bucket(77, itemsID, row(3).Append([]byte{wire.BlockOut})).apply()
	c.want("SELECT id FROM items ORDER BY id")
}

func TestDropShapeKeepsPending(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 2, nil, nil).apply()
	c.write("UPDATE items SET name = 'x' WHERE id = 1", "INSERT INTO items(id, name) VALUES (3, 'mine')")
	a, err := c.db.DropShape(c.shapes[itemsID])
	if err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id FROM items", "3")
	if c.db.Pending() != 1 || len(c.decoded()) != 1 || a.Updated != 2 {
		t.Errorf("pending %d, applied %+v", c.db.Pending(), a)
	}
	if len(c.db.Shapes()) != 0 {
		t.Errorf("shapes = %+v, want none", c.db.Shapes())
	}
}

func TestShapesSurviveRestart(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.snapshot(usersID, row(1, "a@x", 1))
	c.reopen()
	shapes := c.db.Shapes()
	if len(shapes) != 2 || shapes[0].State != store.ShapeReady || shapes[1].State != store.ShapeNew || shapes[1].Staging {
		t.Fatalf("shapes = %+v, want items ready and users new", shapes)
	}
	c.want("SELECT name FROM sqlite_master WHERE name GLOB '_rockpool_stage*'")
	if err := c.db.Ready(&wire.Ready{ID: shapes[1].ID, Bucket: 5, Table: usersID}); fault.KindOf(err) != fault.Protocol {
		t.Errorf("Ready of a shape without rows: %v, want protocol", err)
	}
	// A bucket number of the last socket means nothing on this one.
	c.frame().put(itemsID, 1, "a", 1, nil, nil).apply()
	c.want("SELECT id FROM items")
}

func TestStageRefuses(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.snapshot(itemsID)
	for name, k := range map[string]struct {
		chunk []byte
		want  fault.Kind
	}{
		"no chunk":      {[]byte("hello, this is not a chunk at all"), fault.Protocol},
		"another table": {chunkOf(c.db.Schema(), usersID, []value.Row{row(1, "a", 2)}), fault.Protocol},
		"cut short":     {chunkOf(c.db.Schema(), itemsID, []value.Row{row(1, "a", 2, nil, nil)})[:30], fault.Protocol},
	} {
		if _, err := c.db.Stage(c.shapes[itemsID], k.chunk); err == nil || fault.KindOf(err) == fault.Unknown {
			t.Errorf("%s: err = %v, want kind %v", name, err, k.want)
		}
	}
	if _, err := c.db.Stage(99, nil); fault.KindOf(err) != fault.NotFound {
		t.Errorf("unknown shape: %v, want not_found", err)
	}
}

// A row as large as a snapshot may have goes into its table from a chunk of its
// own.
func TestStageOfALongRow(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	long := strings.Repeat("x", wire.MutationBytesMax)
	c.snapshot(itemsID, row(1, "short", 1, nil, nil))
	c.chunk(itemsID, row(2, long, 2, nil, nil))
	if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
		t.Fatal(err)
	}
	c.want("SELECT id, length(name) FROM items ORDER BY id", "1|5", "2|16777216")
}
