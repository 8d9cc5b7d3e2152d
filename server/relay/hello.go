package relay

import (
	"context"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/session"
	"rockpool.dev/server/source"
	"rockpool.dev/wire"
)

// idBytesMax bounds a client's ID and incarnations.
const idBytesMax = 64

// greet takes a hello: the version gate first, then who it is.
func (r *Core) greet(c *conn, h *wire.Hello) {
	const op = "connect"
	if h.Version < wire.VersionMin {
		r.bye(c, fault.New(fault.VersionMismatch, op, "the app speaks version "+number(h.Version)+", this relay "+
			number(wire.VersionMin)+" to "+number(wire.Version)).WithHint("update the app"), 0)
		return
	}
	for _, id := range []string{h.ClientID, h.IncarnationOld, h.IncarnationNew} {
		if len(id) > idBytesMax {
			r.bye(c, fault.New(fault.Protocol, op, "an identifier is longer than 64 bytes"), 0)
			return
		}
	}
	if h.ClientID == "" || h.IncarnationNew == "" || len(h.Subs) > r.Limits.Subscriptions {
		r.bye(c, fault.New(fault.Protocol, op, "the hello is not whole"), 0)
		return
	}
	c.hello, c.phase = h, phaseAdmit
	if !r.Inline {
		r.emit(Admit{c.id, h})
		return
	}
	r.admitted(c, r.Admit(background, h))
}

// spoken is the version of a session. A newer client knows itself whether it
// still speaks this relay's, and says so when it does not.
func spoken(h *wire.Hello) uint32 { return min(h.Version, wire.Version) }

func number(v uint32) string { return strconv.FormatUint(uint64(v), 10) }

// Admit verifies a hello's token and makes the client known to the source. It
// touches no state of the core: a driver may call it from any goroutine.
func (r *Core) Admit(ctx context.Context, h *wire.Hello) Admission {
	id, err := r.Verifier.Verify(h.Token)
	if err != nil {
		return Admission{Err: err}
	}
	a := Admission{Identity: id}
	a.LastMid, a.Err = r.Source.Register(ctx, h.ClientID, id.User, h.IncarnationOld, h.IncarnationNew)
	if a.Err != nil && fault.KindOf(a.Err) != fault.Rewound {
		return a
	}
	// Those beyond the client's last mid are a twin's: they are not its own.
	if upto := min(a.LastMid, h.LastMid); h.AckedMid < upto {
		var err error
		if a.Outcomes, err = r.Source.Outcomes(ctx, h.ClientID, h.AckedMid, upto); err != nil {
			a.Err = err
		}
	}
	return a
}

// Admitted takes the answer to Admit.
func (r *Core) Admitted(id uint64, a Admission) []Effect {
	if c := r.sessions[id]; c != nil && c.phase == phaseAdmit {
		r.admitted(c, a)
	}
	return r.take()
}

func (r *Core) admitted(c *conn, a Admission) {
	h := c.hello
	rewound := fault.KindOf(a.Err) == fault.Rewound || a.Err == nil && r.rewound[h.ClientID]
	if a.Err != nil && !rewound {
		r.bye(c, a.Err, retryAfter(a.Err))
		return
	}
	columns, err := session.Project(r.Store.Schema(), h.Declared)
	if err != nil {
		r.bye(c, err, 0)
		return
	}
	if rewound {
		delete(r.rewound, h.ClientID)
		c.columns, c.client.Claims = columns, a.Identity.Claims
		r.send(c, session.Encode(wire.FrameWelcome, &wire.Welcome{
			Version: spoken(h), ServerMillis: r.now, Head: r.head, Rewound: true, LastMid: a.LastMid, User: a.Identity.User, Limits: r.granted(),
			Coming: r.told(c, a.Outcomes),
		}))
		r.hangUp(c, CodeNormal, fault.Rewound.String())
		return
	}
	if old := r.clients[h.ClientID]; old != nil { // its socket died, or a copy shows itself at the next hello
		r.hangUp(old, CodeNormal, "replaced")
	}
	c.columns, c.identity = columns, a.Identity
	c.client = source.Client{
		ID: h.ClientID, Incarnation: h.IncarnationNew, User: a.Identity.User, Role: a.Identity.Role,
		ClaimsJSON: a.Identity.ClaimsJSON, Claims: a.Identity.Claims,
	}
	if r.expired(c) {
		r.bye(c, fault.New(fault.TokenExpired, "connect", "the token has expired"), 0)
		return
	}
	resume, err := r.resumes(h)
	if err != nil {
		r.bye(c, err, retryAfter(err))
		return
	}
	r.welcome(c, a, resume)
}

func retryAfter(err error) uint32 {
	if fault.Retryable(err) {
		return 1000
	}
	return 0
}

