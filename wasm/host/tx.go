package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

// readOnlyBit marks the IDs of read-only transactions.
const readOnlyBit = 1 << 31

// readTx is a snapshot that a tab holds on a reader of its own.
type readTx struct {
	id, owner uint32
	reader    *provider.Reader
	deadline  int64 // Env.Micros
}

// beginTx starts an interactive transaction.
func (h *Host) beginTx(c *call, m *wire.BeginTx) {
	if m.ReadOnly {
		t, err := h.beginReadTx(c.port, m.TimeoutMillis)
		if err != nil {
			h.fail(c, err)
			return
		}
		h.done(c, (&wire.TxStarted{Tx: t.id}).AppendTo)
		return
	}
	h.write(c, func() error {
		t, err := h.txn.Begin(uint64(c.port), m.TimeoutMillis, m.IdempotencyKey)
		if err != nil {
			return err
		}
		h.done(c, (&wire.TxStarted{Tx: t.ID}).AppendTo)
		return nil
	})
}

func (h *Host) beginReadTx(owner, timeoutMillis uint32) (*readTx, error) {
	const op = "begin transaction"
	if timeoutMillis == 0 {
		timeoutMillis = txn.TimeoutMillisDefault
	}
	if timeoutMillis > txn.TimeoutMillisMax {
		return nil, fault.New(fault.InvalidArgument, op, "the timeout is longer than TimeoutMillisMax")
	}
	r := h.prov.Pool.Take(wire.LaneBulk)
	if r == nil {
		return nil, fault.New(fault.Busy, op, "every snapshot reader but one is in use").
			WithHint("end another read-only transaction first, or open the database with more readers")
	}
	if err := h.unguarded(r.Conn, "BEGIN"); err != nil {
		h.prov.Pool.Give(r)
		return nil, err
	}
	h.lastTx++
	t := &readTx{id: h.lastTx | readOnlyBit, owner: owner, reader: r, deadline: h.env.Micros() + int64(timeoutMillis)*1000}
	h.readTx[t.id] = t
	return t, nil
}

// unguarded runs a statement of our own on a reader.
func (h *Host) unguarded(c *sqlite.Conn, sql string) error {
	c.SetGuard(nil)
	defer c.SetGuard(provider.Guard(h.prov.DB.Schema()))
	return c.Exec(sql)
}

func (h *Host) endReadTx(t *readTx) {
	if h.readTx[t.id] != t {
		return
	}
	delete(h.readTx, t.id)
	if t.reader.Conn.InTransaction() {
		h.log(LogWarn, h.unguarded(t.reader.Conn, "ROLLBACK"))
	}
	h.prov.Pool.Give(t.reader)
}

// txQuery runs SQL, a built query or operations inside a transaction.
func (h *Host) txQuery(c *call, m *wire.TxQuery) {
	if m.Tx&readOnlyBit != 0 {
		h.readTxQuery(c, m)
		return
	}
	t, err := h.txn.Tx(m.Tx, uint64(c.port))
	if err != nil {
		h.fail(c, err)
		return
	}
	if len(m.Ops) > 0 {
		rows, err := t.Operations(m.Ops)
		for i := range m.Ops {
			h.drafted[m.Ops[i].Table] = true
		}
		h.answer(c, (&wire.OperationsDone{Results: rows}).AppendTo, err)
		h.ifEnded(t)
		return
	}
	text, err := h.txText(m)
	if err != nil {
		h.fail(c, err)
		return
	}
	h.inTx(c, t, text)
}

func (h *Host) txText(m *wire.TxQuery) (sqlgen.Statement, error) {
	if m.Select == nil {
		return sqlgen.Statement{SQL: m.SQL, Args: m.Args}, nil
	}
	return h.builder.Select(m.Select)
}

// inTx runs one statement of a transaction and answers with its rows.
func (h *Host) inTx(c *call, t *txn.Tx, text sqlgen.Statement) {
	sql, args := text.SQL, text.Args
	switch txn.Classify(sql).Verb {
	case txn.Other:
	case txn.Commit:
		h.commitTx(c, t, func(txn.Result) message { return (&wire.QueryDone{Micros: h.took(c, sql)}).AppendTo })
		return
	case txn.Empty:
		h.fail(c, fault.New(fault.InvalidSQL, "compile statement", "the text holds no statement").
			WithHint("give it one statement"))
		return
	default:
		err := t.SQL(sql, args, nil)
		h.answer(c, (&wire.QueryDone{Micros: h.took(c, sql)}).AppendTo, err)
		h.ifEnded(t)
		return
	}
	conn := t.Conn()
	plan, err := h.builder.Plan(conn, sql, text.Nested)
	if err == nil {
		err = parameters(plan, args)
	}
	if err != nil {
		h.fail(c, err)
		return
	}
	var rows uint64
	before := conn.TotalChanges()
	_, err = h.bounded(c, conn, func() (bool, error) {
		return true, t.SQL(sql, args, h.returning(c, plan, &wire.Query{SQL: sql, Args: args}, &rows))
	})
	if err != nil {
		h.fail(c, h.builder.Explain(h.cut(c, err)))
		h.ifEnded(t)
		return
	}
	d := &wire.QueryDone{Rows: rows, Micros: h.took(c, sql)}
	if !plan.ReadOnly {
		h.changedInTx(plan)
		if conn.TotalChanges() != before {
			d.Changes, d.LastID = conn.Changes(), conn.LastInsertID()
		}
	}
	h.done(c, d.AppendTo)
}

