// Package changelog is the total order of transactions that the relay hands to
// clients, and the interface of the stores that keep it (SYNC.md §1).
package changelog

import (
	"context"
	"iter"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Tx is one source transaction.
type Tx struct {
	Pos version.Pos `wire:"1"`
	// Prev is the position before; a reader at another position has a hole.
	Prev version.Pos `wire:"2"`
	// LSN is the commit's end position in Postgres's WAL, or 0.
	LSN uint64 `wire:"3"`
	// CommitMicros is the commit time, microseconds since 1970.
	CommitMicros int64 `wire:"4"`
	// Origins are the client transactions that this one carries: several of one
	// client, in the order of their mids, where its outbox was drained.
	Origins []Origin `wire:"5"`
	Changes []Change `wire:"6"`
	// Schema is the version that table IDs and column indexes belong to.
	Schema uint32 `wire:"7"`
}

// Origin names a client transaction that this record carries, and its outcome.
type Origin struct {
	Client  string           `wire:"1"`
	HLC     version.HLC      `wire:"2,big"`
	Outcome mutation.Outcome `wire:"3"`
	// Clean says that the transaction met no other writer (SYNC.md §7).
	Clean bool `wire:"4"`
}

// Change is one row before and after. Old is empty for an insert, New for a
// delete. Both are whole rows in the table's column order.
type Change struct {
	Table uint32    `wire:"1"`
	Old   value.Row `wire:"2"`
	New   value.Row `wire:"3"`
	// Origin says which of several Origins wrote the row last: its place among
	// them, from 1; 0 for the last, or where there is one at most.
	Origin uint32 `wire:"4"`
}

// By returns the client transaction that a change is of, or nil for a direct
// write.
func (tx *Tx) By(c *Change) *Origin {
	n := len(tx.Origins)
	switch {
	case n == 0:
		return nil
	case c.Origin == 0 || int(c.Origin) > n:
		return &tx.Origins[n-1]
	}
	return &tx.Origins[c.Origin-1]
}

// Log is the order of transactions. Safe for concurrent readers and one appender.
type Log interface {
	// Append adds recs after prev; ErrFenced when prev is not the head.
	Append(ctx context.Context, prev version.Pos, recs []Tx) error
	// Read yields the transactions after a position, up to the head at the
	// time of the call; ErrTrimmed when they are no longer kept.
	Read(ctx context.Context, after version.Pos) iter.Seq2[Tx, error]
	// Head is the position of the newest transaction.
	Head() version.Pos
}
