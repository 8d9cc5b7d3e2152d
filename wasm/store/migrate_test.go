package store_test

import (
	_ "embed"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
)

//go:embed testdata/storage1.sql
var storage1 string

// old returns a connection on a file of storage version 1 that knows one key.
func old(t *testing.T) *sqlite.Conn {
	t.Helper()
	conn, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Exec(storage1 + `
		INSERT INTO _rockpool_meta VALUES (1, 1, 'the client', '', '', 3, 14, 7, 0, NULL);
		INSERT INTO _rockpool_once VALUES ('a key', 7, 1, x'0102')`); err != nil {
		t.Fatal(err)
	}
	return conn
}

func openOld(t *testing.T, conn *sqlite.Conn) (*store.DB, error) {
	t.Helper()
	return store.Open(conn, store.Options{NewID: func() string { return "another" }, NowMillis: func() int64 { return 2 }})
}

// A file of storage version 1 opens with what it holds, and is of this version
// from then on.
func TestStorage1(t *testing.T) {
	t.Parallel()
	conn := old(t)
	for range 2 { // the second time nothing is left to do
		db, err := openOld(t, conn)
		if err != nil {
			t.Fatal(err)
		}
		if m := db.Meta(); m.ClientID != "the client" || m.AckedMid != 7 || m.Cursor.Seq != 14 {
			t.Errorf("meta = %+v, want the file's", m)
		}
		if once, known, err := db.Known("a key"); err != nil || !known || once.Mid != 7 || len(once.Result) != 2 {
			t.Errorf("Known = %+v, %v, %v; want the file's", once, known, err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	fresh := newClient(t)
	const ddl = "SELECT group_concat(name || ' ' || coalesce(sql, ''), ';' ORDER BY name) FROM sqlite_schema WHERE name LIKE '#_rockpool#_%' ESCAPE '#'"
	got, want := text(t, conn, ddl), text(t, fresh.conn, ddl)
	squeeze := func(s string) string { return strings.Join(strings.Fields(s), " ") }
	if squeeze(got) != squeeze(want) {
		t.Errorf("the migrated tables are\n%s\nwant those of a new file\n%s", got, want)
	}
	if got, want := text(t, conn, "SELECT storage FROM _rockpool_meta"), text(t, fresh.conn, "SELECT storage FROM _rockpool_meta"); got != want {
		t.Errorf("storage version = %s, want %s", got, want)
	}
}

// A file that no step leads on from is refused, and stays as it is.
func TestStorageOfAnotherTime(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"0", "1000"} {
		conn := old(t)
		if err := conn.Exec("UPDATE _rockpool_meta SET storage = " + version); err != nil {
			t.Fatal(err)
		}
		if _, err := openOld(t, conn); fault.KindOf(err) != fault.VersionMismatch || fault.HintOf(err) == "" {
			t.Errorf("storage version %s: Open = %v, want version_mismatch and a remedy", version, err)
		}
		if got := text(t, conn, "SELECT storage FROM _rockpool_meta"); got != version {
			t.Errorf("storage version %s became %s", version, got)
		}
	}
}

// Keys are forgotten after a day, at the first write of a start.
func TestOldKeysAreForgotten(t *testing.T) {
	t.Parallel()
	const day = 24 * 60 * 60 * 1000
	c := newClient(t)
	known := func(key string) bool {
		_, known, err := c.db.Known(key)
		if err != nil {
			t.Fatal(err)
		}
		return known
	}
	write := func(key string) {
		if _, err := c.tryInfo(store.CommitInfo{IdempotencyKey: key}); err != nil {
			t.Fatal(err)
		}
	}
	write("first")
	c.now += day / 2
	write("second")
	c.reopen()
	c.now += day/2 + 1
	write("third")
	if known("first") || !known("second") || !known("third") {
		t.Errorf("known: first %v, second %v, third %v; want the first forgotten", known("first"), known("second"), known("third"))
	}
}

func text(t *testing.T, c *sqlite.Conn, sql string) string {
	t.Helper()
	row, _, err := sqlite.OneRow(c, "SELECT CAST(("+sql+") AS TEXT)")
	if err != nil {
		t.Fatal(err)
	}
	return row[0].Str()
}

// The term of the relay's log is kept with the cursor that was reached in it.
func TestTermIsKept(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	if err := c.db.Confirm(1 << 63); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	if m := c.db.Meta(); m.Term != 1<<63 {
		t.Errorf("term = %d after a restart, want what was confirmed", m.Term)
	}
}
