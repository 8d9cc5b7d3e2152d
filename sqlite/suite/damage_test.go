package suite

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

const pageBytes = 4096

// filled makes a closed file of some tens of pages.
func filled(t *testing.T, key string) string {
	t.Helper()
	name := fresh(t)
	c := open(t, sqlite.Options{Name: name, Key: []byte(key)})
	exec(t, c, "CREATE TABLE v(id INTEGER PRIMARY KEY, x)")
	exec(t, c, "INSERT INTO v SELECT i, 'plain text ' || i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5000) SELECT i FROM n)")
	if _, _, err := c.Checkpoint(sqlite.CheckpointTruncate); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return name
}

// read reads every row.
func read(name, key string) error {
	c, err := sqlite.Open(sqlite.Options{Name: name, Key: []byte(key)})
	if err != nil {
		return err
	}
	defer c.Close()
	_, _, err = sqlite.OneRow(c, "SELECT sum(length(x)) FROM v")
	return err
}

// TestDamagedPage: one flipped bit anywhere in a page that is read is noticed.
func TestDamagedPage(t *testing.T) {
	name := filled(t, "")
	pages := size(t, name) / pageBytes
	if pages < 20 {
		t.Fatalf("the file has %d pages", pages)
	}
	if err := read(name, ""); err != nil {
		t.Fatalf("the whole file: %v", err)
	}
	for _, page := range []int{2, 3, pages / 2, pages} {
		for _, at := range []int{1, 100, 2000, pageBytes - 1} {
			offset := (page-1)*pageBytes + at
			damage(t, name, offset, 0x10)
			wantKind(t, "a flipped bit at byte "+decimal(offset), read(name, ""), fault.Corrupt)
			damage(t, name, offset, 0x10)
		}
	}
	if err := read(name, ""); err != nil {
		t.Errorf("repaired again: %v", err)
	}
}

// TestKey: only the right key opens, and no file shows what it holds.
func TestKey(t *testing.T) {
	name := filled(t, "right")
	if err := read(name, "right"); err != nil {
		t.Fatalf("the right key: %v", err)
	}
	for _, key := range []string{"wrong", "righ", "right "} {
		wantKind(t, "the key "+key, read(name, key), fault.WrongKey)
	}
	wantKind(t, "no key", read(name, ""), fault.NotADatabase)
	wantKind(t, "a key for a file without one", read(filled(t, ""), "right"), fault.WrongKey)
	if holds(t, name, "plain text") || holds(t, name, "CREATE TABLE") || holds(t, name, "SQLite format") {
		t.Error("the file shows what it holds")
	}
	damage(t, name, 5*pageBytes+50, 1)
	err := read(name, "right")
	if k := fault.KindOf(err); k != fault.Corrupt && k != fault.WrongKey && !permitsSilentDamage {
		t.Errorf("a damaged page under a key = %v (%v), want it noticed", err, k)
	}
}

// TestKeyHidesWAL: what is written and not yet checkpointed is hidden too.
func TestKeyHidesWAL(t *testing.T) {
	name := fresh(t)
	c := open(t, sqlite.Options{Name: name, Key: []byte("right")})
	exec(t, c, "CREATE TABLE secret(x); INSERT INTO secret VALUES ('attack at dawn')")
	if c.WALBytes() == 0 {
		t.Fatal("nothing is in the WAL")
	}
	exec(t, c, "PRAGMA cache_size=5; BEGIN; INSERT INTO secret SELECT 'attack at dusk ' || i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 5000) SELECT i FROM n)")
	if holds(t, name, "attack at") || holds(t, name, "secret") {
		t.Error("the files show what they hold")
	}
	exec(t, c, "COMMIT")
	exec(t, c, "PRAGMA cache_size=1000")
	r := open(t, sqlite.Options{Name: name, Key: []byte("right"), ReadOnly: true})
	if got := one(t, r, "SELECT x FROM secret WHERE rowid = 1"); !got.Equal(value.Text("attack at dawn")) {
		t.Errorf("a second connection reads %v", got)
	}
}

// TestKeyHidesJournals: nor do journals show it, neither the rollback journal of
// a transaction nor what a statement or a sort puts aside. Without a key the
// same work shows it, so the search finds what is there.
func TestKeyHidesJournals(t *testing.T) {
	for _, key := range []string{"", "right"} {
		name := filled(t, key)
		c := open(t, sqlite.Options{Name: name, Key: []byte(key)})
		exec(t, c, "PRAGMA journal_mode=DELETE; PRAGMA cache_size=5; BEGIN; UPDATE v SET x = 'plain text, changed ' || id")
		if size(t, name+"-journal") < 10*pageBytes {
			t.Fatalf("key %q: the journal has %d bytes", key, size(t, name+"-journal"))
		}
		if got, want := holdsFile(t, name+"-journal", "plain text"), key == ""; got != want {
			t.Errorf("key %q: the rollback journal shows what it holds: %v", key, got)
		}
		// A statement that fails half way has kept the pages that it changed.
		exec(t, c, "CREATE UNIQUE INDEX one ON v(x)")
		wantKind(t, "an update that fails at its end", c.Exec("UPDATE v SET x = CASE id WHEN 5000 THEN 'plain text, again 1' ELSE 'plain text, again ' || id END"), fault.Constraint)
		exec(t, c, "CREATE TEMP TABLE aside AS SELECT x FROM v ORDER BY x DESC; SELECT count(*) FROM (SELECT x FROM v ORDER BY length(x), x DESC)")
		if got, want := holds(t, name, "plain text"), key == ""; got != want {
			t.Errorf("key %q: the files show what they hold: %v", key, got)
		}
		exec(t, c, "ROLLBACK; PRAGMA journal_mode=WAL")
		wantInt(t, c, "SELECT count(*) FROM v WHERE x = 'plain text ' || id", 5000)
	}
}
