package store

import (
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Options are what a store takes from outside: identity and time come in as
// functions, so that a test replays exactly.
type Options struct {
	// NewID returns a fresh random UUID in text form.
	NewID func() string
	// NowMillis is the client's clock, milliseconds since 1970.
	NowMillis func() int64
	// Schema is what the app's build declares, or nil to keep what is stored.
	// A stored schema that has all of it is kept: it is the relay's, and newer.
	Schema *schema.Schema
	// OutboxBytesMax bounds the outbox; 0 is wire.OutboxBytesMax.
	OutboxBytesMax int64
	// Flushed is called after every flush; nil for nobody.
	Flushed func()
}

// Meta is who this database is and how far it has come.
type Meta struct {
	ClientID string
	// Incarnation is the newest that a relay has confirmed, or "".
	Incarnation string
	Cursor      version.Pos
	// Term is the relay's that Cursor was reached with (wire.Welcome.Term), or 0.
	Term uint64
	// AckedMid is the newest mid whose outcome has been applied; LastMid is
	// the newest one made here.
	AckedMid, LastMid uint64
	// HLC is the newest clock given out.
	HLC version.HLC
}

// CommitInfo says what a write carries beside its rows.
type CommitInfo struct {
	// IdempotencyKey is the app's own key, or "".
	IdempotencyKey string
	// Result is kept with the key, so that a repeat can be answered alike.
	Result []byte
	// Resolves is the parked mid that this write settles, or 0.
	Resolves uint64
	// Replaces is the failed mid that this write repeats, or 0: its
	// idempotency key names this write from now on.
	Replaces uint64
	// Deltas names columns that this write only incremented: they travel as
	// amounts to add whatever their strategy is.
	Deltas []DeltaColumn
}

// DeltaColumn is one column of one row.
type DeltaColumn struct {
	Table  uint32
	Key    value.Row
	Column uint32
}

// Committed tells what a write became.
type Committed struct {
	// Mid is the queued mutation, or 0 when no synced row changed.
	Mid uint64
	// Tables are the names of the changed tables, each once, local ones
	// included when they are captured.
	Tables []string
	// Ops is what was queued; shared, not to be changed. It is nil for a bulk
	// load, whose rows are not looked at one by one.
	Ops []mutation.Op
	// Closed lists the conflicts that this call took off the list.
	Closed []uint64
	// Ended is the failed transaction that this call dropped, or 0.
	Ended uint64
}

// Once is what is remembered of an idempotency key.
type Once struct {
	Mid    uint64
	Millis int64
	Result []byte
}

// Outgoing is one transaction of the outbox as it goes on the wire.
type Outgoing struct {
	Mid uint64
	// Body is an encoded mutation.Tx.
	Body []byte
}

// Applied tells what a call changed in the view.
type Applied struct {
	// Tables are the names of the tables whose visible rows changed, each once.
	Tables []string
	// Updated counts rows whose visible image a remote change altered.
	Updated uint64
	// Outcomes are those that settled a transaction here.
	Outcomes []mutation.Outcome
	// NewConflicts are the rows added to the list of conflicts.
	NewConflicts []wire.ConflictInfo
	// RolledBack lists operations that left the view because their
	// transaction was refused, or depends on one that was not applied, by mid.
	RolledBack []RolledBack
	// Likely lists mids whose rows the server changed before it settled them.
	Likely []uint64
}

// RolledBack is one transaction whose effect left the view.
type RolledBack struct {
	Mid uint64
	Ops []wire.OutboxOp
}

// ShapeState is where a shape stands on this client.
type ShapeState uint8

// The states. A stale shape's rows are shown until new ones are adopted.
const (
	ShapeNew   ShapeState = 1 // no rows yet
	ShapeReady ShapeState = 2 // rows are at the cursor
	ShapeStale ShapeState = 3 // rows are older than the cursor
)

// Shape is one followed shape.
type Shape struct {
	ID    uint32
	Name  string
	Args  []wire.ShapeArg
	State ShapeState
	// Table is the table's ID, or 0 before the relay has named it.
	Table uint32
	// Stamp says of which bucket its rows are (wire.Snap.Stamp), or 0.
	Stamp uint64
	// TTLMillis is how long its rows stay when nobody follows it, 0 for none
	// named; LeftMillis when the last who did has left, 0 while that is not known.
	TTLMillis, LeftMillis int64
	// At is where its rows stand while it is stale.
	At version.Pos
	// Bucket is the relay's number on this socket, or 0.
	Bucket uint32
	// Staging is true between StartStage and Adopt; StagePos is Snap.Pos.
	Staging  bool
	StagePos version.Pos
	// StagedRows counts the rows that chunks have brought.
	StagedRows uint64
	// stamp is that of the staged rows.
	stamp uint64
	// gap is true while the staged rows are older than the cursor: the
	// transaction that brings what they lack has not come.
	gap bool
	// cleared is true once the tail has said that every row is gone: chunks of
	// before are void.
	cleared bool
}

// rowKey names a row in memory: table ID and encoded key.
type rowKey struct {
	table uint32
	key   string
}

// keyOf returns the encoded primary key of a whole row.
func keyOf(t *schema.Table, row value.Row) string {
	var b []byte
	for _, k := range t.Key {
		b = row[k].Append(b)
	}
	return string(b)
}

// keyRow decodes what keyOf or encodeKey made.
func keyRow(t *schema.Table, key string) value.Row {
	row, _, _ := value.DecodeRow([]byte(key), len(t.Key))
	return row
}

// encodeKey returns the encoded form of key values.
func encodeKey(key value.Row) string { return string(key.Append(nil)) }
