// Package generate writes what a database's schema is in other words: flat
// TypeScript interfaces with the schema that open() takes, Go structs, and the
// local database's DDL. It owns the names and the form of what is written;
// where a schema comes from is server/source/postgres's, and that of the
// packages below this one.
//
// Output depends on the schema alone: no time, no path, no order of a map.
package generate
