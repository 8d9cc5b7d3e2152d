package suite

import (
	"runtime"
	"testing"

	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Small reads share one buffer: a thousand of them cost memory for their rows,
// not a thousand buffers. In the Worker a long call gives the garbage
// collector no turn, so that such buffers filled the memory.
func TestSmallReadsShareABuffer(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO v VALUES (1, 'one'), (2, 'two')")
	read := func(id int64, want string) {
		row, found, err := sqlite.OneRow(c, "SELECT x FROM v WHERE id = ?", value.Int(id))
		if err != nil || !found || row[0].Str() != want {
			t.Fatalf("OneRow(%d) = %v, %t, %v, want %q", id, row, found, err, want)
		}
	}
	read(1, "one")
	const reads, bytesMax = 1000, 4 << 20
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range int64(reads) {
		read(1+i%2, [2]string{"one", "two"}[i%2])
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > bytesMax {
		t.Errorf("%d reads allocated %d bytes, want at most %d", reads, n, bytesMax)
	}
}

// Queries that are open at once do not share it, and what one has left is no
// row of the next.
func TestRowsAtOnce(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x TEXT); INSERT INTO v VALUES (1, 'one'), (2, 'two'), (3, 'three')")
	query := func(sql string) *sqlite.Rows {
		s, err := c.Cached(sql)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := s.Query()
		if err != nil {
			t.Fatal(err)
		}
		return rows
	}
	for range 3 {
		outer := query("SELECT x FROM v ORDER BY id")
		for _, want := range []string{"one", "two", "three"} {
			if !outer.Next() || outer.Value(0).Str() != want {
				t.Fatalf("row = %v, want %q", outer.Row(), want)
			}
			inner := query("SELECT id, x, id FROM v WHERE x <> 'two'")
			n := 0
			for inner.Next() {
				n++
			}
			if err := inner.Close(); err != nil || n != 2 {
				t.Fatalf("inner rows = %d, %v, want 2", n, err)
			}
		}
		if outer.Next() {
			t.Error("a fourth row")
		}
		if err := outer.Close(); err != nil || outer.Next() {
			t.Errorf("Close = %v, or a row after it", err)
		}
		none := query("SELECT x FROM v WHERE id > 3")
		if none.Next() {
			t.Errorf("a row of no rows: %v", none.Row())
		}
		if err := none.Close(); err != nil {
			t.Error(err)
		}
	}
}
