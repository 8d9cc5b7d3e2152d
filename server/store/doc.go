// Package store is the relay's SQLite file: every published table at one exact
// position of the log, the log itself, and who wrote each row last (SYNC.md
// §1, §2). As the truth (embedded source) it enforces constraints and clients'
// writes change it; as a replica it only follows, delete-then-insert.
// It owns positions. It does not know who may see what.
//
//	<user tables>         the rows, under their own names
//	_rockpool_meta        one row: epoch, seq, first seq of the log, LSN, schema
//	_rockpool_relations   the source's own numbers of the tables (replica only)
//	_rockpool_log         encoded changelog.Tx by seq, until trimmed
//	_rockpool_row         last write of each row written since the store was built
//	_rockpool_client      databases of clients: user, incarnation, last mid (truth only)
//	_rockpool_outcome     how clients' transactions ended
//	_rockpool_epoch       which epochs continue which
//	_rockpool_term        which process wrote the log from where on (a truth)
//	_rockpool_identity    next value of each identity column (truth only)
//
// # Concurrency
//
// A Store is safe for concurrent use. One writing connection is guarded by a
// mutex for each transaction; reads run on their own connections and see whole
// transactions. What is committed is durable after Flush.
package store
