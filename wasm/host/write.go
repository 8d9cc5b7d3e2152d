package host

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

// Milliseconds after which a flush that failed is tried again: the first time,
// and at most.
const (
	flushRetryMin = 100
	flushRetryMax = 5000
)

// write is a write that waits for an interactive transaction to end.
type write struct {
	c   *call
	run func() error
}

// held is an answer that waits for the flush of its commit.
type held struct {
	c      *call
	ticket uint64
	answer message
	// again is the mid of a write that repeats an earlier one by its key, or 0.
	again uint64
}

// write runs a write now, or when the writer is free. run holds its answer or
// returns an error.
func (h *Host) write(c *call, run func() error) {
	if !h.txn.Busy() && len(h.waiting) == 0 {
		h.runWrite(c, run)
		return
	}
	if len(h.waiting) >= WritesWaitingMax {
		h.fail(c, fault.New(fault.LimitExceeded, "write", strconv.Itoa(WritesWaitingMax)+" writes wait for a transaction to end").
			WithHint("end the interactive transaction, or await some writes before making more"))
		return
	}
	h.waiting = append(h.waiting, &write{c, run})
}

func (h *Host) runWrite(c *call, run func() error) {
	if c.over {
		return
	}
	err := h.late(c)
	if err == nil {
		_, err = h.bounded(c, h.prov.Writer, func() (bool, error) { return true, run() })
	}
	if err != nil {
		h.fail(c, h.cut(c, err))
	}
}

// writerFree runs what waited for an interactive transaction to end.
func (h *Host) writerFree() {
	if h.txn.Busy() {
		return
	}
	h.forgetText()
	clear(h.drafted)
	h.draftedAll = false
	if h.sync != nil {
		h.sync.Unblock()
	}
	for len(h.waiting) > 0 && h.txn != nil && !h.txn.Busy() {
		w := h.waiting[0]
		h.waiting = slices.Delete(h.waiting, 0, 1)
		h.runWrite(w.c, w.run)
	}
	if h.live != nil {
		h.kick()
	}
}

// hold keeps an answer until its commit is durable.
func (h *Host) hold(c *call, res txn.Result, answer message) {
	c.held = true
	x := held{c: c, ticket: res.Ticket, answer: answer}
	if res.Repeat {
		x.again = res.Mid
	}
	h.held = append(h.held, x)
	for _, t := range res.Tables {
		h.touched[t] = true
	}
}

// flush makes commits durable, once for all that wait, then posts their
// answers and tells whom it concerns.
func (h *Host) flush() {
	if h.txn == nil {
		return
	}
	wrote := h.txn.NeedsFlush()
	if wrote {
		if len(h.held) == 0 && !h.flushDue() {
			return
		}
		if err := h.txn.Flush(); err != nil {
			h.unflushed(err)
			return
		}
		h.flushAt, h.flushWait = 0, 0
		h.figures.flushes++
		h.prov.Wrote()
	}
	due := h.held
	h.held = nil
	for _, x := range due {
		h.done(x.c, x.answer)
		h.retell(x)
	}
	if wrote {
		h.tellDurable()
		if h.sync != nil {
			h.sync.Wrote()
		}
		h.log(LogWarn, h.prov.Bound())
	}
	h.tellTables()
}

// retell tells the tab that has repeated a write how it ended at the server,
// if it has: that event may have gone by before the tab knew the mid.
func (h *Host) retell(x held) {
	if x.again == 0 {
		return
	}
	done, err := h.txn.Status("", x.again)
	h.log(LogError, err)
	if err == nil && done.Outcome != nil {
		h.post(x.c.port, wire.PageEvent, 0, (&wire.Event{Type: wire.EventOutcome, Outcome: done.Outcome}).AppendTo(nil))
	}
}

// flushDue reports whether commits wait for a flush that is to be tried now.
func (h *Host) flushDue() bool {
	return h.txn != nil && h.txn.NeedsFlush() && (h.flushAt == 0 || h.env.Now().Mono >= h.flushAt)
}

