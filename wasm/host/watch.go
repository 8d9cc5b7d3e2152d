package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wire"
)

func liveID(c *call) live.ID { return live.ID{Port: c.port, Call: c.id} }

// watch begins a live query. Its states follow; it is answered when it is
// stopped (PageCancel) or fails.
func (h *Host) watch(c *call, m *wire.LiveCall) {
	text := sqlgen.Statement{SQL: m.SQL, Args: m.Args}
	if m.Select != nil {
		_, s, err := h.planSelect(&wire.SelectCall{Select: m.Select})
		if err != nil {
			h.fail(c, err)
			return
		}
		text = s
	} else {
		plan, err := h.plan(m.SQL, nil)
		if err == nil {
			err = parameters(plan, m.Args)
		}
		if err == nil && !plan.ReadOnly {
			err = fault.New(fault.InvalidArgument, "watch a query", "the statement writes").
				WithHint("run it once, and watch a query that reads")
		}
		if err != nil {
			h.fail(c, err)
			return
		}
	}
	if _, err := h.live.Add(liveID(c), text, m.Select); err != nil {
		h.fail(c, err)
	}
}

// queueLive gives every due query a turn in the live lane.
func (h *Host) queueLive() {
	for _, q := range h.live.Due() {
		r := &rerun{h: h, q: q}
		t := &provider.Task{Lane: wire.LaneLive, Begin: r.begin, Step: r.step}
		if err := h.lanes.Add(t); err != nil {
			return // it stays due, and is queued when the lane has room
		}
		q.Queued()
		h.kick()
	}
}

// rerun is one run of a live query.
type rerun struct {
	h      *Host
	q      *live.Query
	reader *provider.Reader
	began  bool
}

func (r *rerun) begin() bool {
	if r.q.Gone() || r.h.prov.Pool == nil {
		return true
	}
	r.reader = r.h.prov.Pool.Take(wire.LaneLive)
	return r.reader != nil
}

func (r *rerun) step() (done bool) {
	if r.q.Gone() || r.reader == nil || r.h.live == nil {
		r.release()
		return true
	}
	var err error
	if !r.began {
		r.began = true
		err = r.q.Begin(r.h.builder, r.reader.Conn, r.h.cursorOf(r.reader), r.h.prov.DB.Commits(), r.h.env.Micros())
	}
	if err == nil {
		done, err = r.q.Step(liveOut{r.h}, r.h.env.Micros)
	}
	if err != nil {
		done = true
		c := r.h.calls[callID{r.q.ID.Port, r.q.ID.Call}]
		r.h.live.Remove(r.q.ID)
		if c != nil {
			r.h.fail(c, r.h.builder.Explain(err))
		}
	}
	if done {
		r.release()
	}
	return done
}

func (r *rerun) release() {
	r.q.Stop()
	if r.reader != nil && r.h.prov.Pool != nil {
		r.h.prov.Pool.Give(r.reader)
	}
	r.reader = nil
}

// liveOut takes what runs say. States that end in one turn are posted together
// at its end: the page shows them at once.
type liveOut struct{ h *Host }

func (o liveOut) Part(id live.ID, head []byte, chunks [][]byte) {
	if head != nil {
		o.h.post(id.Port, wire.PageHead, id.Call, head)
	}
	for _, framed := range chunks {
		o.h.postFramed(id.Port, wire.PageChunk, id.Call, framed)
	}
}

func (o liveOut) State(id live.ID, s live.State) {
	chunks := make([][]byte, len(s.Chunks))
	for i := range chunks {
		chunks[i] = append([]byte(nil), s.Chunks[i]...)
	}
	s.Chunks = chunks
	o.h.states = append(o.h.states, ended{id, s})
}

// ended is a state that waits to be posted.
type ended struct {
	live.ID
	live.State
}

// tellStates posts the states that have ended.
func (h *Host) tellStates() {
	if len(h.states) == 0 {
		return
	}
	states := h.states
	h.states = nil
	last := map[uint32]int{}
	for i, x := range states {
		if h.live.Get(x.ID) != nil {
			last[x.Port] = i
		}
	}
	for i, x := range states {
		if h.live.Get(x.ID) == nil {
			continue
		}
		liveOut{h}.Part(x.ID, x.Head, x.Chunks)
		h.post(x.Port, wire.PageLiveEnd, x.Call, (&wire.LiveState{
			Rows: x.Rows, Micros: x.Micros, Kept: x.Kept, More: i < last[x.Port],
		}).AppendTo(nil))
	}
}
