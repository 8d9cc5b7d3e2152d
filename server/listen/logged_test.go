package listen_test

import (
	"context"
	"errors"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// A write at the store itself reaches those who follow the table; one that fails
// leaves nothing and is told.
func TestLoggedWritesReachClients(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 3))
	a := s.client("a")
	a.Follow(1, "products")
	pa := s.connect(t, a)
	pa.until(func() bool { return len(a.Rows[1]) == 3 })
	stock := func(n int64, then error) error {
		return s.Logged(context.Background(), func() (*changelog.Tx, error) {
			return s.w.Source.Change(&source.Client{User: "ann"}, s.w.Store.Schema().Table("products"), func(w *store.Write) (bool, error) {
				if _, err := w.Run("UPDATE products SET stock = ? WHERE id = 1", value.Int(n)); err != nil {
					return false, err
				}
				return true, then
			})
		})
	}
	broken := errors.New("broken")
	if err := stock(5, broken); !errors.Is(err, broken) {
		t.Fatalf("a write that fails is told as %v", err)
	}
	if err := stock(7, nil); err != nil {
		t.Fatal(err)
	}
	stockOf := func() int64 { return a.Rows[1][string(value.Row{value.Int(1)}.Append(nil))][3].Int() }
	pa.until(func() bool { return stockOf() != 100 })
	if stockOf() != 7 || s.w.Store.Head().Seq != 1 {
		t.Errorf("the client has stock %d, the log %d records, want 7 and 1", stockOf(), s.w.Store.Head().Seq)
	}
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := s.Logged(ctx, func() (*changelog.Tx, error) { panic("it was cancelled before its turn") }); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled write is told as %v", err)
	}
}
