package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/admin"
	"rockpool.dev/server/audit"
	"rockpool.dev/server/ingest"
	"rockpool.dev/server/listen"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/rest"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
)

const (
	// stopTimeout bounds a graceful end.
	stopTimeout = 10 * time.Second
	// trimEvery is how often the log is cut to what is kept.
	trimEvery = time.Hour
	// secretBytes is the entropy of the capabilities' key. It is made anew at
	// each start, as the chunks are.
	secretBytes = 32
)

// verifier tells who asks, by the socket and over HTTP.
type verifier interface {
	relay.Verifier
	rest.Verifier
}

// parts is a relay that is ready to serve.
type parts struct {
	kind string
	// epoch is that of a store that is made now.
	epoch     uint32
	store     *store.Store
	source    source.Source
	catalog   *shape.Catalog
	verifier  verifier
	limits    relay.Limits
	snapshots uint64
	retention store.Retention
	origins   []string
	loopback  bool
	web       string
	audit     string
	pool      func() map[string]float64
	ready     func(address string)
}

// serve runs a relay on listener, which it closes, until ctx ends or a part of
// it fails, then stops it in order.
func (p *parts) serve(ctx context.Context, listener net.Listener) (err error) {
	defer func() {
		p.source.Close()
		if cerr := p.store.Close(); err == nil {
			err = cerr
		}
		_ = listener.Close() // serving closes it too
	}()
	in := &ingest.Ingest{Source: p.source, Store: p.store, Told: told}
	if err := in.Load(ctx); err != nil {
		return err
	}
	p.source.Attach(p.store)
	secret := make([]byte, secretBytes)
	if _, err := rand.Read(secret); err != nil {
		return fault.Wrap(fault.Internal, "make a secret", err)
	}
	log, err := audit.Open(p.audit)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := log.Close(); err == nil {
			err = cerr
		}
	}()
	core := relay.New(relay.Config{
		Store: p.store, Source: p.source, Catalog: p.catalog, Verifier: p.verifier,
		Snapshots: snapshot.NewCache(secret, p.snapshots), Limits: p.limits,
		Inline: p.store.Truth(), NowMillis: time.Now().UnixMilli(), Audit: log.Add, Told: told,
	})
	var server *listen.Server
	options := listen.Options{
		Core: core, Origins: p.origins, LoopbackOrigins: p.loopback, Web: p.web, Now: time.Now,
		Pages: p.pages(core, func(ctx context.Context) (relay.Stats, bool) { return server.Stats(ctx) }),
	}
	options.Pages[rest.Prefix] = p.rest(&options, func(ctx context.Context, write rest.Write) error {
		return server.Logged(ctx, write)
	})
	server = listen.Prepare(options)
	server.Start(listener)
	in.Out = func(rec *changelog.Tx) { server.Ingested(rec) }

	working, stop := context.WithCancel(ctx)
	followed := make(chan error, 1)
	go func() { followed <- in.Run(working) }()
	trimmed := make(chan struct{})
	go func() {
		defer close(trimmed)
		p.trim(working)
	}()
	if p.ready != nil {
		p.ready(listener.Addr().String())
	}
	select {
	case <-ctx.Done():
	case err = <-server.Failed():
	case err = <-followed:
		followed <- nil
	}
	stop()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	err = errors.Join(err, server.Shutdown(stopping, err))
	<-followed
	<-trimmed
	return err
}

// rest serves PostgREST's protocol beside the socket.
func (p *parts) rest(o *listen.Options, logged func(context.Context, rest.Write) error) http.Handler {
	r := rest.Options{Store: p.store, Catalog: p.catalog, Verifier: p.verifier, Logged: logged, Allowed: o.OriginAllowed}
	if truth, ok := p.source.(*embedded.Source); ok {
		r.Change = truth.Change
	}
	return rest.New(r)
}

func told(err error) { fmt.Fprintln(os.Stderr, "rockpool:", err) }

// trim cuts the log to what is kept, now and then.
func (p *parts) trim(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			if err := p.store.Trim(p.retention, now.UnixMicro()); err != nil {
				told(err)
			}
		}
	}
}

// pages are the HTTP pages beside the socket.
func (p *parts) pages(core *relay.Core, stats func(context.Context) (relay.Stats, bool)) map[string]http.Handler {
	o := admin.Options{
		Store: p.store, Source: p.source.Health, Snapshots: core.Snapshots.Bytes, Kind: p.kind, Version: version,
		Started: time.Now(), Now: time.Now,
		Figures: func(ctx context.Context) (admin.Figures, bool) {
			s, ok := stats(ctx)
			f := admin.Figures{
				Sessions: s.Sessions, Live: s.Live, Buckets: s.Buckets, Lagging: s.Lagging, Head: s.Head, Frames: s.Frames,
				FramesSent: s.FramesSent, BytesSent: s.BytesSent, Records: s.Records, Mutations: s.Mutations,
				Outcomes: s.Outcomes, Refused: s.Refused,
			}
			if p.pool != nil {
				f.Pool = p.pool()
			}
			return f, ok
		},
	}
	return map[string]http.Handler{
		"GET /health":  admin.Health(o),
		"GET /digest":  listen.Loopback(admin.Digest(o)),
		"GET /metrics": listen.Loopback(admin.Metrics(o)),
	}
}
