package host_test

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/wasm/host"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// frame is one that the host has posted.
type frame struct {
	port uint32
	kind wire.PageFrame
	call uint32
	body []byte
}

// world is a Worker without JavaScript: a host, its clock, and what it posted.
type world struct {
	t      testing.TB
	h      *host.Host
	micros int64
	// tick is how far the clock moves by itself each time it is asked.
	tick    int64
	timer   int64 // Mono at which the one timer fires, -1 for never
	frames  []frame
	log     []string // "flush" and "done 7", in order
	yields  int
	next    uint32
	sockets []string
	sent    [][]byte                     // to the relay
	answer  func(id uint32, name string) // of files
	random  *rand.Rand
	revoked func(url string) bool
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, timer: -1, micros: 1_000_000, random: rand.New(rand.NewPCG(1, 2))}
	w.answer = func(id uint32, _ string) { w.h.Files(id, 0, "") }
	w.h = host.New(host.Env{
		Post: func(port uint32, f []byte) {
			w.frames = append(w.frames, frame{port, wire.PageFrame(f[0]), binary.LittleEndian.Uint32(f[4:]), append([]byte(nil), f[8:]...)})
			if k := wire.PageFrame(f[0]); k == wire.PageDone {
				w.log = append(w.log, fmt.Sprint("done ", binary.LittleEndian.Uint32(f[4:])))
			}
		},
		Yield: func() { w.yields++ },
		Log:   func(_ host.LogLevel, msg string) { t.Log("host: " + msg) },
		Files: fileDesk{w}, Sockets: w, Fetcher: noFetcher{}, Timer: w,
		Now:     func() syncer.Now { return syncer.Now{Mono: w.micros / 1000, Wall: 1_700_000_000_000 + w.micros/1000} },
		Micros:  func() int64 { w.micros += w.tick; return w.micros },
		Revoked: func(url string) bool { return w.revoked(url) },
		Random: func(b []byte) {
			for i := range b {
				b[i] = byte(w.random.Uint32())
			}
		},
		Flushed: func() { w.log = append(w.log, "flush") },
	})
	t.Cleanup(func() { w.h.Freeze() }) // the engine has a limit of open files
	return w
}

// fileDesk answers requests for files.
type fileDesk struct{ w *world }

func (d fileDesk) Open(id uint32, name string) { d.w.answer(id, name) }
func (d fileDesk) Close(name string)           { d.w.log = append(d.w.log, "close "+name) }
func (d fileDesk) Delete(id uint32, _ string)  { d.w.h.Files(id, 0, "") }

func (w *world) Open(id uint32, name string) { w.sockets = append(w.sockets, name) }
func (w *world) Send(_ uint32, frame []byte) bool {
	w.sent = append(w.sent, frame)
	return true
}
func (w *world) Close(uint32, int) {}
func (w *world) Set(delay int64) {
	w.timer = -1
	if delay >= 0 {
		w.timer = w.micros/1000 + delay
	}
}

type noFetcher struct{}

func (noFetcher) Start(uint32, string, string) {}
func (noFetcher) Cancel(uint32)                {}

func testSchema() *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: 1, Name: "products", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "name", Type: schema.TypeText, NotNull: true},
			{Name: "price", Type: schema.TypeDecimal, Scale: 2, HasScale: true},
			{Name: "stock", Type: schema.TypeInt, Strategy: schema.StrategyDelta},
			{Name: "active", Type: schema.TypeBool},
		}},
	}}
}

// join opens a port, says hello and opens the database in memory.
func (w *world) join(port uint32) {
	w.t.Helper()
	w.joinWith(port, testSchema())
}

func (w *world) joinWith(port uint32, s *schema.Schema) {
	w.t.Helper()
	w.h.PortOpen(port)
	w.hello(port, wire.PageVersion, 1)
	id := w.send(port, wire.PageOpen, &wire.OpenDatabase{Name: "shop", Memory: true, Schema: s})
	var o wire.Opened
	w.done(id, &o)
	if o.ClientID == "" || o.Schema.Table(s.Tables[0].Name) == nil {
		w.t.Fatalf("opened = %+v", o)
	}
}

