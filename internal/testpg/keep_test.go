package testpg_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
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

// TestHaltAndRelaunch: each way to end a server leaves what was committed.
func TestHaltAndRelaunch(t *testing.T) {
	t.Parallel()
	opened(t, "", func(s *testpg.Server) {
		exec(t, s, "CREATE TABLE t (id int PRIMARY KEY)")
		for i, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGQUIT, syscall.SIGKILL} {
			exec(t, s, fmt.Sprintf("INSERT INTO t VALUES (%d)", i))
			if err := s.Halt(signal); err != nil {
				t.Fatalf("%v: %v", signal, err)
			}
			if err := dial(s, "SELECT 1"); err == nil {
				t.Errorf("%v: the server still answers", signal)
			}
			if err := s.Relaunch(); err != nil {
				t.Fatalf("after %v: %v", signal, err)
			}
		}
		if got := one(t, s, "SELECT count(*)::text FROM t"); got != "3" {
			t.Errorf("%s rows, want 3", got)
		}
	})
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
