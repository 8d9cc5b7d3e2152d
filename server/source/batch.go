package source

import (
	"context"

	"rockpool.dev/mutation"
)

// BatchMax is how many transactions of one client one transaction of the source
// holds at most.
const BatchMax = 64

// Batcher is a Source that can apply several transactions of one client in one
// of its own, which a drained outbox shares a commit and a log record by
// (SYNC.md §6.2).
type Batcher interface {
	// ApplyBatch applies the first n of ms, which are two or more, at most
	// BatchMax, and have consecutive mids, at once and each exactly once, and
	// returns n. At the first of
	// which nothing may be written the batch ends. 0 means that nothing was
	// applied, or that it is not known; Apply tells of each.
	ApplyBatch(ctx context.Context, who Client, ms []*mutation.Tx) (n int)
}

// ApplyAll applies transactions of one client with consecutive mids, in order:
// together, where the source can, and one by one around those that are refused.
// It returns the replies to the first of them, as many as have one, and the error
// of the one behind, as Apply does.
func ApplyAll(ctx context.Context, s Source, who Client, ms []*mutation.Tx) (replies []Reply, err error) {
	b, _ := s.(Batcher)
	// Each batch that fails costs its rows' locks once more: the next is shorter.
	for size := BatchMax; len(replies) < len(ms); {
		rest := ms[len(replies):]
		if k := min(len(rest), size); b != nil && k > 1 {
			n := b.ApplyBatch(ctx, who, rest[:k])
			for range n {
				replies = append(replies, Reply{Kind: Accepted})
			}
			if n == k {
				size = min(2*size, BatchMax)
				continue
			}
			size, rest = max(size/4, 1), rest[n:]
		}
		r, err := s.Apply(ctx, who, rest[0])
		if err != nil {
			return replies, err
		}
		replies = append(replies, r)
		if r.Kind == Gap || r.Kind == Unknown {
			return replies, nil // the ones behind it would get no other answer
		}
		size = max(size, 2)
	}
	return replies, nil
}
