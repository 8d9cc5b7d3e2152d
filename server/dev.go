package main

import (
	"context"
	"flag"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/config"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/seed"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// runDev serves on this machine with everything open.
func runDev(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("dev", flag.ContinueOnError)
	address := flags.String("listen", "127.0.0.1:7400", "loopback `address` to serve on")
	path := flags.String("store", "rockpool.db", "the relay's SQLite `file`; made when it is missing")
	dir := flags.String("seed", "", "`folder` with schema.yaml and a .json file of rows a table")
	web := flags.String("web", "", "`folder` of web apps to serve")
	file := flags.String("config", "", "`file` whose shapes and conflict strategies to use; its policies and auth are not")
	if err := flags.Parse(args); err != nil {
		return quiet(err)
	}
	if host, _, err := net.SplitHostPort(*address); err != nil || !loopback(host) {
		return fault.New(fault.Forbidden, "rockpool dev", "it opens every table, so it serves this machine only").
			WithHint("listen on 127.0.0.1, or use: rockpool relay")
	}
	if *dir == "" {
		return fault.New(fault.InvalidArgument, "rockpool dev", "--seed is missing").WithHint("name a folder with schema.yaml")
	}
	tables, err := seed.Schema(*dir)
	if err != nil {
		return err
	}
	shapes := map[string]shape.Shape{}
	if *file != "" {
		c, err := config.Read(*file)
		if err != nil {
			return err
		}
		if err := c.Apply(tables); err != nil {
			return err
		}
		if shapes, err = c.ShapeRules(); err != nil {
			return err
		}
	}
	catalog, err := shape.Open(tables, shapes)
	if err != nil {
		return err
	}
	p := &parts{
		kind: "embedded", catalog: catalog, verifier: auth.Anonymous{}, limits: relay.DefaultLimits(),
		snapshots: snapshot.BytesMax, retention: store.DefaultRetention(), loopback: true, web: *web,
	}
	if err := p.embed(*path, tables, *dir); err != nil {
		return err
	}
	p.ready = func(address string) {
		fmt.Printf("rockpool dev: http://%s\n", address)
		fmt.Printf("  every one of %d tables is open to every page of this machine; use `rockpool relay` for anything else\n", len(tables.Tables))
		fmt.Printf("  store %s, health http://%s/health, digest http://%s/digest\n", *path, address, address)
	}
	listener, err := bind(*address)
	if err != nil {
		return err
	}
	return p.serve(ctx, listener)
}

// bind takes the address that a relay serves on.
func bind(address string) (*net.TCPListener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fault.Wrap(fault.IO, "listen on "+address, err)
	}
	return l.(*net.TCPListener), nil
}

// embed opens the store as the truth.
func (p *parts) embed(path string, tables *schema.Schema, dir string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fault.Wrap(fault.IO, "make the store's folder", err)
	}
	st, err := store.Open(store.Options{Path: path, Schema: tables, Truth: true, NewEpoch: uint32(time.Now().Unix()), Term: rand.Uint64() | 1})
	if err != nil {
		return err
	}
	o := embedded.Options{
		Store: st, NowMicros: func() int64 { return time.Now().UnixMicro() }, MayWrite: p.catalog.MayWrite, Crash: failpoint("commit"),
	}
	if dir != "" {
		o.Seed = func(put func(*schema.Table, value.Row) error) error { return seed.Rows(dir, tables, put) }
	}
	p.store, p.source = st, embedded.New(o)
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// quiet keeps flag's own message from being told twice.
func quiet(err error) error {
	if err == flag.ErrHelp {
		return nil
	}
	return fault.Wrap(fault.InvalidArgument, "read the flags", err)
}
