package relay

import (
	"rockpool.dev/fault"
	"rockpool.dev/server/session"
	"rockpool.dev/wire"
)

// stopRetryMillis is when a client may come back to a relay that stopped.
const stopRetryMillis = 500

// Tick sets the clock, milliseconds since 1970, and does what is due. The
// clock never goes back.
func (r *Core) Tick(nowMillis int64) []Effect {
	r.now = max(r.now, nowMillis)
	for i := 0; i < len(r.order); {
		c := r.order[i]
		r.due(c)
		if i < len(r.order) && r.order[i] == c {
			i++
		}
	}
	return r.take()
}

func (r *Core) due(c *conn) {
	switch c.phase {
	case phaseHello, phaseAdmit:
		if r.now-c.opened >= r.Limits.HelloMillis && c.phase == phaseHello {
			r.bye(c, fault.New(fault.Timeout, "connect", "no hello came"), 0)
		}
		return
	case phaseGone:
		return
	}
	switch {
	case r.now-c.heard >= silentPings*r.Limits.PingMillis:
		r.bye(c, fault.New(fault.Timeout, "keep the connection", "the other side is silent"), 0)
		return
	case r.expired(c):
		r.bye(c, fault.New(fault.TokenExpired, "keep the connection", "the token has expired"), 0)
		return
	}
	if c.lagging {
		r.pump(c)
	} else if r.now-c.advanced >= r.Limits.AdvanceMillis {
		r.advance(c)
	}
	if c.phase == phaseLive && r.now-c.pinged >= r.Limits.PingMillis {
		r.pingNow(c, 0)
	}
}

func (r *Core) pingNow(c *conn, echo uint64) {
	c.ping++
	c.pinged = r.now
	r.send(c, session.Encode(wire.FramePing, &wire.Ping{T: c.ping, ServerMillis: r.now, Head: r.head, Echo: echo}))
}

// expired says that the token ended longer ago than is forgiven.
func (r *Core) expired(c *conn) bool {
	e := c.identity.Expires
	return !e.IsZero() && r.now > e.UnixMilli()+r.Limits.TokenGrace
}

// Stop tells every client why, and to come back soon, and ends its session; who
// comes later is told the same. why is nil for an orderly end.
func (r *Core) Stop(why error) []Effect {
	if why == nil {
		why = fault.New(fault.SourceUnavailable, "keep the connection", "the relay is stopping")
	}
	r.stopped = why
	for len(r.order) > 0 {
		r.bye(r.order[0], why, stopRetryMillis)
	}
	return r.take()
}