// unflushed tells those who wait that their writes may be lost: they stand in
// the view, and the next flush that works makes them durable after all. It is
// tried with the next write, and after a while that doubles.
func (h *Host) unflushed(err error) {
	h.flushWait = min(max(2*h.flushWait, flushRetryMin), flushRetryMax)
	h.flushAt = h.env.Now().Mono + h.flushWait
	due := h.held
	h.held = nil
	for _, x := range due {
		x.c.held = false
		h.fail(x.c, &fault.Error{
			Kind: fault.OutcomeUnknown, Op: "make the write durable", Err: err, Offset: -1,
			Hint: "ask for its status by its idempotency key, or send it again with the same key",
		})
	}
}

// tellDurable tells the states of the mutations that the flush made durable.
func (h *Host) tellDurable() {
	last := h.prov.DB.Durable()
	for mid := h.lastMid + 1; mid <= last; mid++ {
		if t, ok := h.txn.Track(mid); ok {
			h.tellTrack(&t)
		}
	}
	h.lastMid = max(h.lastMid, last)
}

// tellTrack tells where a transaction stands; of a new one what it does as well,
// when a tab shows the outbox.
func (h *Host) tellTrack(t *txn.Track) {
	e := &wire.OutboxEntry{
		Mid: t.Mid, State: t.State, Millis: t.Millis[t.State], Key: t.Key,
		CausedBy: h.prov.DB.Cause(t.Mid), History: t.History(),
	}
	switch {
	case t.Outcome != nil:
		e.Kind, e.Detail = t.Outcome.Kind, t.Outcome.Detail
	case t.State == wire.TxBlocked:
		e.Kind, e.Detail = uint16(fault.Blocked), store.BlockedDetail
	case t.State == wire.TxDurable && h.showsOutbox():
		var err error
		e.Ops, e.Bytes, err = h.prov.DB.Show(t.Mid)
		h.log(LogError, err)
	}
	h.tell(&wire.Event{Type: wire.EventTxState, Entry: e})
}

// showsOutbox reports whether a tab has asked for the outbox.
func (h *Host) showsOutbox() bool {
	for _, p := range h.ports {
		if p.outbox {
			return true
		}
	}
	return false
}

// tellTables tells which tables changed, and makes watched queries due.
func (h *Host) tellTables() {
	if len(h.touched) == 0 && !h.touchAll {
		return
	}
	names := make([]string, 0, len(h.touched))
	for t := range h.touched {
		names = append(names, t)
	}
	slices.Sort(names)
	h.touchLive(names)
	clear(h.touched)
	h.touchAll = false
	h.tell(&wire.Event{Type: wire.EventTables, Tables: names})
}

// touchLive makes watched queries due. Rows tell what has changed in a table
// whose changes are captured; of the others it is the statement that does.
func (h *Host) touchLive(names []string) {
	rows := h.prov.DB.TakeChanges()
	c := live.Changes{Log: rows.Log, Since: rows.Since, Commits: rows.Commits, All: h.touchAll}
	for _, name := range names {
		if rows.Lost || !h.prov.DB.Captured(name) {
			c.Whole = append(c.Whole, name)
		}
	}
	h.live.Touch(c, liveOut{h}, h.env.Micros)
}

// changed notes what a statement has changed beyond what is captured: local
// tables, and the schema.
func (h *Host) changed(p *builder.Plan) {
	for _, t := range p.Writes {
		h.touched[t] = true
	}
	if p.All {
		h.touchAll = true
	}
	if p.DDL {
		h.builder.SetSchema(h.prov.DB.Schema())
		h.touchAll = true
	}
}

// changedInTx is changed for the open interactive transaction.
func (h *Host) changedInTx(p *builder.Plan) {
	for _, t := range p.Writes {
		h.drafted[t] = true
	}
	h.draftedAll = h.draftedAll || p.All
	if p.DDL {
		h.ddl = true
		h.builder.SetSchema(h.prov.DB.Schema())
	}
}

