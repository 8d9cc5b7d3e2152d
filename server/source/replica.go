package source

import (
	"context"

	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Replica is the relay's store as a source sees it: every row at one position
// of the log, and who wrote it last. Safe for concurrent use.
type Replica interface {
	// WaitFor waits until the store has reached pos, 5 seconds at most:
	// fault.Timeout then, fault.ResyncNeeded for an epoch it does not know.
	WaitFor(ctx context.Context, pos version.Pos) error
	// Row returns a row and its last write; row is nil when there is none.
	// A row that was not written since the store was built has a Meta with the
	// store's epoch alone.
	Row(table uint32, key value.Row) (row value.Row, last Meta, err error)
}

// Meta is the last write of a row (SYNC.md §2).
type Meta struct {
	Pos version.Pos
	// Actor is the client that wrote it, or "" for the source itself.
	Actor string
	Mid   uint64
	// Clean says that Actor's transaction met no other writer.
	Clean bool
	HLC   version.HLC
	// Deleted rows are remembered for a while.
	Deleted bool
}
