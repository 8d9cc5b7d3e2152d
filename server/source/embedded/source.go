// Package embedded is the relay's own store as the source of truth (SYNC.md
// §6.3): client transactions are tested for conflicts exactly, written with
// constraints enforced, and logged, in one transaction. No other process
// writes the file. It does not flush: the relay does, once for all that wait,
// before it tells anybody.
package embedded

import (
	"context"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// maxOfflineMillis is the age from which a client's transaction is refused.
const maxOfflineMillis = 30 * 24 * 3600 * 1000

// Options are what the source needs.
type Options struct {
	// Store is the truth: it was opened with Truth.
	Store *store.Store
	// NowMicros is the relay's clock, microseconds since 1970.
	NowMicros func() int64
	// MayWrite is the write authority.
	MayWrite source.WriteCheck
	// Seed fills an empty store; nil leaves it empty.
	Seed func(put func(t *schema.Table, row value.Row) error) error
	// Crash is called between COMMIT and the reply; only test builds set it.
	Crash func()
}

// Source is the store as a source. Apply and Register may be called by one
// goroutine at a time.
type Source struct {
	Options
	failures source.Failures
}

var _ source.Source = (*Source)(nil)

// New returns the source of a store.
func New(o Options) *Source { return &Source{Options: o} }

// Schema is the store's.
func (s *Source) Schema() *schema.Schema { return s.Store.Schema() }

// Attach does nothing: the store is the source itself.
func (s *Source) Attach(source.Replica) {}

// Load hands over the seed.
func (s *Source) Load(_ context.Context, to source.Loader) (uint64, error) {
	if s.Seed == nil {
		return 0, nil
	}
	return 0, s.Seed(to.Row)
}

// Run waits for ctx: what changes comes as replies to Apply.
func (s *Source) Run(ctx context.Context, _ uint64, _ func(*source.Record) error) error {
	<-ctx.Done()
	return ctx.Err()
}

// Durable does nothing.
func (s *Source) Durable(uint64) {}

// Register makes a client known (SYNC.md §6.4).
func (s *Source) Register(_ context.Context, id, user, incOld, incNew string) (uint64, error) {
	return s.Store.Register(id, user, incOld, incNew, s.NowMicros())
}

// Outcomes returns what is known of a client's transactions.
func (s *Source) Outcomes(_ context.Context, client string, after, upto uint64) ([]mutation.Outcome, error) {
	return s.Store.Outcomes(client, after, upto)
}

// Health is always nil: a store that fails tells it with the call.
func (s *Source) Health(context.Context) error { return nil }

// Close does nothing: the store is closed by who opened it.
func (s *Source) Close() {}
