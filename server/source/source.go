// Package source is where changes come from and where clients' writes go. The
// relay's other parts know the truth only through it: package postgres follows
// a Postgres database, package embedded is the relay's own store. It owns the
// interface and the words of the answers, not the log: positions are the
// store's to give.
package source

import (
	"context"
	"errors"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// Source is a source of truth. Safe for concurrent use once Attach has been
// called; Run and Apply may run at the same time.
type Source interface {
	// Schema is what the source publishes, at version 1 or more.
	Schema() *schema.Schema
	// Attach hands over the relay's store, before Run and Apply.
	Attach(r Replica)
	// Load hands over a new snapshot and returns the place that Run continues
	// from. It is called once, for an empty store; an error leaves nothing
	// behind and it may be called again.
	Load(ctx context.Context, to Loader) (from uint64, err error)
	// Run hands committed transactions after from (a Record's LSN) to emit, in
	// commit order, until ctx ends or the source fails. It may repeat what
	// Durable has not been told of. An error of emit ends it.
	// fault.SlotLost, fault.SchemaMismatch: the store must be built anew.
	Run(ctx context.Context, from uint64, emit func(*Record) error) error
	// Durable tells that everything up to lsn is safe on the relay's disk.
	Durable(lsn uint64)
	// Register makes a client known, or recognises it by its incarnation
	// (SYNC.md §6.4), and returns the newest mid it has settled.
	// fault.Rewound: neither incarnation is the stored one; lastMid is given all
	// the same, as of the writes up to it some may be this copy's own.
	// fault.Forbidden: it is another user's.
	Register(ctx context.Context, id, user, incOld, incNew string) (lastMid uint64, err error)
	// Apply runs one client transaction to its end, exactly once (SYNC.md
	// §6.2). An error means "not now": the same call may be made again.
	// fault.Duplicate means that the mid was used for something else.
	Apply(ctx context.Context, who Client, m *mutation.Tx) (Reply, error)
	// Outcomes returns the outcomes of a client's mids in (after, upto] that
	// are still known, by mid: what a resumed log does not carry again.
	Outcomes(ctx context.Context, client string, after, upto uint64) ([]mutation.Outcome, error)
	// Health is nil when the source answers.
	Health(ctx context.Context) error
	// Close ends the connections. Run must have ended.
	Close()
}

// ErrSameRows marks a fault.SchemaMismatch behind which every row is as it was:
// defaults, constraints or labels changed. The store can be opened with the new
// schema and goes on.
var ErrSameRows = errors.New("the rows are the same")

// Loader takes a snapshot.
type Loader interface {
	// Row takes a row; those of a table come together.
	Row(t *schema.Table, row value.Row) error
	// Settled tells that the rows hold what became of a client's mids up to one:
	// no record will carry their outcomes.
	Settled(client string, mid uint64) error
}

// Client is who writes: a registered database of a verified user.
type Client struct {
	ID, Incarnation string
	// User is the token's subject, Role its role claim or "".
	User, Role string
	// ClaimsJSON is the token's payload as JSON, "{}" without one.
	ClaimsJSON string
	// Claims is the same, decoded by encoding/json with UseNumber.
	Claims map[string]any
}
