package syncer

import "rockpool.dev/wire"

// clockState estimates the relay's clock: what to add to this client's. An
// answer was written between its question and its receipt, which bounds the
// offset by the round trip. An estimate inside the bounds stays, 0 to begin
// with: devices whose clocks are right must not be moved against each other by
// the network's delays, as the later of two writes is theirs to tell.
type clockState struct {
	offset, rtt int64  // milliseconds; rtt of the newest sample
	probe       uint64 // number of the last probe
	probed      Now    // when it left
}

// sampleClock takes an answer that came now to a question asked at sent.
func (m *Machine) sampleClock(sent Now, serverMillis int64) {
	c := &m.clock
	c.rtt = m.now.Mono - sent.Mono
	m.told.health = true
	low := serverMillis - m.now.Wall
	if low-1 <= c.offset && c.offset <= low+c.rtt+1 { // clocks are read in whole milliseconds
		return
	}
	c.offset = low + c.rtt/2
	m.emit(ClockOffset{c.offset})
}

// ping answers the relay's heartbeat and learns its head and clock.
func (m *Machine) ping(p *wire.Ping) {
	m.send(wire.FramePong, 0, &wire.Pong{T: p.T})
	if p.Echo != 0 && p.Echo == m.clock.probe {
		m.sampleClock(m.clock.probed, p.ServerMillis)
	}
	m.sawHead(p.Head)
	m.round.answered(p)
}
