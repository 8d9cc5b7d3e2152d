package postgres_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/internal/testpg"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/value"
)

func connect(t testing.TB, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	if err != nil {
		t.Fatalf("connect: %v", err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// opened is a source of one table, closed with the test.
func opened(t *testing.T, dsn, table string) *postgres.Source {
	t.Helper()
	src, err := postgres.Open(t.Context(), postgres.Options{URL: dsn, Tables: []string{table}, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(src.Close)
	return src
}

// loaded is a source whose rows were copied, and where its stream goes on.
func loaded(t *testing.T, dsn, table string) (src *postgres.Source, rep *replica, from uint64) {
	t.Helper()
	src = opened(t, dsn, table)
	rep = newReplica(src.Schema())
	from, err := src.Load(t.Context(), load{rep})
	if err != nil {
		t.Fatal(err)
	}
	return src, rep, from
}

// Every value must look the same whether COPY or the stream brought it, and a
// stream must leave the replica with what a fresh copy would give.
func TestStreamAgreesWithCopy(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TYPE mood AS ENUM ('calm', 'rough');
		CREATE TABLE item (id int PRIMARY KEY, n bigint, f float8, b boolean, t text, d numeric(12,3), ts timestamptz, tn timestamp,
			da date, u uuid, j jsonb, by bytea, m mood, a int[], big text);
		ALTER TABLE item ALTER COLUMN big SET STORAGE EXTERNAL;
		INSERT INTO item VALUES (1, 9223372036854775807, 'NaN', true, E'tab\there\\ \n', 12345678.100, '2026-01-02 03:04:05.6+02', '2026-01-02 03:04:05',
			'0044-03-15 BC', '6E5D2C1A-0000-4000-8000-000000000001', '{"b":1,"a":[null,1.50]}', '\x00ff', 'rough', '{1,NULL,3}', repeat('x', 9000));
		INSERT INTO item (id) VALUES (2)`)
	f := follow(t, pg.DSN(), "item")
	exec(t, conn, `INSERT INTO item SELECT 3, n, f, b, t, d, ts, tn, da, u, j, by, m, a, big FROM item WHERE id = 1`)
	exec(t, conn, `UPDATE item SET n = -1 WHERE id = 1`) // leaves big out: TOASTed and unchanged
	exec(t, conn, `UPDATE item SET id = 20 WHERE id = 2`)
	exec(t, conn, `BEGIN; SAVEPOINT a; INSERT INTO item (id) VALUES (66); ROLLBACK TO a; INSERT INTO item (id) VALUES (4); COMMIT`)
	exec(t, conn, `DELETE FROM item WHERE id = 4; INSERT INTO item (id, t) VALUES (5, 'last')`)
	id := f.schema.Table("item").ID
	f.wait(t, "the last row", func() bool { return f.rows[id][string(value.Row{value.Int(5)}.Append(nil))] != nil })

	fresh := newReplica(f.schema)
	second, err := postgres.Open(t.Context(), postgres.Options{URL: pg.DSN(), Tables: []string{"item"}, Slot: "second"})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := second.Load(t.Context(), load{fresh}); err != nil {
		t.Fatal(err)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(fresh.rows[id]) != 4 || len(f.rows[id]) != 4 {
		t.Fatalf("%d rows by copy and %d by stream, want 4", len(fresh.rows[id]), len(f.rows[id]))
	}
	for key, want := range fresh.rows[id] {
		if got := f.rows[id][key]; !got.Equal(want) {
			t.Errorf("row by stream\n %v\nby copy\n %v", got, want)
		}
	}
}

// A transaction larger than logical_decoding_work_mem is streamed in blocks
// before it commits; its rolled-back savepoint must leave nothing.
func TestLargeTransactionIsStreamedWhole(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY, t text)`)
	exec(t, conn, `ALTER SYSTEM SET logical_decoding_work_mem = '64kB'`)
	exec(t, conn, `SELECT pg_reload_conf()`)
	f := follow(t, pg.DSN(), "item")
	exec(t, conn, `BEGIN; INSERT INTO item SELECT i, repeat('a', 100) FROM generate_series(1, 5000) i; SAVEPOINT s;
		INSERT INTO item SELECT i, repeat('b', 100) FROM generate_series(10001, 15000) i; ROLLBACK TO s;
		INSERT INTO item SELECT i, repeat('c', 100) FROM generate_series(20001, 20100) i; COMMIT`)
	id := f.schema.Table("item").ID
	f.wait(t, "the transaction", func() bool { return len(f.records) == 1 })
	if n := len(f.rows[id]); n != 5100 {
		t.Fatalf("%d rows, want 5100", n)
	}
}

func TestTruncateEmptiesTheTable(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY); INSERT INTO item VALUES (1), (2)`)
	f := follow(t, pg.DSN(), "item")
	exec(t, conn, `TRUNCATE item`)
	f.wait(t, "no rows", func() bool { return len(f.rows[f.schema.Table("item").ID]) == 0 })
}

// What is wrong with a database is said before anything is streamed, with the
// way to mend it.
func TestOpenRefuses(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE keyless (a int); CREATE TABLE mute (id int PRIMARY KEY); ALTER TABLE mute REPLICA IDENTITY NOTHING;
		CREATE TABLE fine (id int PRIMARY KEY); CREATE ROLE guest LOGIN; GRANT SELECT ON fine TO guest`)
	for _, c := range []struct {
		name, table, url string
		kind             fault.Kind
		hint             string
	}{
		{"no such table", "nothing", pg.DSN(), fault.UnknownTable, "create it"},
		{"no primary key", "keyless", pg.DSN(), fault.SourceSetup, "ADD PRIMARY KEY"},
		{"identity nothing", "mute", pg.DSN(), fault.SourceSetup, "REPLICA IDENTITY DEFAULT"},
		{"role without rights", "fine", strings.Replace(pg.DSN(), "postgres@", "guest@", 1), fault.SourceSetup, "CREATE PUBLICATION"},
		{"no server", "fine", "postgres://postgres@127.0.0.1:1/postgres", fault.SourceUnavailable, ""},
		{"no URL", "fine", "postgres://%zz", fault.InvalidArgument, "postgres://"},
	} {
		t.Run(c.name, func(t *testing.T) {
			src, err := postgres.Open(t.Context(), postgres.Options{URL: c.url, Tables: []string{c.table}})
			if err == nil {
				src.Close()
				t.Fatal("Open succeeded")
			}
			if fault.KindOf(err) != c.kind || !strings.Contains(fault.HintOf(err), c.hint) {
				t.Errorf("Open = %v (%v), hint %q; want %v with a hint of %q", err, fault.KindOf(err), fault.HintOf(err), c.kind, c.hint)
			}
		})
	}
}

func TestSlotLostIsTold(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY)`)
	src, _, from := loaded(t, pg.DSN(), "item")
	exec(t, conn, `SELECT pg_drop_replication_slot('rockpool')`)
	if err := src.Run(t.Context(), from, nil); fault.KindOf(err) != fault.SlotLost || fault.HintOf(err) == "" {
		t.Errorf("Run = %v (%v), want %v and a hint", err, fault.KindOf(err), fault.SlotLost)
	}
}

// What changes in a synced table is told, whether a row follows it or not.
func TestDDLIsTold(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY, gone int, n int); CREATE TABLE other (id int)`)
	for _, c := range []struct{ ddl, says string }{
		{"ALTER TABLE item ADD COLUMN extra int DEFAULT 7; INSERT INTO item (id) VALUES (1)", "extra"},
		{"ALTER TABLE item DROP COLUMN gone; INSERT INTO item (id) VALUES (2)", "gone"},
		{"ALTER TABLE item ALTER COLUMN n TYPE text; INSERT INTO item (id) VALUES (3)", "n text"},
		{"ALTER TABLE item ADD CONSTRAINT few CHECK (id < 100)", "few"},
		{"ALTER TABLE item DROP CONSTRAINT few", "few"},
		{"DROP TABLE item; CREATE TABLE item (id int PRIMARY KEY)", "item"},
	} {
		src, err := postgres.Open(t.Context(), postgres.Options{URL: pg.DSN(), Tables: []string{"item"}})
		if err != nil {
			t.Fatal(err)
		}
		rep := newReplica(src.Schema())
		from, err := src.Load(t.Context(), load{rep})
		if err != nil {
			t.Fatal(err)
		}
		exec(t, conn, "ALTER TABLE other ADD COLUMN IF NOT EXISTS a int") // nobody's business
		if err := src.Changed(t.Context()); err != nil {
			t.Errorf("before %s: Changed = %v", c.ddl, err)
		}
		exec(t, conn, c.ddl)
		err = src.Run(t.Context(), from, rep.apply)
		if fault.KindOf(err) != fault.SchemaMismatch || !strings.Contains(err.Error(), c.says) || fault.HintOf(err) == "" {
			t.Errorf("after %s Run = %v (%v), hint %q, want %v that says %s", c.ddl, err, fault.KindOf(err), fault.HintOf(err), fault.SchemaMismatch, c.says)
		}
		src.Close()
	}
}

