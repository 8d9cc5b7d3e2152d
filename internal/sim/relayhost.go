package sim

import (
	"rockpool.dev/changelog"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// truth is where the order of transactions is decided: a relay that is its own
// source, or the database that relays follow.
type truth interface {
	// Log returns every record so far.
	Log() []changelog.Tx
	// Write is a direct write at the source.
	Write(table uint32, key value.Row, change func(value.Row) value.Row)
}

// node is a relay's single-threaded core as the simulator drives it: events
// in, frames out through relayOut. What is durable survives Restart.
type node interface {
	Open(conn uint32)
	Receive(conn uint32, frame []byte)
	Closed(conn uint32)
	Tick()
	// Fetch answers a chunk's URL.
	Fetch(url string) (status int, body []byte)
	// Head is the log's position.
	Head() version.Pos
	// Rows returns a table as the relay holds it.
	Rows(table uint32) (map[string]value.Row, error)
	// Restart drops what a killed process loses.
	Restart()
	Close()
}

// relayOut is what a node gives back.
type relayOut interface {
	send(conn uint32, frame []byte)
	hangUp(conn uint32)
	millis() int64
}

// relayHost is one relay process: it carries a node's frames and kills it.
type relayHost struct {
	w     *world
	index int
	node  node
	down  bool
	links map[uint32]*link
	life  int

	stopped pause
}

func (h *relayHost) name() string { return "relay " + string(rune('1'+h.index)) }

func (h *relayHost) millis() int64 { return startWall + h.w.now }

func (h *relayHost) open(l *link) {
	h.links[l.id] = l
	h.w.logf("%s: connection %d of %s", h.name(), l.id, l.c.name)
	h.node.Open(l.id)
}

func (h *relayHost) receive(l *link, frame []byte) {
	if h.w.opt.Trace != nil {
		h.w.logf("%s ← %s/%d %s", h.name(), l.c.name, l.id, showFrame(frame))
	}
	if wire.RelayFrame(frame[0]) == wire.FrameHello {
		h.w.stats.Hellos++
	}
	h.node.Receive(l.id, frame)
	h.after()
	if h.w.chance(0.002) {
		h.crash()
	}
}

func (h *relayHost) close(l *link) {
	if h.stopped.on {
		h.stopped.run(func() { h.close(l) })
		return
	}
	if !l.upOpen {
		return
	}
	l.upOpen = false
	if h.links[l.id] == l {
		delete(h.links, l.id)
		h.node.Closed(l.id)
		h.after()
	}
}

func (h *relayHost) send(conn uint32, frame []byte) {
	l := h.links[conn]
	if l == nil {
		return
	}
	if h.w.opt.Trace != nil {
		h.w.logf("%s → %s/%d %s", h.name(), l.c.name, l.id, showFrame(frame))
	}
	h.checkLeak(l, frame)
	h.w.sendDown(l, frame)
}

func (h *relayHost) hangUp(conn uint32) {
	if l := h.links[conn]; l != nil {
		delete(h.links, conn)
		h.w.hangUp(l)
	}
}

// after lets the oracle see new records.
func (h *relayHost) after() { h.w.observe() }

// tick is the relay's clock.
func (h *relayHost) tick(life int) {
	if h.life != life {
		return
	}
	if !h.down && !h.stopped.on {
		h.node.Tick()
		h.after()
	}
	h.w.after(tickMillis, func() { h.tick(life) })
}

// crash kills the process: connections end, some are told and some are not.
// Frames of the present step that were sent are on their way.
func (h *relayHost) crash() {
	if h.down {
		return
	}
	w := h.w
	w.logf("%s: killed", h.name())
	w.stats.RelayCrashes++
	h.down = true
	h.stopped.kill()
	h.life++
	for id := uint32(1); id <= w.lastID; id++ { // in order: a run must replay
		l := h.links[id]
		if l == nil {
			continue
		}
		l.upOpen = false
		if w.chance(0.3) {
			l.silent = true
			continue
		}
		l.silent = true
		w.after(w.delay(), func() { w.closeClientEnd(l, "relay died") })
	}
	h.links = map[uint32]*link{}
	h.node.Restart()
	w.after(w.between(10, 1500), func() {
		w.logf("%s: up", h.name())
		h.down = false
		h.tick(h.life)
	})
}
