package postgres_test

import (
	"errors"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/internal/testpg"
	"rockpool.dev/server/source"
)

// Which DDL concerns the relay at all, and which of it changes rows.
func TestChanged(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, `CREATE TYPE mood AS ENUM ('calm', 'rough'); CREATE TABLE other (id int PRIMARY KEY, n int);
		CREATE TABLE item (id int PRIMARY KEY, n int, m mood, t varchar(5))`)
	const none, same, rows = 0, 1, 2
	for _, test := range []struct {
		sql  string
		want int
	}{
		{"ALTER TABLE other ADD COLUMN x int DEFAULT 5", none},
		{"DROP TABLE other", none},
		{"CREATE TABLE third (id int PRIMARY KEY REFERENCES item)", none},
		{"CREATE INDEX ON item (n)", none},
		{"CREATE UNIQUE INDEX ON item (n)", none},
		{"ALTER TABLE item ALTER COLUMN n SET DEFAULT 7", same},
		{"ALTER TABLE item ALTER COLUMN n SET NOT NULL", same},
		{"ALTER TABLE item ADD CONSTRAINT positive CHECK (n > 0)", same},
		{"ALTER TABLE item DROP CONSTRAINT positive", same},
		{"ALTER TABLE item ADD UNIQUE (t)", same},
		{"ALTER TYPE mood ADD VALUE 'wild' BEFORE 'rough'", same},
		{"ALTER TYPE mood RENAME VALUE 'wild' TO 'mild'", rows},
		{"ALTER TABLE item ADD COLUMN x int, ALTER COLUMN n DROP NOT NULL", rows},
		{"ALTER TABLE item DROP COLUMN x", rows},
		{"ALTER TABLE item RENAME COLUMN t TO u", rows},
		{"ALTER TABLE item ALTER COLUMN u TYPE varchar(6)", rows},
		{"ALTER TABLE item DROP CONSTRAINT item_pkey CASCADE", rows},
		{"DROP TABLE item CASCADE", rows},
	} {
		src := opened(t, pg.DSN(), "item")
		exec(t, conn, test.sql)
		err := src.Changed(t.Context())
		got := none
		switch {
		case errors.Is(err, source.ErrSameRows):
			got = same
		case err != nil:
			got = rows
		}
		if got != test.want || err != nil && (fault.KindOf(err) != fault.SchemaMismatch || fault.HintOf(err) == "") {
			t.Errorf("%s: %v, want %d", test.sql, err, test.want)
		}
		if test.sql == "ALTER TABLE item DROP CONSTRAINT item_pkey CASCADE" {
			exec(t, conn, "ALTER TABLE item ADD PRIMARY KEY (id)")
		}
	}
}
