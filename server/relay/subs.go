package relay

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/session"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// subscribe answers a subscription with Ready, Snap or Deny. resume says that
// the client's cursor goes on, so that rows which it says it has are at it; they
// are continued where they are of the bucket that it would be given now.
func (r *Core) subscribe(c *conn, m *wire.Sub, resume bool) {
	if old := c.subs[m.ID]; old != nil {
		r.unfollow(c, old)
		delete(c.subs, m.ID)
	}
	if len(c.subs) >= r.Limits.Subscriptions {
		r.send(c, session.DenyOf(m.ID, fault.New(fault.LimitExceeded, "subscribe", "too many shapes are followed")))
		return
	}
	s := &sub{id: m.ID, shape: m.Shape, args: m.Args}
	var err error
	if s.spec, err = r.Catalog.Resolve(m.Shape, m.Args, c.client.Claims, c.columns.Columns); err != nil {
		r.refuse(fault.KindOf(err).String())
		r.send(c, session.DenyOf(m.ID, err))
		return
	}
	s.bucket = r.index.Acquire(s.spec)
	c.subs[s.id] = s
	r.follow[s.bucket] = append(r.follow[s.bucket], follower{c, s})
	if m.Have && resume && m.Stamp == s.spec.Stamp() {
		s.from, s.ready = c.sent, true
		r.send(c, session.Encode(wire.FrameReady, &wire.Ready{ID: s.id, Pos: c.sent, Bucket: s.bucket.ID, Table: s.spec.Table.ID}))
		return
	}
	r.snap(c, s)
}

func (r *Core) unfollow(_ *conn, s *sub) {
	if s.bucket == nil {
		return
	}
	left := slices.DeleteFunc(r.follow[s.bucket], func(f follower) bool { return f.sub == s })
	if len(left) == 0 {
		delete(r.follow, s.bucket)
	} else {
		r.follow[s.bucket] = left
	}
	r.leave(s.bucket)
	s.bucket = nil
}

// snap gives a subscription its rows: a kept snapshot when nothing of the
// bucket changed since, or a new one.
func (r *Core) snap(c *conn, s *sub) {
	if set := r.Snapshots.Fresh(s.spec.Key, s.bucket.ID, s.bucket.Changed); set != nil {
		r.snapped(c, s, set)
		return
	}
	if !r.Inline {
		r.emit(Snap{c.id, s.id, s.bucket})
		return
	}
	set, err := snapshot.Build(r.Store, s.bucket.ID, s.spec)
	if err == nil {
		err = r.Snapshots.Put(set)
	}
	r.madeSnap(c, s, set, err)
}

// Snapped takes the answer to Snap; the set was put into the cache.
func (r *Core) Snapped(a Snapped) []Effect {
	c := r.sessions[a.ID]
	if c == nil || c.phase != phaseLive {
		return r.take()
	}
	if s := c.subs[a.Sub]; s != nil && !s.ready && (a.Err != nil || a.Set.Bucket == s.bucket.ID) {
		r.madeSnap(c, s, a.Set, a.Err)
	}
	return r.take()
}

func (r *Core) madeSnap(c *conn, s *sub, set *snapshot.Set, err error) {
	if err != nil {
		r.unfollow(c, s)
		delete(c.subs, s.id)
		r.send(c, session.DenyOf(s.id, err))
		return
	}
	r.snapped(c, s, set)
}

// snapped tells a subscription where its rows are. While they were read the
// session may have been handed more. What the bucket changed in between, its
// gap, follows at once in a transaction that moves the client nowhere, and the
// snapshot is told at its own position, below the client's: the client waits
// for the gap. Without a change the rows are those of the client's position.
func (r *Core) snapped(c *conn, s *sub, set *snapshot.Set) {
	at := r.handed(c)
	gap, whole, err := r.gap(s.bucket, set.Pos, at)
	switch {
	case err != nil:
		r.bye(c, fault.In("read the log", err), 1000)
		return
	case !whole: // reading the rows again is less than sending the gap
		if s.again++; s.again > snapAgainMax {
			r.madeSnap(c, s, nil, fault.New(fault.LimitExceeded, "subscribe", "its rows change faster than they can be read").
				WithHint("subscribe again later, or to a smaller shape"))
			return
		}
		r.emit(Snap{c.id, s.id, s.bucket})
		return
	}
	pos := set.Pos
	if pos.Less(at) {
		r.advanceTo(c, at) // the client stands where it was handed to before the gap is closed
		if len(gap) == 0 {
			pos = at
		}
	}
	s.from, s.ready, s.again = at, true, 0
	if at.Less(set.Pos) {
		s.from = set.Pos
	}
	r.send(c, session.Encode(wire.FrameSnap, &wire.Snap{
		ID: s.id, Pos: pos, Bucket: s.bucket.ID, Table: s.spec.Table.ID, URLs: set.URLs, Rows: set.Rows, Bytes: set.Bytes,
		Stamp: s.spec.Stamp(),
	}))
	if len(gap) > 0 {
		r.sendTx(c, wire.Tx{From: c.sent, To: c.sent}, nil, gap)
	}
}

const (
	// gapBytesMax is the largest gap between a snapshot and its session that is
	// sent; beyond it the rows are read again.
	gapBytesMax = 8 << 20
	// snapAgainMax is how often the rows are read again.
	snapAgainMax = 5
)

// gap is what a bucket changed after a snapshot at from, up to at. whole is
// false when it is more than gapBytesMax.
func (r *Core) gap(b *fanout.Bucket, from, at version.Pos) (gap fanout.Blocks, whole bool, err error) {
	if !from.Less(at) || !from.Less(b.Changed) {
		return nil, true, nil
	}
	bytes := 0
	for rec, err := range r.Store.Read(background, from) {
		if err != nil {
			return nil, false, err
		}
		if at.Less(rec.Pos) {
			break
		}
		blocks := fanout.Of(b, &rec)
		if bytes += blocks.Bytes(); bytes > gapBytesMax {
			return nil, false, nil
		}
		gap = append(gap, blocks...)
	}
	return gap, true, nil
}

// handed is the position up to which a session was looked at.
func (r *Core) handed(c *conn) version.Pos {
	if c.lagging {
		return c.scanned
	}
	return r.head
}

// reshape resolves every subscription again after claims changed: what is
// another bucket now gets new rows, what is not allowed any more is ended.
func (r *Core) reshape(c *conn) {
	for _, s := range c.list() {
		spec, err := r.Catalog.Resolve(s.shape, s.args, c.client.Claims, c.columns.Columns)
		if err != nil {
			r.unfollow(c, s)
			delete(c.subs, s.id)
			r.send(c, session.DenyOf(s.id, err))
			continue
		}
		if spec.Key != s.spec.Key {
			r.subscribe(c, &wire.Sub{ID: s.id, Shape: s.shape, Args: s.args}, false)
		}
	}
}
