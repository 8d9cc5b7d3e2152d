// Package sqloracle has only tests: the two renderings of query/sqlgen against
// each other, SQLite's on the native twin and Postgres's on a real Postgres,
// and query/sqlfn's functions against Postgres's own. It owns no code of the
// product, and ships nowhere.
package sqloracle
