package host

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wasm/transport"
	"rockpool.dev/wire"
)

// SyncDriver carries out the effects of a syncer.Machine on a store and a
// transport, and feeds what comes of them back. It runs to completion on the
// loop that owns the store, adds no decision of its own and no clock, and so
// replays exactly; the Worker and the simulator both use it.
// Not safe for concurrent use. Hooks may call its methods.
type SyncDriver struct {
	db    *store.DB
	m     *syncer.Machine
	links Links
	token string
	hooks SyncHooks

	events   []syncer.Event
	stepping bool
	blocked  syncer.Effect // a store effect that found the writer busy
	settled  uint64        // newest mid whose outcome was told
	waiting  []func(wire.SyncRound, error)
}

// Links is what a driver needs from outside.
type Links struct {
	Sockets transport.Sockets
	Fetcher transport.Fetcher
	Timer   transport.Timer
	// Now returns monotonic and wall milliseconds.
	Now func() syncer.Now
	// NewID returns a fresh random UUID in text form.
	NewID func() string
	// URL is the relay's ws:// or wss:// address.
	URL string
}

// SyncHooks tell the host what happened. Each may be nil.
type SyncHooks struct {
	// OnApplied tells what a remote change did to the view: tables, counts,
	// operations rolled back, conflicts. It precedes OnOutcome and OnConflict.
	OnApplied func(store.Applied)
	// OnOutcome tells once how a local transaction ended.
	OnOutcome func(mutation.Outcome)
	// OnConflict tells a new entry of the list of conflicts.
	OnConflict func(wire.ConflictInfo)
	OnStatus   func(wire.SyncStatus)
	OnHealth   func(wire.Health)
	// OnTokenWanted asks for SyncDriver.Token.
	OnTokenWanted func()
	// OnRound tells every finished round: those of the interval as well.
	OnRound func(wire.SyncRound)
	// OnShape tells that a shape's rows are there, or why not; final says
	// that the engine will not ask again on this connection.
	OnShape func(id uint32, err error, final bool)
	// OnClock tells what to add to the client's clock to get the relay's.
	OnClock func(offsetMillis int64)
	// OnSent tells that the mutations from first to last went to the socket.
	OnSent func(first, last uint64)
	// OnStuck tells of a mutation that cannot be sent.
	OnStuck func(mid uint64, err error)
	// OnSchema tells that the relay's schema is in force.
	OnSchema func()
}

// NewSyncDriver returns a driver that waits for Start.
func NewSyncDriver(db *store.DB, cfg syncer.Config, links Links, hooks SyncHooks) *SyncDriver {
	return &SyncDriver{db: db, m: syncer.New(cfg), links: links, hooks: hooks}
}

// Start begins with what the store holds. Connect makes it dial.
func (d *SyncDriver) Start() {
	var shapes []syncer.Shape
	for _, s := range d.db.Shapes() {
		shapes = append(shapes, syncShape(s))
	}
	d.settled = d.db.Meta().AckedMid
	d.step(syncer.Start{Local: d.local(), Shapes: shapes})
}

// Connect asks for a connection, also after a refusal.
func (d *SyncDriver) Connect() { d.step(syncer.Connect{}) }

// Disconnect ends it until Connect.
func (d *SyncDriver) Disconnect() { d.step(syncer.Disconnect{}) }

// Pause stops push and tail, or starts them again.
func (d *SyncDriver) Pause(on bool) { d.step(syncer.Pause{On: on}) }

// Nudge says that the network or the tab came back.
func (d *SyncDriver) Nudge() { d.step(syncer.Nudge{}) }

// Token answers OnTokenWanted or renews the token; err says why there is none.
func (d *SyncDriver) Token(jwt string, err error) {
	if err == nil {
		d.token = jwt
	}
	d.step(syncer.TokenGiven{JWT: jwt, Err: err})
}

// Wrote says that local writes were committed or flushed.
func (d *SyncDriver) Wrote() { d.step(syncer.Wrote{Local: d.local()}) }

// Took reports whether the socket that is open has a mutation.
func (d *SyncDriver) Took(mid uint64) bool { return d.m.Took(mid) }

// Recalled says that a queued mutation was taken back.
func (d *SyncDriver) Recalled() { d.step(syncer.Recalled{Local: d.local()}) }

// SyncNow runs a forced round; done is called once.
func (d *SyncDriver) SyncNow(done func(wire.SyncRound, error)) {
	if len(d.waiting) >= syncNowMax {
		done(wire.SyncRound{}, fault.New(fault.LimitExceeded, "sync", "too many rounds wait"))
		return
	}
	d.waiting = append(d.waiting, done)
	d.step(syncer.Wrote{Local: d.local()}) // the round covers what is written but not yet flushed
	d.step(syncer.SyncNow{})
}

// syncNowMax bounds the callers that wait for a round.
const syncNowMax = 1024

