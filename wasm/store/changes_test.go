package store_test

import (
	"fmt"
	"strings"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
)

// taken tells the changed rows since the last call: table, operation, and the
// name before and after.
func (c *client) taken() string {
	c.t.Helper()
	changes := c.db.TakeChanges()
	out := []string{}
	for log := changes.Log; ; {
		r, rest, ok := log.Next()
		if !ok {
			break
		}
		log = rest
		old, now, ok := r.Rows()
		if !ok {
			c.t.Fatal("a record is cut short")
		}
		text := fmt.Sprint(r.Table, " ", map[uint8]string{sqlite.CaptureInsert: "+", sqlite.CaptureUpdate: "~", sqlite.CaptureDelete: "-"}[r.Op])
		for _, row := range []value.Row{old, now} {
			if row != nil {
				text += " " + row[1].Str()
			}
		}
		out = append(out, text)
	}
	if changes.Lost {
		out = append(out, "lost")
	}
	return strings.Join(out, ", ")
}

// What commits have changed is known row by row, whoever wrote: this client,
// or the relay. What is taken back is not in it.
func TestTakeChanges(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.taken()
	commits := c.db.Commits()
	mid := c.write("INSERT INTO items(id, name) VALUES (1, 'mine')")
	if got := c.taken(); got != "1 + mine" || c.db.Commits() != commits+1 {
		t.Errorf("a write: %s after %d commits", got, c.db.Commits()-commits)
	}
	c.write("UPDATE items SET name = 'a' WHERE id = 1", "SAVEPOINT s", "UPDATE items SET name = 'b'", "ROLLBACK TO s", "UPDATE items SET name = 'c'")
	if got := c.taken(); got != "1 ~ mine a, 1 ~ a c" {
		t.Errorf("a savepoint: %s", got)
	}
	w, err := c.db.BeginWrite()
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Conn().Exec("UPDATE items SET name = 'gone'"); err != nil {
		t.Fatal(err)
	}
	if err := w.Rollback(); err != nil {
		t.Fatal(err)
	}
	if got := c.taken(); got != "" {
		t.Errorf("a rollback: %s", got)
	}
	c.frame().put(itemsID, 2, "theirs", 1, nil, nil).ack(mid, mutation.Rejected).apply()
	if got := c.taken(); !strings.Contains(got, "1 + theirs") || !strings.Contains(got, "1 - c") {
		t.Errorf("the relay's change and a write that it rejects: %s", got)
	}
	f := c.frame()
	for i := range 30000 {
		f.put(itemsID, 10+i, strings.Repeat("x", 40), 1, nil, nil)
	}
	f.apply()
	if got := c.taken(); got != "lost" {
		t.Errorf("a frame whose rows are not recorded: %.60s", got)
	}
	c.write("UPDATE items SET name = 'y'")
	if got := c.taken(); got != "lost" {
		t.Errorf("more than ChangesBytesMax, %d: %.60s", store.ChangesBytesMax, got)
	}
	if got := c.taken(); got != "" {
		t.Errorf("taken twice: %s", got)
	}
}
