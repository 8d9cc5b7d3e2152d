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

// applyNext hands what is due to the source. Inline there is no commit to share:
// one at a time, and what is durable is flushed for all of a batch of events.
func (r *Core) applyNext(c *conn) {
	most := source.BatchMax
	if r.Inline {
		most = 1
	}
	for c.phase == phaseLive {
		due := c.queue.Next(most)
		if len(due) == 0 {
			return
		}
		for _, m := range due {
			if err := c.columns.In(m); err != nil {
				r.bye(c, err, 0)
				return
			}
		}
		if !r.Inline {
			r.emit(Apply{c.id, c.client, due})
			return
		}
		reply, err := r.Source.Apply(background, c.client, due[0])
		if r.applied(c, due[0], reply, err) {
			r.received(c, due[0])
		}
	}
}

// Applied takes the answers to Apply: replies to the first of its transactions,
// and the error of the one behind them.
func (r *Core) Applied(id uint64, ms []*mutation.Tx, replies []source.Reply, err error) []Effect {
	for i := range replies {
		if rec := replies[i].Record; rec != nil {
			r.ingested(rec)
		}
	}
	c := r.sessions[id]
	if c == nil || c.phase != phaseLive {
		return r.take()
	}
	for i := range replies {
		replies[i].Record = nil
		if !r.applied(c, ms[i], replies[i], nil) {
			return r.take()
		}
	}
	if n := len(replies); n > 0 {
		r.received(c, ms[n-1])
	}
	if err != nil && !r.applied(c, ms[len(replies)], source.Reply{}, err) {
		return r.take()
	}
	r.applyNext(c)
	return r.take()
}

// received tells a client that its transactions up to m have arrived.
func (r *Core) received(c *conn, m *mutation.Tx) {
	r.send(c, session.Encode(wire.FrameReceived, &wire.Received{Mid: m.Mid}))
}

// applied takes the source's answer to m. It is false when the session has ended,
// or is to send again: no further answer matters then.
func (r *Core) applied(c *conn, m *mutation.Tx, reply source.Reply, err error) bool {
	if reply.Record != nil {
		r.ingested(reply.Record)
		if c.phase != phaseLive {
			return false
		}
	}
	if fault.KindOf(err) == fault.Duplicate {
		if len(r.rewound) >= rewoundMax {
			clear(r.rewound)
		}
		r.rewound[c.client.ID] = true
	}
	retry, fatal := c.queue.Done(m, reply, err)
	switch {
	case fatal != nil:
		r.bye(c, fatal, retryAfter(fatal))
		return false
	case retry != nil:
		r.send(c, session.Encode(wire.FrameRetry, retry))
		return false
	}
	// A repeat whose outcome the client may have missed is told again; it
	// changes nothing for one who knows it.
	if reply.Kind == source.Duplicate && reply.Outcome != nil && r.Inline && !c.lagging {
		r.advance(c)
		r.sendTx(c, wire.Tx{From: c.sent, To: c.sent}, []mutation.Outcome{r.toldOne(c, *reply.Outcome)}, nil)
	}
	return true
}
