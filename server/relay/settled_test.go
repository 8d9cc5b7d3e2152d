package relay_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// ahead is a source that has settled more than the store has heard of.
type ahead struct {
	source.Source
	mids uint64
}

func (a *ahead) Register(context.Context, string, string, string, string) (uint64, error) {
	return a.mids, nil
}

func (a *ahead) Outcomes(_ context.Context, _ string, after, upto uint64) (out []mutation.Outcome, _ error) {
	for mid := after + 1; mid <= upto; mid++ {
		out = append(out, mutation.Outcome{Mid: mid, Status: mutation.Applied})
	}
	return out, nil
}

// A client that starts over is told the outcomes whose effects are in the rows
// it gets, and no others: those come with their records. Otherwise it would
// drop what it shows of its own write before the write is there.
func TestOutcomesWaitForTheirRows(t *testing.T) {
	t.Parallel()
	tables := &schema.Schema{Version: 1, Tables: []schema.Table{{
		ID: 1, Name: "notes", Key: []uint32{0},
		Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, SourceType: "integer", NotNull: true}},
	}}}
	st, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "r.db"), Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	// Mid 1 came with the load; 2 with a record; 3 with one that the core has
	// not heard of; 4 is on its way.
	if err := st.Load(func(to source.Loader) (uint64, error) { return 100, to.Settled("c", 1) }); err != nil {
		t.Fatal(err)
	}
	record := func(mid uint64) *changelog.Tx {
		t.Helper()
		rec, err := st.Ingest(&source.Record{
			LSN: 100 + mid, Schema: 1, Changes: []source.Change{{Table: 1, Key: value.Row{value.Int(int64(mid))}, New: value.Row{value.Int(int64(mid))}}},
			Origins: []source.Origin{{Client: "c", Outcome: mutation.Outcome{Mid: mid, Status: mutation.Applied}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		return rec
	}
	catalog, err := shape.Open(tables, nil)
	if err != nil {
		t.Fatal(err)
	}
	record(2)
	cache := snapshot.NewCache([]byte("test"), 1<<20)
	core := relay.New(relay.Config{
		Store: st, Source: &ahead{mids: 4}, Catalog: catalog, Verifier: auth.Anonymous{}, Snapshots: cache,
		Limits: relay.DefaultLimits(), Inline: true, NowMillis: relaytest.StartMillis,
	})
	third := record(3)

	c := relaytest.New("c", tables, cache.Chunk)
	c.Follow(1, "notes")
	do := func(effects []relay.Effect) {
		t.Helper()
		for _, e := range effects {
			send, ok := e.(relay.Send)
			if !ok {
				t.Fatalf("the core ended the session: %+v", e)
			}
			if _, err := c.Take(send.Frame); err != nil {
				t.Fatal(err)
			}
		}
	}
	do(core.Open(1, relay.Info{}))
	for range 4 {
		c.Mutation()
	}
	do(core.Receive(1, c.Hello()))
	if got := mids(c.Welcome); got != "[1 2]" || c.Welcome.LastMid != 4 {
		t.Fatalf("the welcome tells %s of %d, want [1 2] of 4", got, c.Welcome.LastMid)
	}
	for mid, rec := range map[uint64]*changelog.Tx{3: third} {
		do(core.Ingested(rec))
		if c.Acked != mid {
			t.Fatalf("acknowledged up to %d after the record of %d", c.Acked, mid)
		}
	}
	do(core.Ingested(record(4)))
	if c.Acked != 4 || len(c.Rows[1]) != 3 {
		t.Errorf("acknowledged up to %d with %d rows, want 4 and 3", c.Acked, len(c.Rows[1]))
	}
}

func mids(w *wire.Welcome) string {
	out := []uint64{}
	for _, o := range w.Outcomes {
		out = append(out, o.Mid)
	}
	return fmt.Sprint(out)
}
