package transport

// Pair is an in-memory network for tests: a client's Sockets on one side, a
// server's on the other. Nothing moves until Run delivers it, one piece at a
// time in the order it was sent, so a test decides every interleaving.
// Not safe for concurrent use.
type Pair struct {
	// Client gets the client's events, Server the server's.
	Client, Server Ends
	queue          []func()
	open           map[uint32]bool
}

// Ends is who hears of a socket.
type Ends struct {
	Opened func(id uint32)
	Frame  func(id uint32, frame []byte)
	Closed func(id uint32, code int, reason string)
}

// PairQueueMax bounds what a Pair holds undelivered; more is a loop in the test.
const PairQueueMax = 1 << 16

// NewPair returns a network without sockets.
func NewPair() *Pair { return &Pair{open: map[uint32]bool{}} }

func (p *Pair) push(f func()) {
	if len(p.queue) >= PairQueueMax {
		panic("transport: a Pair holds too much; deliver it")
	}
	p.queue = append(p.queue, f)
}

// Open implements Sockets.
func (p *Pair) Open(id uint32, _ string) {
	p.push(func() {
		p.open[id] = true
		p.Server.Opened(id)
		p.Client.Opened(id)
	})
}

// Send implements Sockets.
func (p *Pair) Send(id uint32, frame []byte) bool {
	if !p.open[id] {
		return false
	}
	p.push(func() {
		if p.open[id] {
			p.Server.Frame(id, frame)
		}
	})
	return true
}

// Close implements Sockets.
func (p *Pair) Close(id uint32, code int) { p.close(id, code, "", p.Server.Closed) }

// Reply sends a frame from the server.
func (p *Pair) Reply(id uint32, frame []byte) {
	p.push(func() {
		if p.open[id] {
			p.Client.Frame(id, frame)
		}
	})
}

// HangUp closes a socket from the server.
func (p *Pair) HangUp(id uint32, code int, reason string) {
	p.close(id, code, reason, p.Client.Closed)
}

func (p *Pair) close(id uint32, code int, reason string, tell func(uint32, int, string)) {
	p.push(func() {
		if p.open[id] {
			delete(p.open, id)
			tell(id, code, reason)
		}
	})
}

// Run delivers until nothing is under way, or max pieces; it returns how many.
func (p *Pair) Run(max int) int {
	n := 0
	for ; n < max && len(p.queue) > 0; n++ {
		f := p.queue[0]
		p.queue = p.queue[1:]
		f()
	}
	return n
}