// txEnd commits or rolls back.
func (h *Host) txEnd(c *call, m *wire.TxEnd) {
	if t := h.readTx[m.Tx]; t != nil && t.owner == c.port {
		h.endReadTx(t)
		h.done(c, (&wire.WriteDone{}).AppendTo)
		return
	}
	t, err := h.txn.Tx(m.Tx, uint64(c.port))
	if err != nil {
		h.fail(c, err)
		return
	}
	if m.Commit {
		h.commitTx(c, t, func(r txn.Result) message {
			return (&wire.WriteDone{Mid: r.Mid, Repeat: r.Repeat, Known: true}).AppendTo
		})
		return
	}
	err = t.Rollback()
	h.answer(c, (&wire.WriteDone{}).AppendTo, err)
	h.ifEnded(t)
}

// commitTx commits and holds the answer for the flush.
func (h *Host) commitTx(c *call, t *txn.Tx, answer func(txn.Result) message) {
	res, err := t.Commit()
	if err != nil {
		h.fail(c, err)
	} else {
		h.hold(c, res, answer(res))
		for t := range h.drafted {
			h.touched[t] = true
		}
		h.touchAll = h.touchAll || h.ddl || h.draftedAll
		h.ddl = false
	}
	h.ifEnded(t)
}

// ifEnded lets others write once the transaction is over, however it ended.
func (h *Host) ifEnded(t *txn.Tx) {
	if h.txn.Active(t.Owner) == t {
		return
	}
	if h.ddl { // rolled back: what was learned of the schema is void
		h.ddl = false
		h.builder.SetSchema(h.prov.DB.Schema())
	}
	h.writerFree()
}

// expire ends the transactions whose time is over.
func (h *Host) expire() {
	t, err := h.txn.Expire()
	h.log(LogError, err)
	if t != nil {
		h.tell(&wire.Event{Type: wire.EventTxState, Entry: &wire.OutboxEntry{
			State: wire.TxRolledBack, Millis: h.nowMillis(), Kind: uint16(fault.Timeout), Detail: "an interactive transaction passed its timeout",
		}})
		h.ifEnded(t)
	}
	now := h.env.Micros()
	for _, t := range h.readTx {
		if now >= t.deadline {
			h.endReadTx(t)
		}
	}
}

// readTxQuery reads on a snapshot that the tab holds.
func (h *Host) readTxQuery(c *call, m *wire.TxQuery) {
	t := h.readTx[m.Tx]
	if t == nil || t.owner != c.port {
		h.fail(c, fault.New(fault.NotFound, "use transaction", "it has ended").WithHint("it may have passed its timeout; run it again"))
		return
	}
	text, err := h.txText(m)
	if err == nil && len(m.Ops) > 0 {
		err = fault.New(fault.ReadOnly, "run operations", "the transaction is read-only")
	}
	if err == nil {
		err = h.readInTx(c, t.reader.Conn, text)
	}
	if err != nil {
		h.fail(c, h.builder.Explain(err))
	}
}

func (h *Host) readInTx(c *call, conn *sqlite.Conn, text sqlgen.Statement) error {
	sql, args := text.SQL, text.Args
	plan, err := h.builder.Plan(conn, sql, text.Nested)
	if err != nil {
		return err
	}
	if err := parameters(plan, args); err != nil {
		return err
	}
	if !plan.ReadOnly {
		return fault.New(fault.ReadOnly, "run statement", "the transaction is read-only")
	}
	s, err := conn.Cached(sql)
	if err != nil {
		return err
	}
	var rows uint64
	if err := h.returning(c, plan, &wire.Query{SQL: sql, Args: args}, &rows)(s); err != nil {
		return err
	}
	h.done(c, (&wire.QueryDone{Rows: rows, Micros: h.took(c, sql)}).AppendTo)
	return nil
}

// spoken takes the statements about transactions that come as text, and what
// follows BEGIN from the same tab. It reports whether it has taken the call.
func (h *Host) spoken(c *call, m *wire.Query) bool {
	if id := h.text[c.port]; id != 0 {
		t, err := h.txn.Tx(id, uint64(c.port))
		if err == nil {
			h.inTx(c, t, sqlgen.Statement{SQL: m.SQL, Args: m.Args})
			return true
		}
		delete(h.text, c.port)
		if v := txn.Classify(m.SQL).Verb; v == txn.Commit || v == txn.Rollback {
			h.fail(c, err)
			return true
		}
	}
	switch txn.Classify(m.SQL).Verb {
	case txn.Other, txn.Empty:
		return false
	case txn.Begin:
		h.write(c, func() error {
			t, err := h.txn.Begin(uint64(c.port), 0, m.IdempotencyKey)
			if err != nil {
				return err
			}
			h.text[c.port] = t.ID
			h.done(c, (&wire.QueryDone{}).AppendTo)
			return nil
		})
	default:
		h.fail(c, fault.New(fault.InvalidArgument, "run statement", "no transaction is open in this tab").
			WithHint("begin one first"))
	}
	return true
}

// forgetText drops the transactions as text that have ended.
func (h *Host) forgetText() {
	for port, id := range h.text {
		if _, err := h.txn.Tx(id, uint64(port)); err != nil {
			delete(h.text, port)
		}
	}
}
