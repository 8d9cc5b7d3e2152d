package postgres_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/value"
)

// slotAt waits until the slot has been told of a place in the log.
func slotAt(t *testing.T, conn *pgx.Conn, lsn string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for there := false; !there; {
		if err := conn.QueryRow(ctx, "SELECT confirmed_flush_lsn >= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = 'rockpool'", lsn).Scan(&there); err != nil {
			t.Fatalf("the slot did not reach %s: %v", lsn, err)
		}
	}
}

func walEnd(t *testing.T, conn *pgx.Conn) (lsn string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), "SELECT pg_current_wal_lsn()::text").Scan(&lsn); err != nil {
		t.Fatal(err)
	}
	return lsn
}

// What is not synced must not keep WAL in the server, but nothing that is may
// be confirmed before it is durable.
func TestSlotFollowsTablesThatAreNotSynced(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY); CREATE TABLE other (id int)`)
	f := follow(t, pg.DSN(), "item")
	exec(t, conn, `INSERT INTO other SELECT generate_series(1, 1000)`)
	slotAt(t, conn, walEnd(t, conn))

	before := walEnd(t, conn)
	exec(t, conn, `INSERT INTO item VALUES (1)`)
	exec(t, conn, `INSERT INTO other SELECT generate_series(1, 1000)`)
	id := f.schema.Table("item").ID
	f.wait(t, "the row", func() bool { return f.rows[id][string(value.Row{value.Int(1)}.Append(nil))] != nil })
	var held bool
	if err := conn.QueryRow(t.Context(), "SELECT confirmed_flush_lsn <= $1::pg_lsn FROM pg_replication_slots WHERE slot_name = 'rockpool'", before).Scan(&held); err != nil || !held {
		t.Fatalf("the slot moved past a row that is not durable (%v)", err)
	}
	f.mu.Lock()
	lsn := f.lsn
	f.mu.Unlock()
	f.src.Durable(lsn)
	slotAt(t, conn, walEnd(t, conn))
}

// A server that is told to stop waits for its followers to have all of its
// log: one that never says so keeps it from stopping.
func TestServerStopsInOrder(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TABLE item (id int PRIMARY KEY)`)
	src, up, from := loaded(t, pg.DSN(), "item")
	running, stop := context.WithCancel(t.Context())
	defer stop()
	ended := make(chan error, 1)
	go func() { ended <- src.Run(running, from, up.apply) }()
	exec(t, conn, `INSERT INTO item VALUES (1)`)
	if err := up.until(running, func() bool { return up.seq == 1 }); err != nil {
		t.Fatal(err)
	}
	src.Durable(up.lsn)
	pg.Stop(t) // fails when it takes 30 seconds
	if err := <-ended; err == nil {
		t.Error("the stream went on without a server")
	}
}
