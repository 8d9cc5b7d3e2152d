package rig

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"rockpool.dev/internal/causal"
)

const (
	// keys is how many registers there are, writes how many a transaction writes.
	keys   = 100
	writes = 4
	// accounts is how many the bank has; opening is what each has at first.
	accounts = 10
	opening  = 100
)

// The shares of transactions.
const (
	bankShare     = 0.25
	readShare     = 0.2  // of registers: those that only read
	passingShare  = 0.2  // of writers: those that write first what they overwrite
	rollbackShare = 0.05 // of writers: those that roll back
)

// workload makes transactions and keeps what became of them. Safe for
// concurrent use, except that each client has one goroutine.
type workload struct {
	began time.Time
	last  atomic.Int64 // number of the newest transaction that writes registers

	mu        sync.Mutex
	registers causal.History
	bank      causal.Bank
	statuses  map[causal.Status]int
}

func newWorkload() *workload {
	return &workload{
		began: time.Now(), statuses: map[causal.Status]int{},
		registers: causal.History{Keys: keys, Final: map[string]causal.State{}},
		bank:      causal.Bank{Opening: opening, Final: map[string]*causal.Ledger{}},
	}
}

func (w *workload) at() int64 { return time.Since(w.began).Milliseconds() }

// intent is what one transaction on registers is to do.
type intent struct {
	writes, passing map[int]int64
	rollback        bool
}

// draw makes the next transaction: its values are larger than all before.
func (w *workload) draw(rng *rand.Rand) intent {
	var t intent
	if rng.Float64() < readShare {
		return t
	}
	n := w.last.Add(1)
	t.writes = map[int]int64{}
	for len(t.writes) < writes {
		t.writes[rng.IntN(keys)] = 2*n + 1
	}
	if rng.Float64() < passingShare {
		t.passing = map[int]int64{}
		for k := range t.writes {
			t.passing[k] = 2 * n
		}
	}
	t.rollback = rng.Float64() < rollbackShare
	return t
}

// txn returns the record of an intent.
func (w *workload) txn(client string, t intent) causal.Txn {
	return causal.Txn{Client: client, At: w.at(), Writes: t.writes, Passing: t.passing}
}

func (w *workload) keep(t causal.Txn) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.registers.Txns = append(w.registers.Txns, t)
	w.statuses[t.Status]++
}

func (w *workload) keepTransfer(t causal.Transfer) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.bank.Transfers = append(w.bank.Transfers, t)
	w.statuses[t.Status]++
}

// move is one transfer.
type move struct {
	id       string
	from, to int
	amount   int64
	rollback bool
}

// drawMove makes a transfer between two accounts.
func drawMove(rng *rand.Rand, client string, n int) move {
	from := rng.IntN(accounts)
	return move{
		id: fmt.Sprintf("%s-%d", client, n), from: from, to: (from + 1 + rng.IntN(accounts-1)) % accounts,
		amount: 1 + rng.Int64N(20), rollback: rng.Float64() < rollbackShare,
	}
}

func raw(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // only maps, strings and numbers come here
	}
	return b
}

// toState turns the answer of readAll into a state; false when a key is missing.
func toState(read map[int]int64) (causal.State, bool) {
	s := make(causal.State, keys)
	for k := range s {
		v, ok := read[k]
		if !ok {
			return nil, false
		}
		s[k] = v
	}
	return s, len(read) == keys
}
