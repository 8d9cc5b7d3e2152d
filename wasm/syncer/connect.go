package syncer

import (
	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// tokenState is the caller's token on its way into a hello.
type tokenState struct {
	jwt string
	// fresh is true when no connection has been refused or ended since the
	// app gave it: a relay that calls a fresh token expired is believed.
	fresh bool
}

// helloState is what the last hello said.
type helloState struct {
	old, new string
	sent     Now
	held     bool   // the token was fresh
	last     uint64 // newest mid that may have been sent before
}

func (m *Machine) connect() {
	m.wanted = true
	switch m.phase {
	case phaseIdle, phaseRefused, phaseBackoff:
		m.attempts = 0
		m.redial()
	}
}

// redial starts an attempt now, when one is wanted.
func (m *Machine) redial() {
	if !m.wanted || m.paused {
		m.enter(phaseIdle, 0)
		return
	}
	m.hangUp()
	m.attempts++
	if !m.cfg.HasToken {
		m.identify()
		return
	}
	m.enter(phaseToken, tokenMillisMax)
	m.emit(WantToken{})
}

// enter changes the phase; wait is when it ends by itself, 0 never.
func (m *Machine) enter(p phase, wait int64) {
	if m.phase != p {
		m.since = m.now.Wall
		m.told.health = true
	}
	m.phase = p
	m.deadline = 0
	if wait > 0 {
		m.deadline = m.now.Mono + wait
	}
}

func (m *Machine) disconnect() {
	m.wanted = false
	m.hangUp()
	m.enter(phaseIdle, 0)
	m.roundFail(fault.New(fault.Offline, "sync", "the connection was turned off"))
}

func (m *Machine) pause(on bool) {
	if m.paused == on {
		return
	}
	m.paused = on
	m.told.dirty = true
	if on {
		m.hangUp()
		m.enter(phaseIdle, 0)
		m.roundFail(fault.New(fault.Cancelled, "sync", "sync was paused"))
	} else {
		m.attempts = 0
		m.redial()
	}
}

// nudge uses a hint that the network is back.
func (m *Machine) nudge() {
	switch m.phase {
	case phaseBackoff:
		m.attempts = 0
		m.redial()
	case phaseLive:
		m.probe()
	}
}

// probe asks the relay for a ping now, and expects it soon.
func (m *Machine) probe() {
	if m.probeBy == 0 {
		m.probeBy = m.now.Mono + probeMillisMax
	}
	m.clock.probe++
	m.clock.probed = m.now
	m.send(wire.FrameAck, 0, &wire.Ack{Pos: m.acks.sent, Probe: m.clock.probe})
}

// identify has the store make the pair of incarnations, then dials.
func (m *Machine) identify() {
	m.enter(phaseIdentity, 0)
	m.enqueue(0, func() Effect { return Rotate{} }, func(e Stored) {
		if m.storeFailed("prepare a hello", e.Err) {
			return
		}
		m.hello.old, m.hello.new = e.Old, e.New
		for _, s := range m.shapes {
			shown := s.Ready || s.Stale
			s.Stamp, s.Ready = e.Ready[s.ID]
			s.Stale = shown && !s.Ready
		}
		m.sockets++
		m.socket = m.sockets
		m.enter(phaseDialing, dialMillisMax)
		m.emit(OpenSocket{m.socket})
	})
}

func (m *Machine) tokenGiven(e TokenGiven) {
	if e.Err != nil {
		if m.phase == phaseToken {
			if fault.KindOf(e.Err) == fault.Unauthenticated {
				m.refuse(fault.In("get a token", e.Err))
			} else {
				m.lost(fault.In("get a token", e.Err), 0)
			}
		}
		return
	}
	m.token = tokenState{e.JWT, true}
	switch m.phase {
	case phaseToken:
		m.identify()
	case phaseWelcome, phaseLive:
		m.send(wire.FrameToken, 0, &wire.Token{JWT: e.JWT})
	case phaseRefused:
		if m.lastErr != nil && isAuth(fault.Kind(m.lastErr.Kind)) {
			m.attempts = 0
			m.redialWithToken()
		}
	}
}

// redialWithToken dials with the token that is there.
func (m *Machine) redialWithToken() {
	if m.wanted && !m.paused {
		m.hangUp()
		m.attempts++
		m.identify()
	}
}

func isAuth(k fault.Kind) bool { return k == fault.TokenExpired || k == fault.Unauthenticated }

func (m *Machine) sayHello() {
	cursor := m.local.Cursor
	if m.forced {
		cursor.Epoch, cursor.Seq = 0, 0
	}
	h := wire.Hello{
		Version: wire.Version, Token: m.token.jwt, ClientID: m.local.ClientID,
		IncarnationOld: m.hello.old, IncarnationNew: m.hello.new,
		Cursor: cursor, Term: m.local.Term, AckedMid: m.local.AckedMid, LastMid: max(m.local.AckedMid, m.local.DurableMid),
		SchemaVersion: m.local.SchemaVersion, Declared: m.cfg.Declared, Build: m.cfg.Build,
	}
	for _, s := range m.ranked() {
		if s.gone {
			continue
		}
		h.Subs = append(h.Subs, s.sub(!m.forced))
		s.asked()
	}
	m.hello.sent, m.hello.last = m.now, h.LastMid
	m.hello.held = m.token.fresh
	m.token.fresh = false
	m.enter(phaseHello, helloMillisMax)
	m.send(wire.FrameHello, 0, &h)
}

func (m *Machine) socketClosed(e SocketClosed) {
	m.socket = 0
	msg := "the connection ended"
	if m.phase == phaseDialing {
		msg = "the relay cannot be reached"
	}
	if e.Reason != "" {
		msg += ": " + e.Reason
	}
	m.lost(fault.New(fault.Offline, "connect", msg), 0)
}

// bye is the relay's last word.
func (m *Machine) bye(b *wire.Bye) {
	err := fault.New(fault.Kind(b.Kind), "connect", b.Msg).WithHint(b.Hint)
	if err.Kind == fault.SchemaMismatch && b.RetryMillis > 0 { // the relay is taking in another schema
		m.lost(err, int64(b.RetryMillis))
		return
	}
	switch err.Kind {
	case fault.TokenExpired, fault.Unauthenticated:
		// A token that had served before may have run out: ask once more.
		if m.cfg.HasToken && (m.phase == phaseLive || err.Kind == fault.TokenExpired && !m.hello.held) {
			m.lost(err, 0)
			m.deadline = m.now.Mono + 1
			return
		}
		m.refuse(err)
	case fault.Rewound, fault.Duplicate:
		m.metTwin(err)
	case fault.VersionMismatch, fault.ForbiddenOrigin, fault.Forbidden, fault.SchemaMismatch, fault.ReloadNeeded, fault.NoPolicy:
		m.refuse(err)
	default:
		m.lost(err, int64(b.RetryMillis))
	}
}

// lost ends the attempt and tries again after a back-off of at least wait.
func (m *Machine) lost(err error, wait int64) {
	if m.phase == phaseLive && m.now.Mono-m.liveSince >= stableMillis {
		m.attempts = 0
	}
	m.lastErr = failure(err)
	m.hangUp()
	if !m.wanted || m.paused {
		m.enter(phaseIdle, 0)
		return
	}
	if m.roundAgain() && wait == 0 {
		m.redial()
		return
	}
	ceiling := int64(backoffMax)
	if shift := min(m.attempts, 16); backoffFirst<<shift < ceiling {
		ceiling = backoffFirst << shift
	}
	m.enter(phaseBackoff, max(wait, 1+m.random(ceiling)))
	m.told.health = true
	m.roundFail(err)
}

// refuse ends the attempt until a person has acted: Connect or a new token.
func (m *Machine) refuse(err error) {
	m.lastErr = failure(err)
	m.hangUp()
	m.enter(phaseRefused, 0)
	m.told.health = true
	m.roundFail(err)
}

// hangUp closes what is open and drops what was under way.
func (m *Machine) hangUp() {
	if m.socket != 0 {
		m.emit(CloseSocket{m.socket, 1000})
		m.socket = 0
	}
	m.conn++
	m.dropJobs()
	m.parts, m.join = partState{}, wire.FrameJoiner{}
	m.acks = ackState{}
	m.push.stop()
	m.probeBy = 0
	m.stopFetches()
	for _, s := range m.shapes {
		s.unbind()
	}
}

// silentAt is when a live socket that says nothing is given up: a cut network
// sends no close.
func (m *Machine) silentAt() int64 {
	return m.lastFrame + m.pingMillis()*5/2
}

func (m *Machine) pingMillis() int64 {
	if m.limits.PingMillis == 0 {
		return pingMillisDefault
	}
	return int64(m.limits.PingMillis)
}

// connectionDue acts on the deadlines of the connection.
func (m *Machine) connectionDue() {
	if m.phase == phaseLive || m.phase == phaseWelcome {
		if m.now.Mono >= m.silentAt() || m.probeBy != 0 && m.now.Mono >= m.probeBy {
			m.lost(fault.New(fault.Timeout, "listen to the relay", "it said nothing for too long"), 0)
		}
	}
	if m.deadline == 0 || m.now.Mono < m.deadline {
		return
	}
	switch m.phase {
	case phaseToken:
		m.lost(fault.New(fault.Timeout, "get a token", "the app gave none in time"), 0)
	case phaseDialing:
		m.lost(fault.New(fault.Timeout, "connect", "the relay did not answer"), 0)
	case phaseHello:
		m.lost(fault.New(fault.Timeout, "connect", "the relay did not answer the hello"), 0)
	case phaseBackoff:
		m.redial()
	}
}
