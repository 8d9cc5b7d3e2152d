package rig

import (
	"fmt"
	"strings"
	"sync"
	"syscall"
	"time"
)

// againAfter is how long a process that did not start waits for its next start,
// as a supervisor would.
const againAfter = 300 * time.Millisecond

// daemon is a process that is kept running: when it ends by itself it is started
// again, and that is noted.
type daemon struct {
	name string
	bin  string
	args []string
	// moved is called with each new address, and with nowhere before the process
	// is taken down: another process may get its port.
	moved  func(address string)
	tasks  sync.WaitGroup
	closed chan struct{}

	mu     sync.Mutex
	now    *process // nil while it is down
	wanted bool
	ends   []string // how it ended by itself
	fails  int      // starts that failed
	wake   chan struct{}
}

func newDaemon(name, bin string, moved func(string), args ...string) *daemon {
	return &daemon{name: name, bin: bin, args: args, moved: moved, closed: make(chan struct{}), wake: make(chan struct{}, 1)}
}

// begin starts the process for the first time and keeps it up from then on.
func (d *daemon) begin() error {
	p, err := launch(&d.tasks, d.bin, d.args...)
	if err != nil {
		return fmt.Errorf("start %s: %w", d.name, err)
	}
	d.mu.Lock()
	d.now, d.wanted = p, true
	d.mu.Unlock()
	d.moved(p.address)
	d.tasks.Go(d.watch)
	return nil
}

// watch starts the process again whenever it is wanted and gone.
func (d *daemon) watch() {
	for {
		d.mu.Lock()
		p, wanted := d.now, d.wanted
		d.mu.Unlock()
		var ended chan struct{}
		if p != nil {
			ended = p.ended
		} else if wanted {
			d.start()
			continue
		}
		select {
		case <-d.closed:
			return
		case <-d.wake:
		case <-ended:
			d.lost(p)
		}
	}
}

// lost notes a process that ended by itself.
func (d *daemon) lost(p *process) {
	d.moved(nowhere)
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now == p {
		d.now = nil
		d.ends = append(d.ends, lastLines(p.said.String()))
	}
}

func (d *daemon) start() {
	p, err := launch(&d.tasks, d.bin, d.args...)
	d.mu.Lock()
	switch {
	case err != nil:
		d.fails++
	case !d.wanted:
		d.mu.Unlock()
		p.kill()
		return
	default:
		d.now = p
	}
	d.mu.Unlock()
	if err == nil {
		d.moved(p.address)
		return
	}
	select {
	case <-d.closed:
	case <-time.After(againAfter):
	}
}

// down takes the process away, with kill -9 or in order, until up.
func (d *daemon) down(inOrder bool) error {
	d.mu.Lock()
	p := d.now
	d.now, d.wanted = nil, false
	d.mu.Unlock()
	if p == nil {
		return nil
	}
	d.moved(nowhere)
	if inOrder {
		return p.stop()
	}
	p.kill()
	return nil
}

// up wants the process again; it comes on its own time.
func (d *daemon) up() {
	d.mu.Lock()
	d.wanted = true
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// signal signals the process, if it runs.
func (d *daemon) signal(s syscall.Signal) {
	d.mu.Lock()
	p := d.now
	d.mu.Unlock()
	if p != nil {
		p.signal(s)
	}
}

// close ends the process and the watch.
func (d *daemon) close() {
	close(d.closed)
	_ = d.down(false)
	d.tasks.Wait()
}

// told returns how the process ended by itself.
func (d *daemon) told() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ends
}

// said is the end of what the process that runs has said.
func (d *daemon) said() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.now == nil {
		return ""
	}
	return lastLines(d.now.said.String())
}

// linesMax is how many lines of a process's end are told.
const linesMax = 12

func lastLines(text string) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-linesMax):], "\n")
}