// Subscribe follows a shape; OnShape tells when its rows are there. It is
// harmless when it is followed already. Those of a higher priority load first.
// Kinds: busy while a write is open.
func (d *SyncDriver) Subscribe(name string, args []wire.ShapeArg, priority int32) (store.Shape, error) {
	s, err := d.db.AddShape(name, args)
	if err != nil {
		return s, err
	}
	x := syncShape(s)
	x.Priority = priority
	d.step(syncer.Subscribed{Shape: x})
	return s, nil
}

// Unsubscribe ends a shape and takes its rows out.
func (d *SyncDriver) Unsubscribe(id uint32) { d.step(syncer.Unsubscribed{ID: id}) }

// SocketOpened, SocketFrame and SocketClosed are the transport's events. The
// frame belongs to the driver from here on.
func (d *SyncDriver) SocketOpened(id uint32) {
	d.step(syncer.SocketOpened{ID: syncer.SocketID(id)})
}

// SocketFrame takes one binary frame.
func (d *SyncDriver) SocketFrame(id uint32, data []byte) {
	d.step(syncer.SocketFrame{ID: syncer.SocketID(id), Data: data})
}

// SocketClosed is a socket's last event.
func (d *SyncDriver) SocketClosed(id uint32, code int, reason string) {
	d.step(syncer.SocketClosed{ID: syncer.SocketID(id), Code: code, Reason: reason})
}

// Fetched takes a whole body, which belongs to the driver from here on.
// A status other than 200 fails the fetch.
func (d *SyncDriver) Fetched(id uint32, status int, body []byte) {
	if status != 200 {
		d.step(syncer.FetchFailed{ID: syncer.FetchID(id), Status: status})
		return
	}
	d.step(syncer.Fetched{ID: syncer.FetchID(id), Body: body})
}

// FetchFailed ends a fetch that got no answer.
func (d *SyncDriver) FetchFailed(id uint32, msg string) {
	d.step(syncer.FetchFailed{ID: syncer.FetchID(id), Msg: msg})
}

// Tick says that the timer has fired.
func (d *SyncDriver) Tick() { d.step(syncer.Tick{}) }

// Unblock says that a write transaction has ended: a store effect that found
// the writer busy is carried out now. Harmless at any time.
func (d *SyncDriver) Unblock() {
	if e := d.blocked; e != nil && !d.stepping {
		d.blocked = nil
		d.stepping = true
		d.carryOut(e)
		d.stepping = false
		d.drain()
	}
}

// Status and Health are where things stand now.
func (d *SyncDriver) Status() wire.SyncStatus { return d.named(d.m.Status()) }

// Health is the socket's side of the health.
func (d *SyncDriver) Health() wire.Health { return d.m.Health() }

// step queues an event and runs until nothing is left.
func (d *SyncDriver) step(ev syncer.Event) {
	d.events = append(d.events, ev)
	d.drain()
}

func (d *SyncDriver) drain() {
	if d.stepping {
		return
	}
	d.stepping = true
	for len(d.events) > 0 {
		ev := d.events[0]
		d.events = d.events[1:]
		effects := d.m.Step(d.links.Now(), ev)
		for _, e := range effects {
			d.carryOut(e)
		}
	}
	d.stepping = false
}

// carryOut does what the engine wants done.
func (d *SyncDriver) carryOut(e syncer.Effect) {
	switch e := e.(type) {
	case syncer.OpenSocket:
		d.links.Sockets.Open(uint32(e.ID), d.links.URL)
	case syncer.Send:
		if !d.links.Sockets.Send(uint32(e.ID), e.Data) {
			d.events = append(d.events, syncer.SocketClosed{ID: e.ID, Code: 1006, Reason: "it does not take frames any more"})
		}
	case syncer.CloseSocket:
		d.links.Sockets.Close(uint32(e.ID), e.Code)
	case syncer.StartFetch:
		d.fetch(e)
	case syncer.CancelFetch:
		d.links.Fetcher.Cancel(uint32(e.ID))
	case syncer.Wake:
		delay := int64(-1)
		if e.At != 0 {
			delay = max(0, e.At-d.links.Now().Mono)
		}
		d.links.Timer.Set(delay)
	default:
		if !d.tellHost(e) {
			d.store(e)
		}
	}
}

func (d *SyncDriver) fetch(e syncer.StartFetch) {
	url := transport.ChunkURL(d.links.URL, e.URL)
	if url == "" {
		d.events = append(d.events, syncer.FetchFailed{ID: e.ID, Status: 400, Msg: "the address is not the relay's"})
		return
	}
	d.links.Fetcher.Start(uint32(e.ID), url, d.token)
}

// store carries out a store effect, or keeps it until the writer is free.
func (d *SyncDriver) store(e syncer.Effect) {
	r := d.work(e)
	if fault.KindOf(r.Err) == fault.Busy {
		d.blocked = e
		return
	}
	r.Local = d.local()
	d.events = append(d.events, r)
}

func syncShape(s store.Shape) syncer.Shape {
	return syncer.Shape{ID: s.ID, Name: s.Name, Args: s.Args, Table: s.Table, Ready: s.State == store.ShapeReady, Stale: s.State == store.ShapeStale, Stamp: s.Stamp}
}
