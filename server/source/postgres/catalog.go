package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
)

// querier is a connection or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// catalogSQL is all that readSchema builds on, a line a fact, each beginning
// with its table's name. The table's number is among them: one that was dropped
// and made again is another.
const catalogSQL = `
WITH synced AS (
  SELECT c.oid, c.relname, c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname = ANY($1))
SELECT concat_ws(' ', relname, 'is', oid, relreplident) FROM synced
UNION ALL
SELECT concat_ws(' ', s.relname, 'column', a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
       a.attgenerated, pg_get_expr(d.adbin, d.adrelid),
       (SELECT string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid))
FROM synced s JOIN pg_attribute a ON a.attrelid = s.oid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped
UNION ALL
SELECT concat_ws(' ', s.relname, 'constraint', k.conname, pg_get_constraintdef(k.oid)) FROM synced s JOIN pg_constraint k ON k.conrelid = s.oid`

func readCatalog(ctx context.Context, q querier, tables []string) ([]string, error) {
	rows, err := q.Query(ctx, catalogSQL, tables)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(lines)
	return lines, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
}

// compareCatalogs is fault.SchemaMismatch for the first fact that is gone or new.
func compareCatalogs(before, now []string) error {
	for _, line := range now {
		if !slices.Contains(before, line) {
			return ddlError(line, "")
		}
	}
	for _, line := range before {
		if !slices.Contains(now, line) {
			return ddlError(line, " is no more")
		}
	}
	return nil
}

func ddlError(line, gone string) error {
	table, fact, _ := strings.Cut(line, " ")
	return fault.New(fault.SchemaMismatch, "follow the stream", "table "+table+" was changed: "+fact+gone).
		WithHint("the relay reads the new schema, loads its store again and goes on; an app that lacks the table's new form must be reloaded")
}

// identify names the server by its system's number, which a copy keeps and a
// new cluster has not, and the database. fault.SourceSetup when the role may not
// replicate.
func identify(ctx context.Context, url string) (string, error) {
	const op = "identify the server"
	conn, err := dialReplication(ctx, url)
	if pgCode(err) == "42501" {
		return "", (&fault.Error{Kind: fault.SourceSetup, Op: op, Msg: "this role may not replicate", Offset: -1, Err: err}).
			WithHint("ALTER ROLE … WITH REPLICATION")
	}
	if err != nil {
		return "", fault.Wrap(fault.SourceUnavailable, op, err)
	}
	defer func() { _ = conn.Close(ctx) }()
	id, err := pglogrepl.IdentifySystem(ctx, conn)
	if err != nil {
		return "", fault.Wrap(fault.SourceUnavailable, op, err)
	}
	return identityOf(id), nil
}

func identityOf(id pglogrepl.IdentifySystemResult) string {
	return "postgres " + id.SystemID + "/" + id.DBName
}
