package listen

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/coder/websocket"

	"rockpool.dev/fault"
	"rockpool.dev/server/relay"
	"rockpool.dev/wire"
)

const (
	// writeTimeout is how long one frame may take to leave.
	writeTimeout = 10 * time.Second
	// queueBytesMax bounds the frames that wait for one socket: the core's
	// credit keeps it near wire.SocketQueueBytesMax, but one transaction may be
	// larger.
	queueBytesMax = 64 << 20
	// reasonBytesMax is the longest close reason (RFC 6455 §5.5).
	reasonBytesMax = 123
)

// socket is one WebSocket. send and end never wait.
type socket struct {
	id   uint64
	conn *websocket.Conn

	mu     sync.Mutex // guards what follows
	queue  [][]byte
	bytes  int
	ending bool
	code   websocket.StatusCode
	reason string
	wake   chan struct{}
}

// serve upgrades a request and moves frames until one side ends.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{wire.Subprotocol}, InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return // Accept has answered
	}
	defer conn.CloseNow()
	if err := s.admissible(r, conn); err != nil {
		turnAway(r.Context(), conn, err, 0)
		return
	}
	so := &socket{conn: conn, wake: make(chan struct{}, 1)}
	s.loop.add(so)
	defer s.loop.remove(so)
	remote := relay.Info{Address: r.RemoteAddr, UserAgent: r.UserAgent()}
	if !s.loop.post(func(c *relay.Core) []relay.Effect { return c.Open(so.id, remote) }) {
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	var writing sync.WaitGroup
	writing.Add(1)
	go func() {
		defer writing.Done()
		defer cancel() // ends the reader
		so.write(ctx)
	}()
	so.read(ctx, s.loop)
	s.loop.post(func(c *relay.Core) []relay.Effect { return c.Closed(so.id) })
	cancel()
	writing.Wait()
}

// admissible checks where a page comes from and what it wants to speak.
func (s *Server) admissible(r *http.Request, conn *websocket.Conn) error {
	if conn.Subprotocol() != wire.Subprotocol {
		return fault.New(fault.VersionMismatch, "connect", "the socket does not speak "+wire.Subprotocol).WithHint("update the app or the relay")
	}
	if origin := r.Header.Get("Origin"); !s.options.originAllowed(origin, r.Host) {
		return fault.New(fault.ForbiddenOrigin, "connect", "pages of "+origin+" may not use this relay").
			WithHint("add it to origins in rockpool.yaml")
	}
	return nil
}

// read hands frames to the core until the socket ends.
func (so *socket) read(ctx context.Context, l *loop) {
	so.conn.SetReadLimit(-1) // readFrame has the limit: the library's own closes without a word of ours
	limit := wire.HelloBytesMax
	for {
		frame, err := readFrame(ctx, so.conn, limit)
		limit = wire.FrameBytesMax
		if err == nil {
			if !l.post(func(c *relay.Core) []relay.Effect { return c.Receive(so.id, frame) }) {
				return
			}
			continue
		}
		if fault.KindOf(err) == fault.Unknown { // the connection's end
			return
		}
		if l.post(func(c *relay.Core) []relay.Effect { return c.Refuse(so.id, err) }) {
			<-ctx.Done() // the writer tells why and closes, within its time limits
		}
		return
	}
}

// readFrame reads one message. fault.TooLarge beyond limit bytes, of which no
// more is read; fault.Protocol for text.
func readFrame(ctx context.Context, conn *websocket.Conn, limit int) ([]byte, error) {
	const op = "read a frame"
	kind, r, err := conn.Reader(ctx)
	if err != nil {
		return nil, err
	}
	if kind != websocket.MessageBinary {
		return nil, fault.New(fault.Protocol, op, "it is text").WithHint("this is the relay's socket: speak " + wire.Subprotocol + " to it, as @rockpool/client does")
	}
	frame, err := io.ReadAll(io.LimitReader(r, int64(limit)+1))
	if err == nil && len(frame) > limit {
		err = fault.New(fault.TooLarge, op, "it is longer than "+strconv.Itoa(limit)+" bytes").
			WithHint("cut a message into frames of the size that the relay's welcome grants")
	}
	return frame, err
}

// write is the socket's one writer.
func (so *socket) write(ctx context.Context) {
	for {
		frame, ending := so.next()
		switch {
		case frame != nil:
			wctx, cancel := context.WithTimeout(ctx, writeTimeout)
			err := so.conn.Write(wctx, websocket.MessageBinary, frame)
			cancel()
			if err != nil {
				return
			}
		case ending:
			_ = so.conn.Close(so.code, so.reason)
			return
		default:
			select {
			case <-so.wake:
			case <-ctx.Done():
				return
			}
		}
	}
}

func (so *socket) next() (frame []byte, ending bool) {
	so.mu.Lock()
	defer so.mu.Unlock()
	if len(so.queue) == 0 {
		so.queue = nil
		return nil, so.ending
	}
	frame = so.queue[0]
	so.queue[0] = nil
	so.queue = so.queue[1:]
	so.bytes -= len(frame)
	return frame, false
}

// send queues a frame; a socket whose queue is full is cut off.
func (so *socket) send(frame []byte) {
	so.mu.Lock()
	if so.ending {
		so.mu.Unlock()
		return
	}
	so.queue = append(so.queue, frame)
	so.bytes += len(frame)
	full := so.bytes > queueBytesMax
	so.mu.Unlock()
	if full {
		so.end(relay.CodeTryLater, "too slow")
		go so.conn.CloseNow() // it may be in the middle of a write that does not move
		return
	}
	so.poke()
}

// end closes the socket after what is queued.
func (so *socket) end(code int, reason string) {
	so.mu.Lock()
	if !so.ending {
		so.ending, so.code, so.reason = true, websocket.StatusCode(code), reason[:min(len(reason), reasonBytesMax)]
	}
	so.mu.Unlock()
	so.poke()
}

func (so *socket) poke() {
	select {
	case so.wake <- struct{}{}:
	default:
	}
}
