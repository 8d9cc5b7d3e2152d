// Package proxy is a TCP proxy whose network fails as it is told to: a one-way
// or two-way black hole, resets, and a target that moves.
//
// A black hole holds what is sent, as lost packets do that are sent again: once
// it ends, what both ends still hold arrives. Neither end hears of the other's
// close before then.
package proxy

import (
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// dialMax bounds how long the target may take to accept.
const dialMax = 5 * time.Second

// bufferBytes is how much a direction reads at once.
const bufferBytes = 32 << 10

// Direction is one or both ways of a connection.
type Direction int

// The directions: Up is from who dialled to the target.
const (
	Up Direction = 1 << iota
	Down
	Both = Up | Down
)

// Proxy is one listener. Safe for concurrent use.
type Proxy struct {
	listener net.Listener
	target   atomic.Value // string
	up, down gate
	tasks    sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]bool // both ends of each connection
	closed bool
}

// gate lets bytes through while it is open.
type gate struct {
	mu   sync.Mutex
	shut chan struct{} // closed when the gate opens again; nil while it is open
}

func (g *gate) set(open bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	switch {
	case open && g.shut != nil:
		close(g.shut)
		g.shut = nil
	case !open && g.shut == nil:
		g.shut = make(chan struct{})
	}
}

// wait returns once the gate is open.
func (g *gate) wait() {
	g.mu.Lock()
	shut := g.shut
	g.mu.Unlock()
	if shut != nil {
		<-shut
	}
}

// Listen starts a proxy on a free port of the loopback address; target is the
// host and port that it leads to.
func Listen(target string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: l, conns: map[net.Conn]bool{}}
	p.target.Store(target)
	p.tasks.Go(p.accept)
	return p, nil
}

// Address is where the proxy listens.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Lead makes later connections go to another target.
func (p *Proxy) Lead(target string) { p.target.Store(target) }

// Cut makes a black hole of a direction, for what is open and for what is dialled.
func (p *Proxy) Cut(d Direction) { p.gates(d, false) }

// Heal ends every black hole.
func (p *Proxy) Heal() { p.gates(Both, true) }

func (p *Proxy) gates(d Direction, open bool) {
	if d&Up != 0 {
		p.up.set(open)
	}
	if d&Down != 0 {
		p.down.set(open)
	}
}

// Reset ends every open connection with a reset, at both ends.
func (p *Proxy) Reset() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for c := range p.conns {
		reset(c)
	}
}

// Close ends the listener and every connection, and waits for them.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	for c := range p.conns {
		reset(c)
	}
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Heal()
	p.tasks.Wait()
}

func reset(c net.Conn) {
	if tcp, ok := c.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = c.Close()
}

// keep notes an end of a connection, so that Reset finds it. It reports false,
// and closes the end, once the proxy has been closed.
func (p *Proxy) keep(c net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		reset(c)
		return false
	}
	p.conns[c] = true
	return true
}

func (p *Proxy) forget(c net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, c)
}

func (p *Proxy) accept() {
	for {
		c, err := p.listener.Accept()
		if err != nil {
			return
		}
		if p.keep(c) {
			p.tasks.Go(func() { p.serve(c) })
		}
	}
}

// serve is one connection. Its handshake needs both ways.
func (p *Proxy) serve(from net.Conn) {
	defer p.forget(from)
	p.up.wait()
	p.down.wait()
	to, err := net.DialTimeout("tcp", p.target.Load().(string), dialMax)
	if err != nil {
		reset(from) // nobody listens there
		return
	}
	if !p.keep(to) {
		reset(from)
		return
	}
	defer p.forget(to)
	var up sync.WaitGroup
	up.Go(func() { pump(to, from, &p.up) })
	pump(from, to, &p.down)
	up.Wait()
	_ = from.Close()
	_ = to.Close()
}

// pump carries one direction until it ends: an end of file goes on as one, a
// reset as a reset.
func pump(to, from net.Conn, g *gate) {
	buffer := make([]byte, bufferBytes)
	for {
		n, err := from.Read(buffer)
		g.wait() // what was read while the gate was open may be late, as a packet is
		if n > 0 {
			if _, werr := to.Write(buffer[:n]); werr != nil {
				reset(from)
				return
			}
		}
		if err == nil {
			continue
		}
		if tcp, ok := to.(*net.TCPConn); ok && isEOF(err) {
			_ = tcp.CloseWrite()
			return
		}
		reset(to)
		return
	}
}

func isEOF(err error) bool {
	var op *net.OpError
	return !errors.As(err, &op)
}
