package sqloracle

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// world is tables with the same rows in both databases.
type world struct {
	name   string
	schema *schema.Schema
	lite   *sqlite.Conn
	pg     *pgx.Conn
	// wide are the columns, by table and name, whose numbers are too large to be
	// multiplied, or floats whose sums need rounding: then the order of adding tells.
	wide map[[2]string]bool
	// samples are values of each column, for queries to compare with.
	samples map[[2]string][]value.Value
	// rows are how many each table has.
	rows map[string]int
}

// session connects to a server, with the settings under which Postgres prints
// what schema.Column.FromText reads.
func session(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	ctx := context.Background()
	pg, err := pgx.Connect(ctx, dsn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close(ctx) })
	if _, err := pg.Exec(ctx, "SET TimeZone = 'UTC'; SET DateStyle = ISO; SET IntervalStyle = postgres; SET bytea_output = hex"); err != nil {
		t.Fatal(err)
	}
	return pg
}

// newWorld runs sql in a schema of Postgres's own and mirrors the tables that
// it makes in SQLite.
func newWorld(t *testing.T, server *testpg.Server, name, sql string) *world {
	t.Helper()
	ctx := context.Background()
	w := &world{name: name, pg: session(t, server.DSN()), schema: &schema.Schema{Version: 1}, wide: map[[2]string]bool{}, samples: map[[2]string][]value.Value{}, rows: map[string]int{}}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatalf("world %s: %v", name, err)
		}
	}
	_, err := w.pg.Exec(ctx, "CREATE SCHEMA "+name+"; SET search_path = "+name)
	must(err)
	_, err = w.pg.Exec(ctx, sql)
	must(err)
	w.lite, err = sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	must(err)
	t.Cleanup(func() { _ = w.lite.Close() })
	must(sqlfn.Register(w.lite))
	must(w.catalog(ctx))
	for i := range w.schema.Tables {
		must(w.mirror(ctx, &w.schema.Tables[i]))
	}
	return w
}

// catalog reads the tables of the search path.
func (w *world) catalog(ctx context.Context) error {
	rows, err := w.pg.Query(ctx, `
		SELECT c.relname::text, a.attname::text, format_type(a.atttypid, a.atttypmod), a.attnotnull,
			coalesce((SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid), '{}'),
			coalesce((SELECT array_position(i.indkey::int2[], a.attnum) FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary), -1)::int4
		FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind = 'r' AND a.attnum > 0
		ORDER BY c.relname, a.attnum`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var c schema.Column
		var inKey int32
		if err := rows.Scan(&table, &c.Name, &c.SourceType, &c.NotNull, &c.Enum, &inKey); err != nil {
			return err
		}
		if c.Type = schema.TypeOf(c.SourceType); len(c.Enum) > 0 {
			c.Type = schema.TypeEnum
		}
		if _, scale, ok := strings.Cut(strings.TrimSuffix(c.SourceType, ")"), ","); ok && c.Type == schema.TypeDecimal {
			n, err := strconv.ParseUint(scale, 10, 32)
			if err != nil {
				return err
			}
			c.Scale, c.HasScale = uint32(n), true
		}
		if n := len(w.schema.Tables); n == 0 || w.schema.Tables[n-1].Name != table {
			w.schema.Tables = append(w.schema.Tables, schema.Table{ID: uint32(n + 1), Name: table})
		}
		t := &w.schema.Tables[len(w.schema.Tables)-1]
		if inKey >= 0 {
			t.Key = append(t.Key, uint32(len(t.Columns)))
		}
		t.Columns = append(t.Columns, c)
	}
	return rows.Err()
}

// mirror copies a table's rows to SQLite, in their stored form.
func (w *world) mirror(ctx context.Context, t *schema.Table) error {
	for _, sql := range schema.DDL(t, schema.Replica) {
		if err := w.lite.Exec(sql); err != nil {
			return err
		}
	}
	names, marks := make([]string, len(t.Columns)), make([]string, len(t.Columns))
	for i := range t.Columns {
		names[i], marks[i] = schema.Quote(t.Columns[i].Name)+"::text", "?"
	}
	insert, err := w.lite.Prepare("INSERT INTO " + schema.Quote(t.Name) + " VALUES (" + strings.Join(marks, ", ") + ")")
	if err != nil {
		return err
	}
	defer insert.Close()
	res := w.pg.PgConn().ExecParams(ctx, "SELECT "+strings.Join(names, ", ")+" FROM "+schema.Quote(t.Name), nil, nil, nil, nil).Read()
	for _, cells := range res.Rows {
		row := make(value.Row, len(cells))
		for i, cell := range cells {
			if cell == nil {
				continue
			}
			if row[i], err = t.Columns[i].FromText(string(cell)); err != nil {
				return fmt.Errorf("%s.%s: %w", t.Name, t.Columns[i].Name, err)
			}
			at := [2]string{t.Name, t.Columns[i].Name}
			if wide(&t.Columns[i], row[i]) {
				w.wide[at] = true
			}
			if len(w.samples[at]) < samplesMax && !slices.Contains(w.samples[at], row[i]) {
				w.samples[at] = append(w.samples[at], row[i])
			}
		}
		if err := insert.Run(row...); err != nil {
			return err
		}
	}
	w.rows[t.Name] = len(res.Rows)
	return res.Err
}

// samplesMax is how many values of a column queries take.
const samplesMax = 30

func wide(c *schema.Column, v value.Value) bool {
	switch c.Type {
	case schema.TypeInt:
		return v.Int() > 1<<20 || v.Int() < -1<<20
	case schema.TypeFloat:
		const steps = 1024
		return v.Kind() != value.KindFloat || math.Abs(v.Float()) > 1<<20 || v.Float()*steps != math.Trunc(v.Float()*steps)
	}
	return false
}