// resumes says whether a client's rows can be continued from its cursor. A
// client that is ahead of a replica waits: it never goes back. One that has come
// further than a truth, or on another log, shows that the truth was put back.
func (r *Core) resumes(h *wire.Hello) (bool, error) {
	branched, err := r.Store.Branched(h.Cursor, h.Term)
	if err == nil && branched {
		err = r.branch()
	}
	switch {
	case err != nil || h.Cursor.Epoch != r.head.Epoch:
		return false, err
	case r.head.Less(h.Cursor):
		if r.Store.Truth() {
			return false, nil
		}
		return false, fault.New(fault.SourceUnavailable, "connect", "this relay has not caught up with what the app has seen")
	}
	return !h.Cursor.Less(r.Store.First()), nil
}

// branch goes on under a new epoch: those who followed the log that is gone
// cannot tell which rows they have seen, nor what their writes met.
func (r *Core) branch() error {
	for rec, err := range r.Store.Read(background, r.head) { // committed, and not told of yet
		if err != nil {
			return err
		}
		r.ingested(&rec)
	}
	head, err := r.Store.Branch(uint32(r.now / 1000))
	if err != nil {
		return err
	}
	r.stats.Branches++
	for i := len(r.order) - 1; i >= 0; i-- {
		if c := r.order[i]; c.phase == phaseLive {
			r.bye(c, fault.New(fault.ResyncNeeded, "follow the log", "the relay's store was put back from a backup"), 1000)
		}
	}
	r.staleAll()
	r.head = head
	return nil
}

func (r *Core) granted() wire.Limits {
	return wire.Limits{FrameBytes: wire.FrameBytesMax, MutationsInFlight: wire.MutationsInFlightMax, PingMillis: uint32(r.Limits.PingMillis)}
}

func (r *Core) welcome(c *conn, a Admission, resume bool) {
	h := c.hello
	w := &wire.Welcome{
		Version: spoken(h), ServerMillis: r.now, LastMid: a.LastMid, Resume: resume, Head: r.head,
		User: a.Identity.User, Limits: r.granted(), Term: r.Store.Term(),
	}
	if !resume || h.Declared != nil || h.SchemaVersion != r.Store.Schema().Version {
		w.Schema = c.columns.Held()
	}
	c.sent = h.Cursor
	if !resume {
		c.sent = r.head
	}
	contained, err := r.contained(c, a.Outcomes)
	if err != nil {
		r.bye(c, err, 1000)
		return
	}
	w.Outcomes, w.Coming = r.told(c, contained), r.told(c, a.Outcomes[len(contained):])
	c.scanned, c.lagging = c.sent, c.sent != r.head
	c.window.Begin(c.sent)
	c.queue.Begin(a.LastMid)
	c.rate = session.NewRate(r.Limits.PerSecond, r.Limits.Burst, r.now)
	c.phase, c.advanced = phaseLive, r.now
	r.clients[c.client.ID] = c
	r.send(c, session.Encode(wire.FrameWelcome, w))
	for i := range h.Subs {
		if c.phase != phaseLive {
			return
		}
		r.subscribe(c, &h.Subs[i], resume)
	}
	c.hello = nil
	if c.lagging {
		r.pump(c)
	}
}

// contained are the outcomes whose effects are in the rows at the position that
// the client starts from. One that resumes has them, unless it was killed when
// it had started over and had not taken them in. The source may be ahead of
// the rows: an outcome that came before its rows would have
// the client drop what it shows of its own write. The others travel with
// their records.
func (r *Core) contained(c *conn, outcomes []mutation.Outcome) ([]mutation.Outcome, error) {
	if len(outcomes) == 0 {
		return nil, nil
	}
	mid, err := r.Store.Settled(c.client.ID, c.sent)
	for n := range outcomes {
		if outcomes[n].Mid > mid {
			return outcomes[:n], err
		}
	}
	return outcomes, err
}

// told is what a client may know of outcomes: rows of others only where its
// read policy shows them (SYNC.md §7).
func (r *Core) told(c *conn, outcomes []mutation.Outcome) []mutation.Outcome {
	out := make([]mutation.Outcome, 0, len(outcomes))
	for _, o := range outcomes {
		out = append(out, r.toldOne(c, o))
	}
	return out
}

func (r *Core) toldOne(c *conn, o mutation.Outcome) mutation.Outcome {
	o = c.columns.Out(r.hidden(c, o))
	return o
}

// hidden blanks the rows of an outcome that the client may not read.
func (r *Core) hidden(c *conn, o mutation.Outcome) mutation.Outcome {
	if len(o.Conflicts) == 0 {
		return o
	}
	conflicts := append([]mutation.Conflict(nil), o.Conflicts...)
	for i := range conflicts {
		x := &conflicts[i]
		x.Writer, x.WriterMid = "", 0
		t := r.Store.Schema().ByID(x.Table)
		if t == nil {
			continue
		}
		read, err := r.Catalog.Readable(t, c.client.Claims)
		if err != nil || len(x.Theirs) > 0 && !read.Match(x.Theirs) {
			x.Theirs, x.Base = nil, nil
		}
		if err != nil || len(x.Chosen) > 0 && !read.Match(x.Chosen) {
			x.Chosen = nil
		}
	}
	o.Conflicts = conflicts
	return o
}
