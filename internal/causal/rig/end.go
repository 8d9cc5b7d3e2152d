package rig

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"rockpool.dev/internal/causal"
)

const (
	// DrainMax is how long after the last fault every queue must be empty and
	// every state the same: a client that has failed to connect for long waits up
	// to 30 s for its next try.
	DrainMax = 90 * time.Second
	// lookEvery is the pause between two looks at all of them.
	lookEvery = 200 * time.Millisecond
	// looksTold is how many looks pass between two words about who is not at rest.
	looksTold = 20
)

// rest ends what is broken, waits until all have come to Postgres's state, and
// takes the final reads.
func (r *runner) rest(ctx context.Context, res *Result) error {
	began := time.Now()
	ask(r.s.clients, "connect") // who was left disconnected
	ctx, cancel := context.WithTimeout(ctx, DrainMax)
	defer cancel()
	var why []string
	for looks := 0; ; looks++ {
		var err error
		if looks%looksTold == 1 {
			r.Log("%6d ms: not at rest: %s", r.w.at(), strings.Join(why, "; "))
		}
		if why, err = r.unlike(ctx); err == nil && len(why) == 0 {
			res.Drained = time.Since(began)
			return nil
		} else if err != nil && ctx.Err() == nil {
			return err
		}
		if !rest(ctx, lookEvery) {
			break
		}
	}
	res.Stuck, res.Drained = why, time.Since(began)
	r.Log("the relay says: %s", r.s.relay.said())
	return nil
}

// unlike looks at all ends once. It keeps the final reads and returns who is not
// at rest: by its queue, or as its state is not Postgres's.
func (r *runner) unlike(ctx context.Context) (why []string, err error) {
	state, bank, err := truth(ctx, r.Postgres.DSN())
	if err != nil {
		return nil, fmt.Errorf("read Postgres: %w", err)
	}
	r.w.registers.Final = map[string]causal.State{postgresName: state}
	r.w.bank.Final = map[string]*causal.Ledger{postgresName: bank}
	for _, c := range r.s.clients {
		says, at, err := r.look(ctx, c, state, bank)
		switch {
		case err != nil:
			why = append(why, fmt.Sprintf("%s: %v", c.name, err))
		case says != "":
			why = append(why, fmt.Sprintf("%s: %s (%s)", c.name, says, at))
		}
	}
	return why, nil
}

// look reads one client and says what is unlike Postgres.
func (r *runner) look(ctx context.Context, c *client, state causal.State, bank *causal.Ledger) (says string, at status, err error) {
	ctx, cancel := context.WithTimeout(ctx, transactionMax)
	defer cancel()
	if at, err = c.status(ctx); err != nil {
		return "", at, err
	}
	parts := append(append([]part{{F: "readAll", V: raw(struct{}{})}}, ledgerParts()...), sqlPart(idsSQL))
	done, _, err := c.transact(ctx, parts...)
	if err != nil {
		return "", at, err
	}
	var t causal.Txn
	if err := fill(&t, done[:1]); err != nil {
		return "", at, err
	}
	l, err := ledger(done[1:])
	if err != nil {
		return "", at, err
	}
	var ids [][]string
	if err := json.Unmarshal(done[4].V, &ids); err != nil {
		return "", at, err
	}
	for _, row := range ids {
		l.IDs = append(l.IDs, row...)
	}
	r.w.registers.Final[c.name], r.w.bank.Final[c.name] = t.Read, l
	switch {
	case at.Pending+at.Parked+at.Failed > 0:
		return "its queue is not empty", at, nil
	case !slices.Equal(t.Read, state):
		return "its registers are not Postgres's", at, nil
	case !slices.Equal(l.Balances, bank.Balances) || !slices.Equal(l.IDs, bank.IDs):
		return "its bank is not Postgres's", at, nil
	}
	return "", at, nil
}
