package listen

import (
	"context"
	"sync"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
)

const (
	// eventsMax bounds the events that wait for the core; sockets then wait.
	eventsMax = 4096
	// batchMax is how many events share one flush of the store.
	batchMax = 256
	// callsMax bounds the calls to source and store that run at once.
	callsMax = 64
)

// event is something that happens to the core.
type event func(core *relay.Core) []relay.Effect

// loop owns the core. Its goroutine ends with Run.
type loop struct {
	core    *relay.Core
	now     func() time.Time
	events  chan event
	done    chan struct{}
	calls   chan struct{}
	running sync.WaitGroup // calls

	mu      sync.Mutex // guards sockets
	sockets map[uint64]*socket
	lastID  uint64
	fail    func(error)
}

func newLoop(core *relay.Core, now func() time.Time, fail func(error)) *loop {
	return &loop{
		core: core, now: now, events: make(chan event, eventsMax), done: make(chan struct{}),
		calls: make(chan struct{}, callsMax), sockets: map[uint64]*socket{}, fail: fail,
	}
}

// post hands an event to the core; false when the loop has ended.
func (l *loop) post(e event) bool {
	select {
	case l.events <- e:
		return true
	case <-l.done:
		return false
	}
}

// run takes events until ctx ends. Events that wait together share one flush.
func (l *loop) run(ctx context.Context) {
	defer close(l.done)
	tick := time.NewTicker(relay.TickMillis * time.Millisecond)
	defer tick.Stop()
	for {
		var effects []relay.Effect
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			effects = l.core.Tick(l.now().UnixMilli())
		case e := <-l.events:
			effects = append(l.core.Tick(l.now().UnixMilli()), e(l.core)...)
			for n := 1; n < batchMax; n++ {
				select {
				case e := <-l.events:
					effects = append(effects, e(l.core)...)
					continue
				default:
				}
				break
			}
		}
		if len(effects) == 0 {
			continue
		}
		if err := l.core.Durable(); err != nil { // nobody may be told what is not on disk
			l.fail(err)
			return
		}
		for _, e := range effects {
			l.carryOut(ctx, e)
		}
	}
}

func (l *loop) carryOut(ctx context.Context, e relay.Effect) {
	switch e := e.(type) {
	case relay.Send:
		if s := l.socket(e.ID); s != nil {
			s.send(e.Frame)
		}
	case relay.CloseSession:
		if s := l.socket(e.ID); s != nil {
			s.end(e.Code, e.Reason)
		}
	case relay.Durably:
		e.Then()
	case relay.Admit:
		l.call(func() event {
			a := l.core.Admit(ctx, e.Hello)
			return func(c *relay.Core) []relay.Effect { return c.Admitted(e.ID, a) }
		})
	case relay.Verify:
		l.call(func() event {
			id, err := l.core.Verifier.Verify(e.Token)
			return func(c *relay.Core) []relay.Effect {
				return c.Verified(e.ID, relay.Admission{Identity: id, Err: err})
			}
		})
	case relay.Apply:
		l.call(func() event {
			replies, err := source.ApplyAll(ctx, l.core.Source, e.Client, e.Txs)
			return func(c *relay.Core) []relay.Effect { return c.Applied(e.ID, e.Txs, replies, err) }
		})
	case relay.Snap:
		l.call(func() event {
			set, err := snapshot.Build(l.core.Store, e.Bucket.ID, e.Bucket.Spec)
			if err == nil {
				err = l.core.Snapshots.Put(set)
			}
			return func(c *relay.Core) []relay.Effect {
				return c.Snapped(relay.Snapped{ID: e.ID, Sub: e.Sub, Set: set, Err: err})
			}
		})
	}
}

// call runs f apart from the loop and posts what it returns. At most callsMax
// run at once; the others wait in their goroutines, one a session at most.
func (l *loop) call(f func() event) {
	l.running.Add(1)
	go func() {
		defer l.running.Done()
		select {
		case l.calls <- struct{}{}:
		case <-l.done:
			return
		}
		e := f()
		<-l.calls
		l.post(e)
	}()
}

// ingested hands a record of a source to the core.
func (l *loop) ingested(rec *changelog.Tx) {
	l.post(func(c *relay.Core) []relay.Effect { return c.Ingested(rec) })
}

func (l *loop) socket(id uint64) *socket {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sockets[id]
}

func (l *loop) add(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lastID++
	s.id = l.lastID
	l.sockets[s.id] = s
}

func (l *loop) remove(s *socket) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.sockets, s.id)
}

// stats asks the core for its figures.
func (l *loop) stats(ctx context.Context) (relay.Stats, bool) {
	answer := make(chan relay.Stats, 1)
	if !l.post(func(c *relay.Core) []relay.Effect { answer <- c.Stats(); return nil }) {
		return relay.Stats{}, false
	}
	select {
	case s := <-answer:
		return s, true
	case <-l.done:
	case <-ctx.Done():
	}
	return relay.Stats{}, false
}
