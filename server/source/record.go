package source

import (
	"rockpool.dev/changelog"
	"rockpool.dev/value"
)

// Record is one committed transaction of the source, before the store gave it
// a position and looked up the old images.
type Record struct {
	// LSN is the end of the commit, greater than that of every record before.
	LSN uint64
	// CommitMicros is the commit time, microseconds since 1970.
	CommitMicros int64
	Origins      []Origin
	Changes      []Change
	Schema       uint32
}

// Origin names a client transaction that a record carries, and its outcome.
type Origin = changelog.Origin

// Change is one change of one row, or of a whole table.
type Change struct {
	Table uint32
	// Key is the row's key before the change (its own, for an insert).
	Key value.Row
	// New is the whole row after, nil for a delete.
	New value.Row
	// Unchanged lists the columns of New that the source left out because
	// they did not change: the store has them.
	Unchanged []uint32
	// Origin is changelog.Change.Origin.
	Origin uint32
	// Truncate empties the table; Key and New are nil.
	Truncate bool
}
