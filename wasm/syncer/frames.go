package syncer

import (
	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// message is a frame's body that can be encoded.
type message interface{ AppendTo([]byte) []byte }

// send writes one frame to the present socket.
func (m *Machine) send(t wire.RelayFrame, flags uint8, body message) {
	m.emit(Send{m.socket, body.AppendTo([]byte{byte(t), flags})})
}

// decoder is a frame's body that can be read.
type decoder interface{ Decode([]byte) error }

// frame takes one frame of the present socket.
func (m *Machine) frame(data []byte) {
	m.lastFrame = m.now.Mono
	m.lastWall = m.now.Wall
	m.probeBy = 0
	if len(data) < 2 || len(data) > wire.FrameBytesMax {
		m.lost(fault.New(fault.Protocol, "read frame", "its length is out of bounds"), 0)
		return
	}
	if data[1]&wire.FlagDeflate != 0 {
		m.lost(fault.New(fault.Protocol, "read frame", "it is compressed, which was not asked for"), 0)
		return
	}
	if m.phase != phaseHello && m.phase != phaseWelcome && m.phase != phaseLive {
		return
	}
	data, err := m.join.Add(data, txBytesMax)
	if err != nil {
		m.lost(err, 0)
		return
	}
	if data == nil {
		return // the message goes on
	}
	t, body := wire.RelayFrame(data[0]), data[2:]
	if m.phase == phaseHello && t != wire.FrameWelcome && t != wire.FrameBye {
		m.lost(fault.New(fault.Protocol, "connect", "the relay spoke before its welcome"), 0)
		return
	}
	switch t {
	case wire.FrameWelcome:
		receive(m, body, new(wire.Welcome), m.welcome)
	case wire.FrameSnap:
		receive(m, body, new(wire.Snap), m.snap)
	case wire.FrameReady:
		receive(m, body, new(wire.Ready), m.ready)
	case wire.FrameDeny:
		receive(m, body, new(wire.Deny), m.deny)
	case wire.FrameReceived:
		receive(m, body, new(wire.Received), func(*wire.Received) {})
	case wire.FrameRetry:
		receive(m, body, new(wire.Retry), m.retry)
	case wire.FrameTx:
		receive(m, body, new(wire.Tx), func(t *wire.Tx) { m.txPart(t, len(data)) })
	case wire.FramePing:
		receive(m, body, new(wire.Ping), m.ping)
	case wire.FrameSchema:
		receive(m, body, new(wire.SchemaChange), m.schemaChange)
	case wire.FrameBye:
		receive(m, body, new(wire.Bye), m.bye)
	default: // a newer relay's hint; anything that matters raises the version
	}
}

// receive decodes a body and hands it on.
func receive[T decoder](m *Machine, body []byte, msg T, take func(T)) {
	if err := msg.Decode(body); err != nil {
		m.lost(fault.Wrap(fault.Protocol, "read frame", err), 0)
		return
	}
	take(msg)
}