// writeSQL runs one writing statement in a transaction of its own.
func (h *Host) writeSQL(c *call, plan *builder.Plan, m *wire.Query) {
	h.write(c, func() error {
		var rows uint64
		res, err := h.txn.SQL(m.SQL, m.Args, m.IdempotencyKey, h.returning(c, plan, m, &rows))
		if err != nil {
			return h.builder.Explain(err)
		}
		h.changed(plan)
		h.hold(c, res, (&wire.QueryDone{
			Rows: rows, Changes: res.Changes, LastID: res.LastID, Micros: h.took(c, m.SQL), Mid: res.Mid,
		}).AppendTo)
		return nil
	})
}

// returning posts the rows of a writing statement that has some (RETURNING);
// nil for one that has none. The page takes them back when the write fails.
func (h *Host) returning(c *call, plan *builder.Plan, m *wire.Query, rows *uint64) func(*sqlite.Stmt) error {
	return func(s *sqlite.Stmt) error {
		if len(s.Columns()) == 0 {
			return s.Run(m.Args...)
		}
		u := &h.writing
		defer u.Close()
		if err := u.Start(s, m.Args); err != nil {
			return err
		}
		for first, done := true, false; !done; first = false {
			var err error
			if done, err = u.Next(); err != nil {
				return err
			}
			if first {
				h.post(c.port, wire.PageHead, c.id, plan.Head)
			}
			if !u.Empty() {
				h.postFramed(c.port, wire.PageChunk, c.id, u.Framed())
			}
		}
		*rows = u.Rows()
		return nil
	}
}

// operations runs the seed's executeTransaction.
func (h *Host) operations(c *call, m *wire.Operations) {
	h.write(c, func() error {
		rows, res, err := h.txn.Operations(m.Ops, m.IdempotencyKey)
		if err != nil {
			return err
		}
		for i := range m.Ops {
			h.touched[m.Ops[i].Table] = true
		}
		h.hold(c, res, (&wire.OperationsDone{Results: rows, Mid: res.Mid, Repeat: res.Repeat}).AppendTo)
		return nil
	})
}

// resolve settles a conflict.
func (h *Host) resolve(c *call, m *wire.Resolve) {
	h.write(c, func() error {
		res, err := h.txn.Resolve(m)
		if err != nil {
			return err
		}
		h.hold(c, res, (&wire.WriteDone{Mid: res.Mid, Known: true}).AppendTo)
		h.tellEnded(res)
		return nil
	})
}

// tellEnded tells every tab what a person has dealt with: conflicts that are
// off the list, and the failed transaction that was dropped.
func (h *Host) tellEnded(res txn.Result) {
	for _, id := range res.Closed {
		h.tell(&wire.Event{Type: wire.EventConflict, Conflict: &wire.ConflictInfo{ID: id, Gone: true}})
	}
	if t, ok := h.txn.Track(res.Ended); ok {
		h.tellTrack(&t)
	}
}

// outboxAct retries, replaces or discards a transaction that did not apply, or
// that waits to be sent.
func (h *Host) outboxAct(c *call, m *wire.OutboxAct) {
	h.write(c, func() error {
		recalled, err := h.txn.Recall(*m, h.sync != nil && h.sync.Took(m.Mid))
		if err != nil {
			return err
		}
		h.recalled(recalled)
		res, err := h.txn.Act(*m)
		if err != nil {
			return err
		}
		if m.Discard {
			h.touchAll = true // its rows have left the view
		}
		h.tellEnded(res)
		h.hold(c, res, (&wire.Empty{}).AppendTo)
		return nil
	})
}

// recalled tells that a queued transaction has left the view, and lets what waits
// behind it be sent.
func (h *Host) recalled(a store.Applied) {
	if len(a.Outcomes) == 0 {
		return
	}
	h.applied(a)
	for _, o := range a.Outcomes {
		h.outcome(o)
	}
	if h.sync != nil {
		h.sync.Recalled()
	}
}

// status tells what became of a write.
func (h *Host) status(c *call, m *wire.WriteStatus) {
	done, err := h.txn.Status(m.IdempotencyKey, m.Mid)
	if err != nil {
		h.fail(c, err)
		return
	}
	if done.Known && h.txn.NeedsFlush() {
		h.hold(c, txn.Result{}, done.AppendTo) // what it tells of is not durable yet
		return
	}
	h.done(c, done.AppendTo)
}
