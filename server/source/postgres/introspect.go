package postgres

import (
	"context"
	"regexp"
	"sort"
	"strings"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// readSchema reads the listed tables of schema public from the catalog.
// fault.UnknownTable for a table that is not there, fault.SourceSetup for one
// without a primary key or with IDENTITY NOTHING: its changes could not be
// told apart.
func readSchema(ctx context.Context, conn *pgx.Conn, tables []string) (*schema.Schema, error) {
	names := append([]string(nil), tables...)
	sort.Strings(names)
	out := &schema.Schema{}
	for _, name := range names {
		t, err := readTable(ctx, conn, name)
		if err != nil {
			return nil, err
		}
		out.Tables = append(out.Tables, *t)
	}
	hash := int64(out.Hash())
	row := conn.QueryRow(ctx, `
WITH last AS (SELECT version, hash FROM rockpool.schema_version ORDER BY version DESC LIMIT 1),
     new AS (INSERT INTO rockpool.schema_version (hash) SELECT $1 WHERE NOT EXISTS (SELECT FROM last WHERE hash = $1) RETURNING version)
SELECT version FROM new UNION ALL SELECT version FROM last WHERE hash = $1`, hash)
	var version int64
	if err := row.Scan(&version); err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "number the schema", err)
	}
	out.Version = uint32(version)
	return out, nil
}

func readTable(ctx context.Context, conn *pgx.Conn, name string) (*schema.Table, error) {
	op := "read the schema of " + name
	var oid uint32
	var identity string
	err := conn.QueryRow(ctx, `
SELECT c.oid, c.relreplident::text FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relname = $1 AND c.relkind IN ('r', 'p')`, name).Scan(&oid, &identity)
	if err == pgx.ErrNoRows {
		return nil, fault.New(fault.UnknownTable, op, "there is no table public."+name).WithHint("list only tables that exist, or create it first")
	}
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, op, err)
	}
	if identity == "n" {
		return nil, fault.New(fault.SourceSetup, op, "its replica identity is NOTHING, so updates and deletes cannot be followed").
			WithHint("ALTER TABLE " + pgx.Identifier{name}.Sanitize() + " REPLICA IDENTITY DEFAULT")
	}
	t := &schema.Table{Name: name}
	if err := conn.QueryRow(ctx, `
WITH ins AS (INSERT INTO rockpool.table_id (name) VALUES ($1) ON CONFLICT DO NOTHING RETURNING id)
SELECT id FROM ins UNION ALL SELECT id FROM rockpool.table_id WHERE name = $1 LIMIT 1`, name).Scan(&t.ID); err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, op, err)
	}
	attnums, err := readColumns(ctx, conn, oid, t)
	if err != nil {
		return nil, fault.In(op, err)
	}
	if err := readConstraints(ctx, conn, oid, t, attnums); err != nil {
		return nil, fault.In(op, err)
	}
	if len(t.Key) == 0 {
		return nil, fault.New(fault.SourceSetup, op, "it has no primary key, so its rows cannot be told apart").
			WithHint("ALTER TABLE " + pgx.Identifier{name}.Sanitize() + " ADD PRIMARY KEY (…)")
	}
	return t, nil
}

