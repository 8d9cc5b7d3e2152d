package rig

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rockpool.dev/internal/causal"
)

// postgresName is whom what is read and written in Postgres itself is of.
const postgresName = "postgres"

const tables = `
CREATE TABLE mww (id text PRIMARY KEY, k int NOT NULL UNIQUE, v bigint NOT NULL);
INSERT INTO mww SELECT n::text, n, -1 FROM generate_series(0, %d) n;
CREATE TABLE account (id text PRIMARY KEY, k int NOT NULL UNIQUE, v bigint NOT NULL);
INSERT INTO account SELECT n::text, n, %d FROM generate_series(0, %d) n;
CREATE TABLE transfer (id text PRIMARY KEY, client text NOT NULL, src int NOT NULL, dst int NOT NULL, amount bigint NOT NULL);`

const rules = `
auth: { anonymous: true }
tables:
  mww: { read: true, write: true, conflict: { columns: { v: max } } }
  account: { read: true, write: true, conflict: { columns: { v: delta } } }
  transfer: { read: true, write: true }
`

// prepare makes the tables.
func prepare(ctx context.Context, dsn string) error {
	return withPostgres(ctx, dsn, func(c *pgx.Conn) error {
		_, err := c.Exec(ctx, fmt.Sprintf(tables, keys-1, opening, accounts-1), pgx.QueryExecModeSimpleProtocol)
		return err
	})
}

func withPostgres(ctx context.Context, dsn string, f func(*pgx.Conn) error) error {
	c, err := pgx.Connect(ctx, dsn)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close(context.WithoutCancel(ctx)) }()
	return f(c)
}

// dropSlots drops the relay's replication slot, whose process may still be ending.
func dropSlots(ctx context.Context, dsn string) error {
	return withPostgres(ctx, dsn, func(c *pgx.Conn) error {
		for {
			if _, err := c.Exec(ctx, "SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE active"); err != nil {
				return err
			}
			_, err := c.Exec(ctx, "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots")
			var refused *pgconn.PgError
			if !errors.As(err, &refused) || refused.Code != "55006" { // object_in_use
				return err
			}
			if !rest(ctx, lookEvery) {
				return ctx.Err()
			}
		}
	})
}

// direct is a program that works on Postgres itself, beside the relay.
type direct struct {
	w     *workload
	dsn   string
	rng   *rand.Rand
	pause time.Duration
}

// run works until ctx ends.
func (d *direct) run(ctx context.Context) {
	for rest(ctx, d.pause/2+time.Duration(d.rng.Int64N(int64(d.pause)))) {
		one, cancel := context.WithTimeout(context.Background(), transactionMax)
		intent := d.w.draw(d.rng)
		t := d.w.txn(postgresName, intent)
		t.Status = causal.Failed
		_ = withPostgres(one, d.dsn, func(c *pgx.Conn) error { return d.transact(one, c, intent, &t) })
		cancel()
		d.w.keep(t)
	}
}

// transact runs one transaction and notes in t how it ended.
func (d *direct) transact(ctx context.Context, c *pgx.Conn, intent intent, t *causal.Txn) error {
	tx, err := c.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead})
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback(ctx) }()
	read, err := registersOf(ctx, tx)
	if err != nil {
		return err
	}
	left := map[int]int64{}
	for _, set := range []map[int]int64{intent.passing, intent.writes} {
		for k, v := range set {
			if v < read[k] {
				continue
			}
			if _, err := tx.Exec(ctx, "UPDATE mww SET v = $1 WHERE k = $2", v, k); err != nil {
				return err
			}
			left[k] = v
		}
	}
	if intent.rollback {
		return nil
	}
	err = tx.Commit(ctx)
	var refused *pgconn.PgError
	switch {
	case err == nil:
		t.Status, t.Read, t.Writes = causal.OK, read, left
	case !errors.As(err, &refused):
		t.Status = causal.Unknown
	}
	return err
}

// registersOf reads all registers.
func registersOf(ctx context.Context, tx pgx.Tx) (causal.State, error) {
	rows, err := tx.Query(ctx, "SELECT k, v FROM mww")
	if err != nil {
		return nil, err
	}
	read := map[int]int64{}
	var k int
	var v int64
	if _, err := pgx.ForEachRow(rows, []any{&k, &v}, func() error {
		read[k] = v
		return nil
	}); err != nil {
		return nil, err
	}
	state, ok := toState(read)
	if !ok {
		return nil, fmt.Errorf("there are %d registers in Postgres, want %d", len(read), keys)
	}
	return state, nil
}

// truth reads the end state of Postgres.
func truth(ctx context.Context, dsn string) (s causal.State, l *causal.Ledger, err error) {
	err = withPostgres(ctx, dsn, func(c *pgx.Conn) error {
		return pgx.BeginTxFunc(ctx, c, pgx.TxOptions{IsoLevel: pgx.RepeatableRead}, func(tx pgx.Tx) (err error) {
			if s, err = registersOf(ctx, tx); err != nil {
				return err
			}
			l, err = ledgerOf(ctx, tx)
			return err
		})
	})
	return s, l, err
}

func ledgerOf(ctx context.Context, tx pgx.Tx) (*causal.Ledger, error) {
	l := &causal.Ledger{Moved: make([]int64, accounts), Made: map[string]int64{}}
	var k int
	var n int64
	var name string
	for _, q := range []struct {
		sql  string
		into []any
		take func()
	}{
		{balancesSQL, []any{&k, &n}, func() { l.Balances = append(l.Balances, n) }},
		{"SELECT k, n::bigint FROM (" + movedSQL + ") m (k, n)", []any{&k, &n}, func() { l.Moved[k] = n }},
		{madeSQL, []any{&name, &n}, func() { l.Made[name] = n }},
		{`SELECT id FROM transfer ORDER BY id COLLATE "C"`, []any{&name}, func() { l.IDs = append(l.IDs, name) }},
	} {
		rows, err := tx.Query(ctx, q.sql)
		if err != nil {
			return nil, err
		}
		if _, err := pgx.ForEachRow(rows, q.into, func() error {
			q.take()
			return nil
		}); err != nil {
			return nil, err
		}
	}
	return l, nil
}
