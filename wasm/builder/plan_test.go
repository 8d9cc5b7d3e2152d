package builder_test

import (
	"fmt"
	"testing"

	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/builder"
)

// Which tables a statement reads is found when somebody asks, also for a text
// whose plan is known; which it writes is known at once.
func TestTouched(t *testing.T) {
	t.Parallel()
	c, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Exec("CREATE TABLE notes(id INTEGER PRIMARY KEY); CREATE TABLE tags(note); CREATE VIEW seen AS SELECT id FROM notes"); err != nil {
		t.Fatal(err)
	}
	b := builder.New(&schema.Schema{})
	for _, test := range []struct{ sql, planned, touched string }{
		{"SELECT * FROM seen JOIN tags ON note = id", "[] [] false", "[notes tags] [] false"},
		{"INSERT INTO tags SELECT id FROM notes", "[notes] [tags] false", "[notes] [tags] false"},
		{"PRAGMA user_version", "[] [] false", "[] [] false"},
		{"SELECT value FROM json_each('[1]')", "[] [] false", "[] [] true"},
	} {
		for i, plan := range []func(*sqlite.Conn, string, []sqlgen.Nested) (*builder.Plan, error){b.Plan, b.Touched, b.Touched} {
			p, err := plan(c, test.sql, nil)
			if err != nil {
				t.Fatal(err)
			}
			want := test.touched
			if i == 0 {
				want = test.planned
			}
			if got := fmt.Sprint(p.Reads, p.Writes, p.All); got != want {
				t.Errorf("%s, time %d: reads, writes, all = %s, want %s", test.sql, i, got, want)
			}
		}
	}
}
