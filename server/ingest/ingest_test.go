package ingest_test

import (
	"context"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/ingest"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

var tables = &schema.Schema{Version: 1, Tables: []schema.Table{{
	ID: 1, Name: "items", Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, SourceType: "integer"}}, Key: []uint32{0},
}}}

// script is a source whose stream breaks as it is told to.
type script struct {
	source.Source
	t     *testing.T
	runs  []func(from uint64, emit func(*source.Record) error) error
	froms []uint64

	mu      sync.Mutex
	durable []uint64
	told    chan uint64
	loads   int
}

func (s *script) Load(_ context.Context, to source.Loader) (uint64, error) {
	s.loads++
	return 100, to.Row(&tables.Tables[0], value.Row{value.Int(0)})
}

func (s *script) Run(ctx context.Context, from uint64, emit func(*source.Record) error) error {
	s.froms = append(s.froms, from)
	if n := len(s.froms); n <= len(s.runs) {
		return s.runs[n-1](from, emit)
	}
	<-ctx.Done()
	return ctx.Err()
}

func (s *script) Durable(lsn uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.durable = append(s.durable, lsn)
	select {
	case s.told <- lsn:
	default:
	}
}

func record(lsn uint64, id int64) *source.Record {
	return &source.Record{LSN: lsn, Schema: 1, Changes: []source.Change{{Table: 1, Key: value.Row{value.Int(id)}, New: value.Row{value.Int(id)}}}}
}

// A stream that breaks is opened again where the store stands; what it repeats
// is taken once; what ends it for good says so; what is durable is told after
// the flush.
func TestRun(t *testing.T) {
	t.Parallel()
	st, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "r.db"), Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	all := func(emit func(*source.Record) error, recs ...*source.Record) error {
		for _, r := range recs {
			if err := emit(r); err != nil {
				return err
			}
		}
		return nil
	}
	src := &script{t: t, told: make(chan uint64, 1)}
	src.runs = []func(uint64, func(*source.Record) error) error{
		func(_ uint64, emit func(*source.Record) error) error {
			if err := all(emit, record(110, 1), record(120, 2)); err != nil {
				return err
			}
			return fault.New(fault.SourceUnavailable, "follow", "the server went away")
		},
		func(_ uint64, emit func(*source.Record) error) error { // it repeats, and ends without a word
			return all(emit, record(110, 1), record(120, 2), record(130, 3))
		},
		func(uint64, func(*source.Record) error) error {
			select { // the flush of each second
			case <-src.told:
			case <-time.After(20 * time.Second):
				t.Error("nothing was told to be durable")
			}
			return fault.New(fault.SlotLost, "follow", "the slot is gone").WithHint("build anew")
		},
	}
	var out []uint64
	var told []fault.Kind
	in := &ingest.Ingest{
		Source: src, Store: st, Out: func(tx *changelog.Tx) { out = append(out, tx.Pos.Seq) },
		Told: func(err error) { told = append(told, fault.KindOf(err)) },
	}
	for range 2 { // the second finds a store that is filled
		if err := in.Load(t.Context()); err != nil || src.loads != 1 {
			t.Fatalf("Load = %v after %d loads", err, src.loads)
		}
	}
	if err := in.Run(t.Context()); fault.KindOf(err) != fault.SlotLost || fault.HintOf(err) == "" {
		t.Fatalf("Run = %v, want %v with its remedy", err, fault.SlotLost)
	}
	if want := []uint64{100, 120, 130}; !slices.Equal(src.froms, want) {
		t.Errorf("the stream was opened from %v, want %v", src.froms, want)
	}
	if want := []uint64{1, 2, 3}; !slices.Equal(out, want) {
		t.Errorf("handed out %v, want %v", out, want)
	}
	if want := []fault.Kind{fault.SourceUnavailable, fault.SourceUnavailable}; !slices.Equal(told, want) {
		t.Errorf("told %v, want %v", told, want)
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	if n := len(src.durable); n == 0 || src.durable[n-1] != 130 {
		t.Errorf("durable up to %v, want 130 at last", src.durable)
	}
}

// An end that was asked for is none to report.
func TestRunEndsInOrder(t *testing.T) {
	t.Parallel()
	st, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "r.db"), Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = st.Close() }()
	ctx, stop := context.WithCancel(t.Context())
	src := &script{t: t, told: make(chan uint64, 1)}
	src.runs = []func(uint64, func(*source.Record) error) error{func(uint64, func(*source.Record) error) error {
		stop()
		return ctx.Err()
	}}
	in := &ingest.Ingest{Source: src, Store: st}
	if err := in.Load(ctx); err != nil {
		t.Fatal(err)
	}
	if err := in.Run(ctx); err != nil {
		t.Errorf("Run = %v, want nil", err)
	}
}
