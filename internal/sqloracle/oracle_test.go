package sqloracle

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// pair is the same rows in both databases.
type pair struct {
	lite *sqlite.Conn
	pg   *pgx.Conn
}

func newPair(t *testing.T) *pair {
	t.Helper()
	ctx := context.Background()
	pg, err := pgx.Connect(ctx, testpg.Start(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = pg.Close(ctx) })
	lite, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = lite.Close() })
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	must(sqlfn.Register(lite))
	table := &items.Tables[0]
	for _, sql := range schema.DDL(table, schema.Client) {
		must(lite.Exec(sql))
	}
	_, err = pg.Exec(ctx, `SET TimeZone = 'UTC'; CREATE TABLE items(id int4 PRIMARY KEY, n int4, s text, d numeric(10,2), b bool, at timestamptz, j jsonb)`)
	must(err)
	insert, err := lite.Prepare("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?)")
	must(err)
	defer insert.Close()
	for id := range 60 {
		// Every value appears, and every column has NULLs.
		row := value.Row{
			value.Int(int64(id)), value.Int(wholes[id%len(wholes)]), value.Text(words[id%len(words)]), value.Text(decimals[id%len(decimals)]),
			value.Bool(id%2 == 0), value.Text(moments[id%len(moments)]), value.Text(objects[id%len(objects)]),
		}
		row[1+id%6] = value.Null
		must(insert.Run(row...))
		args := make([]any, len(row))
		for i, v := range row {
			if !v.IsNull() {
				args[i] = plain(v)
			}
		}
		_, err := pg.Exec(ctx, "INSERT INTO items VALUES ($1::text::int4, $2::text::int4, $3, $4::text::numeric, $5::text::bool, $6::text::timestamptz, $7::text::jsonb)", args...)
		must(err)
	}
	return &pair{lite, pg}
}

// plain is a value as Postgres prints it.
func plain(v value.Value) string {
	if v.Kind() == value.KindInt {
		return strconv.FormatInt(v.Int(), 10)
	}
	return v.Str()
}

// onSQLite returns the rows as text, NULL as "NULL".
func (p *pair) onSQLite(q *query.Select) ([]string, string, error) {
	st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: items})
	if err != nil {
		return nil, "", err
	}
	s, err := p.lite.Prepare(st.SQL)
	if err != nil {
		return nil, st.SQL, err
	}
	defer s.Close()
	rows, err := s.Query(st.Args...)
	if err != nil {
		return nil, st.SQL, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		cells := make([]string, len(rows.Row()))
		for i, v := range rows.Row() {
			cells[i] = "NULL"
			if !v.IsNull() {
				cells[i] = plain(v)
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out, fmt.Sprint(st.SQL, " ", st.Args), rows.Err()
}

// onPostgres does the same there, with every value as text (sqlgen.Statement).
func (p *pair) onPostgres(q *query.Select) ([]string, string, error) {
	st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.Postgres, Schema: items})
	if err != nil {
		return nil, "", err
	}
	args := make([][]byte, len(st.Args))
	for i, v := range st.Args {
		if !v.IsNull() {
			args[i] = []byte(v.Str())
		}
	}
	res := p.pg.PgConn().ExecParams(context.Background(), st.SQL, args, nil, nil, nil).Read()
	var out []string
	for _, row := range res.Rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			switch {
			case cell == nil:
				cells[i] = "NULL"
			case res.FieldDescriptions[i].DataTypeOID == 16: // bool
				cells[i] = map[string]string{"t": "1", "f": "0"}[string(cell)]
			default:
				cells[i] = string(cell)
			}
		}
		out = append(out, strings.Join(cells, "|"))
	}
	return out, fmt.Sprint(st.SQL, " ", st.Args), res.Err
}

// same fails unless both databases give the same rows in the same order.
func (p *pair) same(t interface{ Fatalf(string, ...any) }, q *query.Select) {
	lite, liteSQL, err := p.onSQLite(q)
	if err != nil {
		t.Fatalf("SQLite: %v\n%s", err, liteSQL)
	}
	pg, pgSQL, err := p.onPostgres(q)
	if err != nil {
		t.Fatalf("Postgres: %v\n%s", err, pgSQL)
	}
	if fmt.Sprint(lite) != fmt.Sprint(pg) {
		t.Fatalf("SQLite   %q\nPostgres %q\n%s\n%s", lite, pg, liteSQL, pgSQL)
	}
}

