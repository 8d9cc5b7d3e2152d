package suite

import (
	"path/filepath"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// fresh is the name of a file that does not exist yet.
func fresh(t *testing.T) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "suite.db")
}

func open(t *testing.T, o sqlite.Options) *sqlite.Conn {
	t.Helper()
	if o.Name == "" {
		o.Name = fresh(t)
	}
	c, err := sqlite.Open(o)
	if err != nil {
		t.Fatalf("Open(%q) = %v", o.Name, err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close(%q) = %v", o.Name, err)
		}
	})
	return c
}

// db opens a new file and runs the script.
func db(t *testing.T, script string) *sqlite.Conn {
	t.Helper()
	c := open(t, sqlite.Options{})
	exec(t, c, script)
	return c
}

func exec(t *testing.T, c *sqlite.Conn, sql string) {
	t.Helper()
	if err := c.Exec(sql); err != nil {
		t.Fatalf("Exec(%.200q) = %v", sql, err)
	}
}

// rows runs a query to its end.
func rows(t *testing.T, c *sqlite.Conn, sql string, args ...value.Value) []value.Row {
	t.Helper()
	s, err := c.Prepare(sql)
	if err != nil {
		t.Fatalf("Prepare(%.200q) = %v", sql, err)
	}
	defer s.Close()
	r, err := s.Query(args...)
	if err != nil {
		t.Fatalf("Query(%.200q) = %v", sql, err)
	}
	defer r.Close()
	var all []value.Row
	for r.Next() {
		all = append(all, r.Row())
	}
	if r.Err() != nil {
		t.Fatalf("%.200q = %v", sql, r.Err())
	}
	return all
}

// one runs a query for a single value.
func one(t *testing.T, c *sqlite.Conn, sql string, args ...value.Value) value.Value {
	t.Helper()
	row, ok, err := sqlite.OneRow(c, sql, args...)
	if err != nil || !ok {
		t.Fatalf("OneRow(%.200q) = %v, %v", sql, ok, err)
	}
	return row[0]
}

// wantKind wants an error of a kind, with a remedy.
func wantKind(t *testing.T, what string, err error, want fault.Kind) {
	t.Helper()
	if got := fault.KindOf(err); err == nil || got != want {
		t.Errorf("%s = %v (%v), want kind %v", what, err, got, want)
		return
	}
	if fault.HintOf(err) == "" {
		t.Errorf("%s = %v says not what to do", what, err)
	}
}

func wantInt(t *testing.T, c *sqlite.Conn, sql string, want int64) {
	t.Helper()
	if got := one(t, c, sql); !got.Equal(value.Int(want)) {
		t.Errorf("%s = %v, want %d", sql, got, want)
	}
}

func wantRows(t *testing.T, what string, got, want []value.Row) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s = %d rows %v, want %d %v", what, len(got), got, len(want), want)
	}
	for i := range got {
		if !got[i].Equal(want[i]) {
			t.Errorf("%s: row %d = %v, want %v", what, i, got[i], want[i])
		}
	}
}
