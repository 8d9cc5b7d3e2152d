package store_test

import (
	"os"
	"path/filepath"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// A truth must not be taken for a replica, whatever else is wrong with it: a
// replica is thrown away when it does not fit.
func TestOriginComesBeforeTheSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	other := *tables
	other.Tables = other.Tables[:1]
	other.Version = 9
	for _, c := range []struct {
		name string
		o    store.Options
		kind fault.Kind
	}{
		{"a truth is made", store.Options{Schema: tables, Truth: true}, fault.Unknown},
		{"the same truth", store.Options{Schema: tables, Truth: true}, fault.Unknown},
		{"a replica of another schema", store.Options{Schema: &other, Source: "postgres 1/app"}, fault.InvalidArgument},
		{"a replica of the same", store.Options{Schema: tables, Source: "postgres 1/app"}, fault.InvalidArgument},
		{"a truth of another schema", store.Options{Schema: &other, Truth: true}, fault.SchemaMismatch},
	} {
		c.o.Path, c.o.NewEpoch = path, 5
		s, err := store.Open(c.o)
		if fault.KindOf(err) != c.kind || err != nil && fault.HintOf(err) == "" {
			t.Errorf("%s: Open = %v (%v), want %v with a remedy", c.name, err, fault.KindOf(err), c.kind)
		}
		if s != nil {
			_ = s.Close()
		}
	}
}

// A replica knows its database; Discard makes way for another, with the epoch
// that the next must exceed.
func TestReplicaOfAnotherDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	o := store.Options{Path: path, Schema: tables, Source: "postgres 1/app", NewEpoch: 77}
	s, err := store.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	o.Source = "postgres 2/app"
	if _, err := store.Open(o); fault.KindOf(err) != fault.SlotLost {
		t.Fatalf("Open for another database = %v (%v), want %v", err, fault.KindOf(err), fault.SlotLost)
	}
	if epoch, err := store.Discard(path); epoch != 77 || err != nil {
		t.Fatalf("Discard = %d, %v, want epoch 77", epoch, err)
	}
	if _, err := os.Stat(path); err == nil {
		t.Fatal("the file is still there")
	}
	if s, err = store.Open(o); err != nil {
		t.Fatal(err)
	}
	_ = s.Close()
	if epoch, err := store.Discard(filepath.Join(t.TempDir(), "none.db")); epoch != 0 || err != nil {
		t.Errorf("Discard of nothing = %d, %v", epoch, err)
	}
}

// Statements for a person have our functions, the aggregates too: binary
// floating point would say 0.30000000000000004.
func TestReaderHasOurFunctions(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	open(t, path)
	r, err := store.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = r.Close() }()
	var sum value.Value
	err = r.Query("WITH v(x) AS (VALUES ('0.10'), ('0.20')) SELECT decimal_sum(x) FROM v", func(_ []string, row value.Row) error {
		sum = row[0]
		return nil
	})
	if err != nil || sum != value.Text("0.30") {
		t.Errorf("decimal_sum = %v (%v), want 0.30", sum, err)
	}
}
