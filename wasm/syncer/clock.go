package syncer

import "rockpool.dev/wire"

// clockState estimates the relay's clock from the round trip with the least
// delay: the answer was written somewhere between question and receipt.
type clockState struct {
	offset, rtt int64 // milliseconds
	known       bool
	at          int64  // Mono of the sample
	probe       uint64 // number of the last probe
	probed      Now    // when it left
}

// clockAgeMillis is how long a sample is kept before a worse one replaces it:
// clocks drift.
const clockAgeMillis = 10 * 60 * 1000

// sampleClock takes an answer that came now to a question asked at sent.
func (m *Machine) sampleClock(sent Now, serverMillis int64) {
	rtt := m.now.Mono - sent.Mono
	offset := serverMillis + rtt/2 - m.now.Wall
	c := &m.clock
	if c.known && rtt > c.rtt && m.now.Mono-c.at < clockAgeMillis && abs(offset-c.offset) <= c.rtt+rtt {
		return
	}
	changed := !c.known || offset != c.offset
	c.offset, c.rtt, c.known, c.at = offset, rtt, true, m.now.Mono
	if changed {
		m.emit(ClockOffset{offset})
	}
	m.told.health = true
}

func abs(v int64) int64 {
	if v < 0 {
		return -v
	}
	return v
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
