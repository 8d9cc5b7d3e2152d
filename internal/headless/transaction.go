package headless

import (
	"context"

	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// txMillis is how long a transaction may take before the core rolls it back.
const txMillis = 10_000

// Tx is an open transaction of Client.Transact.
type Tx struct {
	ctx context.Context
	c   *Client
	id  uint32
}

// errRollback makes Transact roll back.
var errRollback = fault.New(fault.Cancelled, "commit transaction", "it was rolled back as asked")

// Transact runs f in one transaction. It returns once the commit is durable in
// this client's files; when f fails it rolls back and returns f's error. An error
// that comes with ctx's end leaves open whether it was committed.
func (c *Client) Transact(ctx context.Context, f func(*Tx) error) error {
	a, err := c.page.ask(ctx, wire.PageBegin, (&wire.BeginTx{TimeoutMillis: txMillis}).AppendTo)
	if err != nil {
		return err
	}
	var started wire.TxStarted
	if err := started.Decode(a.body); err != nil {
		return err
	}
	tx := &Tx{ctx, c, started.Tx}
	if err := f(tx); err != nil {
		// Also when ctx has ended: the writer must not wait for the timeout.
		_, _ = c.page.ask(context.WithoutCancel(ctx), wire.PageTxEnd, (&wire.TxEnd{Tx: tx.id}).AppendTo)
		return err
	}
	_, err = c.page.ask(ctx, wire.PageTxEnd, (&wire.TxEnd{Tx: tx.id, Commit: true}).AppendTo)
	return err
}

// SQL runs one statement and returns its rows.
func (t *Tx) SQL(sql string, args ...value.Value) ([]value.Row, error) {
	a, err := t.c.page.ask(t.ctx, wire.PageTxQuery, (&wire.TxQuery{Tx: t.id, SQL: sql, Args: args}).AppendTo)
	return a.rows, err
}

// Operations runs operations of the typed API: among them increments.
func (t *Tx) Operations(ops ...wire.Operation) error {
	_, err := t.c.page.ask(t.ctx, wire.PageTxQuery, (&wire.TxQuery{Tx: t.id, Ops: ops}).AppendTo)
	return err
}

// Query runs one reading statement outside of any transaction.
func (c *Client) Query(ctx context.Context, sql string, args ...value.Value) ([]value.Row, error) {
	a, err := c.page.ask(ctx, wire.PageQuery, (&wire.Query{SQL: sql, Args: args}).AppendTo)
	return a.rows, err
}
