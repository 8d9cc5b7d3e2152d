package sim

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// fakeRelay is a relay small enough to be believed: maps, a MemLog, and the
// rules of SYNC.md §6 and §7 said plainly. The client engine is tested against
// it, and the real relay's runs are compared with what it allows.
type fakeRelay struct {
	w   *world
	out relayOut

	// Durable.
	log     *MemLog
	tables  map[uint32]map[string]value.Row
	written map[string]lastWrite // by table and key
	clients map[string]*fakeClient

	// Lost in a crash.
	sessions map[uint32]*fakeSession
	chunks   map[string][]byte
	nchunks  int
}

type lastWrite struct {
	seq   uint64
	actor string
	hlc   version.HLC
	clean bool
}

type fakeClient struct {
	inc      string
	lastMid  uint64
	outcomes map[uint64]mutation.Outcome
	outcomAt map[uint64]version.Pos
}

type fakeSession struct {
	conn   uint32
	id     string
	cl     *fakeClient
	sent   version.Pos
	subs   map[uint32]uint32 // shape to table
	pingAt int64
	heard  int64
	// lagUntil holds the tail back, as a full queue does.
	lagUntil int64
}

func newFakeRelay(h *relayHost) *fakeRelay {
	w := h.w
	f := &fakeRelay{
		w: w, out: h, log: NewMemLog(1), tables: map[uint32]map[string]value.Row{},
		written: map[string]lastWrite{}, clients: map[string]*fakeClient{},
	}
	for i := range w.schema.Tables {
		t := &w.schema.Tables[i]
		f.tables[t.ID] = map[string]value.Row{}
		for _, r := range seedRows(t.ID) {
			f.tables[t.ID][keyText(t, r)] = r
		}
	}
	f.Restart()
	return f
}

func (f *fakeRelay) Restart() {
	f.sessions, f.chunks = map[uint32]*fakeSession{}, map[string][]byte{}
}

func (f *fakeRelay) Close()                                          {}
func (f *fakeRelay) Head() version.Pos                               { return f.log.Head() }
func (f *fakeRelay) Log() []changelog.Tx                             { return f.log.recs }
func (f *fakeRelay) Open(uint32)                                     {}
func (f *fakeRelay) Closed(conn uint32)                              { delete(f.sessions, conn) }
func (f *fakeRelay) Rows(table uint32) (map[string]value.Row, error) { return f.tables[table], nil }

func (f *fakeRelay) Fetch(url string) (int, []byte) {
	b, ok := f.chunks[url[strings.LastIndexByte(url, '/')+1:]]
	if !ok {
		return 404, nil
	}
	return 200, b
}

func (f *fakeRelay) send(s *fakeSession, t wire.RelayFrame, m interface{ AppendTo([]byte) []byte }) {
	f.out.send(s.conn, m.AppendTo([]byte{byte(t), 0}))
}

// order returns the sessions by number: a run must replay.
func (f *fakeRelay) order() []*fakeSession {
	var out []*fakeSession
	for _, s := range f.sessions {
		out = append(out, s)
	}
	slices.SortFunc(out, func(a, b *fakeSession) int { return int(a.conn) - int(b.conn) })
	return out
}

func (f *fakeRelay) Tick() {
	now := f.out.millis()
	for _, s := range f.order() {
		if now-s.heard > pingMillis*5/2 {
			delete(f.sessions, s.conn)
			f.out.hangUp(s.conn)
			continue
		}
		if now >= s.pingAt {
			f.ping(s, 0)
		}
		if s.lagUntil != 0 && now >= s.lagUntil {
			s.lagUntil = 0
			f.tail(s)
		}
	}
}

func (f *fakeRelay) ping(s *fakeSession, echo uint64) {
	s.pingAt = f.out.millis() + pingMillis
	f.send(s, wire.FramePing, &wire.Ping{T: uint64(f.out.millis()), ServerMillis: f.out.millis(), Head: f.log.Head(), Echo: echo})
}

func (f *fakeRelay) Receive(conn uint32, frame []byte) {
	t, body := wire.RelayFrame(frame[0]), frame[2:]
	s := f.sessions[conn]
	if t == wire.FrameHello {
		var h wire.Hello
		if h.Decode(body) == nil {
			f.hello(conn, &h)
		}
		return
	}
	if s == nil {
		return
	}
	s.heard = f.out.millis()
	switch t {
	case wire.FrameSub:
		var m wire.Sub
		if m.Decode(body) == nil {
			m.Have = false
			f.sub(s, &m)
		}
	case wire.FrameUnsub:
		var m wire.Unsub
		if m.Decode(body) == nil {
			delete(s.subs, m.ID)
		}
	case wire.FrameAck:
		var m wire.Ack
		if m.Decode(body) == nil && m.Probe != 0 {
			f.ping(s, m.Probe)
		}
	case wire.FrameMut:
		m := new(mutation.Tx)
		if m.Decode(body) == nil {
			f.mut(s, m)
		}
	}
}

