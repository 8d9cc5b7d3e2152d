package postgres

import (
	"context"
	"slices"
	"strings"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/server/source"
)

// querier is a connection or a pool.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// catalogSQL is all that readSchema builds on, a line a fact: what kind it is,
// its table's name, and the rest. The table's number is among them: one that was
// dropped and made again is another.
const catalogSQL = `
WITH synced AS (
  SELECT c.oid, c.relname, c.relreplident FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND c.relname = ANY($1)),
columns AS (
  SELECT s.relname, a.* FROM synced s JOIN pg_attribute a ON a.attrelid = s.oid WHERE a.attnum > 0 AND NOT a.attisdropped)
SELECT concat_ws(' ', 'table', relname, oid, relreplident) FROM synced
UNION ALL
SELECT concat_ws(' ', 'column', relname, attnum, attname, format_type(atttypid, atttypmod), attgenerated) FROM columns
UNION ALL
SELECT concat_ws(' ', 'label', relname, attname, enumlabel) FROM columns JOIN pg_enum ON enumtypid = atttypid
UNION ALL
SELECT concat_ws(' ', 'rule', relname, attname, attnotnull, attidentity, pg_get_expr(adbin, adrelid))
FROM columns c LEFT JOIN pg_attrdef d ON d.adrelid = c.attrelid AND d.adnum = c.attnum
UNION ALL
SELECT concat_ws(' ', CASE contype WHEN 'p' THEN 'key' ELSE 'constraint' END, relname, conname, pg_get_constraintdef(k.oid))
FROM synced s JOIN pg_constraint k ON k.conrelid = s.oid`

func readCatalog(ctx context.Context, q querier, tables []string) ([]string, error) {
	rows, err := q.Query(ctx, catalogSQL, tables)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	slices.Sort(lines)
	return lines, fault.Wrap(fault.SourceUnavailable, "read the catalog", err)
}

// relationsOf returns each table's name and number, by name.
func relationsOf(catalog []string) string {
	var list []string
	for _, line := range catalog { // sorted
		if rest, ok := strings.CutPrefix(line, "table "); ok {
			list = append(list, rest[:strings.LastIndexByte(rest, ' ')]) // without the replica identity
		}
	}
	return strings.Join(list, ", ")
}

// compareCatalogs is fault.SchemaMismatch for the first fact that is gone or new,
// of those that change rows if there are such; else it is source.ErrSameRows too.
func compareCatalogs(before, now []string) error {
	var rules error
	for i, pair := range [2][2][]string{{now, before}, {before, now}} {
		gone := [2]string{"", " is no more"}[i]
		for _, line := range pair[0] {
			if slices.Contains(pair[1], line) {
				continue
			}
			if changesRows(line, i == 1) {
				return ddlError(line, gone)
			}
			if rules == nil {
				e := ddlError(line, gone)
				e.Err = source.ErrSameRows
				rules = e
			}
		}
	}
	return rules
}

// changesRows says whether a fact is about rows that are there, and not about
// what may be written: defaults, constraints, a further label.
func changesRows(line string, gone bool) bool {
	switch kind, _, _ := strings.Cut(line, " "); kind {
	case "rule", "constraint":
		return false
	case "label":
		return gone
	}
	return true
}

func ddlError(line, gone string) *fault.Error {
	kind, rest, _ := strings.Cut(line, " ")
	table, fact, _ := strings.Cut(rest, " ")
	return fault.New(fault.SchemaMismatch, "follow the stream", "table "+table+" was changed: "+kind+" "+fact+gone).
		WithHint("the relay reads the new schema, loads its store again where rows have another form, and goes on; an app that lacks the table's new form must be reloaded")
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
