package syncer

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Config is what a machine is made with.
type Config struct {
	// Seed drives the jitter.
	Seed uint64
	// HasToken says that the app answers WantToken; else hellos go without.
	HasToken bool
	// Declared is what the app's build declares, or nil for all of it.
	Declared *schema.Schema
	Build    string
	// SyncIntervalMillis starts a forced round that often; 0 never.
	SyncIntervalMillis int64
}

// phase is where the connection stands.
type phase uint8

const (
	phaseIdle     phase = iota // not wanted, or paused
	phaseToken                 // WantToken is out
	phaseIdentity              // Rotate is out
	phaseDialing               // OpenSocket is out
	phaseHello                 // hello sent
	phaseWelcome               // welcome came, the store takes it in
	phaseLive
	phaseBackoff
	phaseRefused // needs a person
)

// Machine is one client's sync engine. Not safe for concurrent use.
type Machine struct {
	cfg   Config
	now   Now
	rng   uint64
	out   []Effect
	local Local

	phase    phase
	wanted   bool
	paused   bool
	deadline int64 // of the phase, 0 for none
	attempts uint32
	conn     uint32 // numbers attempts: work of an earlier one is dropped
	socket   SocketID
	sockets  SocketID // newest number given out
	token    tokenState
	hello    helloState
	limits   wire.Limits
	forced   bool // ask for everything anew

	lastErr   *wire.Failure
	since     int64
	liveSince int64
	lastFrame int64 // Mono
	lastWall  int64
	probeBy   int64
	clock     clockState

	join  wire.FrameJoiner // of this socket's frames
	jobs  jobQueue
	parts partState
	head  version.Pos
	acks  ackState
	push  pushState

	shapes  []*shape // ascending by ID
	fetches fetchState
	round   roundState
	told    statusState

	twin       bool // a mid was another's: the next welcome rewinds
	failures   int  // of Apply, at failCursor
	failCursor version.Pos
	wakeAt     int64
}

// New returns a machine that waits for Start.
func New(cfg Config) *Machine {
	return &Machine{cfg: cfg, rng: cfg.Seed, told: statusState{dirty: true}}
}

// Step takes one event and returns what shall be done, in order. The slice is
// valid until the next Step.
func (m *Machine) Step(now Now, ev Event) []Effect {
	if now.Mono < m.now.Mono {
		now.Mono = m.now.Mono
	}
	m.now = now
	clear(m.out)
	m.out = m.out[:0]
	m.take(ev)
	m.due()
	m.runJobs()
	m.finish()
	return m.out
}

func (m *Machine) emit(e Effect) { m.out = append(m.out, e) }

// take hands an event to its part of the engine.
func (m *Machine) take(ev Event) {
	switch e := ev.(type) {
	case Start:
		m.start(e)
	case Connect:
		m.connect()
	case Disconnect:
		m.disconnect()
	case Pause:
		m.pause(e.On)
	case Nudge:
		m.nudge()
	case TokenGiven:
		m.tokenGiven(e)
	case Wrote:
		m.setLocal(e.Local)
		m.pump()
	case Recalled:
		m.push.stuck = 0
		m.setLocal(e.Local)
		m.pump()
	case Subscribed:
		m.subscribed(e.Shape)
	case Unsubscribed:
		m.unsubscribed(e.ID)
	case SyncNow:
		m.syncNow()
	case Tick:
	case SocketOpened:
		if e.ID == m.socket && m.phase == phaseDialing {
			m.sayHello()
		}
	case SocketFrame:
		if e.ID == m.socket && m.socket != 0 {
			m.frame(e.Data)
		}
	case SocketClosed:
		if e.ID == m.socket && m.socket != 0 {
			m.socketClosed(e)
		}
	case Fetched:
		m.fetched(e)
	case FetchFailed:
		m.fetchFailed(e)
	case Stored:
		m.stored(e)
	}
}

func (m *Machine) start(e Start) {
	m.setLocal(e.Local)
	for _, s := range e.Shapes {
		m.addShape(s)
	}
	m.since = m.now.Wall
	m.round.next = m.now.Mono + m.cfg.SyncIntervalMillis
}

// setLocal takes over what the store says about itself.
func (m *Machine) setLocal(l Local) {
	if l != m.local {
		m.told.dirty = true
	}
	m.local = l
	m.push.settle(l.AckedMid)
}

// due acts on every moment that has come.
func (m *Machine) due() {
	m.connectionDue()
	m.ackDue()
	m.pump()
	m.shapesDue()
	m.roundDue()
}

// finish tells what changed and arms the timer.
func (m *Machine) finish() {
	m.roundCheck()
	m.tell()
	if at := m.nextMoment(); at != m.wakeAt {
		m.wakeAt = at
		m.emit(Wake{at})
	}
}

// nextMoment is the earliest moment at which due has something to do, or 0.
func (m *Machine) nextMoment() int64 {
	var at int64
	earliest := func(t int64) {
		if t != 0 && (at == 0 || t < at) {
			at = t
		}
	}
	earliest(m.deadline)
	if m.phase == phaseLive {
		earliest(m.silentAt())
		earliest(m.probeBy)
		earliest(m.acks.at)
		earliest(m.push.pausedUntil)
	}
	earliest(m.shapesMoment())
	earliest(m.roundMoment())
	earliest(m.told.at)
	return at
}

// fail turns an error into what the app is told.
func failure(err error) *wire.Failure {
	if err == nil {
		return nil
	}
	return &wire.Failure{
		Kind: uint16(fault.KindOf(err)), Msg: err.Error(), Hint: fault.HintOf(err), Offset: -1,
	}
}

// random returns a number in [0, n): splitmix64, so that a seed replays.
func (m *Machine) random(n int64) int64 {
	if n <= 0 {
		return 0
	}
	m.rng += 0x9e3779b97f4a7c15
	z := m.rng
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	z ^= z >> 31
	return int64(z % uint64(n))
}
