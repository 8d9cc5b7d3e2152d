package rig

import (
	"context"
	"math/rand/v2"
	"syscall"
	"time"

	"rockpool.dev/internal/causal/proxy"
)

// askMax bounds a call that a nemesis makes of a client, which may be gone.
const askMax = 2 * time.Second

// fault is one thing that goes wrong. begin makes it so and returns what ends it.
type fault struct {
	name  string
	begin func(s *site, rng *rand.Rand) (end func() error, err error)
}

// clientFaults are those of the clients' side, serverFaults those of the relay,
// of Postgres, and of the network between.
var clientFaults = []fault{
	{"disconnect-orderly", disconnectOrderly},
	{"disconnect-random", disconnectRandom},
	{"client-kill", onSome(func(c *client) error { return c.daemon.down(false) }, func(c *client) error {
		c.daemon.up()
		return nil
	})},
	{"client-pause", onSome(signal(syscall.SIGSTOP), signal(syscall.SIGCONT))},
	{"client-cut-up", onSome(cut(proxy.Up), heal)},
	{"client-cut-down", onSome(cut(proxy.Down), heal)},
	{"client-cut-both", onSome(cut(proxy.Both), heal)},
	{"client-cut-reset", onSome(cut(proxy.Both), func(c *client) error {
		c.proxy.Reset()
		return heal(c)
	})},
	{"client-kill-again", killAgain},
	{"client-reset", onSome(func(c *client) error {
		c.proxy.Reset()
		return nil
	}, func(*client) error { return nil })},
}

var serverFaults = []fault{
	{"relay-kill", relayDown(false)},
	{"relay-stop", relayDown(true)},
	{"relay-pause", func(s *site, _ *rand.Rand) (func() error, error) {
		s.relay.signal(syscall.SIGSTOP)
		return func() error {
			s.relay.signal(syscall.SIGCONT)
			return nil
		}, nil
	}},
	{"postgres-cut-up", postgresCut(proxy.Up)},
	{"postgres-cut-down", postgresCut(proxy.Down)},
	{"postgres-cut-both", postgresCut(proxy.Both)},
	{"postgres-reset", func(s *site, _ *rand.Rand) (func() error, error) {
		s.pgProxy.Reset()
		return func() error { return nil }, nil
	}},
	{"postgres-fast", postgresDown(syscall.SIGINT)},
	{"postgres-immediate", postgresDown(syscall.SIGQUIT)},
	{"postgres-kill", postgresDown(syscall.SIGKILL)},
}

// losses are server faults after which every client starts over from a new
// position: Options.Lose adds them.
var losses = []fault{
	{"relay-store-lost", relayWithout((*site).loseStore)},
	{"relay-slot-lost", relayWithout((*site).loseSlot)},
}

// some draws one to all of the clients.
func some(s *site, rng *rand.Rand) []*client {
	list := append([]*client(nil), s.clients...)
	rng.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
	return list[:1+rng.IntN(len(list))]
}

// onSome does begin to some clients, and end to the same ones.
func onSome(begin, end func(*client) error) func(*site, *rand.Rand) (func() error, error) {
	return func(s *site, rng *rand.Rand) (func() error, error) {
		chosen := some(s, rng)
		all := func(f func(*client) error) error {
			for _, c := range chosen {
				if err := f(c); err != nil {
					return err
				}
			}
			return nil
		}
		return func() error { return all(end) }, all(begin)
	}
}

func signal(sig syscall.Signal) func(*client) error {
	return func(c *client) error {
		c.daemon.signal(sig)
		return nil
	}
}

func cut(d proxy.Direction) func(*client) error {
	return func(c *client) error {
		c.proxy.Cut(d)
		return nil
	}
}

func heal(c *client) error {
	c.proxy.Heal()
	return nil
}

// ask makes calls of clients; one that is not there is passed over.
func ask(list []*client, action string) {
	for _, c := range list {
		_ = within(askMax, func(ctx context.Context) error { return c.act(ctx, action) })
	}
}

// disconnectOrderly disconnects some clients and connects the same ones again.
func disconnectOrderly(s *site, rng *rand.Rand) (func() error, error) {
	chosen := some(s, rng)
	ask(chosen, "disconnect")
	return func() error {
		ask(chosen, "connect")
		return nil
	}, nil
}

// disconnectRandom disconnects some clients and connects some others: who is
// left disconnected stays so for now.
func disconnectRandom(s *site, rng *rand.Rand) (func() error, error) {
	ask(some(s, rng), "disconnect")
	others := some(s, rng)
	return func() error {
		ask(others, "connect")
		return nil
	}, nil
}

// killAgain kills clients while they come up, and again.
func killAgain(s *site, rng *rand.Rand) (func() error, error) {
	chosen := some(s, rng)
	for range 2 + rng.IntN(3) {
		for _, c := range chosen {
			if err := c.daemon.down(false); err != nil {
				return nil, err
			}
			c.daemon.up()
		}
		time.Sleep(time.Duration(rng.Int64N(int64(killAgainMax))))
	}
	return func() error { return nil }, nil
}

// killAgainMax is the longest time a client is given to come up in: it takes
// about as long.
const killAgainMax = 600 * time.Millisecond

// relayWithout kills the relay, takes something of its from it, and starts it.
func relayWithout(lose func(*site) error) func(*site, *rand.Rand) (func() error, error) {
	return func(s *site, _ *rand.Rand) (func() error, error) {
		if err := s.relay.down(false); err != nil {
			return nil, err
		}
		return func() error {
			s.relay.up()
			return nil
		}, lose(s)
	}
}

func relayDown(inOrder bool) func(*site, *rand.Rand) (func() error, error) {
	return func(s *site, _ *rand.Rand) (func() error, error) {
		err := s.relay.down(inOrder)
		return func() error {
			s.relay.up()
			return nil
		}, err
	}
}

func postgresCut(d proxy.Direction) func(*site, *rand.Rand) (func() error, error) {
	return func(s *site, rng *rand.Rand) (func() error, error) {
		s.pgProxy.Cut(d)
		reset := rng.IntN(2) == 0
		return func() error {
			if reset {
				s.pgProxy.Reset()
			}
			s.pgProxy.Heal()
			return nil
		}, nil
	}
}

func postgresDown(sig syscall.Signal) func(*site, *rand.Rand) (func() error, error) {
	return func(s *site, _ *rand.Rand) (func() error, error) {
		return s.pg.Relaunch, s.pg.Halt(sig)
	}
}
