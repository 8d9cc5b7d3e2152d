package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// replica is the relay's store as a map: it applies records in order and
// remembers who wrote each row last.
type replica struct {
	mu      sync.Mutex
	changed chan struct{} // closed and renewed with each record
	schema  *schema.Schema
	rows    map[uint32]map[string]value.Row
	meta    map[string]source.Meta
	seq     uint64
	lsn     uint64
	records []*source.Record
	settled map[string]uint64 // by client, of the load
}

func newReplica(s *schema.Schema) *replica {
	r := &replica{schema: s, changed: make(chan struct{}), rows: map[uint32]map[string]value.Row{}, meta: map[string]source.Meta{}, settled: map[string]uint64{}}
	for _, t := range s.Tables {
		r.rows[t.ID] = map[string]value.Row{}
	}
	return r
}

func keyOf(table uint32, key value.Row) string {
	return string(rune(table)) + string(key.Append(nil))
}

// load takes a snapshot into a replica: a source.Loader.
type load struct{ *replica }

func (r load) Settled(client string, mid uint64) error {
	r.settled[client] = mid
	return nil
}

func (r load) Row(t *schema.Table, row value.Row) error {
	r.rows[t.ID][string(t.KeyOf(row).Append(nil))] = row
	return nil
}

func (r *replica) apply(rec *source.Record) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lsn = rec.LSN
	if len(rec.Changes) == 0 && len(rec.Origins) == 0 {
		return nil
	}
	r.seq++
	m := source.Meta{Pos: version.Pos{Epoch: 1, Seq: r.seq}}
	for _, c := range rec.Changes {
		if n := len(rec.Origins); n > 0 {
			o := rec.Origins[n-1]
			if c.Origin > 0 {
				o = rec.Origins[c.Origin-1]
			}
			m.Actor, m.Mid, m.Clean, m.HLC = o.Client, o.Outcome.Mid, o.Clean, o.HLC
		}
		t := r.schema.ByID(c.Table)
		rows := r.rows[c.Table]
		switch {
		case c.Truncate:
			clear(rows)
		case c.New == nil:
			delete(rows, string(c.Key.Append(nil)))
			r.meta[keyOf(t.ID, c.Key)] = m
		default:
			old := rows[string(c.Key.Append(nil))]
			for _, at := range c.Unchanged {
				c.New[at] = old[at]
			}
			delete(rows, string(c.Key.Append(nil)))
			rows[string(t.KeyOf(c.New).Append(nil))] = c.New
			r.meta[keyOf(t.ID, t.KeyOf(c.New))] = m
		}
	}
	r.records = append(r.records, rec)
	close(r.changed)
	r.changed = make(chan struct{})
	return nil
}

func (r *replica) WaitFor(ctx context.Context, pos version.Pos) error {
	return r.until(ctx, func() bool { return r.seq >= pos.Seq })
}

// until waits for a state of the replica, which is locked while it is tested.
func (r *replica) until(ctx context.Context, done func() bool) error {
	for {
		r.mu.Lock()
		ok, changed := done(), r.changed
		r.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (r *replica) Row(table uint32, key value.Row) (value.Row, source.Meta, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rows[table][string(key.Append(nil))], r.meta[keyOf(table, key)], nil
}

// follower is a source that is loaded and followed until the test ends.
type follower struct {
	*replica
	src    *postgres.Source
	client source.Client
}

// follow opens the source on the tables, loads it, and follows it.
func follow(t *testing.T, dsn string, tables ...string) *follower {
	t.Helper()
	return followWith(t, postgres.Options{URL: dsn, Tables: tables, Now: time.Now})
}

func followWith(t *testing.T, o postgres.Options) *follower {
	t.Helper()
	ctx := t.Context()
	src, err := postgres.Open(ctx, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	f := &follower{replica: newReplica(src.Schema()), src: src, client: source.Client{ID: "c1", User: "u1", Incarnation: "i1", ClaimsJSON: "{}"}}
	src.Attach(f.replica)
	from, err := src.Load(ctx, load{f.replica})
	if err != nil {
		t.Fatalf("Load: %v", err)
	}
	running, stop := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- src.Run(running, from, f.apply) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Errorf("Run ended with %v", err)
		}
		src.Close()
	})
	if _, err := src.Register(ctx, "c1", "u1", "", "i1"); err != nil {
		t.Fatalf("Register: %v", err)
	}
	return f
}

// wait fails the test when the state does not come within 20 seconds.
func (f *follower) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := f.until(ctx, done); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// at is the position that the replica has reached.
func (r *replica) at() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seq
}

// told waits until the log has said what became of the follower's mid.
func (f *follower) told(t *testing.T, mid uint64) (out mutation.Outcome) {
	t.Helper()
	f.wait(t, fmt.Sprintf("the outcome of mid %d", mid), func() bool {
		o := f.outcome(f.client.ID, mid)
		if o != nil {
			out = *o
		}
		return o != nil
	})
	return out
}

// outcome is what the log said of one of the client's mids, or nil. The
// replica is locked.
func (f *follower) outcome(client string, mid uint64) *mutation.Outcome {
	for _, rec := range f.records {
		for i := range rec.Origins {
			if o := &rec.Origins[i]; o.Client == client && o.Outcome.Mid == mid {
				return &o.Outcome
			}
		}
	}
	return nil
}
