package store_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

var tables = &schema.Schema{Version: 1, Tables: []schema.Table{{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
	{Name: "id", Type: schema.TypeInt, NotNull: true}, {Name: "body", Type: schema.TypeText}, {Name: "n", Type: schema.TypeInt},
}}}}

func row(id int64, body string, n int64) value.Row {
	return value.Row{value.Int(id), value.Text(body), value.Int(n)}
}

func key(id int64) value.Row { return value.Row{value.Int(id)} }

func open(t *testing.T, path string) *store.Store {
	t.Helper()
	s, err := store.Open(store.Options{Path: path, Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	if s.Loaded() {
		return s
	}
	err = s.Load(func(to source.Loader) (uint64, error) {
		for i := int64(1); i <= 3; i++ {
			if err := to.Row(&tables.Tables[0], row(i, "seed", i)); err != nil {
				return 0, err
			}
		}
		return 100, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ingest(t *testing.T, s *store.Store, lsn uint64, changes ...source.Change) *changelog.Tx {
	t.Helper()
	tx, err := s.Ingest(&source.Record{LSN: lsn, CommitMicros: int64(lsn), Schema: 1, Changes: changes})
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

func put(k int64, r value.Row) source.Change { return source.Change{Table: 1, Key: key(k), New: r} }

// What the log says of each kind of change: old images from the store, one
// change a row, nothing for rows that did not change.
func TestIngest(t *testing.T) {
	t.Parallel()
	type change struct{ old, now value.Row }
	for name, c := range map[string]struct {
		in   []source.Change
		want []change
	}{
		"insert":            {[]source.Change{put(9, row(9, "x", 1))}, []change{{nil, row(9, "x", 1)}}},
		"update":            {[]source.Change{put(1, row(1, "x", 1))}, []change{{row(1, "seed", 1), row(1, "x", 1)}}},
		"delete":            {[]source.Change{{Table: 1, Key: key(2)}}, []change{{row(2, "seed", 2), nil}}},
		"delete of nothing": {[]source.Change{{Table: 1, Key: key(77)}}, nil},
		"same row":          {[]source.Change{put(1, row(1, "seed", 1))}, nil},
		"twice":             {[]source.Change{put(1, row(1, "x", 1)), put(1, row(1, "y", 2))}, []change{{row(1, "seed", 1), row(1, "y", 2)}}},
		"there and back":    {[]source.Change{put(1, row(1, "x", 1)), put(1, row(1, "seed", 1))}, nil},
		"key change":        {[]source.Change{put(1, row(8, "seed", 1))}, []change{{row(1, "seed", 1), nil}, {nil, row(8, "seed", 1)}}},
		"two keys swap": {
			[]source.Change{put(1, row(50, "seed", 1)), put(2, row(1, "seed", 2)), put(50, row(2, "seed", 1))},
			[]change{{row(1, "seed", 1), row(1, "seed", 2)}, {row(2, "seed", 2), row(2, "seed", 1)}},
		},
		"left out value": {
			[]source.Change{{Table: 1, Key: key(1), New: value.Row{value.Int(1), value.Null, value.Int(4)}, Unchanged: []uint32{1}}},
			[]change{{row(1, "seed", 1), row(1, "seed", 4)}},
		},
		"truncate": {
			[]source.Change{put(9, row(9, "x", 1)), {Table: 1, Truncate: true}, put(3, row(3, "new", 3))},
			[]change{{row(3, "seed", 3), row(3, "new", 3)}, {row(1, "seed", 1), nil}, {row(2, "seed", 2), nil}},
		},
	} {
		s := open(t, filepath.Join(t.TempDir(), "r.db"))
		tx := ingest(t, s, 200, c.in...)
		if tx == nil || tx.Pos != (version.Pos{Epoch: 5, Seq: 1}) || tx.Prev != (version.Pos{Epoch: 5}) || len(tx.Changes) != len(c.want) {
			t.Errorf("%s: %+v, want %d changes at 5/1", name, tx, len(c.want))
			continue
		}
		for _, w := range c.want {
			found := false
			for _, g := range tx.Changes {
				found = found || g.Old.Equal(w.old) && g.New.Equal(w.now)
			}
			if !found {
				t.Errorf("%s: %+v lacks %v → %v", name, tx.Changes, w.old, w.now)
			}
		}
		for rec, err := range s.Read(context.Background(), tx.Prev) {
			if err != nil || string(rec.AppendTo(nil)) != string(tx.AppendTo(nil)) {
				t.Errorf("%s: the log holds %+v (%v), want %+v", name, rec, err, tx)
			}
		}
	}
}

// A record that the store has is skipped; the place survives a new start.
func TestOnceOverRestart(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	s := open(t, path)
	ingest(t, s, 200, put(1, row(1, "a", 1)))
	if err := s.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	s = open(t, path)
	if s.LSN() != 200 || s.Head().Seq != 1 {
		t.Fatalf("LSN %d, head %v, want 200 and 1", s.LSN(), s.Head())
	}
	if tx := ingest(t, s, 200, put(1, row(1, "b", 1))); tx != nil {
		t.Fatalf("a repeated record was applied: %+v", tx)
	}
	if tx := ingest(t, s, 201, put(1, row(1, "b", 1))); tx == nil || tx.Pos.Seq != 2 || !tx.Changes[0].Old.Equal(row(1, "a", 1)) {
		t.Fatalf("the next record is %+v, want seq 2 over the first", tx)
	}
}

// A value that the source left out of a row that the store lacks is a fault,
// and leaves the store as it was.
func TestLeftOutValueOfUnknownRow(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r.db"))
	_, err := s.Ingest(&source.Record{LSN: 200, Schema: 1, Changes: []source.Change{
		put(1, row(1, "z", 0)), {Table: 1, Key: key(70), New: row(70, "", 0), Unchanged: []uint32{1}},
	}})
	got, _, rerr := s.Row(1, key(1))
	if err == nil || rerr != nil || !got.Equal(row(1, "seed", 1)) || s.Head().Seq != 0 {
		t.Fatalf("err %v, row %v (%v), head %v, want a fault and nothing written", err, got, rerr, s.Head())
	}
}

// Row says who wrote last, over deletes too.
func TestLastWrite(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r.db"))
	if _, m, err := s.Row(1, key(1)); err != nil || m.Pos.Seq != 0 || m.Pos.Epoch != s.Head().Epoch || m.Actor != "" {
		t.Fatalf("a seed row has last write %+v (%v), want none but the epoch", m, err)
	}
	_, err := s.Ingest(&source.Record{
		LSN: 200, CommitMicros: 9_000_000, Schema: 1, Changes: []source.Change{{Table: 1, Key: key(1)}},
		Origins: []source.Origin{{Client: "c", HLC: 77 << 16, Clean: true, Outcome: mutation.Outcome{Mid: 4, Status: mutation.Applied}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, m, err := s.Row(1, key(1))
	if err != nil || got != nil || m.Actor != "c" || m.Mid != 4 || !m.Clean || !m.Deleted || m.Pos.Seq != 1 || m.HLC != 77<<16 {
		t.Fatalf("row %v, last %+v (%v), want c's delete at 1", got, m, err)
	}
	ingest(t, s, 201, put(2, row(2, "direct", 2)))
	if _, m, _ = s.Row(1, key(2)); m.Actor != "" || m.HLC != version.At(0) {
		t.Fatalf("a direct write is %+v, want no actor and the commit's clock", m)
	}
	out, err := s.Outcomes("c", 3, 9)
	if err != nil || len(out) != 1 || out[0].Mid != 4 {
		t.Fatalf("outcomes %+v (%v), want mid 4", out, err)
	}
}

// A view does not see what is committed after it.
func TestViewIsASnapshot(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r.db"))
	v, err := s.View()
	if err != nil {
		t.Fatal(err)
	}
	defer v.Close()
	ingest(t, s, 200, put(1, row(1, "later", 1)))
	got, err := v.Get(1, key(1))
	if err != nil || !got.Equal(row(1, "seed", 1)) || v.Pos().Seq != 0 {
		t.Fatalf("row %v at %v (%v), want the seed at 0", got, v.Pos(), err)
	}
}

// Trimming keeps the newest records; who stands before them is told.
func TestTrim(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r.db"))
	for i := uint64(1); i <= 10; i++ {
		ingest(t, s, 200+i, put(1, row(1, "x", int64(i)+100)))
	}
	if err := s.Trim(store.Retention{Log: time.Hour, Records: 4, Tombstones: time.Hour}, 0); err != nil {
		t.Fatal(err)
	}
	if s.First().Seq != 6 {
		t.Fatalf("First = %v, want 6", s.First())
	}
	for _, c := range []struct {
		after uint64
		n     int
		err   error
	}{{5, 0, changelog.ErrTrimmed}, {6, 4, nil}, {9, 1, nil}, {10, 0, nil}} {
		n := 0
		var failed error
		for _, err := range s.Read(context.Background(), version.Pos{Epoch: 5, Seq: c.after}) {
			if failed = err; err == nil {
				n++
			}
		}
		if n != c.n || !errors.Is(failed, c.err) {
			t.Errorf("Read(%d) gave %d records and %v, want %d and %v", c.after, n, failed, c.n, c.err)
		}
	}
}

// Append takes another relay's records in order only.
func TestAppend(t *testing.T) {
	t.Parallel()
	a, b := open(t, filepath.Join(t.TempDir(), "a.db")), open(t, filepath.Join(t.TempDir(), "b.db"))
	first := ingest(t, a, 200, put(1, row(1, "x", 1)))
	second := ingest(t, a, 201, put(1, row(1, "y", 1)), source.Change{Table: 1, Key: key(2)})
	ctx := context.Background()
	if err := b.Append(ctx, first.Pos, []changelog.Tx{*second}); !errors.Is(err, changelog.ErrFenced) {
		t.Fatalf("a hole was appended: %v", err)
	}
	if err := b.Append(ctx, first.Prev, []changelog.Tx{*first, *second}); err != nil {
		t.Fatal(err)
	}
	if err := b.Append(ctx, first.Prev, []changelog.Tx{*first}); !errors.Is(err, changelog.ErrFenced) {
		t.Fatalf("a repeat was appended: %v", err)
	}
	x, _, _, _ := a.Digest("t")
	y, rows, _, err := b.Digest("t")
	if err != nil || x != y || rows != 2 || b.Head() != a.Head() {
		t.Fatalf("digests %x and %x, %d rows, heads %v and %v (%v)", x, y, rows, a.Head(), b.Head(), err)
	}
}

// A store of another schema is not opened, and says what to do.
func TestOtherSchema(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "r.db")
	_ = open(t, path).Close()
	other := copied(t)
	other.Version, other.Tables[0].Columns = 2, other.Tables[0].Columns[:2]
	if _, err := store.Open(store.Options{Path: path, Schema: other, NewEpoch: 6}); fault.KindOf(err) != fault.SchemaMismatch || fault.HintOf(err) == "" {
		t.Fatalf("Open = %v, want schema_mismatch with a hint", err)
	}
}

// WaitFor waits for the position, and refuses one that will never come.
func TestWaitFor(t *testing.T) {
	t.Parallel()
	s := open(t, filepath.Join(t.TempDir(), "r.db"))
	ctx := context.Background()
	done := make(chan error, 1)
	go func() { done <- s.WaitFor(ctx, version.Pos{Epoch: 5, Seq: 1}) }()
	ingest(t, s, 200, put(1, row(1, "x", 1)))
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := s.WaitFor(ctx, version.Pos{Epoch: 6}); fault.KindOf(err) != fault.ResyncNeeded {
		t.Fatalf("WaitFor of another epoch = %v, want resync_needed", err)
	}
}
