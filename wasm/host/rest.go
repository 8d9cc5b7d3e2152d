package host

import (
	"errors"

	"rockpool.dev/query/postgrest"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wire"
)

// restRowsStep is how many rows of a REST read are printed before others have
// their turn.
const restRowsStep = 512

// rest answers a request of PostgREST's protocol. What is wrong with it is an
// answer too: the call fails only where the database does.
func (h *Host) rest(c *call, m *wire.RestCall) {
	headers := make(map[string]string, len(m.Headers))
	for _, one := range m.Headers {
		headers[one.Name] = one.Value
	}
	plan, refused := postgrest.Prepare(
		postgrest.Request{Method: m.Method, Target: m.Target, Headers: headers, Body: m.Body},
		&postgrest.Env{Schema: h.prov.DB.Schema(), NewKey: h.uuid7},
	)
	switch {
	case refused != nil:
		d := restDone(refused.Response())
		d.Elsewhere = refused.Elsewhere()
		h.done(c, d.AppendTo)
	case plan.Writes():
		h.write(c, func() error { return h.restWrite(c, m, plan) })
	default:
		h.restRead(c, plan)
	}
}

// restWrite runs a writing request in a transaction of its own.
func (h *Host) restWrite(c *call, m *wire.RestCall, plan *postgrest.Plan) error {
	var resp *postgrest.Response
	answer, res, err := h.txn.Answered(m.IdempotencyKey, func(conn *sqlite.Conn) (_ []byte, err error) {
		if resp, err = plan.Write(conn); err != nil {
			return nil, err
		}
		return restDone(resp).AppendTo(nil), nil
	})
	if err != nil {
		if !errors.Is(err, postgrest.ErrRollback) {
			resp = plan.Failure(err).Response()
		}
		h.done(c, restDone(resp).AppendTo)
		return nil
	}
	h.hold(c, res, func(dst []byte) []byte { return append(dst, answer...) })
	return nil
}

func restDone(r *postgrest.Response) *wire.RestDone {
	d := &wire.RestDone{Status: uint32(r.Status), Body: r.Body}
	for _, one := range r.Headers {
		d.Headers = append(d.Headers, wire.RestHeader{Name: one.Name, Value: one.Value})
	}
	return d
}

// restRead is a reading request on a snapshot reader.
type restRead struct {
	h      *Host
	c      *call
	plan   *postgrest.Plan
	task   *provider.Task // nil until it has to queue
	reader *provider.Reader
	read   *postgrest.Read
}

// restRead runs a read as Host.read does: at once when nobody is before it.
func (h *Host) restRead(c *call, plan *postgrest.Plan) {
	r := &restRead{h: h, c: c, plan: plan}
	c.stop = r.release
	began := h.lanes.Idle(wire.LaneInteractive) && r.begin()
	if began && r.step() {
		h.lanes.Counted(wire.LaneInteractive)
		return
	}
	r.task = &provider.Task{Lane: wire.LaneInteractive, Begin: r.begin, Step: r.step}
	if began {
		r.task.Began()
	}
	if err := h.lanes.Add(r.task); err != nil {
		h.fail(c, err)
	}
}

// begin takes a reader.
func (r *restRead) begin() bool {
	if r.c.over {
		return true
	}
	r.reader = r.h.prov.Pool.Take(wire.LaneInteractive)
	return r.reader != nil
}

// step prints some rows.
func (r *restRead) step() (done bool) {
	if r.c.over {
		return true
	}
	err := r.h.late(r.c)
	if err == nil {
		done, err = r.h.bounded(r.c, r.reader.Conn, r.rows)
	}
	if err == nil && !done {
		return false
	}
	var resp *postgrest.Response
	if err == nil {
		resp, err = r.read.Response()
	}
	if late := r.h.late(r.c); late != nil {
		r.h.fail(r.c, late)
		return true
	}
	if err != nil {
		resp = r.plan.Failure(err).Response()
	}
	r.h.done(r.c, restDone(resp).AppendTo)
	return true
}

func (r *restRead) rows() (done bool, err error) {
	if r.read == nil {
		if r.read, err = r.plan.Read(r.reader.Conn); err != nil {
			return false, err
		}
	}
	return r.read.Step(restRowsStep)
}

// release gives the reader back: the end of every read.
func (r *restRead) release() {
	if r.read != nil {
		r.read.Close()
		r.read = nil
	}
	if r.reader != nil && r.h.prov.Pool != nil {
		r.h.prov.Pool.Give(r.reader)
		r.reader = nil
	}
	if r.task != nil {
		r.h.lanes.Remove(r.task)
	}
}
