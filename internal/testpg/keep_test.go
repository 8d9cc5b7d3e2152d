package testpg_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rockpool.dev/internal/testpg"
)

// TestOpenKeepsData: a folder that is given stays, with its rows, and an
// initdb that was cut off is done again.
func TestOpenKeepsData(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "pg")
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "half"), 0o755); err != nil {
		t.Fatal(err)
	}
	opened(t, dir, func(s *testpg.Server) {
		exec(t, s, "CREATE TABLE t (id int PRIMARY KEY)")
		exec(t, s, "INSERT INTO t VALUES (1)")
		if got := one(t, s, "SHOW fsync"); got != "on" {
			t.Errorf("fsync = %q on data that is kept, want on", got)
		}
	})
	opened(t, dir, func(s *testpg.Server) {
		if got := one(t, s, "SELECT count(*)::text FROM t"); got != "1" {
			t.Errorf("%s rows after the second start, want 1", got)
		}
	})
}

// TestOpenWhereTheServerMayNotEnter: root's own folders are closed to the user
// that runs Postgres; the data then goes elsewhere, and that is said.
func TestOpenWhereTheServerMayNotEnter(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(t.TempDir(), "closed")
	if err := os.Mkdir(closed, 0o700); err != nil {
		t.Fatal(err)
	}
	said := opened(t, filepath.Join(closed, "pg"), func(s *testpg.Server) { exec(t, s, "SELECT 1") })
	_, elsewhere, moved := strings.Cut(said, "the data is in ")
	if moved != (os.Geteuid() == 0) {
		t.Errorf("said %q as user %d", said, os.Geteuid())
	}
	if moved {
		if err := os.RemoveAll(strings.TrimSpace(elsewhere)); err != nil {
			t.Error(err)
		}
	}
}

// opened opens a server for the time of f and returns what it said.
func opened(t *testing.T, dir string, f func(*testpg.Server)) (said string) {
	t.Helper()
	s, err := testpg.Open(dir, func(format string, args ...any) { said += fmt.Sprintf(format+"\n", args...) })
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	f(s)
	return said
}
