package causal_test

import (
	"maps"
	"slices"
	"testing"

	"rockpool.dev/internal/causal"
)

// soundBank has two accounts, two transfers that happened and one that did not.
func soundBank() *causal.Bank {
	state := func(x int64, a, b int64, ids ...string) *causal.Ledger {
		return &causal.Ledger{Balances: []int64{100 - x, 100 + x}, Moved: []int64{-x, x}, Made: map[string]int64{"a": a, "b": b}, IDs: ids}
	}
	return &causal.Bank{
		Opening: 100,
		Transfers: []causal.Transfer{
			{ID: "1", Client: "a", Status: causal.OK, Read: state(0, 0, 0)},
			{ID: "2", Client: "b", Status: causal.Unknown},
			{ID: "3", Client: "b", Status: causal.Failed},
			{ID: "4", Client: "a", Status: causal.OK, Read: state(30, 1, 1)},
		},
		Final: map[string]*causal.Ledger{"a": state(45, 2, 1, "1", "2", "4"), "postgres": state(45, 2, 1, "1", "2", "4")},
	}
}

// Each planted anomaly is found, as what it is; without one nothing is.
func TestBank(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		plant func(*causal.Bank)
		want  string
	}{
		{"a sound history", func(*causal.Bank) {}, ""},
		{"money from nowhere", func(b *causal.Bank) { b.Transfers[3].Read.Balances[0]++ }, "wrong total: a"},
		{"a transfer that was done twice", func(b *causal.Bank) {
			l := b.Transfers[3].Read
			l.Balances[0], l.Balances[1] = l.Balances[0]-5, l.Balances[1]+5
		}, "wrong balance: a"},
		{"without one's own transfer", func(b *causal.Bank) { b.Transfers[3].Read.Made["a"] = 0 }, "read your writes: a"},
		{"behind one's own read", func(b *causal.Bank) {
			again := b.Transfers[3]
			again.ID, again.Status = "5", causal.Unknown
			read := *again.Read
			read.Made = maps.Clone(read.Made)
			read.Made["a"], read.Made["b"] = 2, 0
			again.Read = &read
			b.Transfers = append(b.Transfers, again)
		}, "monotonic reads: a"},
		{"an acknowledged transfer that is gone", func(b *causal.Bank) { b.Final["a"].IDs = []string{"1", "2"} }, "lost write: a"},
		{"one that was rolled back", func(b *causal.Bank) { b.Final["a"].IDs = append(slices.Clone(b.Final["a"].IDs), "3") }, "aborted read: a"},
		{"one that is nobody's", func(b *causal.Bank) { b.Final["a"].IDs = append(slices.Clone(b.Final["a"].IDs), "9") }, "invented read: a"},
		{"a client that ends elsewhere", func(b *causal.Bank) {
			b.Final["postgres"].Balances = []int64{50, 150}
			b.Final["postgres"].Moved = []int64{-50, 50}
		}, "divergence: postgres"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := soundBank()
			c.plant(b)
			expect(t, causal.CheckBank(b), c.want)
		})
	}
}
