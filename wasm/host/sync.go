package host

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// servedSync does the calls about sync.
func (h *Host) servedSync(p *port, kind wire.PageFrame, with func(decoder, *uint32) *call) {
	var (
		sub   wire.Subscribe
		unsub wire.Unsubscribe
		pause wire.SyncPause
		conn  wire.Connect
		empty wire.Empty
		body  decoder = empty.Decode
	)
	switch kind {
	case wire.PageSubscribe:
		body = sub.Decode
	case wire.PageUnsubscribe:
		body = unsub.Decode
	case wire.PageSyncPause:
		body = pause.Decode
	case wire.PageConnect:
		body = conn.Decode
	}
	c := with(body, nil)
	if c == nil {
		return
	}
	if h.sync == nil {
		h.fail(c, fault.New(fault.InvalidArgument, "sync", "the database was opened without a relay").
			WithHint("give open() a relay"))
		return
	}
	switch kind {
	case wire.PageSubscribe:
		h.subscribe(p, c, &sub)
	case wire.PageUnsubscribe:
		h.unsubscribe(p, c, &unsub)
	case wire.PageSyncNow:
		h.sync.SyncNow(func(r wire.SyncRound, err error) { h.answer(c, r.AppendTo, err) })
	case wire.PageSyncPause:
		h.sync.Pause(pause.Paused)
		h.done(c, empty.AppendTo)
	case wire.PageConnect:
		if conn.On {
			h.sync.Connect()
		} else {
			h.sync.Disconnect()
		}
		h.done(c, empty.AppendTo)
	}
}

// token takes the page's answer to EventTokenWanted.
func (h *Host) token(m *wire.TokenGiven) {
	if h.sync == nil {
		return
	}
	var err error
	if m.Error != "" || m.JWT == "" {
		err = fault.New(fault.Unauthenticated, "get token", m.Error).WithHint("sign in again")
	}
	h.sync.Token(m.JWT, err)
}

// SocketOpened, SocketFrame and SocketClosed are the relay socket's events.
func (h *Host) SocketOpened(id uint32) {
	if h.sync != nil {
		h.sync.SocketOpened(id)
	}
	h.settle()
}

// SocketFrame takes one binary frame, which belongs to the host from here on.
func (h *Host) SocketFrame(id uint32, frame []byte) {
	if h.sync != nil {
		h.sync.SocketFrame(id, frame)
	}
	h.settle()
}

// SocketClosed is a socket's last event.
func (h *Host) SocketClosed(id uint32, code int, reason string) {
	if h.sync != nil {
		h.txn.Unsent()
		h.sync.SocketClosed(id, code, reason)
	}
	h.settle()
}

// Fetched takes a whole body, which belongs to the host from here on.
func (h *Host) Fetched(id uint32, status int, body []byte) {
	if h.sync != nil {
		h.sync.Fetched(id, status, body)
	}
	h.settle()
}

// FetchFailed ends a fetch that got no answer.
func (h *Host) FetchFailed(id uint32, msg string) {
	if h.sync != nil {
		h.sync.FetchFailed(id, msg)
	}
	h.settle()
}

// syncHooks tell the page, and the rest of the host, what sync has done.
func (h *Host) syncHooks() SyncHooks {
	return SyncHooks{
		OnApplied:  h.applied,
		OnOutcome:  h.outcome,
		OnConflict: func(c wire.ConflictInfo) { h.tell(&wire.Event{Type: wire.EventConflict, Conflict: &c}) },
		OnStatus:   func(s wire.SyncStatus) { h.tell(&wire.Event{Type: wire.EventSync, Sync: &s}) },
		OnHealth:   func(wire.Health) { h.health() },
		OnTokenWanted: func() {
			h.tell(&wire.Event{Type: wire.EventTokenWanted})
		},
		OnRound: func(r wire.SyncRound) { h.tell(&wire.Event{Type: wire.EventSyncRound, Round: &r}) },
		OnShape: h.shapeSettled,
		OnClock: func(offset int64) { h.clock = offset },
		OnSent: func(first, last uint64) {
			for mid := first; mid <= last; mid++ {
				h.txn.Sent(mid)
				if t, ok := h.txn.Track(mid); ok {
					h.tellTrack(&t)
				}
			}
		},
		OnStuck: func(mid uint64, err error) {
			h.tell(&wire.Event{Type: wire.EventTxState, Entry: &wire.OutboxEntry{
				Mid: mid, State: wire.TxBlocked, Millis: h.nowMillis(), Kind: uint16(fault.KindOf(err)), Detail: err.Error(),
			}})
		},
		OnSchema: func() {
			s := h.prov.DB.Schema()
			h.builder.SetSchema(s)
			h.live.SetSchema(s)
			h.prov.Pool.SetGuard(provider.Guard(s))
			h.touchAll = true
			h.tell(&wire.Event{Type: wire.EventSchema})
		},
	}
}

// applied notes what a remote change did to the view.
func (h *Host) applied(a store.Applied) {
	h.prov.Wrote()
	for _, t := range a.Tables {
		h.touched[t] = true
	}
	for _, t := range h.txn.Applied(a) {
		h.tellTrack(&t)
	}
	for _, r := range a.RolledBack {
		h.rolled[r.Mid] = r.Ops
	}
	for _, r := range a.RolledBack {
		if !slices.ContainsFunc(a.Outcomes, func(o mutation.Outcome) bool { return o.Mid == r.Mid }) {
			h.blocked = append(h.blocked, r.Mid)
		}
	}
}

// tellBlocked tells how transactions ended that built on refused ones, behind
// the outcomes of those.
func (h *Host) tellBlocked() {
	for _, mid := range h.blocked {
		h.outcome(mutation.Outcome{Mid: mid, Status: mutation.Blocked, Kind: uint16(fault.Blocked), Detail: store.BlockedDetail})
	}
	h.blocked = h.blocked[:0]
}

// outcome tells how a local transaction ended.
func (h *Host) outcome(o mutation.Outcome) {
	h.tell(&wire.Event{Type: wire.EventOutcome, Outcome: &o, RolledBack: h.rolled[o.Mid], CausedBy: h.prov.DB.Cause(o.Mid)})
	delete(h.rolled, o.Mid)
}

// health tells every tab the health; healthNow is the database's side and the
// socket's.
func (h *Host) health() {
	now := h.healthNow()
	body := (&wire.Event{Type: wire.EventHealth, Health: &now}).AppendTo(nil)
	for id, p := range h.ports {
		if p.greeted { // also while the database opens
			h.post(id, wire.PageEvent, 0, body)
		}
	}
}

func (h *Host) healthNow() wire.Health {
	var out wire.Health
	if h.sync != nil {
		out = h.sync.Health()
	}
	var err error
	if out.Database, err = h.prov.State(); err != nil {
		out.LastError = failure(err)
	}
	if out.Database == wire.ConnBackoff {
		out.RetryMillis, out.Attempts = h.prov.RetryMillis(), h.prov.Attempts()
	}
	return out
}
