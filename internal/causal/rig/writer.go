package rig

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"syscall"
	"time"

	"rockpool.dev/internal/causal"
)

const (
	// transactionMax is how long one transaction may take before its outcome is
	// taken for unknown: a paused client answers later, or never.
	transactionMax = 3 * time.Second
	// refusedPause is how long a writer waits when its client is not there.
	refusedPause = 100 * time.Millisecond
)

// writer makes one client's transactions.
type writer struct {
	w     *workload
	c     *client
	rng   *rand.Rand
	pause time.Duration // between two transactions, on average
	moves int
	told  func(error) // what must not happen
}

// run works until ctx ends. The transaction that is under way is finished.
func (w *writer) run(ctx context.Context) {
	for rest(ctx, w.pause/2+time.Duration(w.rng.Int64N(int64(w.pause)))) {
		one, cancel := context.WithTimeout(context.Background(), transactionMax)
		if w.rng.Float64() < bankShare {
			w.transfer(one)
		} else {
			w.registers(one)
		}
		cancel()
	}
}

// rest waits; false when ctx has ended.
func rest(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-t.C:
		return ctx.Err() == nil
	}
}

// registers runs one transaction on registers.
func (w *writer) registers(ctx context.Context) {
	intent := w.w.draw(w.rng)
	t := w.w.txn(w.c.name, intent)
	parts := []part{{F: "readAll", V: raw(struct{}{})}}
	if intent.passing != nil {
		parts = append(parts, part{F: "writeSome", V: raw(intent.passing)})
	}
	if intent.writes != nil {
		parts = append(parts, part{F: "writeSome", V: raw(intent.writes)})
	}
	if intent.rollback {
		parts = append(parts, part{F: "rollback"})
	}
	done, status, err := w.c.transact(ctx, parts...)
	t.Status = status
	if err != nil {
		w.w.keep(t)
		w.refused(ctx, status, err, intent.rollback)
		return
	}
	if err := fill(&t, done); err != nil {
		w.told(fmt.Errorf("%s: %w", w.c.name, err))
	}
	w.w.keep(t)
}

// fill takes what a transaction has read and written out of its answer.
func fill(t *causal.Txn, done []part) error {
	var read map[int]int64
	if err := json.Unmarshal(done[0].V, &read); err != nil {
		return err
	}
	state, ok := toState(read)
	if !ok {
		return fmt.Errorf("a read has %d keys, want %d", len(read), keys)
	}
	t.Read = state
	if len(done) == 1 {
		return nil
	}
	t.Writes = nil
	return json.Unmarshal(done[len(done)-1].V, &t.Writes)
}

// refused takes a transaction that did not end well: only what was asked to may
// be rolled back while its client is there.
func (w *writer) refused(ctx context.Context, s causal.Status, err error, rollback bool) {
	switch {
	case s == causal.Failed && !rollback && !gone(err):
		w.told(fmt.Errorf("%s: a transaction failed: %w", w.c.name, err))
	case !rollback:
		rest(ctx, refusedPause)
	}
}

// The ledger's parts.
const (
	balancesSQL = "SELECT k, v FROM account ORDER BY k"
	movedSQL    = "SELECT k, sum(n) FROM (SELECT dst AS k, amount AS n FROM transfer UNION ALL SELECT src, -amount FROM transfer) x GROUP BY k"
	madeSQL     = "SELECT client, count(*) FROM transfer GROUP BY client"
	idsSQL      = "SELECT id FROM transfer ORDER BY id"
)

func sqlPart(text string) part { return part{F: "sql", V: raw(map[string]any{"sql": text})} }

func ledgerParts() []part { return []part{sqlPart(balancesSQL), sqlPart(movedSQL), sqlPart(madeSQL)} }

// transfer runs one transaction of the bank.
func (w *writer) transfer(ctx context.Context) {
	w.moves++
	m := drawMove(w.rng, w.c.name, w.moves)
	t := causal.Transfer{ID: m.id, Client: w.c.name, At: w.w.at()}
	add := func(account int, n int64) map[string]any {
		return map[string]any{"type": "increment", "table": "account", "data": map[string]any{"id": fmt.Sprint(account), "v": n}}
	}
	parts := append(ledgerParts(), part{F: "operations", V: raw([]any{
		add(m.from, -m.amount), add(m.to, m.amount),
		map[string]any{"type": "insert", "table": "transfer", "data": map[string]any{"id": m.id, "client": w.c.name, "src": m.from, "dst": m.to, "amount": m.amount}},
	})})
	if m.rollback {
		parts = append(parts, part{F: "rollback"})
	}
	done, status, err := w.c.transact(ctx, parts...)
	t.Status = status
	if err == nil {
		t.Read, err = ledger(done)
		if err != nil {
			w.told(fmt.Errorf("%s: %w", w.c.name, err))
		}
		w.w.keepTransfer(t)
		return
	}
	w.w.keepTransfer(t)
	w.refused(ctx, status, err, m.rollback)
}

// ledger reads the bank's state out of an answer that begins with ledgerParts.
func ledger(done []part) (*causal.Ledger, error) {
	l := &causal.Ledger{Moved: make([]int64, accounts), Made: map[string]int64{}}
	var pairs [][2]int64
	if err := json.Unmarshal(done[0].V, &pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		l.Balances = append(l.Balances, p[1])
	}
	if len(l.Balances) != accounts {
		return nil, fmt.Errorf("a read has %d accounts, want %d", len(l.Balances), accounts)
	}
	pairs = nil
	if err := json.Unmarshal(done[1].V, &pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		l.Moved[p[0]] = p[1]
	}
	var made [][2]any
	if err := json.Unmarshal(done[2].V, &made); err != nil {
		return nil, err
	}
	for _, m := range made {
		l.Made[m[0].(string)] = int64(m[1].(float64))
	}
	return l, nil
}

// gone reports whether a client's process was not there.
func gone(err error) bool { return errors.Is(err, syscall.ECONNREFUSED) }
