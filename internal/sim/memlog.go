package sim

import (
	"context"
	"iter"
	"slices"

	"rockpool.dev/changelog"
	"rockpool.dev/version"
)

// MemLog is a changelog.Log in memory. Not safe for concurrent use: the
// simulation has one thread.
type MemLog struct {
	first, head version.Pos // first is the position before the oldest kept record
	recs        []changelog.Tx
}

var _ changelog.Log = (*MemLog)(nil)

// NewMemLog returns an empty log at the start of an epoch.
func NewMemLog(epoch uint32) *MemLog {
	start := version.Pos{Epoch: epoch}
	return &MemLog{first: start, head: start}
}

// Append implements changelog.Log.
func (l *MemLog) Append(_ context.Context, prev version.Pos, recs []changelog.Tx) error {
	if prev != l.head {
		return changelog.ErrFenced
	}
	for _, r := range recs {
		if r.Prev != l.head || !l.head.Less(r.Pos) {
			return changelog.ErrFenced
		}
		l.head = r.Pos
		l.recs = append(l.recs, r)
	}
	return nil
}

// Read implements changelog.Log.
func (l *MemLog) Read(_ context.Context, after version.Pos) iter.Seq2[changelog.Tx, error] {
	recs := l.recs
	return func(yield func(changelog.Tx, error) bool) {
		if after.Less(l.first) {
			yield(changelog.Tx{}, changelog.ErrTrimmed)
			return
		}
		i, _ := slices.BinarySearchFunc(recs, after.Next(), func(r changelog.Tx, p version.Pos) int {
			switch {
			case r.Pos.Less(p):
				return -1
			case p.Less(r.Pos):
				return 1
			}
			return 0
		})
		for ; i < len(recs); i++ {
			if !yield(recs[i], nil) {
				return
			}
		}
	}
}

// Head implements changelog.Log.
func (l *MemLog) Head() version.Pos { return l.head }

// Trim forgets the records up to and including pos.
func (l *MemLog) Trim(pos version.Pos) {
	for len(l.recs) > 0 && !pos.Less(l.recs[0].Pos) {
		l.first = l.recs[0].Pos
		l.recs = l.recs[1:]
	}
}
