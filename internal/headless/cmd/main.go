// Command headless is one client process: see package headless.
//
//	go run ./internal/headless/cmd -dir /tmp/a -relay ws://127.0.0.1:7400/sync -shapes mww -listen 127.0.0.1:8089
//
// It prints "headless: http://ADDRESS" once the rows of its shapes are there.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"rockpool.dev/internal/headless"
)

func main() {
	dir := flag.String("dir", ".", "`folder` of the database's files")
	relay := flag.String("relay", "", "the relay's `address`, ws:// or wss://")
	shapes := flag.String("shapes", "mww", "`names` of shapes to follow, apart by commas")
	listen := flag.String("listen", "127.0.0.1:8089", "`address` to serve on")
	flag.Parse()
	if err := run(*dir, *relay, strings.Split(*shapes, ","), *listen); err != nil {
		fmt.Fprintln(os.Stderr, "headless:", err)
		os.Exit(1)
	}
}

func run(dir, relay string, shapes []string, listen string) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := errors.Join(os.MkdirAll(dir, 0o700), os.Chdir(dir)); err != nil {
		return err
	}
	c, err := headless.Open(ctx, headless.Options{
		Name: "headless.db", RelayURL: relay, Shapes: shapes,
		Log: func(msg string) { fmt.Fprintln(os.Stderr, msg) },
	})
	if err != nil {
		return err
	}
	defer c.Close()
	l, err := net.Listen("tcp", listen)
	if err != nil {
		return err
	}
	server := &http.Server{Handler: headless.Serve(c)}
	defer context.AfterFunc(ctx, func() { _ = server.Close() })()
	fmt.Printf("headless: http://%s\n", l.Addr())
	if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
