// Package txn makes every write of the app a transaction of package store: the
// seed's operations, any SQL text, and interactive transactions of a tab. It
// keeps idempotency keys, the states of recent transactions, and the tickets
// of group commit. It decides nothing about sync, and is not safe for
// concurrent use: its owner is the Worker's one loop.
//
//	m := txn.New(db, txn.Options{NewKey: uuid7, NowMillis: now})
//	rows, res, err := m.Operations(ops, key)      // all or nothing; one row an operation
//	res, err := m.SQL(sql, args, key, each)       // one writing statement in its own transaction
//	res, err := m.Write(key, func(c *sqlite.Conn) error { … })
//	tx, err := m.Begin(owner, timeoutMs, key)     // interactive: fault.Busy while another one is open
//	tx, err := m.Tx(id, owner)
//	tx.SQL(sql, args, each) · tx.Operations(ops) · tx.Commit() · tx.Rollback()
//	m.Expire() []uint32 · m.CloseOwner(owner) · m.Deadline() (millis, ok) // timeouts, dead tabs
//	Classify(sql)                                 // BEGIN, COMMIT, … sent as text
//
// Group commit: a write is committed in SQLite when its call returns, and
// durable when Flushed() ≥ Result.Ticket. The host runs what is queued, calls
// Flush once, and resolves every promise that waited:
//
//	if m.NeedsFlush() { err := m.Flush() }
//
// States, for the outbox and the events of the page (wire.TxState):
//
//	m.Sent(mid) · m.Applied(applied) []Track · m.Track(mid) (Track, bool) · m.History() []Track
//	m.Status(key, mid) (wire.WriteDone, error)    // what became of a write
//	m.Outbox() ([]wire.OutboxEntry, error)        // with "sent" where the socket has it
package txn
