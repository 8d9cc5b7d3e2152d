package host

import (
	"encoding/binary"

	"rockpool.dev/fault"
	"rockpool.dev/wasm/builder"
	"rockpool.dev/wasm/live"
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

// Host serves one database to every tab. Not safe for concurrent use: its
// methods are the Worker's events, one after the other.
type Host struct {
	env   Env
	ports map[uint32]*port
	build uint64 // of the tab that made this Worker

	prov  *provider.Provider
	lanes *provider.Lanes
	open  wire.OpenDatabase // what is open

	// These are nil while the database is not open.
	builder *builder.Builder
	live    *live.Set
	txn     *txn.Manager
	sync    *SyncDriver

	calls   map[callID]*call
	timed   int // calls with a deadline
	waiting []*write
	held    []held
	cursors map[*provider.Reader]*builder.Cursor
	writing builder.Cursor
	readTx  map[uint32]*readTx
	lastTx  uint32
	// text is the interactive transactions that BEGIN as text has opened, by port.
	text map[uint32]uint32
	// ddl says that the open transaction has changed the schema.
	ddl bool

	touched  map[string]bool // tables changed since the last flush
	touchAll bool
	// drafted is the tables that the open interactive transaction has changed:
	// nobody sees it before it commits.
	drafted    map[string]bool
	draftedAll bool
	syncAt     int64 // Mono of the sync engine's timer, 0 for none
	flushAt    int64 // Mono of the next try after a flush that failed, 0 for none
	flushWait  int64 // milliseconds that the last such wait took
	armed      int64 // Mono for which the one timer is set, -1 for none
	yielded    bool
	lastMid    uint64
	shapes     shapes
	rolled     map[uint64][]wire.OutboxOp
	blocked    []uint64 // mids that left the view with another: to be told
	states     []ended
	clock      int64 // what to add to this client's clock
	figures    figures
	frame      []byte // scratch
}

// port is one tab.
type port struct {
	id      uint32
	greeted bool
	build   uint64
	opened  bool
	visible bool
	outbox  bool // it has asked for the outbox, and follows it
	calls   int
}

type callID struct{ port, id uint32 }

// call is a call that pends.
type call struct {
	callID
	// deadline is in Env.Micros, 0 for none.
	deadline int64
	began    int64
	// standing is the page's URL that is revoked to cancel it, "" for none.
	standing string
	// stop ends the work on it; it is called at most once, by end.
	stop func()
	// held says that the work is done and the answer waits for its flush.
	held bool
	over bool
}

// New returns a host with nothing open.
func New(env Env) *Host {
	h := &Host{
		env: env, ports: map[uint32]*port{}, calls: map[callID]*call{}, text: map[uint32]uint32{},
		touched: map[string]bool{}, drafted: map[string]bool{}, readTx: map[uint32]*readTx{}, rolled: map[uint64][]wire.OutboxOp{},
		cursors: map[*provider.Reader]*builder.Cursor{}, armed: -1,
	}
	h.lanes = provider.NewLanes(env.Micros)
	h.prov = provider.New(provider.Env{
		Files:  env.Files,
		Millis: func() int64 { return env.Now().Mono },
		Random: func(n int64) int64 { return int64(h.random() % uint64(n)) },
		Changed: func() {
			h.health()
			h.arm()
		},
		Warn: func(err error) { h.log(LogWarn, err) },
	})
	return h
}

// random returns 64 random bits.
func (h *Host) random() uint64 {
	var b [8]byte
	h.env.Random(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

// PortOpen adds a tab.
func (h *Host) PortOpen(id uint32) {
	if len(h.ports) < PortsMax {
		h.ports[id] = &port{id: id}
	}
}

// PortClose takes a tab away: its calls end, its transactions roll back, its
// watched queries stop.
func (h *Host) PortClose(id uint32) {
	if h.ports[id] == nil {
		return
	}
	delete(h.ports, id)
	delete(h.text, id)
	for _, c := range h.callsOf(id) {
		h.end(c)
	}
	h.leavePort(id)
	if h.txn == nil {
		return
	}
	h.live.RemovePort(id)
	for _, t := range h.readTx {
		if t.owner == id {
			h.endReadTx(t)
		}
	}
	if h.txn.Active(uint64(id)) != nil {
		if err := h.txn.CloseOwner(uint64(id)); err != nil {
			h.log(LogError, err)
		}
		h.writerFree()
	}
	h.settle()
}

func (h *Host) callsOf(port uint32) (list []*call) {
	for id, c := range h.calls {
		if id.port == port {
			list = append(list, c)
		}
	}
	return list
}

// Frame takes one frame of a tab.
func (h *Host) Frame(portID uint32, frame []byte) {
	p := h.ports[portID]
	if p == nil {
		return
	}
	if len(frame) < wire.PageHeaderBytes {
		h.post(portID, wire.PageFail, 0, failure(fault.New(fault.Protocol, "read frame", "it is shorter than its header")).AppendTo(nil))
		return
	}
	kind, id := wire.PageFrame(frame[0]), binary.LittleEndian.Uint32(frame[4:])
	h.serve(p, kind, id, frame[wire.PageHeaderBytes:])
	if frame[1]&wire.PageAlone != 0 && len(h.held) > 0 {
		h.flush() // nobody comes to share it: a turn later would only be later
	}
	h.settle()
}

// settle is the end of every event: what it made due is scheduled.
func (h *Host) settle() {
	if h.live != nil {
		h.tellBlocked()
		h.tellStates()
		h.queueLive()
	}
	if len(h.held) > 0 || h.lanes.Len() > 0 || h.flushDue() || len(h.touched) > 0 || h.touchAll {
		h.kick()
	}
	h.arm()
}

func (h *Host) kick() {
	if !h.yielded {
		h.yielded = true
		h.env.Yield()
	}
}

// Run does what waits, for about RunMicros. It reports whether to call it
// again in a later turn.
func (h *Host) Run() (again bool) {
	h.yielded = false
	h.flush()
	end := h.env.Micros() + RunMicros
	for h.env.Micros() < end && h.lanes.Step() {
		if len(h.held) > 0 {
			h.flush()
		}
	}
	if h.live != nil {
		h.tellBlocked()
		h.tellStates()
		h.queueLive()
	}
	h.arm()
	again = h.lanes.Len() > 0 || len(h.held) > 0 || h.flushDue()
	if again {
		h.yielded = true
	}
	return again
}

// post sends one frame.
func (h *Host) post(port uint32, kind wire.PageFrame, id uint32, body []byte) {
	h.frame = append(h.header(kind, id), body...)
	h.env.Post(port, h.frame)
}

// header begins a frame in the scratch buffer.
func (h *Host) header(kind wire.PageFrame, id uint32) []byte {
	return binary.LittleEndian.AppendUint32(append(h.frame[:0], byte(kind), 0, 0, 0), id)
}

// postFramed sends bytes that have room for the header before them.
func (h *Host) postFramed(port uint32, kind wire.PageFrame, id uint32, framed []byte) {
	framed[0], framed[1], framed[2], framed[3] = byte(kind), 0, 0, 0
	binary.LittleEndian.PutUint32(framed[4:], id)
	h.env.Post(port, framed)
}

// tell pushes an event to every tab that has the database open.
func (h *Host) tell(e *wire.Event) {
	body := e.AppendTo(nil)
	for id, p := range h.ports {
		if p.opened {
			h.post(id, wire.PageEvent, 0, body)
		}
	}
}

func (h *Host) log(level LogLevel, err error) {
	if err != nil {
		h.env.Log(level, err.Error())
	}
}
