package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/config"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/seed"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

const (
	secretEnv = "ROCKPOOL_JWT_SECRET"
	// listenDefault is where a relay serves when nobody says where.
	listenDefault = "127.0.0.1:7400"
)

// runRelay serves as the configuration says.
func runRelay(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("relay", flag.ContinueOnError)
	file := flags.String("config", "rockpool.yaml", "configuration `file`")
	database := flags.String("database-url", "", "Postgres `URL`; DATABASE_URL does the same; neither: embedded")
	address := flags.String("listen", "", "`address` to serve on, over the file's")
	path := flags.String("store", "", "the relay's SQLite `file`, over the configuration's")
	dir := flags.String("seed", "", "embedded: `folder` with schema.yaml, and rows for an empty store")
	web := flags.String("web", "", "`folder` of web apps to serve")
	if err := flags.Parse(args); err != nil {
		return quiet(err)
	}
	c, err := config.Read(*file)
	if err != nil {
		return err
	}
	c.Listen = cmp.Or(*address, c.Listen, listenDefault)
	c.Store = cmp.Or(*path, c.Store, "rockpool.db")
	c.DatabaseURL = cmp.Or(*database, os.Getenv("DATABASE_URL"), c.DatabaseURL)
	verifier, err := openAuth(ctx, c)
	if err != nil {
		return err
	}
	listener, err := bind(c.Listen)
	if err != nil {
		return err
	}
	return (&house{
		listener: listener, path: c.Store,
		open: func(ctx context.Context, epoch uint32) (*parts, error) {
			return openRelay(ctx, c, epoch, verifier, *dir, *web)
		},
	}).run(ctx)
}

// openRelay opens what a relay is made of.
func openRelay(ctx context.Context, c *config.Config, epoch uint32, verifier verifier, dir, web string) (*parts, error) {
	p := &parts{
		epoch: max(epoch, uint32(time.Now().Unix())), verifier: verifier, limits: limitsOf(c), snapshots: c.Limits.SnapshotBytes, origins: c.Origins,
		web: web, audit: c.Audit, retention: store.DefaultRetention(),
	}
	if p.snapshots == 0 {
		p.snapshots = snapshot.BytesMax
	}
	if c.Limits.LogDays > 0 {
		p.retention.Log = time.Duration(c.Limits.LogDays) * 24 * time.Hour
	}
	if err := p.open(ctx, c, dir); err != nil {
		return nil, err
	}
	p.ready = func(address string) {
		fmt.Printf("rockpool relay: http://%s (%s)\n", address, p.kind)
		for _, t := range p.catalog.Closed() {
			fmt.Printf("  table %s has no read policy: no row of it is sent\n", t)
		}
	}
	return p, nil
}

// openAuth refuses to start without a way to verify tokens, but on a loopback
// address where the file asks for it by name.
func openAuth(ctx context.Context, c *config.Config) (verifier, error) {
	if c.Auth.Anonymous {
		if host, _, err := net.SplitHostPort(c.Listen); err != nil || !loopback(host) {
			return nil, fault.New(fault.Forbidden, "read the auth settings", "auth.anonymous lets everybody in, and "+c.Listen+" is not this machine alone").
				WithHint("listen on 127.0.0.1, or verify tokens: auth.jwks or ROCKPOOL_JWT_SECRET")
		}
		return auth.Anonymous{}, nil
	}
	env := cmp.Or(c.Auth.HS256Env, secretEnv)
	return auth.Open(ctx, auth.Options{
		Secret: []byte(os.Getenv(env)), JWKS: c.Auth.JWKS, Audience: c.Auth.Audience, Issuer: c.Auth.Issuer, Now: time.Now,
	})
}

func limitsOf(c *config.Config) relay.Limits {
	l := relay.DefaultLimits()
	put(&l.Sessions, c.Limits.Sessions)
	put(&l.WindowBytes, c.Limits.WindowBytes)
	put(&l.Subscriptions, c.Limits.Subscriptions)
	put(&l.PerSecond, c.Limits.MutationsPerSecond)
	put(&l.Burst, c.Limits.MutationsBurst)
	put(&l.PingMillis, c.Limits.PingMillis)
	return l
}

