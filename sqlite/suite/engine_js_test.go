package suite

import (
	"strings"
	"testing"
	"unsafe"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestOutOfMemory: an exhausted heap is a clean error, after which the
// connection works on and nothing is left allocated.
func TestOutOfMemory(t *testing.T) {
	c := db(t, "CREATE TABLE o(b); INSERT INTO o VALUES (zeroblob(20000000))")
	before := sqlite.Memory().HeapBytes
	for name, sql := range map[string]string{
		"a sort of large rows":  "SELECT count(*) FROM (SELECT b || i AS x FROM o, (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 20) SELECT i FROM n) ORDER BY x DESC LIMIT 20)",
		"an aggregate of texts": "SELECT count(x) FROM (SELECT group_concat(hex(randomblob(500000))) AS x FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 500) SELECT i FROM n))",
		"a table in memory":     "CREATE TEMP TABLE big AS SELECT zeroblob(20000000) AS x FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50) SELECT i FROM n)",
	} {
		err := c.Exec(sql)
		if k := fault.KindOf(err); err == nil || k != fault.OutOfMemory && k != fault.TooLarge {
			t.Errorf("%s = %v (%v), want out_of_memory or too_large", name, err, k)
		}
		wantInt(t, c, "SELECT count(*) FROM o", 1)
	}
	if sqlite.Memory().HeapBytesMost < 64<<20 {
		t.Errorf("the heap was used up to %d bytes: the test exhausts nothing", sqlite.Memory().HeapBytesMost)
	}
	if after := sqlite.Memory().HeapBytes; after > before+4<<20 {
		t.Errorf("the heap holds %d bytes, %d before", after, before)
	}
	exec(t, c, "INSERT INTO o VALUES (1)")
	if got := one(t, c, "PRAGMA integrity_check"); !got.Equal(value.Text("ok")) {
		t.Errorf("integrity_check = %v", got)
	}
}

// TestOutOfMemoryWhileCapturing: a change that cannot be recorded cannot commit.
func TestOutOfMemoryWhileCapturing(t *testing.T) {
	c := db(t, "CREATE TABLE ta(id INTEGER PRIMARY KEY, x); CREATE TABLE n(i)")
	if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN")
	var err error
	runs := 0
	for ; err == nil && runs < 50; runs++ {
		err = c.Exec("INSERT INTO ta(x) VALUES (randomblob(8000000))")
	}
	wantKind(t, "an insert that cannot be recorded", err, fault.OutOfMemory)
	if runs < 4 {
		t.Errorf("only %d rows of 8 MB were recorded", runs)
	}
	if c.InTransaction() {
		if err := c.Exec("COMMIT"); err == nil {
			t.Error("the transaction committed without its record")
		}
	}
	if c.InTransaction() {
		exec(t, c, "ROLLBACK")
	}
	wantInt(t, c, "SELECT count(*) FROM ta", 0)
	exec(t, c, "BEGIN; INSERT INTO ta VALUES (1, 'x')")
	if got, want := captured(t, c), "+a(1,x)"; got != want {
		t.Errorf("afterwards captured %s, want %s", got, want)
	}
	exec(t, c, "COMMIT")
}

// inData is a variable of Go's data.
var inData [8]byte

// TestMemoryMap: what this very program has at which address, against the map
// of wasm/engine/layout.mjs: Go's read-only data, the engine, Go's data and heap.
func TestMemoryMap(t *testing.T) {
	const globalBase, goData = 6 << 20, 136 << 20
	const literal = "read-only data"
	onHeap := make([]byte, 1<<20)
	for name, c := range map[string]struct{ at, from, to uintptr }{
		"a literal":  {uintptr(unsafe.Pointer(unsafe.StringData(literal))), 1, globalBase},
		"a variable": {uintptr(unsafe.Pointer(&inData)), goData, 1 << 32},
		"a slice":    {uintptr(unsafe.Pointer(&onHeap[0])), goData, 1 << 32},
	} {
		if c.at < c.from || c.at >= c.to {
			t.Errorf("%s is at %d, want it in %d to %d", name, c.at, c.from, c.to)
		}
	}
}

// TestStackMargin: no statement comes near the end of C's stack.
func TestStackMargin(t *testing.T) {
	c := db(t, `CREATE TABLE x(a, b); CREATE VIRTUAL TABLE f USING fts5(t); CREATE TABLE r(n);
		CREATE TRIGGER rt AFTER INSERT ON r WHEN new.n > 0 BEGIN INSERT INTO r VALUES (new.n - 1); END; PRAGMA recursive_triggers=1`)
	size := sqlite.Stack(true)
	if size < 512<<10 {
		t.Fatalf("the stack has %d bytes, want 512 KiB", size)
	}
	rep := strings.Repeat
	deepest, which := 0, ""
	for name, sql := range map[string]string{
		"plain": "SELECT * FROM x", "full text": "INSERT INTO f VALUES ('hello world'); SELECT * FROM f WHERE f MATCH 'hello'",
		"parentheses": "SELECT " + rep("(1+", 900) + "1" + rep(")", 900), "subqueries": "SELECT 1 FROM " + rep("(SELECT * FROM ", 60) + "x" + rep(")", 60),
		"exists": "SELECT 1 WHERE " + rep("EXISTS(SELECT 1 FROM x WHERE ", 200) + "1" + rep(")", 200),
		"case":   "SELECT " + rep("CASE WHEN 1 THEN ", 400) + "1" + rep(" END", 400), "compound": "SELECT 1" + rep(" UNION ALL SELECT 1", 450),
		"json": "SELECT json_extract('" + rep("[", 900) + rep("]", 900) + "', '$[0]')", "triggers": "INSERT INTO r VALUES (900)",
		"full text nesting": "SELECT * FROM f WHERE f MATCH '" + rep("(", 200) + "hello" + rep(")", 200) + "'",
	} {
		_ = c.Exec(sql) // SQLite may refuse the deepest: it must not crash
		if used := sqlite.Stack(false); used > deepest {
			deepest, which = used, name
		}
	}
	t.Logf("%d of %d bytes, by %s", deepest, size, which)
	if deepest > size/2 {
		t.Errorf("%s used %d of %d bytes of stack, want half at most", which, deepest, size)
	}
	if deepest < 4000 {
		t.Errorf("only %d bytes were used: the measure is broken", deepest)
	}
}

// TestFullText is only the engine's: the native twin has no FTS5.
func TestFullText(t *testing.T) {
	c := db(t, "CREATE VIRTUAL TABLE f USING fts5(title, body); INSERT INTO f VALUES ('Tide', 'the pool stays'), ('Sea', 'the water leaves')")
	wantRows(t, "match", rows(t, c, "SELECT title FROM f WHERE f MATCH 'pool OR leaves' ORDER BY rank, title"), []value.Row{{value.Text("Sea")}, {value.Text("Tide")}})
	if err := c.Capture(map[string]uint32{"synced": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN; INSERT INTO f VALUES ('x', 'y')")
	if got := captured(t, c); got != "" {
		t.Errorf("the shadow tables were captured: %s", got)
	}
	exec(t, c, "COMMIT")
}
