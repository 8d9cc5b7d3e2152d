package listen_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/server/listen"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// patience bounds every wait of these tests.
const patience = 20 * time.Second

type server struct {
	*listen.Server
	w   *relaytest.World
	url string
}

func start(t *testing.T, w *relaytest.World) *server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &server{listen.Prepare(listen.Options{Core: w.Core, Origins: []string{"https://app.example"}, Now: time.Now}), w, "http://" + l.Addr().String()}
	s.Start(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Shutdown(ctx, nil); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return s
}

func seeded(t *testing.T, n int) *relaytest.World {
	var rows []value.Row
	for i := 1; i <= n; i++ {
		rows = append(rows, relaytest.Product(int64(i), fmt.Sprintf("p%d", i), "1.00", 100))
	}
	w := relaytest.NewWorld(t, relaytest.Options{Seed: rows})
	w.Now = time.Now().UnixMilli()
	return w
}

// peer is a client on a real socket.
type peer struct {
	*relaytest.Client
	t    *testing.T
	conn *websocket.Conn
	ctx  context.Context
}

func (s *server) dial(t *testing.T, origin string) (*websocket.Conn, context.Context) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	h := http.Header{}
	if origin != "" {
		h.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(ctx, strings.Replace(s.url, "http", "ws", 1)+"/sync", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}, HTTPHeader: h})
	if err != nil {
		t.Fatal(err)
	}
	conn.SetReadLimit(wire.FrameBytesMax)
	t.Cleanup(func() { _ = conn.CloseNow() })
	return conn, ctx
}

func (s *server) client(id string) *relaytest.Client {
	return relaytest.New(id, s.w.Store.Schema(), s.fetch)
}

// fetch gets a chunk as a browser does: the transport decompresses it.
func (s *server) fetch(url string) ([]byte, error) {
	res, err := http.Get(s.url + url)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", res.StatusCode)
	}
	if cc := res.Header.Get("Cache-Control"); !strings.HasPrefix(cc, "private") {
		return nil, fmt.Errorf("Cache-Control is %q, want private", cc)
	}
	return io.ReadAll(res.Body)
}

func (s *server) connect(t *testing.T, c *relaytest.Client) *peer {
	t.Helper()
	p := &peer{Client: c, t: t}
	p.conn, p.ctx = s.dial(t, "https://app.example")
	p.send(c.Hello())
	p.until(func() bool { return c.Welcome != nil })
	return p
}

func (p *peer) send(frame []byte) {
	p.t.Helper()
	if err := p.conn.Write(p.ctx, websocket.MessageBinary, frame); err != nil {
		p.t.Fatal(err)
	}
}

// until reads frames until done.
func (p *peer) until(done func() bool) {
	p.t.Helper()
	for !done() {
		_, frame, err := p.conn.Read(p.ctx)
		if err != nil {
			p.t.Fatalf("client %s: read: %v", p.ID, err)
		}
		answers, err := p.Take(frame)
		if err != nil {
			p.t.Fatalf("client %s: %v", p.ID, err)
		}
		for _, a := range answers {
			p.send(a)
		}
	}
}

// Two clients over sockets: rows by HTTP, then each other's writes, then a
// socket that dies with answers on the way and a resume from the position.
func TestTwoClients(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 3000))
	a, b := s.client("a"), s.client("b")
	a.Follow(1, "products")
	b.Follow(1, "products")
	pa, pb := s.connect(t, a), s.connect(t, b)
	pa.until(func() bool { return len(a.Rows[1]) == 3000 })
	pb.until(func() bool { return len(b.Rows[1]) == 3000 })
	for range 40 {
		pa.send(a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
	}
	_ = pa.conn.CloseNow() // some are applied, some are not, no answer was read
	pa = s.connect(t, a)
	if !a.Welcome.Resume || len(a.Snaps) != 0 {
		t.Fatalf("welcome %+v, want a resume without a snapshot", a.Welcome)
	}
	for _, f := range a.Outbox() {
		pa.send(f)
	}
	pa.until(func() bool { return a.Acked == 40 })
	stockOf := func(c *relaytest.Client) int64 {
		return c.Rows[1][string(value.Row{value.Int(1)}.Append(nil))][3].Int()
	}
	pb.until(func() bool { return stockOf(b) == 140 })
	if stockOf(a) != 140 || s.w.Store.Head().Seq != 40 {
		t.Fatalf("stock %d at %v, want 140 after 40 transactions", stockOf(a), s.w.Store.Head())
	}
	for mid, o := range a.Outcomes {
		if o.Status != mutation.Applied {
			t.Errorf("mid %d: %+v, want applied", mid, o)
		}
	}
	if a.Digest(1) != b.Digest(1) {
		t.Error("the two clients hold different rows")
	}
}