func (f *fakeRelay) hello(conn uint32, h *wire.Hello) {
	now := f.out.millis()
	s := &fakeSession{conn: conn, id: h.ClientID, subs: map[uint32]uint32{}, pingAt: now + pingMillis, heard: now}
	cl := f.clients[h.ClientID]
	if cl == nil {
		cl = &fakeClient{inc: h.IncarnationOld, outcomes: map[uint64]mutation.Outcome{}, outcomAt: map[uint64]version.Pos{}}
		f.clients[h.ClientID] = cl
	}
	w := &wire.Welcome{Version: wire.Version, ServerMillis: now, Head: f.log.Head(), LastMid: cl.lastMid, Limits: wire.Limits{PingMillis: pingMillis, MutationsInFlight: 8}}
	if cl.inc != h.IncarnationOld && cl.inc != h.IncarnationNew {
		w.Rewound = true
		for mid := h.AckedMid + 1; mid <= min(cl.lastMid, h.LastMid); mid++ {
			w.Coming = append(w.Coming, cl.outcomes[mid])
		}
		f.out.send(conn, w.AppendTo([]byte{byte(wire.FrameWelcome), 0}))
		return
	}
	cl.inc = h.IncarnationNew
	s.cl = cl
	f.sessions[conn] = s
	w.Resume = h.Cursor.Epoch == f.log.Head().Epoch && !f.log.Head().Less(h.Cursor) && !h.Cursor.Less(f.log.first)
	if f.w.opt.Bug == NoFence {
		w.LastMid = min(w.LastMid, h.AckedMid)
	}
	if h.Cursor.Seq > 0 && f.w.chance(0.08) {
		w.Resume = false // the log no longer reaches back that far
	}
	s.sent = h.Cursor
	if !w.Resume {
		s.sent = w.Head
	}
	for mid := h.AckedMid + 1; mid <= min(cl.lastMid, h.LastMid); mid++ {
		if !s.sent.Less(cl.outcomAt[mid]) {
			w.Outcomes = append(w.Outcomes, cl.outcomes[mid])
		} else {
			w.Coming = append(w.Coming, cl.outcomes[mid])
		}
	}
	f.send(s, wire.FrameWelcome, w)
	var fresh []wire.Sub
	for _, sub := range h.Subs { // those that go on first: the tail must not pass them
		if sub.Have = sub.Have && w.Resume && !f.w.chance(0.05); sub.Have {
			f.sub(s, &sub)
		} else {
			fresh = append(fresh, sub)
		}
	}
	f.tail(s)
	for i := range fresh {
		f.sub(s, &fresh[i])
	}
}

// sub answers with the rows at the session's own position, or with Ready.
func (f *fakeRelay) sub(s *fakeSession, m *wire.Sub) {
	t := f.w.schema.Table(m.Shape)
	if t == nil {
		f.send(s, wire.FrameDeny, &wire.Deny{ID: m.ID, Kind: uint16(fault.NotFound), Msg: "no such shape"})
		return
	}
	s.subs[m.ID] = t.ID
	if m.Have {
		f.send(s, wire.FrameReady, &wire.Ready{ID: m.ID, Pos: s.sent, Bucket: t.ID, Table: t.ID})
		return
	}
	// The rows are those at the head; what lies between reaches the client
	// through the tail before, so that its cursor comes to the head.
	f.tail(s)
	n := &wire.Snap{ID: m.ID, Pos: s.sent, Bucket: t.ID, Table: t.ID, Rows: uint64(len(f.tables[t.ID]))}
	for rows := range slices.Chunk(sortedRows(f.tables[t.ID]), 3) {
		h := wire.ChunkHeader{Table: t.ID, Schema: f.w.schema.Version, Rows: uint32(len(rows)), Columns: uint32(len(t.Columns)), Bucket: t.ID}
		b := h.AppendTo(nil)
		for _, r := range rows {
			b = r.Append(b)
		}
		f.nchunks++
		name := strconv.Itoa(f.nchunks)
		f.chunks[name] = b
		n.URLs = append(n.URLs, "/chunk/"+name)
		n.Bytes += uint64(len(b))
	}
	f.send(s, wire.FrameSnap, n)
}

func sortedRows(m map[string]value.Row) (out []value.Row) {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, k := range keys {
		out = append(out, m[k])
	}
	return out
}

