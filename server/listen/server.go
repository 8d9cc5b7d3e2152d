package listen

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/relay"
)

const (
	// headerTimeout and headerBytesMax bound a request before it is served.
	headerTimeout  = 10 * time.Second
	headerBytesMax = 64 << 10
)

// Options are what a server needs.
type Options struct {
	Core *relay.Core
	// Origins are the web origins that may connect, as "https://app.example".
	// A page from the relay's own host always may.
	Origins []string
	// LoopbackOrigins lets pages of this machine connect, on any port.
	LoopbackOrigins bool
	// Web is a folder of files to serve, or "".
	Web string
	// Pages are more handlers, by pattern.
	Pages map[string]http.Handler
	Now   func() time.Time
}

// Server serves one core.
type Server struct {
	options Options
	loop    *loop
	http    *http.Server
	failed  chan error
	wg      sync.WaitGroup
	// ctx ends the loop and every request; it is the server's life.
	ctx  context.Context
	stop context.CancelFunc
}

// Prepare makes a server that does not serve yet.
func Prepare(o Options) *Server {
	s := &Server{options: o, failed: make(chan error, 1)}
	s.loop = newLoop(o.Core, o.Now, s.fail)
	ctx, stop := context.WithCancel(context.Background())
	s.ctx, s.stop = ctx, stop
	s.http = &http.Server{
		Handler: s.mux(), ReadHeaderTimeout: headerTimeout, MaxHeaderBytes: headerBytesMax,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	return s
}

// Start serves on l until Shutdown. It takes l.
func (s *Server) Start(l net.Listener) {
	s.wg.Add(2)
	go func() {
		defer s.wg.Done()
		s.loop.run(s.ctx)
	}()
	go func() {
		defer s.wg.Done()
		if err := s.http.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.fail(fault.Wrap(fault.IO, "serve", err))
		}
	}()
}

func (s *Server) fail(err error) {
	select {
	case s.failed <- err:
	default:
	}
}

// Failed yields the error that ended the server by itself.
func (s *Server) Failed() <-chan error { return s.failed }

// Ingested hands a record of a source, which the store holds, to the core.
func (s *Server) Ingested(rec *changelog.Tx) { s.loop.ingested(rec) }

// Stats returns the core's figures.
func (s *Server) Stats(ctx context.Context) (relay.Stats, bool) { return s.loop.stats(ctx) }

// Shutdown ends in reverse order of start: no new requests, sockets told to
// come back and why (nil for an orderly end), the loop, calls. It is bounded by ctx.
func (s *Server) Shutdown(ctx context.Context, why error) error {
	s.loop.post(func(c *relay.Core) []relay.Effect { return c.Stop(why) })
	// Open WebSockets are hijacked connections: Shutdown does not wait for them.
	err := s.http.Shutdown(ctx)
	for s.loop.open() > 0 && ctx.Err() == nil {
		select {
		case <-time.After(5 * time.Millisecond):
		case <-ctx.Done():
		}
	}
	s.stop()
	ended := make(chan struct{})
	go func() {
		s.wg.Wait()
		s.loop.running.Wait()
		close(ended)
	}()
	select {
	case <-ended:
	case <-ctx.Done():
		err = fault.Wrap(fault.Timeout, "shut down", ctx.Err())
	}
	return err
}

func (l *loop) open() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.sockets)
}

// OriginAllowed says whether a page may use other pages of the server.
func (o *Options) OriginAllowed(origin, host string) bool { return o.originAllowed(origin, host) }

// originAllowed says whether a page may connect. Programs that are no browser
// send no Origin; the token decides for them.
func (o *Options) originAllowed(origin, host string) bool {
	if origin == "" || slices.Contains(o.Origins, origin) {
		return true
	}
	u, err := url.Parse(origin)
	if err != nil {
		return false
	}
	return u.Host == host || o.LoopbackOrigins && isLoopback(u.Hostname())
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
