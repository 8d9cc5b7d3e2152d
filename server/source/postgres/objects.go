package postgres

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"rockpool.dev/fault"
)

// metaPublication carries Rockpool's own rows; it publishes inserts only, so
// that purging them is not streamed.
const metaPublication = "rockpool_meta"

// objectsSQL is what Rockpool keeps in the source. Every statement may run
// again. Writers are recognised by xid: rockpool.tx.xid is the low 32 bits of
// the transaction that applied the mutation, as a row's xmin shows them; where it
// applied several, rockpool.tx.rows has the sums of the keys that each wrote.
// rockpool.outcome holds what was not applied; blocks says that mutations which
// depend on it cannot apply either.
const objectsSQL = `
CREATE SCHEMA IF NOT EXISTS rockpool;
CREATE TABLE IF NOT EXISTS rockpool.client (
  id text PRIMARY KEY,
  user_id text NOT NULL,
  incarnation text NOT NULL,
  last_mid bigint NOT NULL DEFAULT 0,
  seen_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE IF NOT EXISTS rockpool.tx (
  client_id text NOT NULL,
  mid bigint NOT NULL,
  xid bigint NOT NULL DEFAULT (pg_current_xact_id()::text::bigint & 4294967295),
  hlc bigint NOT NULL,
  digest bigint NOT NULL,
  clean boolean NOT NULL,
  outcome bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  rows bigint[],
  PRIMARY KEY (client_id, mid)
);
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_attribute WHERE attrelid = 'rockpool.tx'::regclass AND attname = 'rows') THEN
    ALTER TABLE rockpool.tx ADD COLUMN rows bigint[];
  END IF;
END $$;
CREATE INDEX IF NOT EXISTS tx_xid ON rockpool.tx (xid);
CREATE TABLE IF NOT EXISTS rockpool.outcome (
  client_id text NOT NULL,
  mid bigint NOT NULL,
  hlc bigint NOT NULL,
  digest bigint NOT NULL,
  blocks boolean NOT NULL,
  outcome bytea NOT NULL,
  at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (client_id, mid)
);
CREATE TABLE IF NOT EXISTS rockpool.table_id (
  id serial PRIMARY KEY,
  name text NOT NULL UNIQUE
);
CREATE TABLE IF NOT EXISTS rockpool.schema_version (
  version serial PRIMARY KEY,
  hash bigint NOT NULL,
  at timestamptz NOT NULL DEFAULT now()
);
`

// SetupSQL is the SQL that a role without the right to create objects must
// have run for it: Rockpool's schema and the two publications.
func SetupSQL(publication string, tables []string) string {
	var b strings.Builder
	b.WriteString(strings.TrimSpace(objectsSQL))
	quoted := make([]string, len(tables))
	for i, t := range tables {
		quoted[i] = "public." + pgx.Identifier{t}.Sanitize()
	}
	fmt.Fprintf(&b, "\nCREATE PUBLICATION %s FOR TABLE %s WITH (publish_via_partition_root = true);\n",
		pgx.Identifier{publication}.Sanitize(), strings.Join(quoted, ", "))
	fmt.Fprintf(&b, "CREATE PUBLICATION %s FOR TABLE rockpool.tx, rockpool.outcome WITH (publish = 'insert');\n", metaPublication)
	return b.String()
}

// ensureObjects creates Rockpool's own tables where they are missing, or returns
// fault.SourceSetup with the SQL to run when the role may not.
func ensureObjects(ctx context.Context, conn *pgx.Conn, publication string, tables []string) error {
	var wal string
	if err := conn.QueryRow(ctx, "SHOW wal_level").Scan(&wal); err != nil {
		return fault.Wrap(fault.SourceUnavailable, "read wal_level", err)
	}
	if wal != "logical" {
		return fault.New(fault.SourceSetup, "prepare Postgres", "wal_level is "+wal+", and logical replication needs logical").
			WithHint("ALTER SYSTEM SET wal_level = logical; then restart Postgres")
	}
	if _, err := conn.Exec(ctx, objectsSQL); err != nil {
		return setupError(err, publication, tables)
	}
	return nil
}

// ensurePublications creates the publications, or adds tables to one. A missing
// publication would fail only when the first change is decoded, and then
// forever, so both are checked before the stream starts.
func ensurePublications(ctx context.Context, conn *pgx.Conn, publication string, tables []string) error {
	have, err := publicationTables(ctx, conn, publication)
	if err != nil {
		return err
	}
	var missing []string
	for _, t := range tables {
		if !have[t] {
			missing = append(missing, "public."+pgx.Identifier{t}.Sanitize())
		}
	}
	sql := ""
	switch {
	case have == nil:
		sql = "CREATE PUBLICATION " + pgx.Identifier{publication}.Sanitize() + " FOR TABLE " + strings.Join(missing, ", ") + " WITH (publish_via_partition_root = true)"
	case len(missing) > 0:
		sql = "ALTER PUBLICATION " + pgx.Identifier{publication}.Sanitize() + " ADD TABLE " + strings.Join(missing, ", ")
	}
	if sql != "" {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return setupError(err, publication, tables)
		}
	}
	meta, err := publicationTables(ctx, conn, metaPublication)
	if err != nil || meta != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "CREATE PUBLICATION "+metaPublication+" FOR TABLE rockpool.tx, rockpool.outcome WITH (publish = 'insert')"); err != nil {
		return setupError(err, publication, tables)
	}
	return nil
}

// publicationTables returns the names of a publication's tables, or nil when
// there is no such publication.
func publicationTables(ctx context.Context, conn *pgx.Conn, name string) (map[string]bool, error) {
	var exists bool
	if err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)", name).Scan(&exists); err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read publications", err)
	}
	if !exists {
		return nil, nil
	}
	rows, err := conn.Query(ctx, "SELECT tablename FROM pg_publication_tables WHERE pubname = $1", name)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read publications", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read publications", err)
	}
	have := make(map[string]bool, len(names))
	for _, n := range names {
		have[n] = true
	}
	return have, nil
}

func setupError(err error, publication string, tables []string) error {
	var pg *pgconn.PgError
	if errors.As(err, &pg) && pg.Code == "42501" {
		return (&fault.Error{Kind: fault.SourceSetup, Op: "prepare Postgres", Msg: "this role may not create Rockpool's schema and publications", Offset: -1, Err: err}).
			WithHint("run this as the owner of the database:\n" + SetupSQL(publication, tables))
	}
	return fault.Wrap(fault.SourceSetup, "prepare Postgres", err)
}