// tail sends every record that the session has not had.
func (f *fakeRelay) tail(s *fakeSession) {
	if s.sent == f.log.Head() {
		return
	}
	for r, err := range f.log.Read(context.Background(), s.sent) {
		if err != nil {
			f.out.hangUp(s.conn)
			delete(f.sessions, s.conn)
			return
		}
		x := &wire.Tx{From: s.sent, To: r.Pos, Last: true, Schema: r.Schema, CommitMicros: r.CommitMicros}
		for _, g := range r.Origins {
			if g.Client == s.id {
				x.Acks = append(x.Acks, g.Outcome)
			}
		}
		f.blocks(s, x, &r)
		s.sent = r.Pos
		f.parts(s, x)
	}
}

// parts sends a transaction, sometimes in two frames.
func (f *fakeRelay) parts(s *fakeSession, x *wire.Tx) {
	if len(x.Blocks) > 1 && f.w.chance(0.5) {
		first := *x
		first.Blocks, first.Acks, first.Last = x.Blocks[:1], nil, false
		f.send(s, wire.FrameTx, &first)
		x.Blocks, x.Part = x.Blocks[1:], 1
	}
	f.send(s, wire.FrameTx, x)
}

func (f *fakeRelay) blocks(s *fakeSession, x *wire.Tx, r *changelog.Tx) {
	followed := map[uint32]bool{}
	for _, table := range s.subs {
		followed[table] = true
	}
	for i := range f.w.schema.Tables {
		t := &f.w.schema.Tables[i]
		var data []byte
		for _, c := range r.Changes {
			if c.Table != t.ID || !followed[t.ID] {
				continue
			}
			if c.New == nil {
				data = append(append(data, wire.BlockOut), keyText(t, c.Old)...)
			} else {
				data = c.New.Append(append(data, wire.BlockPut))
			}
		}
		if data != nil {
			x.Blocks = append(x.Blocks, wire.Block{Bucket: t.ID, Table: t.ID, Data: data})
		}
	}
}

// mut applies a client transaction, once: the fence is lastMid.
func (f *fakeRelay) mut(s *fakeSession, m *mutation.Tx) {
	next := s.cl.lastMid + 1
	if m.Mid > next {
		f.send(s, wire.FrameRetry, &wire.Retry{FromMid: next})
		return
	}
	if m.Mid < next && f.w.opt.Bug != NoFence {
		return // settled before; its outcome is in the log
	}
	if f.w.chance(0.02) {
		f.send(s, wire.FrameRetry, &wire.Retry{FromMid: m.Mid, AfterMillis: 50})
		return
	}
	a := &fakeApply{f: f, who: s.id, cl: s.cl, m: m, rows: map[string]value.Row{}, outcome: mutation.Outcome{Mid: m.Mid, Status: mutation.Applied, ID: m.ID}}
	a.run()
	g := changelog.Origin{Client: s.id, HLC: m.HLC, Outcome: a.outcome}
	pos := f.append(a.changes(), []changelog.Origin{g}, lastWrite{actor: s.id, hlc: m.HLC, clean: a.outcome.Status == mutation.Applied})
	s.cl.lastMid = max(s.cl.lastMid, m.Mid)
	s.cl.outcomes[m.Mid], s.cl.outcomAt[m.Mid] = a.outcome, pos
	f.fanOut()
}

func (f *fakeRelay) fanOut() {
	for _, s := range f.order() {
		if s.lagUntil == 0 && f.w.chance(0.02) {
			s.lagUntil = f.out.millis() + f.w.between(100, 3000)
		}
		if s.lagUntil == 0 {
			f.tail(s)
		}
	}
}

// append makes a record and applies it.
func (f *fakeRelay) append(changes []changelog.Change, origins []changelog.Origin, by lastWrite) version.Pos {
	prev := f.log.Head()
	r := changelog.Tx{Pos: prev.Next(), Prev: prev, CommitMicros: f.out.millis() * 1000, Origins: origins, Changes: changes, Schema: f.w.schema.Version}
	if err := f.log.Append(context.Background(), prev, []changelog.Tx{r}); err != nil {
		f.w.fail("append: %v", err)
	}
	by.seq = r.Pos.Seq
	for _, c := range changes {
		t := f.w.schema.ByID(c.Table)
		row := c.New
		if row == nil {
			row = c.Old
		}
		key := keyText(t, row)
		f.written[rowName(c.Table, key)] = by
		if c.New == nil {
			delete(f.tables[c.Table], key)
		} else {
			f.tables[c.Table][key] = c.New
		}
	}
	return r.Pos
}

func (f *fakeRelay) Write(table uint32, key value.Row, change func(value.Row) value.Row) {
	old := f.tables[table][string(key.Append(nil))]
	row := change(old)
	if old == nil && row == nil {
		return
	}
	f.append([]changelog.Change{{Table: table, Old: old, New: row}}, nil, lastWrite{actor: "S", hlc: version.HLC(uint64(f.out.millis()) << 16)})
	f.fanOut()
}
