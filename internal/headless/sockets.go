package headless

import (
	"context"
	"errors"
	"sync"

	"github.com/coder/websocket"

	"rockpool.dev/wire"
)

// outgoingMax is how many frames a socket holds that the network has not taken.
// The core's own credit keeps far below it.
const outgoingMax = 4096

// closedAbnormally is the code of a socket that ended without a close frame.
const closedAbnormally = 1006

// sockets implements transport.Sockets. Its map belongs to the loop.
type sockets struct {
	c    *Client
	open map[uint32]*socket
}

type socket struct {
	out    chan []byte
	cancel context.CancelFunc
	conn   *websocket.Conn // nil while it is dialled
}

// Open dials.
func (s *sockets) Open(id uint32, url string) {
	ctx, cancel := context.WithCancel(context.Background())
	k := &socket{out: make(chan []byte, outgoingMax), cancel: cancel}
	s.open[id] = k
	s.c.loop.tasks.Go(func() { s.live(ctx, id, url, k) })
}

// live is a socket's life: dial, read until it ends, and say so once.
func (s *sockets) live(ctx context.Context, id uint32, url string, k *socket) {
	defer k.cancel()
	ended := func(err error) {
		code, reason := closedAbnormally, ""
		var closed websocket.CloseError
		if errors.As(err, &closed) {
			code, reason = int(closed.Code), closed.Reason
		}
		s.c.loop.post(func() {
			delete(s.open, id)
			s.c.host.SocketClosed(id, code, reason)
		})
	}
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		ended(err)
		return
	}
	conn.SetReadLimit(wire.FrameBytesMax)
	s.c.loop.post(func() {
		k.conn = conn
		s.c.host.SocketOpened(id)
	})
	var writer sync.WaitGroup
	writer.Go(func() {
		for {
			select {
			case frame := <-k.out:
				if conn.Write(ctx, websocket.MessageBinary, frame) != nil {
					k.cancel()
					return
				}
			case <-ctx.Done():
				return
			}
		}
	})
	for {
		_, frame, rerr := conn.Read(ctx)
		if rerr != nil {
			err = rerr
			break
		}
		if !s.c.loop.post(func() { s.c.host.SocketFrame(id, frame) }) {
			break
		}
	}
	k.cancel()
	writer.Wait()
	_ = conn.CloseNow()
	ended(err)
}

// Send queues one frame.
func (s *sockets) Send(id uint32, frame []byte) bool {
	k := s.open[id]
	if k == nil || k.conn == nil {
		return false
	}
	select {
	case k.out <- frame:
		return true
	default:
		return false
	}
}

// Close ends a socket: in order when the peer answers soon, else at once.
func (s *sockets) Close(id uint32, code int) {
	k := s.open[id]
	if k == nil {
		return
	}
	if k.conn == nil {
		k.cancel()
		return
	}
	conn := k.conn
	s.c.loop.tasks.Go(func() {
		_ = conn.Close(websocket.StatusCode(code), "") // it waits a few seconds for the peer
		k.cancel()
	})
}

// closeAll drops every socket.
func (s *sockets) closeAll() {
	for _, k := range s.open {
		k.cancel()
	}
}
