package relay_test

import (
	"slices"
	"testing"

	"rockpool.dev/server/relay/relaytest"
)

// What the last follower was given is kept for the next: nothing is read again,
// unless a row of it has changed meanwhile.
func TestSnapshotOutlivesItsFollowers(t *testing.T) {
	t.Parallel()
	for _, changes := range []bool{false, true} {
		w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3), Apart: true})
		writer, first, next := w.NewClient("writer"), w.NewClient("first"), w.NewClient("next")
		lw := w.Connect(t, 1, writer)
		first.Follow(1, "products")
		link := w.Connect(t, 2, first)
		w.Do(t, w.Core.Snapped(w.Built(t)))
		given := first.Snaps[1].URLs
		link.Drop(t)
		if n := w.Core.Stats().Buckets; n != 0 {
			t.Errorf("%d buckets have followers, want none", n)
		}
		if changes {
			lw.Send(t, writer.Mutation(relaytest.AddStock(writer.Schema, 2, 5)))
		}
		next.Follow(1, "products")
		w.Connect(t, 3, next)
		if changes {
			w.Do(t, w.Core.Snapped(w.Built(t)))
		}
		if len(w.Asked) != 0 || next.Snaps[1] == nil {
			t.Fatalf("changes %v: %d snapshots are waited for, and the next client was given %+v", changes, len(w.Asked), next.Snaps[1])
		}
		if slices.Equal(next.Snaps[1].URLs, given) == changes {
			t.Errorf("changes %v: chunks %v after %v", changes, next.Snaps[1].URLs, given)
		}
		same(t, w, next, 1, "products")
		lw.Send(t, writer.Mutation(relaytest.AddStock(writer.Schema, 3, 1)))
		same(t, w, next, 1, "products")
	}
}
