package store_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/store"
)

// How a mid ended is known from what is stored: the next leader must be able
// to tell, which has heard no outcome itself.
func TestSettled(t *testing.T) {
	t.Parallel()
	for name, o := range map[string]mutation.Outcome{
		"applied":    {Status: mutation.Applied},
		"merged":     {Status: mutation.Merged},
		"superseded": {Status: mutation.Superseded},
		"parked":     {Status: mutation.Parked},
		"rejected":   {Status: mutation.Rejected, Kind: uint16(fault.Constraint), Code: "23514", Detail: "stock below 0"},
		"blocked":    {Status: mutation.Blocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
			mid := c.write("UPDATE items SET name = 'mine'")
			for _, m := range []uint64{0, mid, mid + 1} {
				if got, err := c.db.Settled(m); err != nil || got != nil {
					t.Errorf("Settled(%d) before the answer = %+v, %v; want none", m, got, err)
				}
			}
			o.Mid = mid
			c.frame().put(itemsID, 1, "theirs", 1, nil, nil).outcome(o).apply()
			c.reopen()
			got, err := c.db.Settled(mid)
			if err != nil || got == nil || got.Mid != mid || got.Status != o.Status || got.Kind != o.Kind || got.Code != o.Code || got.Detail != o.Detail {
				t.Errorf("Settled(%d) = %+v, %v; want %+v", mid, got, err, o)
			}
		})
	}
}

// A failed write's key names the write that repeats it, and nothing once it
// was given up: neither may be answered with the failed one's end.
func TestKeysOfFailedWrites(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(c *client, mid uint64) (next uint64, known bool){
		"retried": func(c *client, mid uint64) (uint64, bool) {
			done, err := c.db.Retry(mid)
			if err != nil {
				c.t.Fatal(err)
			}
			return done.Mid, true
		},
		"discarded": func(c *client, mid uint64) (uint64, bool) {
			if _, err := c.db.Discard(mid); err != nil {
				c.t.Fatal(err)
			}
			return 0, false
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID)
			done, err := c.tryInfo(store.CommitInfo{IdempotencyKey: "k"}, "INSERT INTO items(id, name) VALUES (1, 'a')")
			if err != nil {
				t.Fatal(err)
			}
			c.frame().ack(done.Mid, mutation.Rejected).apply()
			next, known := end(c, done.Mid)
			once, found, err := c.db.Known("k")
			if err != nil || found != known || once.Mid != next {
				t.Errorf("Known = %+v, %v, %v; want mid %d, %v", once, found, err, next, known)
			}
		})
	}
}
