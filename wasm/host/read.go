package host

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

// query runs SQL text: a read on a snapshot reader, a write in a transaction
// of its own, or either in the transaction that this tab has begun as text.
func (h *Host) query(c *call, m *wire.Query) {
	var plan *builder.Plan
	if h.text[c.port] == 0 {
		plan = h.builder.Planned(m.SQL, nil) // then it begins and ends no transaction
	}
	if plan == nil {
		if h.spoken(c, m) {
			return
		}
		var err error
		if plan, err = h.plan(m.SQL, nil); err != nil {
			h.fail(c, err)
			return
		}
	}
	if err := parameters(plan, m.Args); err != nil {
		h.fail(c, err)
		return
	}
	if plan.ReadOnly {
		h.read(c, m.Lane, plan, m.Args)
		return
	}
	h.writeSQL(c, plan, m)
}

// selects runs a built query.
func (h *Host) selects(c *call, m *wire.SelectCall) {
	plan, s, err := h.planSelect(m)
	if err != nil {
		h.fail(c, err)
		return
	}
	h.read(c, m.Lane, plan, s.Args)
}

func (h *Host) planSelect(m *wire.SelectCall) (*builder.Plan, sqlgen.Statement, error) {
	var s sqlgen.Statement
	if m.Select == nil {
		return nil, s, fault.New(fault.InvalidArgument, "run query", "there is no query")
	}
	s, err := h.builder.Select(m.Select)
	if err != nil {
		return nil, s, err
	}
	plan, err := h.plan(s.SQL, s.Nested)
	if err != nil {
		return nil, s, err
	}
	if !plan.ReadOnly { // raw text may hold anything
		return nil, s, fault.New(fault.Forbidden, "run query", "a built query may not write")
	}
	return plan, s, nil
}

// plan compiles a text where nothing runs: on an idle reader, else on the writer.
func (h *Host) plan(sql string, nested []sqlgen.Nested) (*builder.Plan, error) {
	if p := h.builder.Planned(sql, nested); p != nil {
		return p, nil
	}
	switch txn.Classify(sql).Verb {
	case txn.Other:
	case txn.Empty:
		return nil, fault.New(fault.InvalidSQL, "compile statement", "the text holds no statement").
			WithHint("give it one statement")
	default:
		return nil, fault.New(fault.Forbidden, "compile statement", "the text begins or ends a transaction").
			WithHint("run it as a query of its own, or use db.transaction")
	}
	conn := h.prov.Writer
	if r := h.prov.Pool.Take(wire.LaneInteractive); r != nil {
		defer h.prov.Pool.Give(r)
		conn = r.Conn
	}
	return h.builder.Plan(conn, sql, nested)
}

// parameters checks the number of values.
func parameters(p *builder.Plan, args value.Row) error {
	if len(args) == p.Params {
		return nil
	}
	return fault.New(fault.WrongParameters, "bind values", "the statement takes "+strconv.Itoa(p.Params)+
		" values, got "+strconv.Itoa(len(args))).WithHint("give one value for each ? in the text")
}

// read is a read on a snapshot reader, in chunks.
type read struct {
	h    *Host
	c    *call
	plan *builder.Plan
	args value.Row
	lane wire.Lane
	// task is nil until it has to queue.
	task   *provider.Task
	reader *provider.Reader
	cursor *builder.Cursor
	// began says that the statement runs and its head is out.
	began bool
}

// read runs a read. When nobody is before it its first chunk is read now, and
// most reads end with that.
func (h *Host) read(c *call, lane wire.Lane, plan *builder.Plan, args value.Row) {
	r := &read{h: h, c: c, plan: plan, args: args, lane: lane}
	c.stop = r.release
	began := h.lanes.Idle(lane) && r.begin()
	if began && r.step() {
		h.lanes.Counted(lane)
		return
	}
	r.task = &provider.Task{Lane: lane, Begin: r.begin, Step: r.step}
	if began {
		r.task.Began()
	}
	if err := h.lanes.Add(r.task); err != nil {
		h.fail(c, err)
	}
}

// begin takes a reader.
func (r *read) begin() bool {
	if r.c.over {
		return true // its step finds out
	}
	r.reader = r.h.prov.Pool.Take(r.lane)
	return r.reader != nil
}

// step reads one chunk.
func (r *read) step() (done bool) {
	if r.c.over {
		return true
	}
	err := r.h.late(r.c)
	if err == nil {
		if r.c.deadline == 0 && r.c.standing == "" {
			done, err = r.chunk()
		} else {
			done, err = r.h.bounded(r.c, r.reader.Conn, r.chunk)
		}
	}
	if err != nil {
		r.h.fail(r.c, r.h.cut(r.c, err))
		return true
	}
	if done {
		d := &wire.QueryDone{Rows: r.cursor.Rows(), Micros: r.h.took(r.c, r.plan.SQL)}
		r.h.done(r.c, d.AppendTo)
	}
	return done
}

// chunk starts the statement if need be, reads a chunk and posts it.
func (r *read) chunk() (done bool, err error) {
	h := r.h
	if !r.began {
		s, err := r.reader.Conn.Cached(r.plan.SQL)
		if err != nil {
			return false, h.builder.Explain(err)
		}
		r.cursor = h.cursorOf(r.reader)
		if err := r.cursor.Start(s, r.args); err != nil {
			return false, err
		}
		r.began = true
		done, err = r.cursor.Next()
		if err != nil {
			return false, err
		}
		h.post(r.c.port, wire.PageHead, r.c.id, r.plan.Head)
	} else if done, err = r.cursor.Next(); err != nil {
		return false, err
	}
	if !r.cursor.Empty() {
		h.postFramed(r.c.port, wire.PageChunk, r.c.id, r.cursor.Framed())
	}
	return done, nil
}

// release gives the reader back: the end of every read.
func (r *read) release() {
	if r.cursor != nil {
		r.cursor.Close()
		r.cursor = nil
	}
	if r.reader != nil && r.h.prov.Pool != nil {
		r.h.prov.Pool.Give(r.reader)
		r.reader = nil
	}
	if r.task != nil {
		r.h.lanes.Remove(r.task)
	}
}

// cursorOf is a reader's own cursor.
func (h *Host) cursorOf(r *provider.Reader) *builder.Cursor {
	u := h.cursors[r]
	if u == nil {
		u = &builder.Cursor{}
		h.cursors[r] = u
	}
	return u
}

// bounded runs f under the call's deadline, and until the page cancels it:
// SQLite looks at both inside a step.
func (h *Host) bounded(c *call, conn *sqlite.Conn, f func() (bool, error)) (bool, error) {
	if c.deadline == 0 && c.standing == "" {
		return f()
	}
	look := h.env.Micros() + RevokedMicros
	conn.SetProgress(ProgressSteps, func() bool {
		now := h.env.Micros()
		if c.deadline != 0 && now >= c.deadline {
			return true
		}
		if c.standing == "" || now < look {
			return false
		}
		look = now + RevokedMicros
		return h.env.Revoked(c.standing)
	})
	defer conn.SetProgress(0, nil)
	return f()
}
