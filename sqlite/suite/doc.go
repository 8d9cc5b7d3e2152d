// Package suite is the behaviour that both halves of package sqlite share: the
// same tests run natively and, as js/wasm, on the engine in Node
// (internal/enginehost). Files that end in _js_test.go are about what only the
// engine has: its memory, and storage that fails or loses what was not flushed.
//
// Permitted differences, each stated by a test: the SQLite version (both at
// least versionMin), FTS5 (only the engine), the file format under a key, and
// what is noticed: natively damage under a key is not, nor a page that is cut
// short, and a wrong key costs what is in the WAL (the relay keeps no key).
package suite
