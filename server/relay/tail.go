package relay

import (
	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/session"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// ingested moves the head by one record, or by as many as the store is ahead.
func (r *Core) ingested(rec *changelog.Tx) {
	if rec == nil || !r.head.Less(rec.Pos) {
		return
	}
	if rec.Prev != r.head { // a hole: the store has what is missing
		for x, err := range r.Store.Read(background, r.head) {
			if err != nil || rec.Pos.Less(x.Pos) {
				break
			}
			if x.Pos != rec.Pos {
				r.deliver(&x)
			}
		}
		if rec.Prev != r.head {
			r.startOver(rec)
			return
		}
	}
	r.deliver(rec)
}

// startOver follows a store that was built anew: everybody starts again.
func (r *Core) startOver(rec *changelog.Tx) {
	for len(r.order) > 0 {
		r.bye(r.order[0], fault.New(fault.ResyncNeeded, "follow the log", "the relay's store was built anew"), 1000)
	}
	r.staleAll()
	r.head = rec.Pos
}

// parcel is what one transaction has for one session.
type parcel struct {
	c      *conn
	blocks fanout.Blocks
	acks   []mutation.Outcome
	lost   []mutation.Conflict
}

// deliver hands a record to every session that it concerns and that keeps up.
func (r *Core) deliver(rec *changelog.Tx) {
	r.head = rec.Pos
	r.stats.Records++
	if r.Audit != nil {
		r.Audit(rec, r.userOf)
	}
	var parcels []*parcel
	at := map[*conn]*parcel{}
	of := func(c *conn) *parcel {
		p := at[c]
		if p == nil {
			p = &parcel{c: c}
			at[c] = p
			parcels = append(parcels, p)
		}
		return p
	}
	for _, h := range r.index.Route(rec) {
		for _, f := range r.follow[h.Bucket] {
			if !f.c.lagging && f.sub.ready && f.sub.from.Less(rec.Pos) {
				p := of(f.c)
				p.blocks = append(p.blocks, h.Blocks...)
			}
		}
		r.stale(h.Bucket)
	}
	for i := range rec.Origins {
		o := &rec.Origins[i]
		r.stats.Outcomes[statusName(o.Outcome.Status)]++
		if c := r.clients[o.Client]; c != nil {
			c.queue.Settled(o.Outcome.Mid)
			if !c.lagging {
				p := of(c)
				p.acks = append(p.acks, r.toldOne(c, o.Outcome))
			}
		}
		for j := range o.Outcome.Conflicts {
			c := r.clients[o.Outcome.Conflicts[j].Writer]
			if c == nil || c.lagging {
				continue
			}
			if x, ok := r.lost(c, o, j); ok {
				p := of(c)
				p.lost = append(p.lost, x)
			}
		}
	}
	for _, p := range parcels {
		r.hand(p, rec)
	}
}

// hand sends a transaction to a session that stands right before it, or lets
// the session fall back to a position when its credit is used up.
func (r *Core) hand(p *parcel, rec *changelog.Tx) {
	c := p.c
	if c.window.Full(r.Limits.WindowBytes) {
		c.lagging, c.scanned = true, rec.Prev
		return
	}
	r.sendTx(c, wire.Tx{From: c.sent, To: rec.Pos, CommitMicros: rec.CommitMicros, Lost: p.lost}, p.acks, p.blocks)
}

// sendTx sends a transaction. Its rows are of the store's schema, also those of
// a record from before that was in force: a store goes on only while rows keep
// their form.
func (r *Core) sendTx(c *conn, head wire.Tx, acks []mutation.Outcome, blocks fanout.Blocks) {
	head.Schema = r.Store.Schema().Version
	bytes := 0
	for _, f := range session.TxFrames(head, acks, blocks) {
		bytes += len(f)
		r.send(c, f)
	}
	c.window.Sent(head.To, bytes)
	c.sent, c.advanced = head.To, r.now
}

// advance moves a session that keeps up to the head, past transactions that
// had nothing for it.
func (r *Core) advance(c *conn) {
	if !c.lagging {
		r.advanceTo(c, r.head)
	}
}

func (r *Core) advanceTo(c *conn, to version.Pos) {
	if c.sent.Less(to) {
		r.sendTx(c, wire.Tx{From: c.sent, To: to}, nil, nil)
	}
}

// pump reads the log on for a session that fell back, while it has credit.
func (r *Core) pump(c *conn) {
	for n := 0; c.lagging && c.phase == phaseLive && n < r.Limits.PumpRecords; {
		if c.window.Full(r.Limits.WindowBytes) {
			return
		}
		recs, err := r.Store.ReadBatch(c.scanned, min(64, r.Limits.PumpRecords))
		if err != nil {
			r.bye(c, fault.In("read the log", err), 100)
			return
		}
		if len(recs) == 0 {
			c.lagging = false
			return
		}
		for i := range recs {
			rec := &recs[i]
			if r.head.Less(rec.Pos) { // the core hands it out when it is told of it
				c.lagging = false
				return
			}
			if c.window.Full(r.Limits.WindowBytes) {
				return
			}
			r.replay(c, rec)
			c.scanned = rec.Pos
			n++
		}
		c.lagging = c.scanned != r.head
	}
}

// replay hands an old record to one session.
func (r *Core) replay(c *conn, rec *changelog.Tx) {
	var blocks fanout.Blocks
	for _, s := range c.list() {
		if s.ready && s.from.Less(rec.Pos) {
			blocks = append(blocks, fanout.Of(s.bucket, rec)...)
		}
	}
	var acks []mutation.Outcome
	var lost []mutation.Conflict
	for i := range rec.Origins {
		o := &rec.Origins[i]
		if o.Client == c.client.ID {
			acks = append(acks, r.toldOne(c, o.Outcome))
		}
		for j := range o.Outcome.Conflicts {
			if x, ok := r.lost(c, o, j); ok {
				lost = append(lost, x)
			}
		}
	}
	if len(blocks) > 0 || len(acks) > 0 || len(lost) > 0 {
		r.sendTx(c, wire.Tx{From: c.sent, To: rec.Pos, CommitMicros: rec.CommitMicros, Lost: lost}, acks, blocks)
	}
}

func statusName(s mutation.Status) string {
	switch s {
	case mutation.Applied:
		return "applied"
	case mutation.Merged:
		return "merged"
	case mutation.Superseded:
		return "superseded"
	case mutation.Parked:
		return "parked"
	case mutation.Rejected:
		return "rejected"
	default:
		return "blocked"
	}
}

// userOf is who a connected client belongs to, or "".
func (r *Core) userOf(client string) string {
	if c := r.clients[client]; c != nil {
		return c.client.User
	}
	return ""
}
