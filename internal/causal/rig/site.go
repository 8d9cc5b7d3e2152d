package rig

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"rockpool.dev/internal/causal/proxy"
	"rockpool.dev/internal/testpg"
)

// site is all that runs: Postgres, the relay, the clients, and the network
// between them.
type site struct {
	dir     string
	pg      *testpg.Server
	pgProxy *proxy.Proxy
	relay   *daemon
	clients []*client
}

// storeName is the relay's file.
const storeName = "relay.db"

// nowhere is an address that nobody listens on.
const nowhere = "127.0.0.1:1"

// openSite starts everything; the clients have their first rows when it returns.
func openSite(ctx context.Context, dir string, programs Programs, pg *testpg.Server, clients int) (*site, error) {
	s := &site{dir: dir, pg: pg}
	if err := s.open(ctx, programs, clients); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *site) open(ctx context.Context, programs Programs, clients int) (err error) {
	if err := prepare(ctx, s.pg.DSN()); err != nil {
		return fmt.Errorf("make the tables: %w", err)
	}
	config := filepath.Join(s.dir, "rockpool.yaml")
	if err := os.WriteFile(config, []byte(rules), 0o600); err != nil {
		return err
	}
	address := net.JoinHostPort("127.0.0.1", strconv.Itoa(s.pg.Port()))
	if s.pgProxy, err = proxy.Listen(address); err != nil {
		return err
	}
	for i := range clients {
		c, err := newClient(programs.Client, s.dir, "client-"+strconv.Itoa(i+1), nowhere)
		if err != nil {
			return err
		}
		s.clients = append(s.clients, c)
	}
	s.relay = newDaemon("relay", programs.Relay, func(address string) {
		for _, c := range s.clients {
			c.proxy.Lead(address)
		}
	}, "relay", "--config", config, "--database-url", "postgres://postgres@"+s.pgProxy.Address()+"/postgres?sslmode=disable",
		"--store", filepath.Join(s.dir, storeName), "--listen", "127.0.0.1:0")
	if err := s.relay.begin(); err != nil {
		return err
	}
	return s.each(func(c *client) error { return c.daemon.begin() })
}

// each runs f for all clients at once.
func (s *site) each(f func(*client) error) error {
	errs := make([]error, len(s.clients))
	var wg sync.WaitGroup
	for i, c := range s.clients {
		wg.Go(func() { errs[i] = f(c) })
	}
	wg.Wait()
	return errors.Join(errs...)
}

func (s *site) close() {
	_ = s.each(func(c *client) error {
		c.close()
		return nil
	})
	if s.relay != nil {
		s.relay.close()
	}
	if s.pgProxy != nil {
		s.pgProxy.Close()
	}
}

// loseStore removes the relay's copy of the tables and its log: it loads them
// anew, and every client's position is of a log that is gone.
func (s *site) loseStore() error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(filepath.Join(s.dir, storeName) + suffix); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return nil
}

// loseSlot drops the replication slot, as an operator does whose disk fills up.
func (s *site) loseSlot() error {
	return within(startMax, func(ctx context.Context) error { return dropSlots(ctx, s.pg.DSN()) })
}

// within gives f a context of its own.
func within(d time.Duration, f func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(context.Background(), d)
	defer cancel()
	return f(ctx)
}