// A server whose log ends before what the store has seen was restored: it would
// pass over, without a word, all that it writes until it is there again.
func TestServerThatWentBackIsTold(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY)`)
	src, _, from := loaded(t, pg.DSN(), "item")
	if err := src.Run(t.Context(), from+1<<40, nil); fault.KindOf(err) != fault.SlotLost || !strings.Contains(fault.HintOf(err), "restored") {
		t.Errorf("Run = %v (%v), want %v and a hint", err, fault.KindOf(err), fault.SlotLost)
	}
}

// Two relays on one slot would each miss what the other takes.
func TestSlotOfAnotherRelayIsLeftAlone(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY)`)
	follow(t, pg.DSN(), "item")
	for active := false; !active; {
		if err := conn.QueryRow(t.Context(), "SELECT active FROM pg_replication_slots").Scan(&active); err != nil {
			t.Fatal(err)
		}
	}
	src := opened(t, pg.DSN(), "item")
	if _, err := src.Load(t.Context(), load{newReplica(src.Schema())}); fault.KindOf(err) != fault.SourceSetup || !strings.Contains(fault.HintOf(err), "postgres.slot") {
		t.Errorf("Load = %v (%v), want %v that names the setting", err, fault.KindOf(err), fault.SourceSetup)
	}
}
