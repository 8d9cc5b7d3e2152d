//go:build !js

package sqlgen_test

import (
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/value"
)

func TestChangeTextForPostgres(t *testing.T) {
	t.Parallel()
	change := sqlgen.Change{Table: "t", Where: equal(column("t", "id"), query.Expr{Kind: query.ExprValue, Value: value.Int(1)})}
	const want = `DELETE FROM "t" WHERE ("t"."id" = CAST($1 AS int8))`
	if got, err := change.Render(sqlgen.Options{Dialect: sqlgen.Postgres}); err != nil || got.SQL != want {
		t.Errorf("gave %s, %v\n want %s", got.SQL, err, want)
	}
}