func put[T int | int64 | float64](to *T, v T) {
	if v > 0 {
		*to = v
	}
}

// open opens the source, the rules and the store.
func (p *parts) open(ctx context.Context, c *config.Config, dir string) error {
	shapes, err := c.ShapeRules()
	if err != nil {
		return err
	}
	if c.DatabaseURL == "" {
		return p.openEmbedded(c, shapes, dir)
	}
	return p.openPostgres(ctx, c, shapes)
}

func (p *parts) openEmbedded(c *config.Config, shapes map[string]shape.Shape, dir string) error {
	if dir == "" {
		return fault.New(fault.InvalidArgument, "rockpool relay", "there is no database").
			WithHint("pass --database-url, or --seed with a folder that holds schema.yaml for the embedded one")
	}
	tables, err := seed.Schema(dir)
	if err != nil {
		return err
	}
	if err := c.Apply(tables); err != nil {
		return err
	}
	if p.catalog, err = shape.New(tables, c.Rules(), shapes); err != nil {
		return err
	}
	p.kind = "embedded"
	return p.embed(c.Store, tables, dir)
}

func (p *parts) openPostgres(ctx context.Context, c *config.Config, shapes map[string]shape.Shape) error {
	var names []string
	for name := range c.Tables {
		names = append(names, name)
	}
	slices.Sort(names)
	if len(names) == 0 {
		return fault.New(fault.NoPolicy, "rockpool relay", "rockpool.yaml names no table").WithHint("list the tables to sync under tables:")
	}
	src, err := postgres.Open(ctx, p.postgresOptions(c, names))
	if err != nil {
		return err
	}
	if err = p.follow(c, src, shapes); err != nil {
		src.Close()
	}
	return err
}

func (p *parts) postgresOptions(c *config.Config, names []string) postgres.Options {
	return postgres.Options{
		URL: c.DatabaseURL, Tables: names, Slot: c.Postgres.Slot, Publication: c.Postgres.Publication, Roles: c.Postgres.Roles,
		// The catalog is made from the schema that Open reads, before any write.
		MayWrite: func(who *source.Client, t *schema.Table, old, new value.Row) error {
			return p.catalog.MayWrite(who, t, old, new)
		},
		Now: time.Now, Crash: failpoint("commit"),
	}
}

func (p *parts) follow(c *config.Config, src *postgres.Source, shapes map[string]shape.Shape) error {
	tables := src.Schema()
	if err := c.Apply(tables); err != nil {
		return err
	}
	var err error
	if p.catalog, err = shape.New(tables, c.Rules(), shapes); err != nil {
		return err
	}
	p.kind = "postgres"
	o := store.Options{Path: c.Store, Schema: tables, Source: src.Identity(), Relations: src.Relations(), NewEpoch: p.epoch}
	if p.store, err = store.Open(o); outdated(err) {
		told(err)
		var epoch uint32
		if epoch, err = renew(o.Path); err == nil {
			o.NewEpoch = max(o.NewEpoch, epoch)
			p.store, err = store.Open(o)
		}
	}
	if err != nil {
		return err
	}
	p.source = src
	p.pool = func() map[string]float64 {
		s := src.Stat()
		return map[string]float64{
			"max": float64(s.MaxConns()), "total": float64(s.TotalConns()), "idle": float64(s.IdleConns()),
			"acquired": float64(s.AcquiredConns()), "acquires": float64(s.AcquireCount()), "waits": float64(s.EmptyAcquireCount()),
			"wait_seconds": s.AcquireDuration().Seconds(), "opened": float64(s.NewConnsCount()),
			"expired": float64(s.MaxLifetimeDestroyCount()),
		}
	}
	return nil
}

// redacted is a URL without its password, for messages.
func redacted(url string) string {
	if at := strings.LastIndexByte(url, '@'); at >= 0 {
		if scheme := strings.Index(url, "://"); scheme >= 0 {
			user, _, _ := strings.Cut(url[scheme+3:at], ":")
			return url[:scheme+3] + user + ":…" + url[at:]
		}
	}
	return url
}
