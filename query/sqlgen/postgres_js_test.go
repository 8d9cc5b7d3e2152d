package sqlgen_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
)

// TestNoPostgres: what the browser does not have says so.
func TestNoPostgres(t *testing.T) {
	_, err := sqlgen.Select(&query.Select{From: query.TableRef{Name: "t"}}, sqlgen.Options{Dialect: sqlgen.Postgres})
	if fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("Postgres's text in the browser: %v", err)
	}
}
