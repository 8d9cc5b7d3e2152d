package suite

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
)

// TestWrongKeyOverWAL: the key is asked for before what a crash left in the WAL
// is touched, so a wrong one costs nothing.
func TestWrongKeyOverWAL(t *testing.T) {
	name, crashed := filled(t, "right"), fresh(t)
	c := open(t, sqlite.Options{Name: name, Key: []byte("right")})
	exec(t, c, "DELETE FROM v WHERE id > 10; INSERT INTO v VALUES (6000, 'plain text, not checkpointed')")
	copyDatabase(t, name, crashed)
	for range 2 {
		wantKind(t, "a wrong key over a WAL", read(crashed, "wrong"), fault.WrongKey)
		wantKind(t, "no key over a WAL", read(crashed, ""), fault.NotADatabase)
	}
	again := open(t, sqlite.Options{Name: crashed, Key: []byte("right")})
	wantInt(t, again, "SELECT count(*) FROM v", 11)
	if holds(t, crashed, "plain text") {
		t.Error("the files show what they hold")
	}
}

// TestCutPage: natively SQLite takes a page that is cut short for one that ends
// in zeros.
func TestCutPage(t *testing.T) {
	good := content(t, filled(t, ""))
	for _, missing := range []int{1, 100, pageBytes - 1} {
		name := fresh(t)
		put(t, name, good[:len(good)-missing])
		wantKind(t, "a file without its last "+decimal(missing)+" bytes", read(name, ""), fault.Corrupt)
	}
}
