// Package postgrestest tests the command rockpool on a real Postgres, from a
// client's socket to the tables and back. It owns no code but its tests': what
// they show is that of server and server/source/postgres together.
package postgrestest
