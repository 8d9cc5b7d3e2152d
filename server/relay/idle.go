package relay

import (
	"slices"

	"rockpool.dev/server/fanout"
)

// idleMax is how many buckets that nobody follows keep their snapshot.
const idleMax = 64

// idle are the buckets that nobody follows and whose snapshot is kept: what
// changes them is still noticed, so that who follows them next need not wait for
// another. One that changes is let go, as is the oldest of too many.
type idle struct {
	buckets []*fanout.Bucket
}

// leave gives back a bucket, which may have other followers.
func (r *Core) leave(b *fanout.Bucket) {
	if len(r.follow[b]) > 0 || slices.Contains(r.idle.buckets, b) || r.Snapshots.Fresh(b.Spec.Key, b.ID, b.Changed) == nil {
		r.index.Release(b)
		return
	}
	if len(r.idle.buckets) >= idleMax {
		r.index.Release(r.idle.buckets[0])
		r.idle.buckets = r.idle.buckets[1:]
	}
	r.idle.buckets = append(r.idle.buckets, b)
}

// stale lets an idle bucket go: its snapshot is of no use any more.
func (r *Core) stale(b *fanout.Bucket) {
	if at := slices.Index(r.idle.buckets, b); at >= 0 {
		r.idle.buckets = slices.Delete(r.idle.buckets, at, at+1)
		r.index.Release(b)
	}
}

// staleAll lets all go, as the log goes on from another place.
func (r *Core) staleAll() {
	for len(r.idle.buckets) > 0 {
		r.stale(r.idle.buckets[0])
	}
}
