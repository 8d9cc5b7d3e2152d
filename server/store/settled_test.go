package store_test

import (
	"path/filepath"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/sqlite"
	"rockpool.dev/version"
)

// What is settled comes from the load and from the records up to a position,
// and is still known after the outcomes were trimmed and the store reopened.
func TestSettled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	s, err := store.Open(store.Options{Path: path, Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Load(func(to source.Loader) (uint64, error) { return 100, to.Settled("loaded", 7) }); err != nil {
		t.Fatal(err)
	}
	settle := func(lsn, mid uint64) {
		t.Helper()
		o := changelog.Origin{Client: "loaded", Outcome: mutation.Outcome{Mid: mid, Status: mutation.Rejected}}
		if _, err := s.Ingest(&source.Record{LSN: lsn, CommitMicros: 1, Schema: 1, Origins: []source.Origin{o}}); err != nil {
			t.Fatal(err)
		}
	}
	settle(101, 8)
	settle(102, 9)
	want := func(client string, seq, mid uint64) {
		t.Helper()
		got, err := s.Settled(client, version.Pos{Epoch: 5, Seq: seq})
		if err != nil || got != mid {
			t.Errorf("Settled(%s, %d) = %d, %v; want %d", client, seq, got, err, mid)
		}
	}
	want("loaded", 0, 7)
	want("loaded", 1, 8)
	want("loaded", 2, 9)
	want("stranger", 2, 0)
	if err := s.Trim(store.Retention{}, 1<<50); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	want("loaded", 2, 9)
}

// A replica that does not know whose writes its rows hold is built anew.
func TestReplicaWithoutSettled(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	if err := open(t, path).Close(); err != nil {
		t.Fatal(err)
	}
	c, err := sqlite.Open(sqlite.Options{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Exec("DROP TABLE _rockpool_settled"); err != nil {
		t.Fatal(err)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := store.Open(store.Options{Path: path, Schema: tables, NewEpoch: 5}); fault.KindOf(err) != fault.SchemaMismatch || fault.HintOf(err) == "" {
		t.Errorf("Open = %v, want schema_mismatch and a remedy", err)
	}
}
