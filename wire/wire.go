// Package wire is every frame that crosses a border: client ⇄ relay over
// WebSocket (relay.go), page ⇄ Worker over ports (page.go), and snapshot
// chunks over HTTP (chunk.go). It owns layouts, versions and limits, and
// decides nothing.
package wire

// Version is the version of the client ⇄ relay protocol. It changes whenever
// a frame's fields do; a test pins the hash of the schemas beside it. 2 tells
// a client of its values that others overwrote (Tx.Lost); 3 has the client say
// of which bucket the rows are that it holds (Stamp); 4 tells a transaction from
// one that a copy of the database made under the same mid (Tx.ID, Outcome.ID,
// Welcome.Coming); 5 tells a log from one that was put back (Term); 6 has
// columns that merge two values (StrategyText, JSON, Set), and rules of their names.
const Version uint32 = 6

// VersionMin is the oldest client ⇄ relay protocol still served.
const VersionMin uint32 = 1

// Subprotocol is the WebSocket subprotocol of Version.
const Subprotocol = "rockpool.v1"

// PageVersion is the version of the page ⇄ Worker protocol. 2 tells every tab
// which conflicts are off the list (ConflictInfo.Gone); 3 added PageBatch; 4
// has conflicts that name the other writer, which relays leave out; 5 packs
// the short frames of one event; 6 tells that another schema is in force
// (EventSchema); 7 has outcomes with the ID of what they are of; 8 has results
// whose columns hold rows (HeadColumn.Rows); 9 has the Worker bring the tables
// of the messages (bridge/worker, control.ts), names the constraint that was
// broken (Failure.Table, Columns, Constraint), has calls that can be cancelled
// inside a step (Query.Standing), tells a state of a live query by the rows of
// the last one that it keeps (LiveState.Kept), and answers PostgREST's requests
// (PageRest); 10 has no PageClose, as a tab closes by closing its port; 11 tells
// a transaction's history and what it was blocked by (OutboxEntry.CausedBy,
// History; Event.CausedBy); 12 has transactions replaced by others (OutboxAct.Ops), decisions
// that say which row they were made on (Resolve.Seen), and columns that were
// added to (OutboxOp.Deltas).
const PageVersion uint32 = 12

// StorageVersion is the version of the client's database layout. An older file
// is brought up to date when it is opened (wasm/store, migrations); a newer one
// is refused. Version 2 dropped the index of idempotency keys by age, and has
// rows that the server has deleted among the bases; 3 keeps the relay's term; 4 has
// transactions that were given up before the server had answered.
const StorageVersion uint32 = 4

// Limits, each named in this one place.
const (
	// FrameBytesMax is the largest client ⇄ relay frame, each way; a longer
	// message is cut (FlagMore).
	FrameBytesMax = 1 << 20
	// MutationBytesMax is the largest encoded mutation.Tx: a larger transaction
	// is refused at its commit.
	MutationBytesMax = 16 << 20
	// InFlightBytesMax is how many bytes of mutations a client sends beyond the
	// last one that the relay has settled; one that is larger goes alone.
	InFlightBytesMax = 4 << 20
	// ChunkBytesMax is the largest snapshot chunk of several rows, before
	// compression.
	ChunkBytesMax = 1 << 20
	// RowBytesMax is the largest row of a snapshot: what one mutation can have
	// written, and a little. One that is larger than a chunk has its own.
	RowBytesMax = 17 << 20
	// ChunkRowsMax is the most rows in a snapshot chunk.
	ChunkRowsMax = 65536
	// MutationsInFlightMax is how many mutations a client sends beyond the
	// last one that the relay has settled: a batch at the source, one on its way
	// back through the log, and what the relay gathers meanwhile.
	MutationsInFlightMax = 256
	// MutationsPerSecondMax and MutationsBurstMax bound one client's writes.
	MutationsPerSecondMax = 1000
	MutationsBurstMax     = 10000
	// OutboxBytesMax is the most bytes a client queues before writes fail.
	OutboxBytesMax = 100 << 20
	// OutboxEventBytesMax is the largest transaction, encoded, whose operations
	// tabs are told as it is made; those of a larger one OutboxList has.
	OutboxEventBytesMax = 64 << 10
	// SubscriptionsMax is the most shapes one client follows.
	SubscriptionsMax = 1000
	// SocketQueueBytesMax is what a relay queues for one socket before it
	// stops queueing and remembers only the position.
	SocketQueueBytesMax = 1 << 20
	// HelloBytesMax bounds the first frame, before the token is checked.
	HelloBytesMax = 256 << 10
)
