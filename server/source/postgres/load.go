package postgres

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
)

// slotTimeout bounds the creation of a slot, which waits for every transaction
// that holds an xid at that moment.
const slotTimeout = 10 * time.Second

// copyLineMax is the longest line of COPY's text form that is read, in bytes.
const copyLineMax = 256 << 20

// load creates the slot and hands its snapshot over, table by table, and how
// far each client's mids are in it. It returns the LSN that the stream continues from. A snapshot dies
// with its connection, so after an error the slot is dropped and everything
// starts again.
func load(ctx context.Context, url, slot string, s *schema.Schema, to source.Loader) (lsn pglogrepl.LSN, err error) {
	conn, err := dialReplication(ctx, url)
	if err != nil {
		return 0, fault.Wrap(fault.SourceUnavailable, "connect to Postgres for the first load", err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if err := dropSlot(ctx, conn, slot); err != nil {
		return 0, err
	}
	created, err := createSlot(ctx, conn, url, slot)
	if err != nil {
		return 0, err
	}
	defer func() {
		if err != nil {
			_ = pglogrepl.DropReplicationSlot(ctx, conn, slot, pglogrepl.DropReplicationSlotOptions{Wait: true})
		}
	}()
	lsn, err = pglogrepl.ParseLSN(created.ConsistentPoint)
	if err != nil {
		return 0, fault.Wrap(fault.SourceUnavailable, "read the slot's position", err)
	}
	reader, err := dial(ctx, url, "rockpool load")
	if err != nil {
		return 0, fault.Wrap(fault.SourceUnavailable, "connect to Postgres for the first load", err)
	}
	defer func() { _ = reader.Close(ctx) }()
	begin := "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT '" + created.SnapshotName + "'"
	if _, err := reader.Exec(ctx, begin, pgx.QueryExecModeSimpleProtocol); err != nil {
		return 0, fault.Wrap(fault.SourceUnavailable, "adopt the slot's snapshot", err)
	}
	for i := range s.Tables {
		if err := copyTable(ctx, reader, &s.Tables[i], to.Row); err != nil {
			return 0, err
		}
	}
	return lsn, copySettled(ctx, reader, to)
}

// copySettled hands over each client's newest mid: the step of the fence and
// what it stands for are one transaction, so both are in the snapshot or none.
func copySettled(ctx context.Context, conn *pgx.Conn, to source.Loader) error {
	const op = "copy what is settled"
	rows, err := conn.Query(ctx, "SELECT id, last_mid FROM rockpool.client WHERE last_mid > 0")
	if err != nil {
		return fault.Wrap(fault.SourceUnavailable, op, err)
	}
	var client string
	var mid int64
	_, err = pgx.ForEachRow(rows, []any{&client, &mid}, func() error { return to.Settled(client, uint64(mid)) })
	return fault.Wrap(fault.SourceUnavailable, op, err)
}

// dropSlot drops an old slot of the name, once a relay that dies has let it go.
// One that another relay goes on using is fault.SourceSetup.
func dropSlot(ctx context.Context, conn *pgconn.PgConn, slot string) error {
	op := "drop an old slot " + slot
	for end := time.Now().Add(slotTimeout); ; {
		_, err := conn.Exec(ctx, "DROP_REPLICATION_SLOT "+slot).ReadAll()
		switch {
		case err == nil || pgCode(err) == "42704": // there is none
			return nil
		case pgCode(err) != "55006": // in use
			return fault.Wrap(fault.SourceUnavailable, op, err)
		case time.Now().After(end):
			return (&fault.Error{Kind: fault.SourceSetup, Op: op, Msg: "another relay uses it", Offset: -1, Err: err}).
				WithHint("stop the other relay, or give this one a slot of its own: postgres.slot in rockpool.yaml")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(slotRetryEvery):
		}
	}
}

// createSlot makes the permanent slot and exports its snapshot. When it takes
// too long the error names the backends it waits for.
func createSlot(ctx context.Context, conn *pgconn.PgConn, url, slot string) (pglogrepl.CreateReplicationSlotResult, error) {
	waiting, cancel := context.WithTimeout(ctx, slotTimeout)
	defer cancel()
	created, err := pglogrepl.CreateReplicationSlot(waiting, conn, slot, "pgoutput", pglogrepl.CreateReplicationSlotOptions{SnapshotAction: "EXPORT_SNAPSHOT"})
	if err == nil {
		return created, nil
	}
	if waiting.Err() != nil && ctx.Err() == nil {
		return created, fault.New(fault.SourceUnavailable, "create slot "+slot, "it waits for open transactions: backends "+openTransactions(ctx, url)).
			WithHint("end those transactions, or wait; the relay tries again")
	}
	if pgCode(err) == "42501" {
		return created, (&fault.Error{Kind: fault.SourceSetup, Op: "create slot " + slot, Msg: "this role may not replicate", Offset: -1, Err: err}).
			WithHint("ALTER ROLE … WITH REPLICATION")
	}
	return created, fault.Wrap(fault.SourceUnavailable, "create slot "+slot, err)
}

// openTransactions lists the backends that hold an xid, oldest first.
func openTransactions(ctx context.Context, url string) string {
	conn, err := dial(ctx, url, "rockpool doctor")
	if err != nil {
		return "unknown"
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, "SELECT pid::text || ' (' || usename || ', open for ' || (now() - xact_start)::text || ')' FROM pg_stat_activity WHERE backend_xid IS NOT NULL ORDER BY xact_start LIMIT 10")
	if err != nil {
		return "unknown"
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return "unknown"
	}
	return strings.Join(pids, ", ")
}

// copyTable streams a table in key order, as COPY's text.
func copyTable(ctx context.Context, conn *pgx.Conn, t *schema.Table, put func(*schema.Table, value.Row) error) error {
	columns, names := make([]int, 0, len(t.Columns)), make([]string, 0, len(t.Columns))
	for i := range t.Columns {
		columns, names = append(columns, i), append(names, name(t.Columns[i].Name))
	}
	keys := make([]string, len(t.Key))
	for i, k := range t.Key {
		keys[i] = name(t.Columns[k].Name)
	}
	sql := fmt.Sprintf("COPY (SELECT %s FROM %s ORDER BY %s) TO STDOUT", strings.Join(names, ", "), tableName(t), strings.Join(keys, ", "))

	pipe, w := io.Pipe()
	failed := make(chan error, 1)
	go func() {
		_, err := conn.PgConn().CopyTo(ctx, w, sql)
		_ = w.CloseWithError(err) // nil is io.EOF for the reader
		failed <- err
	}()
	err := readCopy(pipe, t, columns, put)
	_ = pipe.CloseWithError(err)
	if copyErr := <-failed; err == nil && copyErr != nil {
		err = fault.Wrap(fault.SourceUnavailable, "copy table "+t.Name, copyErr)
	}
	return err
}

func readCopy(r io.Reader, t *schema.Table, columns []int, put func(*schema.Table, value.Row) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, 1<<20), copyLineMax)
	for lines.Scan() {
		row := make(value.Row, len(t.Columns))
		if err := decodeCopyLine(t, columns, lines.Bytes(), row); err != nil {
			return err
		}
		if err := put(t, row); err != nil {
			return err
		}
	}
	return fault.Wrap(fault.SourceUnavailable, "copy table "+t.Name, lines.Err())
}
