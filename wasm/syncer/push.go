package syncer

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// pushState is the outbox on its way: what was sent and not settled.
type pushState struct {
	next        uint64 // mid to send next; 0 before the socket is live
	flight      []flight
	bytes       int
	reading     bool
	pausedUntil int64 // Mono, after a FrameRetry
	retryMid    uint64
	retries     uint32 // in a row for retryMid
	empty       uint64 // DurableMid at which a read found nothing
	stuck       uint64 // a mid that cannot be sent
}

type flight struct {
	mid   uint64
	bytes int
}

func (p *pushState) begin(next uint64) { *p = pushState{next: next} }

func (p *pushState) stop() { *p = pushState{} }

// settle gives back the window of mids up to acked.
func (p *pushState) settle(acked uint64) {
	n := 0
	for n < len(p.flight) && p.flight[n].mid <= acked {
		p.bytes -= p.flight[n].bytes
		n++
	}
	p.flight = p.flight[n:]
	if p.next != 0 && p.next <= acked {
		p.next = acked + 1
	}
}

func (m *Machine) inFlightMax() int {
	n := int(m.limits.MutationsInFlight)
	if n == 0 || n > wire.MutationsInFlightMax {
		n = wire.MutationsInFlightMax
	}
	return n
}

// pump reads the next mutations from the store when the window has room.
func (m *Machine) pump() {
	p := &m.push
	if m.phase != phaseLive || p.next == 0 || p.reading || m.now.Mono < p.pausedUntil {
		return
	}
	p.pausedUntil = 0
	room := m.inFlightMax() - len(p.flight)
	if p.next > m.local.DurableMid || room <= 0 || p.bytes >= wire.InFlightBytesMax ||
		p.empty == m.local.DurableMid || p.stuck == p.next {
		return
	}
	p.reading = true
	m.enqueue(0, func() Effect {
		return ReadOutbox{m.push.next, min(room, outboxReadMax)}
	}, func(e Stored) {
		m.push.reading = false
		if m.storeFailed("read the outbox", e.Err) {
			return
		}
		m.upload(e.Out)
	})
}

// upload sends what was read, without waiting for each.
func (m *Machine) upload(out []Outgoing) {
	p := &m.push
	if m.now.Mono < p.pausedUntil { // a retry came meanwhile
		return
	}
	if len(out) == 0 {
		p.empty = m.local.DurableMid
		return
	}
	first := p.next
	for _, o := range out {
		if o.Mid != p.next {
			if o.Mid < p.next {
				continue // settled meanwhile
			}
			m.stuckAt(p.next, fault.New(fault.Internal, "upload", "the outbox has no mutation "+strconv.FormatUint(p.next, 10)))
			break
		}
		if p.bytes > 0 && p.bytes+len(o.Body) > wire.InFlightBytesMax {
			break
		}
		if len(o.Body) > wire.MutationBytesMax { // its commit refuses it: only an older build's outbox has one
			m.stuckAt(o.Mid, fault.New(fault.TooLarge, "upload", "a transaction is larger than MutationBytesMax").
				WithHint("discard it, and write in smaller transactions"))
			break
		}
		for _, part := range wire.CutFrame(append([]byte{byte(wire.FrameMut), 0}, o.Body...), m.frameBytesMax()) {
			m.emit(Send{m.socket, part})
		}
		p.flight = append(p.flight, flight{o.Mid, len(o.Body)})
		p.bytes += len(o.Body)
		p.next++
	}
	if p.next > first {
		m.emit(Sent{first, p.next - 1})
	}
	m.pump()
}

// Took reports whether the socket that is open has a mutation: nobody but the
// relay can say what becomes of it.
func (m *Machine) Took(mid uint64) bool { return m.phase == phaseLive && mid < m.push.next }

func (m *Machine) stuckAt(mid uint64, err error) {
	m.push.stuck = mid
	m.lastErr = failure(err)
	m.lastErr.Mid = mid
	m.told.health = true
	m.emit(Stuck{mid, err})
}

func (m *Machine) frameBytesMax() int {
	if n := int(m.limits.FrameBytes); n > 0 && n < wire.FrameBytesMax {
		return n
	}
	return wire.FrameBytesMax
}

// retry goes back to a mid that the relay wants (again). Several answers to
// one loss arrive while mutations are in flight, so the push rests meanwhile;
// longer each time when the same mid gets nowhere.
func (m *Machine) retry(r *wire.Retry) {
	p := &m.push
	if m.phase != phaseLive {
		return
	}
	from := max(r.FromMid, m.local.AckedMid+1)
	if m.now.Mono >= p.pausedUntil {
		if from != p.retryMid {
			p.retryMid, p.retries = from, 0
		}
		p.retries++
	}
	wait := int64(retryMillisMin) << min(p.retries-1, 16)
	p.pausedUntil = max(p.pausedUntil, m.now.Mono+max(int64(r.AfterMillis), min(wait, retryMillisMax)))
	if from >= p.next {
		return
	}
	p.next = from
	for len(p.flight) > 0 && p.flight[len(p.flight)-1].mid >= from {
		p.bytes -= p.flight[len(p.flight)-1].bytes
		p.flight = p.flight[:len(p.flight)-1]
	}
}
