// Package sqlgen renders queries as SQL text for SQLite and for Postgres. It
// is the one place that makes SQL from a query: every value is bound, every
// identifier goes through schema.Quote, and functions and operators come from
// closed lists. Only query.ExprRaw carries text of its own, from a developer.
//
// Both texts mean the same: Postgres decides, and docs/semantics.md has the
// table. NULLs sort last ascending and first descending; like is case-sensitive
// with a backslash as its escape, ilike folds case; lower and upper know all of
// Unicode; decimals are exact, and scaled as Postgres scales them; whole numbers
// have 64 bits, and their average is a double; what is divided by zero is NULL;
// labels of an enum have their own order. internal/sqloracle asks both random
// queries.
//
// The browser's core has SQLite's text only (postgres_js.go).
package sqlgen

import (
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Dialect is the SQL that is rendered.
type Dialect uint8

// The dialects.
const (
	SQLite   Dialect = 1
	Postgres Dialect = 2
)

// ArgsMax is the most values of one statement: SQLite's limit of variables,
// https://www.sqlite.org/limits.html#max_variable_number; Postgres has 65,535.
const ArgsMax = 32766

// Options say how to render.
type Options struct {
	Dialect Dialect
	// Schema gives columns their types: Postgres's values are then cast to
	// them, decimals are summed as decimals. Nil knows no types.
	Schema *schema.Schema
}

// Statement is SQL text and the values of its placeholders in order: ? on
// SQLite, $1 … on Postgres, where every value is text, or NULL, under a cast.
type Statement struct {
	SQL  string
	Args value.Row
	// Nested are the columns that hold rows.
	Nested []Nested
}
