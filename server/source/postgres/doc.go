// Package postgres is the source of truth in a Postgres database: it reads the
// schema from the catalog, loads the store from an exported snapshot, streams
// committed transactions by logical replication, and applies client
// transactions exactly once (SYNC.md §4, §6.2).
//
// What it assumes of Postgres, each shown by a test:
//  1. A slot created with an exported snapshot starts exactly after it: no
//     change is missed or repeated between the copy and the stream.
//  2. COPY in text form and pgoutput print a value with the same characters,
//     when both connections use the settings in session.go.
//  3. The stream gives transactions whole and in commit order; after a restart
//     it may repeat what was not confirmed.
//  4. An UPDATE may leave out TOASTed columns that did not change.
//  5. pgoutput never sends DDL; a Relation message precedes the first change
//     after it.
package postgres
