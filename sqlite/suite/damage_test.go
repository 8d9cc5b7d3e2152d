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
			err := read(name, "")
			wantKind(t, "a flipped bit at byte "+decimal(offset), err, fault.Corrupt)
			if fault.HintOf(err) == "" {
				t.Errorf("%v says not what to do", err)
			}
			damage(t, name, offset, 0x10)
		}
	}
	if err := read(name, ""); err != nil {
		t.Errorf("repaired again: %v", err)
	}
}

func TestFileOfZeros(t *testing.T) {
	name := filled(t, "")
	for i := range size(t, name) {
		if b := byteAt(t, name, i); b != 0 {
			damage(t, name, i, b)
		}
		if i > 2*pageBytes {
			break
		}
	}
	wantKind(t, "a file that begins with zeros", read(name, ""), fault.NotADatabase)
}

// TestKey: only the right key opens, and no file shows what it holds.
func TestKey(t *testing.T) {
	name := filled(t, "right")
	if err := read(name, "right"); err != nil {
		t.Fatalf("the right key: %v", err)
	}
	for _, key := range []string{"wrong", "righ", "right "} {
		err := read(name, key)
		wantKind(t, "the key "+key, err, fault.WrongKey)
		if fault.HintOf(err) == "" {
			t.Errorf("%v says not what to do", err)
		}
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
