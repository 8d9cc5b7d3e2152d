package relay

import (
	"cmp"
	"context"
	"slices"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/session"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// Verifier says who a token is for.
type Verifier interface {
	Verify(token string) (auth.Identity, error)
}

// Config is what a core is made of.
type Config struct {
	Store     *store.Store
	Source    source.Source
	Catalog   *shape.Catalog
	Verifier  Verifier
	Snapshots *snapshot.Cache
	Limits    Limits
	// Inline has the core call Verifier, Source and Store itself.
	Inline bool
	// Audit takes each record that is handed out, with who its clients are; nil
	// for nobody.
	Audit func(rec *changelog.Tx, user func(client string) string)
	// Told takes what a client is not told of the error that ended its session,
	// once a second at most; nil for nobody.
	Told func(err error)
	// NowMillis is the clock at the start, milliseconds since 1970.
	NowMillis int64
}

// Limits bound what one client costs.
type Limits struct {
	HelloMillis   int64 // from open to hello
	PingMillis    int64 // between pings; a socket silent for 3 of them is gone
	AdvanceMillis int64 // between empty advances
	WindowBytes   int   // not acknowledged
	Subscriptions int
	PerSecond     float64 // mutations
	Burst         float64
	PumpRecords   int // of the log, read for one client at a time
	TokenGrace    int64
	Sessions      int
}

// DefaultLimits are those of package wire, and ours.
func DefaultLimits() Limits {
	return Limits{
		HelloMillis: 10_000, PingMillis: 15_000, AdvanceMillis: 1000, WindowBytes: wire.SocketQueueBytesMax,
		Subscriptions: wire.SubscriptionsMax, PerSecond: wire.MutationsPerSecondMax, Burst: wire.MutationsBurstMax,
		PumpRecords: 256, TokenGrace: 30_000, Sessions: 20_000,
	}
}

// TickMillis is how often Tick should be called at least.
const TickMillis = 100

// silentPings is how many pings a socket may be silent for.
const silentPings = 3

// rewoundMax bounds the clients that are remembered as rewound.
const rewoundMax = 10_000

// Info is what is known of a socket's other end, for messages.
type Info struct {
	Address, UserAgent string
}

// Core is the machine. For one goroutine.
type Core struct {
	Config
	now      int64
	toldAt   int64 // when Told was called
	head     version.Pos
	index    *fanout.Index
	sessions map[uint64]*conn
	order    []*conn          // by ID, so that a seed replays exactly
	clients  map[string]*conn // live, by client ID
	follow   map[*fanout.Bucket][]follower
	idle     idle
	rewound  map[string]bool
	stopped  error // why nobody is served any more
	out      []Effect
	stats    Stats
}

// follower is one subscription to a bucket.
type follower struct {
	c   *conn
	sub *sub
}

// Stats are the core's figures.
type Stats struct {
	Sessions, Live, Buckets, Lagging                  int
	Head                                              version.Pos
	Frames, FramesSent, BytesSent, Records, Mutations uint64
	// Branches counts new epochs that were begun as the store was put back.
	Branches uint64
	Outcomes map[string]uint64
	Refused  map[string]uint64
}

// New returns a core that stands at its store's head.
func New(c Config) *Core {
	return &Core{
		Config: c, now: c.NowMillis, head: c.Store.Head(), index: fanout.NewIndex(), sessions: map[uint64]*conn{},
		clients: map[string]*conn{}, follow: map[*fanout.Bucket][]follower{}, rewound: map[string]bool{},
		stats: Stats{Outcomes: map[string]uint64{}, Refused: map[string]uint64{}},
	}
}

// Stats returns the figures; the maps are copies.
func (r *Core) Stats() Stats {
	s := r.stats
	s.Sessions, s.Live, s.Buckets, s.Head = len(r.sessions), len(r.clients), len(r.follow), r.head
	for _, c := range r.order {
		if c.lagging {
			s.Lagging++
		}
	}
	s.Outcomes, s.Refused = map[string]uint64{}, map[string]uint64{}
	for k, v := range r.stats.Outcomes {
		s.Outcomes[k] = v
	}
	for k, v := range r.stats.Refused {
		s.Refused[k] = v
	}
	return s
}

// Head is the position up to which transactions were handed out.
func (r *Core) Head() version.Pos { return r.head }

// Durable makes everything that was logged durable. Call it before the
// effects of a batch of events are carried out.
func (r *Core) Durable() error {
	if !r.Store.Truth() {
		return nil // a source's records come again with the same positions (SYNC.md §4.5)
	}
	return r.Store.Flush()
}

// take returns the effects since the last call.
func (r *Core) take() []Effect {
	out := r.out
	r.out = nil
	return out
}

func (r *Core) emit(e Effect) { r.out = append(r.out, e) }

// Open takes a new socket.
func (r *Core) Open(id uint64, remote Info) []Effect {
	if len(r.sessions) >= r.Limits.Sessions {
		r.refuse("sessions")
		r.emit(CloseSession{id, CodeTryLater, "too many connections"})
		return r.take()
	}
	c := &conn{id: id, remote: remote, heard: r.now, opened: r.now, pinged: r.now, subs: map[uint32]*sub{}}
	r.sessions[id] = c
	at, _ := slices.BinarySearchFunc(r.order, id, func(c *conn, id uint64) int { return cmp.Compare(c.id, id) })
	r.order = slices.Insert(r.order, at, c)
	if r.stopped != nil {
		r.bye(c, r.stopped, stopRetryMillis)
	}
	return r.take()
}

// Closed takes the end of a socket.
func (r *Core) Closed(id uint64) []Effect {
	if c := r.sessions[id]; c != nil {
		r.forget(c)
	}
	return r.take()
}

// forget drops a session and what it held.
func (r *Core) forget(c *conn) {
	c.phase = phaseGone
	for _, s := range c.list() {
		r.unfollow(c, s)
	}
	delete(r.sessions, c.id)
	if r.clients[c.client.ID] == c {
		delete(r.clients, c.client.ID)
	}
	r.order = slices.DeleteFunc(r.order, func(o *conn) bool { return o == c })
}

// bye tells an error and ends the session.
func (r *Core) bye(c *conn, err error, retryMillis uint32) {
	if c.phase == phaseGone {
		return
	}
	r.refuse(fault.KindOf(err).String())
	r.tell(err)
	r.send(c, byeOf(err, retryMillis))
	r.hangUp(c, codeOf(fault.KindOf(err)), fault.KindOf(err).String())
}

// tell has the operator know what clients do not.
func (r *Core) tell(err error) {
	const every = 1000
	if r.Told == nil || !session.IsOurs(err) || r.toldAt != 0 && r.now-r.toldAt < every {
		return
	}
	r.toldAt = r.now
	r.Told(err)
}

func (r *Core) hangUp(c *conn, code int, reason string) {
	r.forget(c)
	r.emit(CloseSession{c.id, code, reason})
}

func (r *Core) refuse(why string) { r.stats.Refused[why]++ }

func codeOf(k fault.Kind) int {
	switch k {
	case fault.Protocol:
		return CodeProtocol
	case fault.TooLarge:
		return CodeTooBig
	case fault.Unauthenticated, fault.TokenExpired, fault.Forbidden, fault.VersionMismatch, fault.LimitExceeded:
		return CodePolicy
	}
	if k.Retryable() {
		return CodeTryLater
	}
	return CodeNormal
}

func (r *Core) send(c *conn, frame []byte) {
	for _, part := range wire.CutFrame(frame, wire.FrameBytesMax) {
		r.stats.FramesSent++
		r.stats.BytesSent += uint64(len(part))
		r.emit(Send{c.id, part})
	}
}

// Ingested takes a record that the store holds now, and hands it to everybody
// it concerns.
func (r *Core) Ingested(rec *changelog.Tx) []Effect {
	r.ingested(rec)
	return r.take()
}

// background is the context of inline calls: they do not wait.
var background = context.Background()