func (w *world) hello(port, version uint32, build uint64) wire.TabWelcome {
	w.t.Helper()
	id := w.send(port, wire.PageHello, &wire.TabHello{Version: version, Build: build, Storage: wire.StorageVersion, Tab: "t"})
	for _, f := range w.frames {
		if f.call == id && f.kind == wire.PageWelcome {
			var m wire.TabWelcome
			if err := m.Decode(f.body); err != nil {
				w.t.Fatal(err)
			}
			return m
		}
	}
	w.t.Fatal("no welcome")
	return wire.TabWelcome{}
}

// send sends a call and returns its number. Nothing but the frame is served.
func (w *world) send(port uint32, kind wire.PageFrame, m interface{ AppendTo([]byte) []byte }) uint32 {
	w.next++
	w.raw(port, kind, w.next, m.AppendTo(nil))
	return w.next
}

func (w *world) raw(port uint32, kind wire.PageFrame, id uint32, body []byte) {
	f := binary.LittleEndian.AppendUint32([]byte{byte(kind), 0, 0, 0}, id)
	w.h.Frame(port, append(f, body...))
}

// run lets the host finish what waits.
func (w *world) run() {
	w.t.Helper()
	for i := 0; w.h.Run(); i++ {
		if i > 10000 {
			w.t.Fatal("the host never comes to rest")
		}
	}
}

// last returns the frame that ended a call, or nil.
func (w *world) last(id uint32) *frame {
	for i := range w.frames {
		if f := &w.frames[i]; f.call == id && (f.kind == wire.PageDone || f.kind == wire.PageFail) {
			return f
		}
	}
	return nil
}

// done runs the host and decodes the answer of a call that went well.
func (w *world) done(id uint32, m interface{ Decode([]byte) error }) {
	w.t.Helper()
	w.run()
	f := w.last(id)
	if f == nil {
		w.t.Fatalf("call %d has no answer", id)
	}
	if f.kind == wire.PageFail {
		w.t.Fatalf("call %d failed: %s", id, text(f))
	}
	if err := m.Decode(f.body); err != nil {
		w.t.Fatal(err)
	}
}

// failed runs the host and returns the error of a call.
func (w *world) failed(id uint32) wire.Failure {
	w.t.Helper()
	w.run()
	f := w.last(id)
	if f == nil || f.kind != wire.PageFail {
		w.t.Fatalf("call %d did not fail: %v", id, f)
	}
	var m wire.Failure
	if err := m.Decode(f.body); err != nil {
		w.t.Fatal(err)
	}
	return m
}

func text(f *frame) string {
	var m wire.Failure
	if err := m.Decode(f.body); err != nil {
		return err.Error()
	}
	return fault.Kind(m.Kind).String() + ": " + m.Op + ": " + m.Msg
}

// exec runs SQL that is to succeed.
func (w *world) exec(port uint32, sql string, args ...value.Value) wire.QueryDone {
	w.t.Helper()
	var d wire.QueryDone
	w.done(w.send(port, wire.PageQuery, &wire.Query{SQL: sql, Args: args}), &d)
	return d
}

// count runs a query of one integer and returns it.
func (w *world) count(port uint32, sql string) int64 {
	w.t.Helper()
	id := w.send(port, wire.PageQuery, &wire.Query{SQL: sql})
	var d wire.QueryDone
	w.done(id, &d)
	for _, f := range w.frames {
		if f.call == id && f.kind == wire.PageChunk {
			at := binary.LittleEndian.Uint32(f.body[8:])
			return int64(binary.LittleEndian.Uint64(f.body[at:]))
		}
	}
	w.t.Fatalf("%s: no chunk", sql)
	return 0
}

func (w *world) of(id uint32, kind wire.PageFrame) (list []frame) {
	for _, f := range w.frames {
		if f.call == id && f.kind == kind {
			list = append(list, f)
		}
	}
	return list
}

// events returns the events of a type that a port was sent.
func (w *world) events(port uint32, kind wire.EventType) (list []wire.Event) {
	w.t.Helper()
	for _, f := range w.frames {
		if f.port == port && f.kind == wire.PageEvent {
			var e wire.Event
			if err := e.Decode(f.body); err != nil {
				w.t.Fatal(err)
			}
			if e.Type == kind {
				list = append(list, e)
			}
		}
	}
	return list
}

// pass moves the clock and fires the timer when it is due.
func (w *world) pass(millis int64) {
	w.micros += millis * 1000
	for i := 0; w.timer >= 0 && w.timer <= w.micros/1000 && i < 100; i++ {
		w.timer = -1
		w.h.Timer()
	}
}
