// Package postgrestest has only tests: the two renderings of package sqlgen
// against each other, SQLite's on the native twin and Postgres's on a real
// Postgres. It is a package of its own, so that sqlgen's other tests need none.
package postgrestest
