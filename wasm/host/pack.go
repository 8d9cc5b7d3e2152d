package host

import (
	"encoding/binary"

	"rockpool.dev/wire"
)

const (
	// packFrameBytes is the longest frame that waits for its event to end. A
	// message costs both sides a task; the reader of a longer one begins early.
	packFrameBytes = 4 << 10
	// packBytesMax is how long a pack may grow before it goes.
	packBytesMax = 16 << 10
	// packHeadBytes is what stands before the first frame of a pack.
	packHeadBytes = wire.PageHeaderBytes + 8
)

// Packer puts the short frames that one event posts to one port into one
// message, a wire.PagePack. A frame that is alone goes as it is. The order of
// a port's frames stays.
type Packer struct {
	send   func(port uint32, frame []byte)
	port   uint32
	frames int
	bytes  []byte // the pack; used again for the next
}

// NewPacker returns a packer before send, which copies what it is given.
func NewPacker(send func(port uint32, frame []byte)) *Packer { return &Packer{send: send} }

// Post is Env.Post.
func (p *Packer) Post(port uint32, frame []byte) {
	if p.port != port || len(frame) > packFrameBytes || len(p.bytes)+len(frame) > packBytesMax {
		p.Ended()
	}
	if len(frame) > packFrameBytes {
		p.send(port, frame)
		return
	}
	b := p.bytes
	if p.frames == 0 {
		b = append(b[:0], byte(wire.PagePack), 0, 0, 0, 0, 0, 0, 0)
	}
	b = binary.LittleEndian.AppendUint64(b, uint64(len(frame)))
	b = append(b, frame...)
	for len(b)%8 != 0 {
		b = append(b, 0)
	}
	p.port, p.bytes = port, b
	p.frames++
}

// Ended sends what waits. It is called at the end of every event.
func (p *Packer) Ended() {
	n, b := p.frames, p.bytes
	if n == 0 {
		return
	}
	p.frames, p.bytes = 0, b[:0]
	if n == 1 {
		b = b[packHeadBytes:][:binary.LittleEndian.Uint64(b[wire.PageHeaderBytes:])]
	}
	p.send(p.port, b)
}
