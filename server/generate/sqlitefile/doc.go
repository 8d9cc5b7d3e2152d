// Package sqlitefile reads the schema of an SQLite file: the one that Rockpool
// stored in it, where it is a relay's store or an exported client's database,
// else what SQLite's own catalog says. It owns what declared types mean; it
// writes nothing.
package sqlitefile
