package sim

import "rockpool.dev/wire"

// link is one socket between a client and the relay. Each direction is a
// stream: frames arrive in order, late, until the link is cut. A half-open
// link swallows frames and tells nobody. The two ends close apart, so an old
// link's frames may reach the relay while the client's next one is open.
type link struct {
	id       uint32 // the relay's number of the connection
	relay    *relayHost
	c        *client
	life     int    // of the client that opened it
	socket   uint32 // the client's number
	upAt     int64  // when the newest frame of a direction arrives
	downAt   int64
	upOpen   bool         // the relay's end is open
	downOpen bool         // the client's end is open
	token    token        // that the relay goes by
	silent   bool         // half-open: nothing moves any more
	torn     bool         // it was cut within a frame: this one and those behind it are lost
	held     []wire.Block // rows that are sent too late (Swapped)
}

func (w *world) delay() int64 {
	if w.quiet {
		return 1
	}
	if w.chance(0.05) {
		return w.between(50, 400)
	}
	return w.between(0, 20)
}

// clientNet is a client's side of the network: transport's interfaces.
type clientNet struct {
	c    *client
	life int
}

// Open implements transport.Sockets.
func (n clientNet) Open(id uint32, _ string) {
	w := n.c.w
	w.lastID++
	l := &link{id: w.lastID, relay: w.pickRelay(), c: n.c, life: n.life, socket: id, downOpen: true}
	w.links[l.id] = l
	n.c.socket = l
	w.after(w.delay(), func() {
		if l.relay.down || w.chance(0.03) {
			w.closeClientEnd(l, "refused")
			return
		}
		l.relay.stopped.run(func() {
			l.upOpen = true
			l.upAt, l.downAt = w.now, w.now
			l.relay.open(l)
			w.after(w.delay(), func() {
				if l.downOpen && !l.silent {
					l.deliver(func() { n.c.drv.SocketOpened(id) })
				}
			})
		})
	})
}

// Send implements transport.Sockets.
func (n clientNet) Send(id uint32, frame []byte) bool {
	w, l := n.c.w, n.c.socket
	if l == nil || l.socket != id || !l.downOpen || n.c.dying() {
		return false
	}
	w.maybeCut(l)
	if l.silent || !l.downOpen {
		return true // it went into a buffer, and no further
	}
	l.sendUp(frame)
	if wire.RelayFrame(frame[0]) == wire.FrameMut && w.chance(0.01) {
		w.stats.Repeats++
		l.sendUp(frame) // a repeat that the queue lets pass is the fence's to see
	}
	return true
}

// sendUp carries a frame of the client to the relay.
func (l *link) sendUp(frame []byte) {
	w := l.c.w
	frame = w.spoilUp(l, frame)
	l.upAt = max(l.upAt, w.now+w.delay())
	w.after(l.upAt-w.now, func() {
		if l.torn {
			w.stats.LostFrames++
			return
		}
		l.relay.stopped.run(func() {
			if l.upOpen && !l.relay.down {
				l.relay.receive(l, frame)
			}
		})
	})
}

// Close implements transport.Sockets.
func (n clientNet) Close(id uint32, _ int) {
	w, l := n.c.w, n.c.socket
	if l == nil || l.socket != id {
		return
	}
	n.c.socket = nil
	l.downOpen = false
	if l.silent {
		return // the relay is not told
	}
	l.upAt = max(l.upAt, w.now+w.delay())
	w.after(l.upAt-w.now, func() { l.relay.close(l) })
}

// deliver runs do in the client's process, when it is still the same one.
func (l *link) deliver(do func()) {
	c := l.c
	c.stopped.run(func() {
		if c.life == l.life && !c.dead {
			do()
			c.after()
		}
	})
}

// sendDown carries a frame of the relay to the client.
func (w *world) sendDown(l *link, frame []byte) {
	if !l.upOpen {
		return
	}
	w.maybeCut(l)
	if l.silent || !l.upOpen {
		return
	}
	for _, frame := range w.spoilDown(l, frame) {
		l.downAt = max(l.downAt, w.now+w.delay())
		w.after(l.downAt-w.now, func() {
			switch {
			case l.torn:
				w.stats.LostFrames++
			case l.downOpen:
				l.deliver(func() { l.c.drv.SocketFrame(l.socket, frame) })
			}
		})
	}
}

// maybeCut cuts a link at one of its frames.
func (w *world) maybeCut(l *link) {
	if !w.chance(0.012) {
		return
	}
	if w.chance(0.4) {
		w.logf("link %d of %s falls silent", l.id, l.c.name)
		w.stats.HalfOpen++
		l.silent = true
		return
	}
	w.logf("link %d of %s is cut", l.id, l.c.name)
	w.stats.Cuts++
	l.silent = true // nothing new arrives; what is on its way does, or is torn
	if w.chance(0.5) {
		w.after(w.between(0, 15), func() { l.torn = true })
	}
	w.after(w.delay(), func() { w.closeClientEnd(l, "cut") })
	w.after(w.delay(), func() { l.relay.close(l) })
}

// closeClientEnd tells the client that its socket has ended.
func (w *world) closeClientEnd(l *link, why string) {
	if !l.downOpen {
		return
	}
	l.downOpen = false
	if l.c.socket == l {
		l.c.socket = nil
	}
	l.deliver(func() { l.c.drv.SocketClosed(l.socket, 1006, why) })
}

// hangUp closes the relay's end.
func (w *world) hangUp(l *link) {
	l.upOpen = false
	if l.silent {
		return
	}
	l.downAt = max(l.downAt, w.now+w.delay())
	w.after(l.downAt-w.now, func() { w.closeClientEnd(l, "by the relay") })
}

// Start implements transport.Fetcher.
func (n clientNet) Start(id uint32, url, _ string) {
	w, c := n.c.w, n.c
	if c.fetches == nil {
		c.fetches = map[uint32]bool{}
	}
	c.fetches[id] = true
	life := n.life
	answer := func(delay int64, do func()) {
		w.after(delay, func() {
			c.stopped.run(func() {
				if c.life == life && !c.dead && c.fetches[id] {
					delete(c.fetches, id)
					do()
					c.after()
				}
			})
		})
	}
	if w.chance(0.05) {
		answer(w.delay(), func() { c.drv.FetchFailed(id, "network") })
		return
	}
	w.after(w.delay(), func() {
		h := c.chunkRelay()
		if h.down {
			answer(0, func() { c.drv.FetchFailed(id, "relay is down") })
			return
		}
		h.stopped.run(func() {
			status, body := h.node.Fetch(url)
			w.stats.Snapshots++
			answer(w.delay(), func() { c.drv.Fetched(id, status, body) })
		})
	})
}

// pickRelay is which relay a new connection reaches.
func (w *world) pickRelay() *relayHost {
	if len(w.relays) == 1 {
		return w.relays[0]
	}
	return pick(w, w.relays)
}

// chunkRelay is which relay a fetch reaches: that of the socket, as a balancer
// that keeps a client at one relay would have it.
func (c *client) chunkRelay() *relayHost {
	if c.socket != nil {
		return c.socket.relay
	}
	return c.w.pickRelay()
}

// Cancel implements transport.Fetcher.
func (n clientNet) Cancel(id uint32) { delete(n.c.fetches, id) }

// Set implements transport.Timer.
func (n clientNet) Set(delay int64) {
	c := n.c
	c.timer++
	if delay < 0 {
		return
	}
	armed, life := c.timer, n.life
	c.w.after(delay, func() {
		c.stopped.run(func() {
			if c.life == life && !c.dead && c.timer == armed {
				c.drv.Tick()
				c.after()
			}
		})
	})
}
