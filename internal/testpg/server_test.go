package testpg_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
)

// TestServerKeepsRows proves what the other suites rely on: logical
// replication is on, and what was committed survives a kill and a restart
// under the same connection string.
func TestServerKeepsRows(t *testing.T) {
	t.Parallel()
	s := testpg.Start(t)
	exec(t, s, "CREATE TABLE t (id int PRIMARY KEY)")
	exec(t, s, "INSERT INTO t VALUES (1)")
	if got := one(t, s, "SHOW wal_level"); got != "logical" {
		t.Errorf("wal_level = %q, want logical", got)
	}

	s.Kill9(t)
	if err := dial(s, "SELECT 1"); err == nil {
		t.Error("a killed server still answers")
	}
	s.Restart(t)
	exec(t, s, "INSERT INTO t VALUES (2)")
	s.Restart(t)
	if got := one(t, s, "SELECT count(*)::text FROM t"); got != "2" {
		t.Errorf("rows after a kill and a restart = %s, want 2", got)
	}

	s.Stop(t)
	s.Stop(t) // nothing to do
	if err := dial(s, "SELECT 1"); err == nil {
		t.Error("a stopped server still answers")
	}
}

// TestServersAreApart starts two at once.
func TestServersAreApart(t *testing.T) {
	t.Parallel()
	a, b := testpg.Start(t), testpg.Start(t)
	exec(t, a, "CREATE TABLE only_a (id int)")
	if a.DSN() == b.DSN() {
		t.Fatalf("both servers have DSN %s", a.DSN())
	}
	if got := one(t, b, "SELECT count(*)::text FROM pg_class WHERE relname = 'only_a'"); got != "0" {
		t.Errorf("the other server sees %s tables of this one", got)
	}
}

func exec(t *testing.T, s *testpg.Server, sql string) {
	t.Helper()
	if err := dial(s, sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func dial(s *testpg.Server, sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN())
	if err != nil {
		return err
	}
	defer c.Close(ctx)
	_, err = c.Exec(ctx, sql)
	return err
}

func one(t *testing.T, s *testpg.Server, sql string) (text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	c, err := pgx.Connect(ctx, s.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := c.QueryRow(ctx, sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}
