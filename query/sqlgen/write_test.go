package sqlgen_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/value"
)

func TestInsertText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		insert sqlgen.Insert
		want   string
	}{
		{sqlgen.Insert{Table: "t", Columns: []string{"a", `b"`}}, `INSERT INTO "t" ("a", "b""") VALUES (?, ?)`},
		{sqlgen.Insert{Table: "t", Returning: []string{"id"}}, `INSERT INTO "t" DEFAULT VALUES RETURNING "id"`},
		{sqlgen.Insert{Table: "t", Columns: []string{"a"}, Conflict: []string{"a"}}, `INSERT INTO "t" ("a") VALUES (?) ON CONFLICT ("a") DO NOTHING`},
		{
			sqlgen.Insert{Table: "t", Columns: []string{"a", "b", "c"}, Conflict: []string{"a"}, Update: []string{"b", "c"}, Returning: []string{"a"}},
			`INSERT INTO "t" ("a", "b", "c") VALUES (?, ?, ?) ON CONFLICT ("a") DO UPDATE SET "b" = excluded."b", "c" = excluded."c" RETURNING "a"`,
		},
	} {
		if got, err := c.insert.SQL(); err != nil || got != c.want {
			t.Errorf("%+v\n gave %s, %v\n want %s", c.insert, got, err, c.want)
		}
	}
	if _, err := (&sqlgen.Insert{Table: "sqlite_schema"}).SQL(); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("SQLite's catalogue is written to: %v", err)
	}
}

func TestChangeText(t *testing.T) {
	t.Parallel()
	one := query.Expr{Kind: query.ExprValue, Value: value.Int(1)}
	where := &query.Expr{Kind: query.ExprCompare, Name: "=", Args: []query.Expr{{Kind: query.ExprColumn, Table: "t", Name: "id"}, one}}
	for _, c := range []struct {
		change sqlgen.Change
		want   string
	}{
		{sqlgen.Change{Table: "t", Where: where}, `DELETE FROM "t" WHERE ("t"."id" = ?)`},
		{
			sqlgen.Change{Table: "t", Where: where, Set: []sqlgen.Assignment{{Column: "a", Value: one}, {Column: "b", Value: one}}, Returning: []string{"id"}},
			`UPDATE "t" SET "a" = ?, "b" = ? WHERE ("t"."id" = ?) RETURNING "id"`,
		},
	} {
		got, err := c.change.Render(sqlgen.Options{Dialect: sqlgen.SQLite})
		if err != nil || got.SQL != c.want {
			t.Errorf("gave %s, %v\n want %s", got.SQL, err, c.want)
		}
	}
	if _, err := (&sqlgen.Change{Table: "SQLITE_master", Where: where}).Render(sqlgen.Options{Dialect: sqlgen.SQLite}); fault.KindOf(err) != fault.Forbidden {
		t.Errorf("SQLite's catalogue is written to: %v", err)
	}
}