func from(columns ...query.ResultExpr) *query.Select {
	return &query.Select{From: query.TableRef{Name: "items"}, Columns: columns}
}

// TestSameRows: random conditions keep the same rows on both.
func TestSameRows(t *testing.T) {
	p := newPair(t)
	rapid.Check(t, func(t *rapid.T) {
		where := expr(t, truth, 3)
		q := from(query.ResultExpr{Expr: column("id")})
		q.Where, q.OrderBy = &where, []query.Order{{Expr: column("id")}}
		p.same(t, q)
	})
}

// TestSameValues: random expressions have the same value in each row, and
// order the rows alike, with NULLs in the same place.
func TestSameValues(t *testing.T) {
	p := newPair(t)
	rapid.Check(t, func(t *rapid.T) {
		e := expr(t, rapid.SampledFrom([]kind{whole, text, decimal}).Draw(t, "kind"), 3)
		q := from(query.ResultExpr{Expr: e, As: "x"}, query.ResultExpr{Expr: column("id")})
		q.OrderBy = []query.Order{
			{Expr: e, Desc: rapid.Bool().Draw(t, "desc"), Nulls: query.Nulls(rapid.IntRange(0, 2).Draw(t, "nulls"))}, {Expr: column("id")},
		}
		limit, offset := whole64(int64(rapid.IntRange(0, 70).Draw(t, "limit"))), whole64(int64(rapid.IntRange(0, 5).Draw(t, "offset")))
		q.Limit, q.Offset = &limit, &offset
		p.same(t, q)
	})
}

// TestSameGroups: groups and their aggregates are the same.
func TestSameGroups(t *testing.T) {
	p := newPair(t)
	rapid.Check(t, func(t *rapid.T) {
		by := expr(t, rapid.SampledFrom([]kind{whole, text}).Draw(t, "kind"), 1)
		if by.Kind == query.ExprValue {
			return // Postgres takes a bare constant for the number of a column
		}
		count := call("count", query.Expr{Kind: query.ExprStar})
		q := from(
			query.ResultExpr{Expr: by, As: "k"}, query.ResultExpr{Expr: count, As: "c"},
			query.ResultExpr{Expr: query.Expr{Kind: query.ExprCall, Name: "count", Distinct: true, Args: []query.Expr{column("s")}}, As: "cd"},
			query.ResultExpr{Expr: call("sum", column("n")), As: "sn"}, query.ResultExpr{Expr: call("sum", column("d")), As: "sd"},
			query.ResultExpr{Expr: call("avg", column("d")), As: "ad"}, query.ResultExpr{Expr: call("min", column("d")), As: "mn"},
			query.ResultExpr{Expr: call("max", column("s")), As: "mx"},
		)
		having := of(query.ExprCompare, ">=", count, whole64(int64(rapid.IntRange(0, 5).Draw(t, "at least"))))
		q.GroupBy, q.Having = []query.Expr{by}, &having
		q.OrderBy = []query.Order{{Expr: column("k")}}
		p.same(t, q)
	})
}

// TestSameJoins: each kind of join pairs the same rows.
func TestSameJoins(t *testing.T) {
	p := newPair(t)
	at := func(table, name string) query.Expr {
		return query.Expr{Kind: query.ExprColumn, Table: table, Name: name}
	}
	for kind := query.InnerJoin; kind <= query.FullJoin; kind++ {
		on := of(query.ExprCompare, "=", at("a", "id"), at("b", "n"))
		q := &query.Select{
			From:    query.TableRef{Name: "items", Alias: "a"},
			Joins:   []query.Join{{Kind: kind, Table: query.TableRef{Name: "items", Alias: "b"}, On: &on}},
			Columns: []query.ResultExpr{{Expr: at("a", "id"), As: "x"}, {Expr: at("b", "id"), As: "y"}},
			OrderBy: []query.Order{{Expr: at("a", "id")}, {Expr: at("b", "id")}},
		}
		p.same(t, q)
	}
}
