//go:build !js

package host_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// A tab that repeats a write by its key is told how it ended at the server,
// when that is known: the event may have gone by while another Worker led. Other
// tabs hear nothing, nor does anybody of a write that has not ended.
func TestRetell(t *testing.T) {
	t.Chdir(t.TempDir())
	outcomes := map[string]*mutation.Outcome{
		"applied":  {Status: mutation.Applied},
		"rejected": {Status: mutation.Rejected, Kind: uint16(fault.Constraint), Code: "23514", Detail: "stock below 0"},
		"pending":  nil,
	}
	mids := earlier(t, []string{"applied", "rejected", "pending"}, outcomes)

	w := newWorld(t)
	for port := uint32(1); port <= 2; port++ {
		w.h.PortOpen(port)
		w.hello(port, wire.PageVersion, 1)
		var o wire.Opened
		w.done(w.send(port, wire.PageOpen, &wire.OpenDatabase{Name: "shop", Schema: testSchema()}), &o)
	}
	for key, want := range outcomes {
		w.frames = nil
		var d wire.QueryDone
		w.done(w.send(1, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(99)}, IdempotencyKey: key}), &d)
		if d.Mid != mids[key] {
			t.Fatalf("the repeat of %s has mid %d, want %d: it was written again", key, d.Mid, mids[key])
		}
		told, others := w.events(1, wire.EventOutcome), w.events(2, wire.EventOutcome)
		if len(others) != 0 || len(told) != map[bool]int{true: 1, false: 0}[want != nil] {
			t.Fatalf("%s: told %+v, and the other tab %+v", key, told, others)
		}
		if want == nil {
			continue
		}
		if o := told[0].Outcome; o == nil || o.Mid != mids[key] || o.Status != want.Status || o.Kind != want.Kind || o.Detail != want.Detail {
			t.Errorf("%s: told %+v, want %+v", key, o, want)
		}
	}
	// A first write is told by its own outcome, when that comes.
	w.frames = nil
	var d wire.QueryDone
	w.done(w.send(1, wire.PageQuery, &wire.Query{SQL: insert, Args: value.Row{value.Int(100)}, IdempotencyKey: "new"}), &d)
	if told := w.events(1, wire.EventOutcome); len(told) != 0 || d.Mid != mids["pending"]+1 {
		t.Errorf("a first write: mid %d, told %+v", d.Mid, told)
	}
}

// earlier has an earlier run write one row a key, and hear of the outcomes.
func earlier(t *testing.T, keys []string, outcomes map[string]*mutation.Outcome) map[string]uint64 {
	t.Helper()
	conn, err := sqlite.Open(sqlite.Options{Name: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if err := sqlfn.Register(conn); err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(conn, store.Options{
		NewID: func() string { return "earlier" }, NowMillis: func() int64 { return 1_700_000_000_000 }, Schema: testSchema(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	mids := map[string]uint64{}
	var acks []mutation.Outcome
	for i, key := range keys {
		write, err := db.BeginWrite()
		if err != nil {
			t.Fatal(err)
		}
		s, err := write.Conn().Cached(insert)
		if err == nil {
			err = s.Run(value.Int(int64(i)))
		}
		if err != nil {
			t.Fatal(err)
		}
		done, err := write.Commit(store.CommitInfo{IdempotencyKey: key})
		if err != nil {
			t.Fatal(err)
		}
		mids[key] = done.Mid
		if o := outcomes[key]; o != nil {
			one := *o
			one.Mid = done.Mid
			acks = append(acks, one)
		}
	}
	if _, err := db.ApplyTx(&wire.Tx{To: version.Pos{Epoch: 1, Seq: 1}, Last: true, Schema: 1, Acks: acks}); err != nil {
		t.Fatal(err)
	}
	if err := db.Flush(); err != nil {
		t.Fatal(err)
	}
	return mids
}