// A page of another origin is told why, in a frame that it can read.
func TestForbiddenOrigin(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 1))
	conn, ctx := s.dial(t, "https://evil.example")
	_, frame, err := conn.Read(ctx)
	if err != nil || wire.RelayFrame(frame[0]) != wire.FrameBye {
		t.Fatalf("frame % x (%v), want a bye", frame, err)
	}
	var bye wire.Bye
	if err := bye.Decode(frame[2:]); err != nil || fault.Kind(bye.Kind) != fault.ForbiddenOrigin {
		t.Fatalf("bye %+v (%v), want forbidden_origin", bye, err)
	}
	if _, _, err = conn.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Fatalf("the socket ended with %v, want a policy violation", err)
	}
	req, _ := http.NewRequest(http.MethodGet, s.url+"/chunk/x", nil)
	req.Header.Set("Origin", "https://evil.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	var body struct{ Kind string }
	if err := json.NewDecoder(res.Body).Decode(&body); err != nil || res.StatusCode != http.StatusForbidden || body.Kind != "forbidden_origin" {
		t.Fatalf("chunk: %d %+v (%v), want 403 forbidden_origin", res.StatusCode, body, err)
	}
}

// A frame beyond the limit ends its socket only.
func TestOversizeFrame(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 1))
	good := s.connect(t, s.client("good"))
	for name, c := range map[string]struct {
		hello bool
		bytes int
	}{"before the hello": {false, wire.HelloBytesMax + 1}, "after it": {true, wire.FrameBytesMax + 1}} {
		conn, ctx := s.dial(t, "")
		if c.hello {
			if err := conn.Write(ctx, websocket.MessageBinary, s.client("big").Hello()); err != nil {
				t.Fatal(err)
			}
			if _, _, err := conn.Read(ctx); err != nil {
				t.Fatal(err)
			}
		}
		frame := make([]byte, c.bytes)
		frame[0] = byte(wire.FrameAck)
		_ = conn.Write(ctx, websocket.MessageBinary, frame)
		var err error
		for err == nil {
			_, _, err = conn.Read(ctx)
		}
		if websocket.CloseStatus(err) != websocket.StatusMessageTooBig {
			t.Errorf("%s: the socket ended with %v, want message too big", name, err)
		}
	}
	good.send(good.Mutation(relaytest.AddStock(good.Schema, 1, 1)))
	good.until(func() bool { return good.Acked == 1 })
}

// One who does not read costs nobody else anything, and nothing without bound.
func TestSlowReaderHoldsNobody(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 1))
	slow, writer := s.client("slow"), s.client("writer")
	slow.Follow(1, "products")
	writer.Follow(1, "products")
	s.connect(t, slow) // never reads again
	pw := s.connect(t, writer)
	products := writer.Schema.Table("products")
	for i := range 60 {
		row := relaytest.Product(int64(100+i), fmt.Sprint(strings.Repeat("z", 100_000), i), "1.00", 0)
		pw.send(writer.Mutation(relaytest.Insert(products, row)))
		pw.until(func() bool { return writer.Acked == uint64(i+1) })
	}
	stats, ok := s.Stats(context.Background())
	if !ok || stats.Lagging != 1 {
		t.Fatalf("stats %+v, want one client that fell back to its position", stats)
	}
}

// A subprotocol that we do not speak is told; a chunk that nobody named is gone.
func TestWrongDoor(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 1))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, strings.Replace(s.url, "http", "ws", 1)+"/sync", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.CloseNow() }()
	_, frame, err := conn.Read(ctx)
	var bye wire.Bye
	if err != nil || bye.Decode(frame[2:]) != nil || fault.Kind(bye.Kind) != fault.VersionMismatch {
		t.Fatalf("bye %+v (%v), want version_mismatch", bye, err)
	}
	res, err := http.Get(s.url + "/chunk/guess")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusGone {
		t.Fatalf("a guessed chunk: status %d, want 410", res.StatusCode)
	}
}

// Shutdown tells every client to come back, within its bound.
func TestShutdown(t *testing.T) {
	t.Parallel()
	s := start(t, seeded(t, 1))
	p := s.connect(t, s.client("a"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ended := make(chan error, 1)
	go func() { ended <- s.Shutdown(ctx, nil) }()
	p.until(func() bool { return p.Bye != nil })
	if p.Bye.RetryMillis == 0 {
		t.Fatalf("bye %+v, want to be told when to come back", p.Bye)
	}
	if _, _, err := p.conn.Read(p.ctx); websocket.CloseStatus(err) == -1 {
		t.Fatalf("the socket ended with %v, want a close frame", err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// FuzzSession feeds frames to a live session: it ends or goes on, and never
// panics.
func FuzzSession(f *testing.F) {
	f.Add([]byte{byte(wire.FrameSub), 0, 8, 1, 18, 1, 'x'})
	f.Add(relaytest.Frame(wire.FrameMut, &mutation.Tx{Mid: 1}))
	f.Add(relaytest.Frame(wire.FrameAck, &wire.Ack{}))
	f.Add([]byte{byte(wire.FrameToken), 0})
	w := relaytest.NewWorld(f, relaytest.Options{})
	hello := relaytest.Frame(wire.FrameHello, &wire.Hello{Version: wire.Version, ClientID: "f", IncarnationOld: "1", IncarnationNew: "1"})
	id := uint64(0)
	f.Fuzz(func(t *testing.T, frame []byte) {
		id++
		w.Core.Open(id, relay.Info{})
		w.Core.Receive(id, hello)
		w.Core.Receive(id, frame)
		w.Core.Closed(id)
		if n := w.Core.Stats(); n.Sessions != 0 || n.Buckets != 0 {
			t.Fatalf("%+v is left after the session", n)
		}
	})
}
