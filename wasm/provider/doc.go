// Package provider owns the Worker's database: it gets the files, opens one
// writing connection and several snapshot readers, retries with backoff while
// a dying Worker still holds the files, tells its health, keeps the WAL
// bounded, and closes in order. Lanes is the order in which calls take turns.
// It runs no call itself and knows no frames beyond wire's figures.
//
// Not safe for concurrent use: its owner is the Worker's one loop. Nothing in
// it waits; what takes time comes back as an event (Opened, Tick).
package provider

import (
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
)

// Limits.
const (
	// ReadersDefault is the number of snapshot readers when the page names none.
	ReadersDefault = 3
	// ReadersMax bounds what a page may ask for.
	ReadersMax = 8
	// ReaderCacheKiB and WriterCacheKiB are the page caches of a connection.
	ReaderCacheKiB = 8000
	WriterCacheKiB = 8000
	// RetryMax is how often locked files are asked for again, with
	// RetryMillisFirst doubled up to RetryMillisMax between.
	RetryMax         = 12
	RetryMillisFirst = 50
	RetryMillisMax   = 2000
	// CheckpointBytes is the WAL size from which idle time is used for a
	// checkpoint, CheckpointBytesMax the one from which the next pause is.
	CheckpointBytes    = 1 << 20
	CheckpointBytesMax = 32 << 20
	// IdleMillis without a write is idle time.
	IdleMillis = 300
)

// Files prepares the files of a database. Calls return at once; Open and
// Delete are answered by Provider.Answered with the same number.
type Files interface {
	// Open gets the handles of name, of name-wal and of name-journal.
	Open(id uint32, name string)
	// Close flushes and gives back the handles of name.
	Close(name string)
	// Delete removes a closed database.
	Delete(id uint32, name string)
}

// Guard returns what statements of the app must not do under a schema.
func Guard(s *schema.Schema) *sqlite.Guard {
	g := &sqlite.Guard{NoTransactions: true}
	if s == nil {
		return g
	}
	for i := range s.Tables {
		t := &s.Tables[i]
		g.Synced = append(g.Synced, t.Name)
		for j := range t.Unique {
			g.Indexes = append(g.Indexes, schema.IndexName(t, &t.Unique[j]))
		}
	}
	return g
}