// readColumns fills t.Columns and returns the index of each attribute number.
func readColumns(ctx context.Context, conn *pgx.Conn, oid uint32, t *schema.Table) (map[int16]uint32, error) {
	rows, err := conn.Query(ctx, `
SELECT a.attnum, a.attname, format_type(a.atttypid, a.atttypmod), ty.typname, ty.typtype::text, ty.typcategory::text,
       a.attnotnull, coalesce(pg_get_expr(d.adbin, d.adrelid), ''), a.attidentity::text, a.attgenerated::text,
       CASE WHEN ty.typname = 'numeric' AND a.atttypmod >= 4 THEN (a.atttypmod - 4) & 65535 ELSE -1 END,
       coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid), '{}')
FROM pg_attribute a JOIN pg_type ty ON ty.oid = a.atttypid
LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attrelid = $1 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`, oid)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read columns", err)
	}
	defer rows.Close()
	index := map[int16]uint32{}
	for rows.Next() {
		var (
			attnum                       int16
			c                            schema.Column
			typname, typtype, category   string
			defaultExpr, identity, gener string
			scale                        int32
		)
		if err := rows.Scan(&attnum, &c.Name, &c.SourceType, &typname, &typtype, &category, &c.NotNull, &defaultExpr, &identity, &gener, &scale, &c.Enum); err != nil {
			return nil, fault.Wrap(fault.SourceUnavailable, "read columns", err)
		}
		switch {
		case typtype == "e":
			c.Type = schema.TypeEnum
		case category == "A":
			c.Type = schema.TypeArray
		default:
			c.Type = schema.TypeOf(typname)
		}
		c.Default = defaultExpr
		c.Identity = identity != "" || strings.HasPrefix(defaultExpr, "nextval(")
		if gener != "" {
			continue // pgoutput leaves generated columns out, so they cannot be followed
		}
		if c.Identity {
			c.Default = ""
		}
		if scale >= 0 {
			c.Scale, c.HasScale = uint32(scale), true
		}
		index[attnum] = uint32(len(t.Columns))
		t.Columns = append(t.Columns, c)
	}
	return index, fault.Wrap(fault.SourceUnavailable, "read columns", rows.Err())
}

// portableCheck matches check expressions that SQLite reads as Postgres does:
// comparisons of columns and plain literals. Others are left to the source.
var portableCheck = regexp.MustCompile(`^[a-zA-Z0-9_ ()<>=!.'+\-*]*$`)

func readConstraints(ctx context.Context, conn *pgx.Conn, oid uint32, t *schema.Table, index map[int16]uint32) error {
	rows, err := conn.Query(ctx, `
SELECT k.conname, k.contype::text, k.conkey, CASE WHEN f.relnamespace = c.relnamespace THEN f.relname ELSE '' END, pg_get_constraintdef(k.oid),
       coalesce((SELECT array_agg(a.attname::text ORDER BY u.n) FROM unnest(k.confkey) WITH ORDINALITY u(num, n)
                 JOIN pg_attribute a ON a.attrelid = k.confrelid AND a.attnum = u.num), '{}'),
       k.confdeltype::text
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid LEFT JOIN pg_class f ON f.oid = k.confrelid
WHERE k.conrelid = $1 AND k.contype IN ('p', 'u', 'f', 'c') ORDER BY k.conname`, oid)
	if err != nil {
		return fault.Wrap(fault.SourceUnavailable, "read constraints", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, kind, foreign, def, onDelete string
		var key []int16
		var references []string
		if err := rows.Scan(&name, &kind, &key, &foreign, &def, &references, &onDelete); err != nil {
			return fault.Wrap(fault.SourceUnavailable, "read constraints", err)
		}
		columns, followed := indexes(index, key)
		if !followed {
			continue
		}
		switch kind {
		case "p":
			t.Key = columns
		case "u":
			t.Unique = append(t.Unique, schema.Unique{Name: name, Columns: columns})
		case "f":
			if foreign == "" {
				continue // to another schema, as auth.users: no table here has that name, or another one has
			}
			names := make([]string, len(columns))
			for i, c := range columns {
				names[i] = t.Columns[c].Name
			}
			t.Foreign = append(t.Foreign, schema.ForeignKey{Name: name, Columns: names, Table: foreign, References: references, OnDelete: deleteActions[onDelete]})
		case "c":
			expr := strings.TrimSuffix(strings.TrimPrefix(def, "CHECK ("), ")")
			if strings.HasPrefix(def, "CHECK (") && portableCheck.MatchString(expr) {
				t.Checks = append(t.Checks, schema.Check{Name: name, Expr: expr})
			}
		}
	}
	return fault.Wrap(fault.SourceUnavailable, "read constraints", rows.Err())
}

// indexes maps attribute numbers to column indexes; false when a constraint
// covers a column that is not followed.
func indexes(index map[int16]uint32, key []int16) ([]uint32, bool) {
	columns := make([]uint32, len(key))
	for i, n := range key {
		at, ok := index[n]
		if !ok {
			return nil, false
		}
		columns[i] = at
	}
	return columns, true
}

// deleteActions are pg_constraint.confdeltype's letters.
var deleteActions = map[string]string{"a": "no action", "r": "restrict", "c": "cascade", "n": "set null", "d": "set default"}
