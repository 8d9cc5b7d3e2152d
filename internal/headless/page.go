package headless

import (
	"context"
	"encoding/binary"
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// pagePort is the number of the one tab that this client is.
const pagePort = 1

// page speaks the frames of a tab.
type page struct {
	c *Client
	// These belong to the loop.
	last   uint32
	calls  map[uint32]*pending
	health wire.Health
	sync   wire.SyncStatus
}

// pending is a call that has no answer yet.
type pending struct {
	rows []value.Row
	done chan answer // takes one
}

// answer is how a call ended: the body of its PageDone, or its error.
type answer struct {
	rows []value.Row
	body []byte
	err  error
}

func newPage(c *Client) *page { return &page{c: c, calls: map[uint32]*pending{}} }

// ask makes one call and waits for its end. When ctx ends first the call is
// cancelled; a write may be made all the same.
func (p *page) ask(ctx context.Context, kind wire.PageFrame, body func([]byte) []byte) (answer, error) {
	call := &pending{done: make(chan answer, 1)}
	var id uint32
	sent := p.c.loop.do(func() {
		p.last++
		id = p.last
		p.calls[id] = call
		p.c.host.Frame(pagePort, body(frame(kind, id)))
	})
	if !sent {
		return answer{}, errClosed()
	}
	select {
	case a := <-call.done:
		return a, a.err
	case <-p.c.loop.stopped:
		return answer{}, errClosed()
	case <-ctx.Done():
		p.c.loop.post(func() {
			if p.calls[id] != nil {
				p.c.host.Frame(pagePort, (&wire.Cancel{Call: id}).AppendTo(frame(wire.PageCancel, 0)))
			}
		})
		return answer{}, fault.New(fault.Cancelled, "make a call", ctx.Err().Error())
	}
}

func frame(kind wire.PageFrame, id uint32) []byte {
	return binary.LittleEndian.AppendUint32([]byte{byte(kind), 0, 0, 0}, id)
}

func errClosed() error {
	return fault.New(fault.Closed, "make a call", "the client has been closed").WithHint("start it again")
}

// post takes a frame of the core: host.Env.Post. It runs on the loop.
func (p *page) post(_ uint32, f []byte) {
	kind, id, body := wire.PageFrame(f[0]), binary.LittleEndian.Uint32(f[4:]), f[wire.PageHeaderBytes:]
	if kind == wire.PageEvent {
		p.event(body)
		return
	}
	call := p.calls[id]
	if call == nil {
		return
	}
	switch kind {
	case wire.PageHead:
	case wire.PageChunk:
		chunk := sqlite.ChunkOf(slices.Clone(f), wire.PageHeaderBytes)
		call.rows = append(call.rows, chunk.Decode()...)
	case wire.PageDone, wire.PageWelcome:
		p.end(id, answer{rows: call.rows, body: slices.Clone(body)})
	case wire.PageFail:
		p.end(id, answer{err: failure(body)})
	}
}

func (p *page) end(id uint32, a answer) {
	if call := p.calls[id]; call != nil {
		delete(p.calls, id)
		call.done <- a
	}
}

func (p *page) closeAll() {
	for id := range p.calls {
		p.end(id, answer{err: errClosed()})
	}
}

func failure(body []byte) error {
	var m wire.Failure
	if err := m.Decode(body); err != nil {
		return err
	}
	return fault.New(fault.Kind(m.Kind), m.Op, m.Msg).WithHint(m.Hint)
}

// event keeps what the status tells.
func (p *page) event(body []byte) {
	var e wire.Event
	if err := e.Decode(body); err != nil {
		p.c.log(2, err.Error())
		return
	}
	switch e.Type {
	case wire.EventHealth:
		p.health = *e.Health
	case wire.EventSync:
		p.sync = *e.Sync
	}
}
