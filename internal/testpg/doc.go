// Package testpg starts a real Postgres for a test: its own data folder in a
// temporary place, logical replication on, a free port on the loopback
// address, gone when the test ends. Postgres refuses to run as root, so there
// it runs as the user postgres.
//
// Open and the command in cmd do the same for a person: `make demo
// SOURCE=postgres`, whose data stays.
//
// It owns the server's process and nothing in the database. A package whose
// tests import it belongs to the suite "postgres" of `make test`
// (internal/testrun finds it by that import).
package testpg
