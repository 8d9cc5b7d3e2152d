package relay

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/session"
	"rockpool.dev/wire"
)

// Refuse ends a session whose socket brought what cannot be a frame.
func (r *Core) Refuse(id uint64, err error) []Effect {
	if c := r.sessions[id]; c != nil {
		r.bye(c, err, 0)
	}
	return r.take()
}

// Receive takes a frame of a socket. The core may keep it.
func (r *Core) Receive(id uint64, frame []byte) []Effect {
	c := r.sessions[id]
	if c == nil {
		return r.take()
	}
	r.stats.Frames++
	c.heard = r.now
	frame, err := session.Join(&c.join, frame, c.phase == phaseHello)
	if err == nil && frame == nil {
		return r.take() // the message goes on
	}
	var msg any
	if err == nil {
		msg, err = session.Decode(frame, c.phase == phaseHello)
	}
	if err != nil {
		r.bye(c, err, 0)
		return r.take()
	}
	if h, ok := msg.(*wire.Hello); ok {
		r.greet(c, h)
		return r.take()
	}
	if c.phase != phaseLive {
		r.bye(c, fault.New(fault.Protocol, "read a frame", "it came before the welcome"), 0)
		return r.take()
	}
	switch m := msg.(type) {
	case *wire.Sub:
		r.subscribe(c, m, false)
	case *wire.Unsub:
		if s := c.subs[m.ID]; s != nil {
			r.unfollow(c, s)
			delete(c.subs, m.ID)
		}
	case *mutation.Tx:
		r.mutate(c, m, len(frame))
	case *wire.Ack:
		r.acknowledged(c, m)
	case *wire.Token:
		r.renew(c, m)
	case *wire.Pong:
	}
	return r.take()
}

func (r *Core) acknowledged(c *conn, m *wire.Ack) {
	if c.sent.Less(m.Pos) {
		r.bye(c, fault.New(fault.Protocol, "take an acknowledgement", "it is ahead of what was sent"), 0)
		return
	}
	c.window.Ack(m.Pos)
	if m.Probe != 0 {
		r.advance(c)
		r.pingNow(c, m.Probe)
	}
	if c.lagging {
		r.pump(c)
	}
}

func (r *Core) renew(c *conn, m *wire.Token) {
	if !r.Inline {
		r.emit(Verify{c.id, m.JWT})
		return
	}
	id, err := r.Verifier.Verify(m.JWT)
	r.verified(c, Admission{Identity: id, Err: err})
}

// Verified takes the answer to Verify.
func (r *Core) Verified(id uint64, a Admission) []Effect {
	if c := r.sessions[id]; c != nil && c.phase == phaseLive {
		r.verified(c, a)
	}
	return r.take()
}

func (r *Core) verified(c *conn, a Admission) {
	switch {
	case a.Err != nil:
		r.bye(c, a.Err, 0)
		return
	case a.Identity.User != c.identity.User:
		r.bye(c, fault.New(fault.Forbidden, "renew the token", "it is another user's").WithHint("sign out first"), 0)
		return
	}
	c.identity = a.Identity
	c.client.Role, c.client.ClaimsJSON, c.client.Claims = a.Identity.Role, a.Identity.ClaimsJSON, a.Identity.Claims
	r.reshape(c)
}
