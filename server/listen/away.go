package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"

	"github.com/coder/websocket"

	"rockpool.dev/fault"
	"rockpool.dev/server/session"
	"rockpool.dev/wire"
)

// awayRetryMillis is when a client that was turned away may come again.
const awayRetryMillis = 1000

// Away answers for a relay that cannot serve now.
type Away struct {
	http *http.Server
	done sync.WaitGroup
}

// TurnAway tells everybody who comes why there is no relay, in the form that
// they expect: a socket its last frame, a request a kind and a message. It
// takes l. Close ends it.
func TurnAway(l net.Listener, why error) *Away {
	a := &Away{}
	m := http.NewServeMux()
	m.HandleFunc("GET /sync", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
			Subprotocols: []string{wire.Subprotocol}, InsecureSkipVerify: true, CompressionMode: websocket.CompressionDisabled,
		})
		if err != nil {
			return // Accept has answered
		}
		defer conn.CloseNow()
		turnAway(r.Context(), conn, why, awayRetryMillis)
	})
	m.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusServiceUnavailable, fault.KindOf(why), why.Error())
	})
	a.http = &http.Server{Handler: m, ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: headerBytesMax}
	a.done.Add(1)
	go func() {
		defer a.done.Done()
		if err := a.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			_ = l.Close()
		}
	}()
	return a
}

// Close ends it and gives the listener back.
func (a *Away) Close() {
	_ = a.http.Close()
	a.done.Wait()
}

// turnAway tells why in a frame: a page cannot read the answer to a refused upgrade.
func turnAway(ctx context.Context, conn *websocket.Conn, err error, retryMillis uint32) {
	ctx, cancel := context.WithTimeout(ctx, writeTimeout)
	defer cancel()
	_ = conn.Write(ctx, websocket.MessageBinary, session.ByeOf(err, retryMillis))
	_ = conn.Close(websocket.StatusPolicyViolation, fault.KindOf(err).String())
}
