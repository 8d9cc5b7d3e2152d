package relay

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/session"
	"rockpool.dev/server/source"
	"rockpool.dev/wire"
)

// mutate takes a client's transaction of so many bytes into its queue.
func (r *Core) mutate(c *conn, m *mutation.Tx, bytes int) {
	if wait, ok := c.rate.Take(r.now); !ok {
		r.refuse("rate")
		r.send(c, session.Encode(wire.FrameRetry, c.queue.Back(min(m.Mid, c.queueNext(m)), uint32(wait))))
		return
	}
	retry, err := c.queue.Push(m, bytes)
	switch {
	case err != nil:
		r.bye(c, err, 0)
		return
	case retry != nil:
		r.send(c, session.Encode(wire.FrameRetry, retry))
		return
	}
	r.stats.Mutations++
	r.applyNext(c)
}

func (c *conn) queueNext(m *mutation.Tx) uint64 {
	if c.queue.Waiting() == 0 {
		return m.Mid
	}
	return c.queue.First()
}

// applyNext hands the next transaction to the source.
func (r *Core) applyNext(c *conn) {
	for c.phase == phaseLive {
		m := c.queue.Next()
		if m == nil {
			return
		}
		if err := c.columns.In(m); err != nil {
			r.bye(c, err, 0)
			return
		}
		if !r.Inline {
			r.emit(Apply{c.id, c.client, m})
			return
		}
		reply, err := r.Source.Apply(background, c.client, m)
		r.applied(c, m, reply, err)
	}
}

// Applied takes the answer to Apply.
func (r *Core) Applied(id uint64, m *mutation.Tx, reply source.Reply, err error) []Effect {
	if reply.Record != nil {
		r.ingested(reply.Record)
	}
	if c := r.sessions[id]; c != nil && c.phase == phaseLive {
		reply.Record = nil
		r.applied(c, m, reply, err)
		r.applyNext(c)
	}
	return r.take()
}

func (r *Core) applied(c *conn, m *mutation.Tx, reply source.Reply, err error) {
	if reply.Record != nil {
		r.ingested(reply.Record)
		if c.phase != phaseLive {
			return
		}
	}
	if fault.KindOf(err) == fault.Duplicate {
		if len(r.rewound) >= rewoundMax {
			clear(r.rewound)
		}
		r.rewound[c.client.ID] = true
	}
	retry, received, fatal := c.queue.Done(m, reply, err)
	switch {
	case fatal != nil:
		r.bye(c, fatal, retryAfter(fatal))
	case retry != nil:
		r.send(c, session.Encode(wire.FrameRetry, retry))
	case received != nil:
		r.send(c, session.Encode(wire.FrameReceived, received))
		// A repeat whose outcome the client may have missed is told again; it
		// changes nothing for one who knows it.
		if reply.Kind == source.Duplicate && reply.Outcome != nil && r.Inline && !c.lagging {
			r.advance(c)
			r.sendTx(c, wire.Tx{From: c.sent, To: c.sent}, []mutation.Outcome{r.toldOne(c, *reply.Outcome)}, nil)
		}
	}
}
