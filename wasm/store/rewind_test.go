package store_test

import (
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/wasm/store"
)

// TestKeysAfterARewind shows that the key of a write that was settled under
// the former client ID does not name the write that takes its mid, nor does its
// conflict, and that every number is one that JavaScript holds.
func TestKeysAfterARewind(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	key := func(key, sql string) uint64 {
		t.Helper()
		done, err := c.tryInfo(store.CommitInfo{IdempotencyKey: key}, sql)
		if err != nil {
			t.Fatal(err)
		}
		return done.Mid
	}
	settled := key("settled", "INSERT INTO items(id, name) VALUES (1, 'a')")
	c.frame().ack(settled, mutation.Superseded).apply()
	doubtful := key("doubtful", "INSERT INTO items(id, name) VALUES (2, 'b')")
	key("kept", "INSERT INTO items(id, name) VALUES (3, 'c')")
	for round := range 2 {
		if _, err := c.db.Rewind("other", doubtful); err != nil {
			t.Fatal(err)
		}
		c.reopen()
		doubtful = 0 // what is kept is not in doubt the next time
		seen := map[uint64]string{}
		for key, want := range map[string]mutation.Status{"settled": mutation.Superseded, "doubtful": mutation.Rejected, "kept": 0} {
			once, found, err := c.db.Known(key)
			if err != nil || !found || once.Mid >= 1<<53 || seen[once.Mid] != "" {
				t.Fatalf("round %d: key %s names %+v (%v, %v), with %v; want a number of its own below 2^53", round, key, once, found, err, seen)
			}
			seen[once.Mid] = key
			o, err := c.db.Settled(once.Mid)
			if err != nil || (o == nil) != (want == 0) || o != nil && o.Status != want {
				t.Errorf("round %d: key %s ended %+v, %v; want %v", round, key, o, err, want)
			}
		}
	}
}
