package main

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/server/listen"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
)

const (
	// rebuildMin and rebuildMax bound the pause before a relay is opened again
	// after its source has become another.
	rebuildMin = 200 * time.Millisecond
	rebuildMax = 30 * time.Second
	// steady is how long a relay must have served for the pause to be short again.
	steady = time.Minute
)

// outdated says that a replica cannot be continued from its source as it is: the
// tables have another form, the slot is lost, or the database is another. Its
// store is then built anew, but where no row has changed (source.ErrSameRows), under a new epoch; clients keep what they have not sent.
func outdated(err error) bool {
	k := fault.KindOf(err)
	return k == fault.SchemaMismatch || k == fault.SlotLost
}

// renew removes an outdated store and returns an epoch beyond its own.
func renew(path string) (epoch uint32, err error) {
	epoch, err = store.Discard(path)
	return epoch + 1, err
}

// house keeps one address over several relays: each is opened anew when the one
// before was outdated. In between, who comes is told why.
type house struct {
	listener *net.TCPListener
	// open opens a relay; a store that is made then has at least this epoch.
	open func(ctx context.Context, epoch uint32) (*parts, error)
	// path is the store's file.
	path string
}

// run serves until ctx ends. What stops the first relay from opening ends it,
// and so does any fault but that of an outdated replica.
func (h *house) run(ctx context.Context) error {
	defer func() { _ = h.listener.Close() }()
	var epoch uint32
	pause := rebuildMin
	for served := false; ; served = true {
		p, err := h.open(ctx, epoch)
		if err == nil {
			began := time.Now()
			err = p.serve(ctx, lend(h.listener))
			if err == nil || ctx.Err() != nil || !outdated(err) || p.store.Truth() {
				return err // a truth is never thrown away
			}
			if time.Since(began) > steady {
				pause = rebuildMin
			}
			if !errors.Is(err, source.ErrSameRows) {
				next, derr := renew(h.path)
				if derr != nil {
					return errors.Join(err, derr)
				}
				epoch = max(epoch, next)
			}
		} else if !served || ctx.Err() != nil {
			return err
		}
		told(err)
		h.wait(ctx, err, pause)
		pause = min(2*pause, rebuildMax)
	}
}

// wait tells everybody who comes why, for a while.
func (h *house) wait(ctx context.Context, why error, pause time.Duration) {
	away := listen.TurnAway(lend(h.listener), why)
	select {
	case <-ctx.Done():
	case <-time.After(pause):
	}
	away.Close()
}

// loan is a listener that can be closed without closing what it listens on.
type loan struct {
	*net.TCPListener
	back atomic.Bool
}

// lend lends a listener until the loan is closed.
func lend(l *net.TCPListener) *loan {
	_ = l.SetDeadline(time.Time{})
	return &loan{TCPListener: l}
}

func (l *loan) Accept() (net.Conn, error) {
	c, err := l.TCPListener.Accept()
	if err != nil && l.back.Load() {
		err = errors.Join(net.ErrClosed, err)
	}
	return c, err
}

// Close ends Accept and gives the listener back.
func (l *loan) Close() error {
	l.back.Store(true)
	return l.SetDeadline(time.Unix(1, 0))
}
