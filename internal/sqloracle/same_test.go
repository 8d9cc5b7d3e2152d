package sqloracle

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgtype"
	"pgregory.net/rapid"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// worldsMade is how many generated schemas a run has beside Northwind.
const worldsMade = 12

// queriesAsked is how many queries a run asks that says no number.
const queriesAsked = 400

// northwind is the shop's seed.sql, made by the shop's own script.
func northwind(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if out, err := exec.Command("node", filepath.Join(root, "web/shop/seed/northwind.mjs"), dir).CombinedOutput(); err != nil {
		t.Fatalf("make Northwind's seed (`make setup` installs npm's packages): %v\n%s", err, out)
	}
	sql, err := os.ReadFile(filepath.Join(dir, "seed.sql"))
	if err != nil {
		t.Fatal(err)
	}
	return string(sql)
}

// typeOfOID is the type of a column of Postgres's result.
var typeOfOID = map[uint32]schema.Type{
	pgtype.Int2OID: schema.TypeInt, pgtype.Int4OID: schema.TypeInt, pgtype.Int8OID: schema.TypeInt, pgtype.BoolOID: schema.TypeBool,
	pgtype.Float4OID: schema.TypeFloat, pgtype.Float8OID: schema.TypeFloat, pgtype.TextOID: schema.TypeText, pgtype.VarcharOID: schema.TypeText,
	pgtype.BPCharOID: schema.TypeText, pgtype.NumericOID: schema.TypeUnknown, // as printed, with its scale
	pgtype.TimestamptzOID: schema.TypeTimestampTZ, pgtype.TimestampOID: schema.TypeTimestamp,
	pgtype.ByteaOID: schema.TypeBytes,
}

// answer is what a database says to a query.
type answer struct {
	sql  string
	rows []value.Row
	err  error
}

// asked puts a query to both databases.
func (w *world) asked(q *query.Select) (lite, pg answer) {
	lite.rows, lite.sql, lite.err = w.onSQLite(q)
	pg.rows, pg.sql, pg.err = w.onPostgres(q)
	return lite, pg
}

func (w *world) onSQLite(q *query.Select) ([]value.Row, string, error) {
	st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: w.schema})
	if err != nil {
		return nil, "", err
	}
	sql := fmt.Sprint(st.SQL, " ", st.Args)
	s, err := w.lite.Prepare(st.SQL)
	if err != nil {
		return nil, sql, err
	}
	defer s.Close()
	rows, err := s.Query(st.Args...)
	if err != nil {
		return nil, sql, err
	}
	defer rows.Close()
	var out []value.Row
	for rows.Next() {
		row := append(value.Row{}, rows.Row()...)
		for i, v := range row {
			if v.Kind() == value.KindFloat && v.Float() == 0 {
				row[i] = value.Float(0) // −0 equals 0, and either may stand for a group of both
			}
		}
		out = append(out, row)
	}
	return out, sql, rows.Err()
}

// onPostgres gives each value in its stored form.
func (w *world) onPostgres(q *query.Select) ([]value.Row, string, error) {
	st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.Postgres, Schema: w.schema})
	if err != nil {
		return nil, "", err
	}
	sql := fmt.Sprint(st.SQL, " ", st.Args)
	args := make([][]byte, len(st.Args))
	for i, v := range st.Args {
		if !v.IsNull() {
			args[i] = []byte(v.Str())
		}
	}
	res := w.pg.PgConn().ExecParams(context.Background(), st.SQL, args, nil, nil, nil).Read()
	if res.Err != nil {
		return nil, sql, res.Err
	}
	out := make([]value.Row, len(res.Rows))
	for i, cells := range res.Rows {
		out[i] = make(value.Row, len(cells))
		for j, cell := range cells {
			if cell == nil {
				continue
			}
			c := schema.Column{Type: typeOfOID[res.FieldDescriptions[j].DataTypeOID]}
			if res.FieldDescriptions[j].DataTypeOID == pgtype.BPCharOID {
				c.SourceType = "bpchar"
			}
			if out[i][j], err = c.FromText(string(cell)); err != nil {
				return nil, sql, err
			}
		}
	}
	return out, sql, nil
}

// differ says how two answers differ, or "".
func differ(lite, pg answer) string {
	switch {
	case (lite.err == nil) != (pg.err == nil):
		return fmt.Sprintf("SQLite says %v, %v\nPostgres says %v, %v", lite.rows, lite.err, pg.rows, pg.err)
	case len(lite.rows) != len(pg.rows):
		return fmt.Sprintf("SQLite has %d rows, Postgres %d", len(lite.rows), len(pg.rows))
	}
	for i := range lite.rows {
		if !lite.rows[i].Equal(pg.rows[i]) {
			return fmt.Sprintf("row %d\nSQLite   %s\nPostgres %s", i, shownRow(lite.rows[i]), shownRow(pg.rows[i]))
		}
	}
	return ""
}

// shownRow prints values with their kinds.
func shownRow(r value.Row) string {
	parts := make([]string, len(r))
	for i, v := range r {
		switch v.Kind() {
		case value.KindNull:
			parts[i] = "NULL"
		case value.KindInt:
			parts[i] = fmt.Sprint("int ", v.Int())
		case value.KindFloat:
			parts[i] = fmt.Sprint("float ", v.Float())
		case value.KindText:
			parts[i] = fmt.Sprintf("%q", v.Str())
		default:
			parts[i] = fmt.Sprintf("blob %x", v.Str())
		}
	}
	return strings.Join(parts, " | ")
}

// TestSameAnswers asks random queries of both databases: over Northwind and
// over generated schemas, with every type, kind of join and clause. Rows, order
// and the types of values are the same. A few hundred here; more by
//
//	go test ./internal/sqloracle -run TestSameAnswers -rapid.checks=20000
//
// where -rapid.seed gives other ones, and a query that differs is shrunk and
// kept in testdata/rapid.
func TestSameAnswers(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set(strconv.Itoa(queriesAsked)); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	server := testpg.Start(t)
	worlds := []*world{newWorld(t, server, "northwind", northwind(t))}
	for i := range worldsMade {
		worlds = append(worlds, newWorld(t, server, fmt.Sprintf("made%d", i), generated(uint64(i))))
	}
	asked, refused := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		w := worlds[rapid.IntRange(0, len(worlds)-1).Draw(t, "world")]
		q := (&maker{t: t, w: w, aliases: new(int)}).query()
		lite, pg := w.asked(q)
		if d := differ(lite, pg); d != "" {
			t.Fatalf("%s: %s\n%s\n%s", w.name, d, lite.sql, pg.sql)
		}
		if asked++; pg.err != nil {
			refused++
			t.Logf("both refuse: %v; %v", lite.err, pg.err)
		}
	})
	t.Logf("%d queries, of which both databases refused %d", asked, refused)
}
