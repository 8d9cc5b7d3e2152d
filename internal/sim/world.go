package sim

import (
	"container/heap"
	"fmt"
	"io"
	"math/rand/v2"

	"rockpool.dev/schema"
	"rockpool.dev/server/shape"
)

// Options are what a run is made of.
type Options struct {
	Seed uint64
	// Trace, if set, gets one line for everything that happens.
	Trace io.Writer
	// Dir holds the clients' files: a directory in memory is fastest.
	Dir string
	// Relay is what the clients talk to; ByTurns takes the seed's.
	Relay Relay

	// Backups has a client's files replaced by an older copy of them, or used by
	// a second process at the same time.
	Backups bool

	// Bug, if set, takes one safeguard away.
	Bug Bug
}

// Relay names what clients talk to.
type Relay string

// The relays. Embedded and Postgres are the relay's own core and store.
const (
	ByTurns  Relay = ""         // Embedded for odd seeds, Postgres for even ones
	Embedded Relay = "embedded" // its store is the truth
	Postgres Relay = "postgres" // one or two processes that follow a model of Postgres
	Model    Relay = "model"    // the rules of SYNC.md said plainly, on maps
)

func (o *Options) relay() Relay {
	switch {
	case o.Relay != ByTurns:
		return o.Relay
	case o.Seed%2 == 0:
		return Postgres
	}
	return Embedded
}

// Times of a run, virtual milliseconds.
const (
	faultMillis  = 20_000  // faults and writes happen until then
	quietMillis  = 240_000 // then everything must have settled within this
	startWall    = 1_780_000_000_000
	eventsMax    = 400_000
	pingMillis   = 1_000
	tickMillis   = 100
	clientsMax   = 4
	writesTarget = 60
)

// world is one run.
type world struct {
	opt     Options
	rng     *rand.Rand
	now     int64 // Mono of the world, ms
	queue   events
	seq     uint64
	schema  *schema.Schema
	clients []*client
	relays  []*relayHost
	truth   truth
	seen    int // log records the oracle has
	epochs  uint32
	catalog *shape.Catalog
	build   *schema.Schema    // what clients' builds declare: the first
	bases   map[uint32]uint64 // of stores built anew, by epoch: the truth's seq at their start
	branch  uint32            // epoch that a truth which was put back goes on under, or 0
	links   map[uint32]*link
	lastID  uint32 // of links
	oracle  *oracle
	quiet   bool
	failed  error
	dying   *client // has died in the middle of this step
	steps   int
	stats   Stats
}

// event is something that will happen.
type event struct {
	at  int64
	seq uint64
	do  func()
}

type events []event

func (e events) Len() int { return len(e) }
func (e events) Less(i, j int) bool {
	if e[i].at != e[j].at {
		return e[i].at < e[j].at
	}
	return e[i].seq < e[j].seq
}
func (e events) Swap(i, j int) { e[i], e[j] = e[j], e[i] }
func (e *events) Push(x any)   { *e = append(*e, x.(event)) }
func (e *events) Pop() any {
	old := *e
	x := old[len(old)-1]
	*e = old[:len(old)-1]
	return x
}

// after runs do in delay milliseconds.
func (w *world) after(delay int64, do func()) {
	w.seq++
	heap.Push(&w.queue, event{w.now + max(delay, 0), w.seq, do})
}

// chance is true with probability p, and never in the quiet end.
func (w *world) chance(p float64) bool {
	v := w.rng.Float64() < p
	return v && !w.quiet
}

func (w *world) between(lo, hi int64) int64 { return lo + w.rng.Int64N(hi-lo+1) }

func pick[T any](w *world, list []T) T { return list[w.rng.IntN(len(list))] }

func (w *world) logf(format string, args ...any) {
	if w.opt.Trace != nil {
		fmt.Fprintf(w.opt.Trace, "%7d  %s\n", w.now, fmt.Sprintf(format, args...))
	}
}

// secret is the key of a relay process's chunk names.
func (w *world) secret() []byte { return fmt.Appendf(nil, "simulated %d", w.rng.Uint64()) }

// observe shows the oracle the log's new records.
func (w *world) observe() {
	log := w.truth.Log()
	for ; w.seen < len(log); w.seen++ {
		w.oracle.record(&log[w.seen])
	}
}

// fail ends the run with the first thing that is wrong.
func (w *world) fail(format string, args ...any) {
	if w.dying != nil {
		return // nobody sees what a dead process thinks
	}
	if w.failed == nil {
		w.failed = fmt.Errorf(format, args...)
		w.logf("FAILED: %v", w.failed)
	}
}

// step lets the next event happen; false when there is none, or it failed.
func (w *world) step() bool {
	if len(w.queue) == 0 || w.failed != nil {
		return false
	}
	e := heap.Pop(&w.queue).(event)
	w.now = max(w.now, e.at)
	w.steps++
	w.stats.Events++
	if w.steps > eventsMax {
		w.fail("the run does not end: %d events", w.steps)
		return false
	}
	e.do()
	if c := w.dying; c != nil {
		w.dying = nil
		c.crash()
	}
	return w.failed == nil
}
