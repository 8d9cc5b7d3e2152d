// Package sqlite is one API over SQLite with two implementations: in the
// browser the C engine of wasm/engine, which shares Go's linear memory
// (x_js.go), elsewhere ncruces/go-sqlite3 (x_notjs.go). Package suite holds
// both to the same behaviour. It owns connections, statements, captured
// changes, the guard and result chunks; it owns no SQL of the product's.
//
// Differences that are permitted, each with a case in the suite:
//   - the SQLite version, told by Version;
//   - under Options.Key the file formats differ (ChaCha20 against AES-XTS);
//   - memory is bounded in the engine (ValueBytesMax) and not natively.
//
// # Concurrency
//
// A Conn and all that belongs to it is for one goroutine at a time. Several
// connections to one file see WAL snapshots: one writes while others read.
// Nothing waits: a lock that is held is fault.Busy at once. SQL functions,
// collations, SetProgress's callback and a guard run inside a statement; they
// must neither block nor use the connection that runs them.
package sqlite
