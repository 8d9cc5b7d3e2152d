package headless

import (
	"sync"
	"time"
)

// eventsMax is how many events wait for the core. Who posts more waits: a
// socket then reads no further, and its peer is held up.
const eventsMax = 1024

// loop is the event loop: the core's methods run on it, one after the other.
type loop struct {
	events  chan func()
	stopped chan struct{}
	halt    sync.Once
	// yielded says that the core wants a turn of its own.
	yielded bool
	timer   *time.Timer
	tasks   sync.WaitGroup
}

func newLoop() *loop {
	t := time.NewTimer(time.Hour)
	t.Stop()
	return &loop{events: make(chan func(), eventsMax), stopped: make(chan struct{}), timer: t}
}

// post runs f on the loop, later. It reports whether the loop still runs.
func (l *loop) post(f func()) bool {
	select {
	case l.events <- f:
		return true
	case <-l.stopped:
		return false
	}
}

// do runs f on the loop and waits for it; false when the loop has stopped.
func (l *loop) do(f func()) bool {
	done := make(chan struct{})
	if !l.post(func() {
		defer close(done)
		f()
	}) {
		return false
	}
	select {
	case <-done:
		return true
	case <-l.stopped:
		return false
	}
}

// run is the loop's goroutine. fired is called when the timer is due; turn
// does what the core has put off and says whether there is more; after is called
// at the end of every event.
func (l *loop) run(fired func(), turn func() bool, after func()) {
	for ; ; after() {
		if l.yielded {
			select { // what has arrived comes first, as in a browser's task queue
			case f := <-l.events:
				f()
			case <-l.stopped:
				return
			default:
				l.yielded = false
				l.yielded = turn() || l.yielded
			}
			continue
		}
		select {
		case f := <-l.events:
			f()
		case <-l.timer.C:
			fired()
		case <-l.stopped:
			return
		}
	}
}

// arm sets the one timer; below 0 it is disarmed.
func (l *loop) arm(delay int64) {
	l.timer.Stop()
	if delay >= 0 {
		l.timer.Reset(time.Duration(delay) * time.Millisecond)
	}
}

// stop ends the loop and waits for every goroutine of the client.
func (l *loop) stop() {
	l.halt.Do(func() { close(l.stopped) })
	l.tasks.Wait()
}
