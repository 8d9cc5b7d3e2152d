package store_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

var errInjected = fault.New(fault.IO, "test", "injected")

// scene is a step that changes the database in more than one place.
type scene struct {
	// prepare makes the state before the step.
	prepare func(c *client)
	step    func(c *client) error
}

func scenes() map[string]scene {
	base := func(c *client) {
		c.follow(itemsID, usersID, linesID)
		c.frame().put(itemsID, 1, "a", 1, nil, nil).put(itemsID, 2, "b", 2, nil, nil).put(usersID, 1, "a@x", 1).put(usersID, 2, "b@x", 2).apply()
	}
	pending := func(c *client) {
		base(c)
		c.write("UPDATE items SET name = 'mine', price = '1.5' WHERE id = 1", "INSERT INTO items(id, name) VALUES (3, 'c')")
		c.write("UPDATE items SET qty = qty + 1 WHERE id = 3", "INSERT INTO users VALUES (3, 'c@x', 3)")
	}
	return map[string]scene{
		"write": {base, func(c *client) error {
			_, err := c.tryInfo(store.CommitInfo{IdempotencyKey: "k"}, "UPDATE items SET name = 'z', price = '2' WHERE id = 1", "DELETE FROM items WHERE id = 2",
				"INSERT INTO items(id, name) VALUES (7, 'g')")
			return err
		}},
		"apply with outcomes": {pending, func(c *client) error {
			f := c.frame().put(itemsID, 1, "mine", 1, "1.50", nil).put(itemsID, 3, "c", nil, nil, nil).put(usersID, 2, "a@x", 2).
				put(usersID, 1, "c@x", 1).ack(1, mutation.Merged).outcome(mutation.Outcome{Mid: 2, Status: mutation.Parked})
			_, err := c.db.ApplyTx(&f.t)
			return err
		}},
		"adopt": {pending, func(c *client) error {
			s := c.db.Shapes()[0]
			if err := c.db.StartStage(&wire.Snap{ID: s.ID, Pos: c.db.Meta().Cursor, Bucket: 10, Table: itemsID}); err != nil {
				return err
			}
			if _, err := c.db.Stage(s.ID, chunkOf(c.db.Schema(), itemsID, []value.Row{row(1, "new", 9, nil, nil), row(4, "d", 4, nil, nil)})); err != nil {
				return err
			}
			_, err := c.db.Adopt(s.ID)
			return err
		}},
		"retry": {func(c *client) {
			pending(c)
			c.frame().ack(1, mutation.Rejected).apply()
		}, func(c *client) error {
			_, err := c.db.Retry(1)
			return err
		}},
		"rewind": {pending, func(c *client) error {
			_, err := c.db.Rewind("other", 1, nil)
			return err
		}},
		"drop shape": {pending, func(c *client) error {
			_, err := c.db.DropShape(c.db.Shapes()[0].ID)
			return err
		}},
	}
}

// state is everything that a call may change, as text; staging tables apart,
// which a restart drops.
func state(t tb, conn *sqlite.Conn) string {
	s := ""
	for _, q := range []string{
		"SELECT * FROM items ORDER BY id", "SELECT * FROM users ORDER BY id", "SELECT * FROM lines ORDER BY 1, 2",
		"SELECT epoch, seq, acked_mid, client_id FROM _rockpool_meta",
		"SELECT mid, state, excluded, depends FROM _rockpool_tx ORDER BY mid", "SELECT mid, n, length(data) FROM _rockpool_op ORDER BY mid, n",
		"SELECT tbl, hex(pk), hidden, hex(image) FROM _rockpool_base ORDER BY 1, 2", "SELECT key, mid FROM _rockpool_once ORDER BY 1",
		"SELECT mid, status FROM _rockpool_rejected ORDER BY mid", "SELECT mid, status, open FROM _rockpool_conflict ORDER BY id",
		"SELECT tbl, hex(pk), shape FROM _rockpool_member ORDER BY 1, 2, 3",
	} {
		s += q + "\n  " + fmt.Sprint(rowsOf(t, conn, q)) + "\n"
	}
	return s
}

// TestEveryFault fails the Nth statement of the store, for every N, and shows
// that the call left nothing behind, on disk and in memory, and works when it
// is made again.
func TestEveryFault(t *testing.T) {
	t.Parallel()
	for name, sc := range scenes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			done := newClient(t)
			sc.prepare(done)
			if err := sc.step(done); err != nil {
				t.Fatal(err)
			}
			after := state(t, done.conn)
			c := newClient(t)
			sc.prepare(c)
			before := state(t, c.conn)
			// A call that failed left nothing, so the next one starts from the same
			// state, on the same store: what it keeps in memory is tested with it.
			for n := 0; ; n++ {
				calls, failed := 0, ""
				store.SetHook(c.db, func(sql string) error {
					if calls++; calls == n+1 {
						failed = sql
						return errInjected
					}
					return nil
				})
				err := sc.step(c)
				store.SetHook(c.db, nil)
				if failed == "" {
					if err != nil || n == 0 {
						t.Fatalf("without a fault, after %d faults: %v", n, err)
					}
					if got := state(t, c.conn); got != after {
						t.Fatalf("after %d faults and a call without one\n%swant\n%s", n, got, after)
					}
					t.Logf("%d statements", n)
					return
				}
				if err == nil {
					t.Fatalf("the fault in statement %d, %q, was swallowed", n, failed)
				}
				if got := state(t, c.conn); got != before {
					t.Fatalf("fault in statement %d, %q, left\n%swant\n%s", n, failed, got, before)
				}
				if c.conn.InTransaction() {
					t.Fatalf("fault in statement %d, %q, left a transaction open", n, failed)
				}
			}
		})
	}
}

// TestCrash copies the files before every statement of the store, opens each
// copy, and finds the state before or after the step and nothing between: the
// row and its mutation live or die together.
func TestCrash(t *testing.T) {
	t.Parallel()
	for name, sc := range scenes() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			c := openClient(t, sqlite.Options{Name: filepath.Join(dir, "db")})
			sc.prepare(c)
			before := state(t, c.conn)
			var copies []string
			store.SetHook(c.db, func(string) error {
				to := filepath.Join(dir, fmt.Sprint("crash", len(copies)))
				copies = append(copies, to)
				return copyFiles(filepath.Join(dir, "db"), to)
			})
			if err := sc.step(c); err != nil {
				t.Fatal(err)
			}
			store.SetHook(c.db, nil)
			if err := copyFiles(filepath.Join(dir, "db"), filepath.Join(dir, "end")); err != nil {
				t.Fatal(err)
			}
			after := state(t, c.conn)
			if before == after {
				t.Fatal("the step changes nothing")
			}
			for i, at := range append(copies, filepath.Join(dir, "end")) {
				crashed := openClient(t, sqlite.Options{Name: at})
				got := state(t, crashed.conn)
				if got != before && got != after {
					t.Fatalf("crash %d of %d: state\n%s\nis neither before\n%s\nnor after\n%s", i, len(copies), got, before, after)
				}
				if i == len(copies) && got != after {
					t.Fatalf("the last copy is not the state after")
				}
				crashed.db.Close()
				crashed.conn.Close()
			}
		})
	}
}
