package causal_test

import (
	"slices"
	"strings"
	"testing"

	"rockpool.dev/internal/causal"
)

// sound is a history in which nothing is wrong: a writes, b reads that and
// writes, c reads both; one transaction is rolled back and one is unknown.
func sound() *causal.History {
	const none = causal.Absent
	end := causal.State{5, 7, 9, 9}
	return &causal.History{
		Keys: 4,
		Txns: []causal.Txn{
			{Client: "a", Status: causal.OK, Read: causal.State{none, none, none, none}, Writes: map[int]int64{0: 3, 1: 3}, Passing: map[int]int64{0: 2}},
			{Client: "b", Status: causal.OK, Read: causal.State{3, 3, none, none}, Writes: map[int]int64{0: 5, 3: 5}},
			{Client: "a", Status: causal.OK, Read: causal.State{3, 3, none, none}, Writes: map[int]int64{1: 7}},
			{Client: "c", Status: causal.Failed, Writes: map[int]int64{2: 11, 3: 11}},
			{Client: "c", Status: causal.Unknown, Writes: map[int]int64{2: 9, 3: 9}},
			{Client: "c", Status: causal.OK, Read: causal.State{5, 3, none, 5}},
			{Client: "c", Status: causal.OK, Read: causal.State{5, 7, 9, 9}},
		},
		Final: map[string]causal.State{"a": end, "b": slices.Clone(end), "c": slices.Clone(end), "postgres": slices.Clone(end)},
	}
}

// Each planted anomaly is found, as what it is; without one nothing is.
func TestRegisters(t *testing.T) {
	t.Parallel()
	const none = causal.Absent
	for _, c := range []struct {
		name  string
		plant func(*causal.History)
		want  string // kind and client, "" for nothing
	}{
		{"a sound history", func(*causal.History) {}, ""},
		{"a value that was rolled back", func(h *causal.History) { h.Txns[5].Read[2] = 11 }, "aborted read: c"},
		{"a value that its transaction overwrote", func(h *causal.History) { h.Txns[1].Read[0] = 2 }, "intermediate read: b"},
		{"a value that nobody wrote", func(h *causal.History) { h.Txns[5].Read[2] = 4 }, "invented read: c"},
		{"half a transaction", func(h *causal.History) { h.Txns[1].Read[1] = none }, "fractured read: b"},
		{"half of an unknown transaction", func(h *causal.History) { h.Txns[6].Read[2] = none }, "fractured read: c"},
		{"without one's own write", func(h *causal.History) { h.Txns[2].Read = causal.State{none, none, none, none} }, "read your writes: a"},
		{"behind one's own read", func(h *causal.History) { h.Txns[6].Read = causal.State{3, 7, 9, 9} }, "monotonic reads: c"},
		{"without what the writer had read", func(h *causal.History) { h.Txns[5].Read = causal.State{5, none, none, 5} }, "causal consistency: c"},
		{"without what the writer had written before", func(h *causal.History) {
			h.Txns[5].Read = causal.State{none, 7, none, none}
		}, "causal consistency: c"},
		{"without what the writer had read in another transaction", func(h *causal.History) {
			h.Txns = slices.Insert(h.Txns, 1, causal.Txn{Client: "d", Status: causal.OK, Read: causal.State{3, 3, none, none}},
				causal.Txn{Client: "d", Status: causal.Unknown, Writes: map[int]int64{2: 4}})
			h.Txns[3].Read = causal.State{none, none, 4, none}
		}, "causal consistency: b"},
		{"an acknowledged write that is gone everywhere", func(h *causal.History) {
			h.Txns = append(h.Txns, causal.Txn{Client: "d", Status: causal.OK, Read: causal.State{5, 7, 9, 9}, Writes: map[int]int64{0: 13}})
		}, "lost write: a"},
		{"an acknowledged write that one's own end lacks", func(h *causal.History) { h.Final["a"][1] = 3 }, "read your writes: a"},
		{"a client that ends elsewhere", func(h *causal.History) { h.Final["b"][3] = 5 }, "divergence: b"},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := sound()
			c.plant(h)
			expect(t, causal.CheckRegisters(h), c.want)
		})
	}
}

// expect wants a violation of a kind and client, or none at all.
func expect(t *testing.T, got []causal.Violation, want string) {
	t.Helper()
	if want == "" {
		if len(got) > 0 {
			t.Errorf("found %v in a sound history", got)
		}
		return
	}
	if !slices.ContainsFunc(got, func(v causal.Violation) bool { return strings.HasPrefix(v.String(), want) }) {
		t.Errorf("found %v, want %s", got, want)
	}
}

// What is broken once shows in each later read: the list stays short.
func TestViolationsAreBounded(t *testing.T) {
	t.Parallel()
	h := sound()
	for range 1000 {
		h.Txns = append(h.Txns, causal.Txn{Client: "d", Status: causal.OK, Read: causal.State{5, 7, 9, 4}})
	}
	if got := causal.CheckRegisters(h); len(got) == 0 || len(got) > 20 {
		t.Errorf("%d violations are told", len(got))
	}
}
