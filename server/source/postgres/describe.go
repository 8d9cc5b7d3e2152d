package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
)

// Describe reads every table of schema public as the relay would sync it, in
// the order of their names, and what of the database it would not. It only
// reads, in one transaction, and needs nothing of Rockpool's in the database.
// Tables have IDs from 1 on, which are not the relay's. Errors:
// fault.SourceUnavailable.
func Describe(ctx context.Context, url string) (*schema.Schema, []source.Omission, error) {
	conn, err := dial(ctx, url, "rockpool generate")
	if err != nil {
		return nil, nil, fault.Wrap(fault.SourceUnavailable, "connect to Postgres", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	tx, err := conn.BeginTx(ctx, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly})
	if err != nil {
		return nil, nil, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }()
	relations, err := readRelations(ctx, conn)
	if err != nil {
		return nil, nil, err
	}
	d := &description{schema: &schema.Schema{Version: 1}}
	for _, r := range relations {
		if err := d.add(ctx, conn, r); err != nil {
			return nil, nil, fault.In("read the schema of "+r.Name, err)
		}
	}
	omissions := append(d.omissions, source.OmitUnsyncable(d.schema)...)
	return d.schema, omissions, d.schema.Validate()
}

// classRow is a row of pg_class.
type classRow struct {
	OID         uint32
	Name        string
	Kind        string
	Identity    string
	Persistence string
}

// readRelations lists what is in schema public. Partitions are their parent's
// rows; what an extension brought is not the app's.
func readRelations(ctx context.Context, conn *pgx.Conn) ([]classRow, error) {
	rows, err := conn.Query(ctx, `
SELECT c.oid, c.relname::text, c.relkind::text, c.relreplident::text, c.relpersistence::text
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND NOT c.relispartition
  AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
ORDER BY c.relname`)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "list the tables", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByPos[classRow])
	return out, fault.Wrap(fault.SourceUnavailable, "list the tables", err)
}

type description struct {
	schema    *schema.Schema
	omissions []source.Omission
}

func (d *description) omit(table, column, why, hint string) {
	d.omissions = append(d.omissions, source.Omission{Table: table, Column: column, Why: why, Hint: hint})
}

// add appends a table, or says why it is left out.
func (d *description) add(ctx context.Context, conn *pgx.Conn, r classRow) error {
	quoted := pgx.Identifier{r.Name}.Sanitize()
	switch {
	case r.Kind == "v" || r.Kind == "m":
		d.omit(r.Name, "", "it is a view, and only tables are followed", "make the view in the local database, over its tables")
	case r.Kind == "f":
		d.omit(r.Name, "", "it is a foreign table, and its changes are not in this server's log", "follow it where its rows are")
	case r.Persistence == "u":
		d.omit(r.Name, "", "it is unlogged, so its changes cannot be followed", "ALTER TABLE "+quoted+" SET LOGGED")
	case r.Identity == "n":
		d.omit(r.Name, "", "its replica identity is NOTHING, so updates and deletes cannot be followed", "ALTER TABLE "+quoted+" REPLICA IDENTITY DEFAULT")
	default:
		return d.table(ctx, conn, r)
	}
	return nil
}

func (d *description) table(ctx context.Context, conn *pgx.Conn, r classRow) error {
	t := schema.Table{Name: r.Name}
	index, err := readColumns(ctx, conn, r.OID, &t)
	if err != nil {
		return err
	}
	if err := readConstraints(ctx, conn, r.OID, &t, index); err != nil {
		return err
	}
	if err := d.columnOmissions(ctx, conn, r, &t); err != nil {
		return err
	}
	d.schema.Tables = append(d.schema.Tables, t)
	return nil
}

// columnOmissions tells of columns that readColumns left out, and of those whose
// values clients cannot look into; then of references that lead out of public.
func (d *description) columnOmissions(ctx context.Context, conn *pgx.Conn, r classRow, t *schema.Table) error {
	names, err := textColumn(ctx, conn, "SELECT attname::text FROM pg_attribute WHERE attrelid = $1 AND attnum > 0 AND NOT attisdropped AND attgenerated <> '' ORDER BY attnum", r.OID)
	if err != nil {
		return err
	}
	for _, name := range names {
		d.omit(t.Name, name, "it is generated, and generated columns are not in Postgres's log: it is left out", "compute it in the query, or keep it by a trigger")
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.Type == schema.TypeUnknown {
			d.omit(t.Name, c.Name, "its type "+c.SourceType+" is kept as Postgres's text, which SQLite neither compares nor sorts by value", "compare it in Postgres, or add a column of a plain type")
		}
	}
	abroad, err := textColumn(ctx, conn, `
SELECT k.conname || ' refers to ' || k.confrelid::regclass FROM pg_constraint k JOIN pg_class f ON f.oid = k.confrelid JOIN pg_class c ON c.oid = k.conrelid
WHERE k.conrelid = $1 AND k.contype = 'f' AND f.relnamespace <> c.relnamespace ORDER BY 1`, r.OID)
	for _, what := range abroad {
		d.omit(t.Name, "", "its foreign key "+what+", which is not in schema public: only the source checks it", "")
	}
	return err
}

func textColumn(ctx context.Context, conn *pgx.Conn, sql string, args ...any) ([]string, error) {
	rows, err := conn.Query(ctx, sql, args...)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return out, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
}
