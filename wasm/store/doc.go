// Package store keeps a client's tables: the rows the app sees, what the
// server last said about rows with pending writes, the outbox, the cursor, and
// the shapes that are followed (SYNC.md §3). It runs on one writing connection
// and is not safe for concurrent use: its owner is the Worker's one loop.
//
// # Tables
//
//	<user tables>      visible = fold(base, pending); plain tables under their own names
//	_rockpool_meta     one row: cursor, client ID, incarnation, newest acked mid, clock, schema
//	_rockpool_tx       local transactions that have not ended, and failed ones until dealt with
//	_rockpool_op       the same transactions as encoded mutation.Tx, in chunks
//	_rockpool_base     server images of rows with a pending update or delete
//	_rockpool_once     idempotency keys
//	_rockpool_shape    what is followed; _rockpool_member where two shapes share a table
//	_rockpool_conflict every outcome that met another writer; _rockpool_rejected why a transaction failed
//	_rockpool_stage_N  rows of shape N until they are adopted
//
// Which rows have pending operations (SYNC.md's _rockpool_dirty) is an index
// in memory, derived from the outbox when it is first needed: kept as a table
// it costs a bulk insert as much again as the rows.
//
// # API
//
//	Open(w *sqlite.Conn, opt Options) (*DB, error)
//	db.Meta() Meta                       // ClientID, Incarnation, Cursor, AckedMid, LastMid, SchemaVersion
//	db.Schema() *schema.Schema           // never nil; may have no tables
//	db.SetSchema(s *schema.Schema) error // creates tables, adds columns, keeps data
//	db.Rotate() (old, new string, err error)    // before each hello (SYNC.md §6.4); durable when it returns
//	db.Confirm() error                   // on Welcome: the next Rotate makes a new pair
//	db.Rewind(id string, lastMid uint64) (Applied, error) // Welcome.Rewound: a new client ID, the outbox renumbered from 1
//
// Writes (use package txn, which adds operations, SQL text, states):
//
//	w, err := db.BeginWrite()            // BEGIN IMMEDIATE; fault.Busy when one is open
//	w.Conn()                             // run SQL on it
//	w.Commit(CommitInfo) (Committed, error) | w.Rollback() error
//	db.Known(key string) (Once, bool, error)    // idempotency key used before
//	db.Flush() error                     // WAL to disk; then ReadOutbox may return the new mids
//	db.Durable() (mid uint64)            // newest flushed mid
//
// Upload:
//
//	db.ReadOutbox(from uint64, max int) ([]Outgoing, error) // {Mid, Body}: Body is an encoded mutation.Tx, mids ascending from `from`, durable only
//	db.Pending() uint64                  // mids not settled
//	db.Unsettled() (parked, failed uint64)
//	db.Outbox() ([]wire.OutboxEntry, error)
//	db.Retry(mid) (Committed, error); db.Discard(mid) (Committed, error) // of a parked, rejected or blocked one
//	db.Replace(mid, write) (Committed, error) // of such a one, by what write does
//	db.Recall(mid) (Applied, error)           // a queued one becomes such a one
//
// Download:
//
//	db.ApplyTx(t *wire.Tx) (Applied, error)     // t has every part's blocks merged; t.From must be the cursor, else fault.Protocol
//	db.Settle(outcomes []mutation.Outcome) (Applied, error) // Welcome.Outcomes
//	db.Resync(pos version.Pos, outcomes []mutation.Outcome) (Applied, error) // Welcome.Resume == false: cursor := pos, every shape goes stale
//
// Shapes; a shape's ID is stable over restarts and is used as wire.Sub.ID:
//
//	db.Shapes() []Shape                  // {ID, Name, Args, Table, Bucket, State, Rows, Bytes…}; State ShapeNew|ShapeReady|ShapeStale|ShapeStaging
//	db.AddShape(name string, args []wire.ShapeArg) (Shape, error) // the same one again when it is there
//	db.Ready(r *wire.Ready) error        // bucket numbers are the relay's, per socket
//	db.StartStage(s *wire.Snap) error    // from now on ApplyTx stages the bucket's changes after s.Pos
//	db.Stage(id uint32, chunk []byte) (rows int, err error)       // a whole wire chunk; again is harmless
//	db.CanAdopt(ids ...uint32) bool          // cursor ≥ Snap.Pos, rows may be adopted once every chunk was staged
//	db.Adopt(ids ...uint32) (Applied, error) // one transaction
//	db.DropShape(id uint32) (Applied, error)
//
// Conflicts:
//
//	db.Conflicts() ([]wire.ConflictInfo, error)
//	db.Resolve(r *wire.Resolve) (Committed, error)
//
// The connection needs the collation rockpool_decimal before Open, and carries
// the store's guard and capture afterwards; Close lets go of its statements.
// A write that other code makes on the connection outside BeginWrite is not
// queued.
//
// After an error every method leaves the database as it was before the call.
package store
