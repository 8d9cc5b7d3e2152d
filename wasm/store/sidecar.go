package store

// sidecarDDL makes the bookkeeping tables of storage version 4. A change of
// any of them, or a new meaning of a value, raises wire.StorageVersion and adds
// a step to migrations.
var sidecarDDL = []string{
	`CREATE TABLE _rockpool_meta(
	  id INTEGER PRIMARY KEY CHECK (id = 1),
	  storage INTEGER NOT NULL,
	  client_id TEXT NOT NULL, incarnation TEXT NOT NULL, incarnation_next TEXT NOT NULL,
	  epoch INTEGER NOT NULL, seq INTEGER NOT NULL,
	  acked_mid INTEGER NOT NULL, hlc INTEGER NOT NULL,
	  schema BLOB, term INTEGER NOT NULL DEFAULT 0)`,
	`CREATE TABLE _rockpool_schema(version INTEGER PRIMARY KEY, body BLOB NOT NULL)`,
	`CREATE TABLE _rockpool_tx(
	  mid INTEGER PRIMARY KEY, state INTEGER NOT NULL, excluded INTEGER NOT NULL,
	  millis INTEGER NOT NULL, bytes INTEGER NOT NULL, hlc INTEGER NOT NULL,
	  depends BLOB)`,
	`CREATE TABLE _rockpool_op(
	  mid INTEGER NOT NULL, n INTEGER NOT NULL, data BLOB NOT NULL,
	  PRIMARY KEY (mid, n)) WITHOUT ROWID`,
	`CREATE TABLE _rockpool_base(
	  tbl INTEGER NOT NULL, pk BLOB NOT NULL, hidden INTEGER NOT NULL, image BLOB,
	  PRIMARY KEY (tbl, pk)) WITHOUT ROWID`,
	`CREATE TABLE _rockpool_once(
	  key TEXT PRIMARY KEY, mid INTEGER NOT NULL, millis INTEGER NOT NULL,
	  result BLOB) WITHOUT ROWID`,
	`CREATE TABLE _rockpool_shape(
	  id INTEGER PRIMARY KEY AUTOINCREMENT, spec BLOB NOT NULL UNIQUE,
	  tbl INTEGER NOT NULL, state INTEGER NOT NULL)`,
	`CREATE TABLE _rockpool_member(
	  tbl INTEGER NOT NULL, pk BLOB NOT NULL, shape INTEGER NOT NULL,
	  PRIMARY KEY (tbl, pk, shape)) WITHOUT ROWID`,
	`CREATE TABLE _rockpool_conflict(
	  id INTEGER PRIMARY KEY AUTOINCREMENT, mid INTEGER NOT NULL, status INTEGER NOT NULL,
	  open INTEGER NOT NULL, notify INTEGER NOT NULL, millis INTEGER NOT NULL,
	  choice INTEGER NOT NULL DEFAULT 0, edited BLOB,
	  schema INTEGER NOT NULL, body BLOB NOT NULL)`,
	`CREATE INDEX _rockpool_conflict_mid ON _rockpool_conflict(mid)`,
	`CREATE TABLE _rockpool_rejected(
	  mid INTEGER PRIMARY KEY, status INTEGER NOT NULL, kind INTEGER NOT NULL,
	  code TEXT NOT NULL, detail TEXT NOT NULL, millis INTEGER NOT NULL)`,
}

// Values of _rockpool_tx.state. A transaction that was sent stays pending:
// what was sent is the socket's memory, not the database's.
const (
	txPending  = 1
	txParked   = 3
	txRejected = 4
	txBlocked  = 5
	// txGone lost to a delete: nothing was written, its data is kept.
	txGone = 6
	// txGivenUp was discarded or written again before the server had answered:
	// its mid is still to be sent, and nothing else of it is left.
	txGivenUp = 7
)

// Values of _rockpool_base.hidden.
const (
	baseShown = 0
	// baseHidden is a row with pending operations that another row keeps out
	// of the view, as it holds a unique value.
	baseHidden = 1
	// baseGone is a row that the server has deleted: image is what stood there
	// last, so that a conflict can still say what was written to.
	baseGone = 2
)

// Limits of the bookkeeping.
const (
	// opChunkBytes is the largest blob of _rockpool_op.
	opChunkBytes = 256 << 10
	// onceMillisMax is how long an idempotency key is remembered.
	onceMillisMax = 24 * 60 * 60 * 1000
	// onceRowsMax is how many keys are remembered at most.
	onceRowsMax = 10000
	// onceSweepWrites is how many writes with a key pass between two looks for
	// keys to forget; the first of a start looks.
	onceSweepWrites = 256
	// onceResultBytesMax is the largest result kept with a key.
	onceResultBytesMax = 64 << 10
	// conflictsSettledMax is how many settled conflicts are kept; open ones always are.
	conflictsSettledMax = 1000
	// pendingCacheBytesMax bounds the outbox bytes whose decoded form is kept.
	pendingCacheBytesMax = 4 << 20
)
