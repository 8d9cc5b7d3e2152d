package sim_test

import (
	"context"
	"errors"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/internal/sim"
	"rockpool.dev/version"
)

// The log refuses a writer that is not at the head, and a reader from before
// what is kept; a reader gets everything after its position, in order.
func TestMemLog(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	l := sim.NewMemLog(1)
	at := func(seq uint64) version.Pos { return version.Pos{Epoch: 1, Seq: seq} }
	for i := uint64(1); i <= 5; i++ {
		if err := l.Append(ctx, at(i-1), []changelog.Tx{{Pos: at(i), Prev: at(i - 1)}}); err != nil {
			t.Fatalf("Append(%d) = %v", i, err)
		}
	}
	if err := l.Append(ctx, at(4), []changelog.Tx{{Pos: at(6), Prev: at(4)}}); !errors.Is(err, changelog.ErrFenced) {
		t.Errorf("Append behind the head = %v, want fenced", err)
	}
	l.Trim(at(2))
	for _, c := range []struct {
		after uint64
		want  []uint64
		err   error
	}{{2, []uint64{3, 4, 5}, nil}, {4, []uint64{5}, nil}, {5, nil, nil}, {1, nil, changelog.ErrTrimmed}} {
		var got []uint64
		var failed error
		for r, err := range l.Read(ctx, at(c.after)) {
			if err != nil {
				failed = err
				break
			}
			got = append(got, r.Pos.Seq)
		}
		if !errors.Is(failed, c.err) || len(got) != len(c.want) || len(got) > 0 && got[0] != c.want[0] {
			t.Errorf("Read(after %d) = %v, %v; want %v, %v", c.after, got, failed, c.want, c.err)
		}
	}
}
