// Package headless is a client as a process of its own: the Worker's whole core
// (wasm/host, with its store, transactions and sync engine) on SQLite's files in
// a folder, over real sockets to a relay. It stands where a browser stands, and
// is driven by the frames that a page sends.
//
// The process may be killed at any moment and started again on its own files.
// Serve answers the HTTP contract of github.com/nurturenature/jepsen-powersync,
// so that a generator and a checker that were made for other clients drive this
// one:
//
//	POST /sql-txn                one transaction, read and written as asked
//	GET  /db-api/connect         also disconnect, close, selectAll, uploadQueueCount,
//	                             uploadQueueWait, downloadingWait
//	GET  /status                 ours: what is pending, and up to where the log was followed
//
// It owns what a Worker's JavaScript owns: the event loop, sockets, fetches, the
// timer and the files. It decides nothing about data or sync.
package headless
