package sim

// pause is a process that stands still for a while, as a frozen tab or a
// machine that sleeps: what arrives waits, in order, and is taken at once when
// the process goes on.
type pause struct {
	w       *world
	on      bool
	n       int // of pauses, so that a restart ends one
	waiting []func()
	gone    func() bool // the process has died since
	first   func()      // what is due when it goes on, before what has come
}

// pauseMillis is how long a pause is at most: beyond what relay and client
// wait for each other.
const pauseMillis = 6_000

// run does something in the process, when it goes on.
func (p *pause) run(do func()) {
	if p.on {
		p.waiting = append(p.waiting, do)
		return
	}
	do()
}

// begin stops the process for a while.
func (p *pause) begin(who string) {
	if p.on || p.w.quiet {
		return
	}
	w := p.w
	p.on = true
	p.n++
	n := p.n
	w.stats.Pauses++
	w.logf("%s: stands still", who)
	w.after(w.between(50, pauseMillis), func() {
		if p.n == n && p.on {
			w.logf("%s: goes on, %d things have come", who, len(p.waiting))
			p.end()
		}
	})
}

// end lets it go on; what has died takes nothing of what had come.
func (p *pause) end() {
	p.on = false
	list := p.waiting
	p.waiting = nil
	if len(list) > 0 && p.first != nil && !p.gone() {
		p.first()
	}
	for _, do := range list {
		if !p.gone() {
			do()
		}
	}
}

// kill ends a pause with its process.
func (p *pause) kill() { p.on, p.waiting = false, nil }

// mayPause makes a client able to.
func (c *client) mayPause() {
	c.stopped = pause{w: c.w, gone: func() bool { return c.dead || c.dying() }}
}

// jump sets a client's clock to another time, as a person or a time server may.
func (c *client) jump() {
	c.skew = c.w.between(-jumpMillis, jumpMillis)
	c.w.stats.Jumps++
	c.w.logf("%s: its clock is %d ms off now", c.name, c.skew)
}

// jumpMillis is how far a clock is off at most.
const jumpMillis = 10 * 60_000

// handOver has another tab lead: the process that had the files closes them in
// order, the next one opens them at once. Its socket ends, or is left behind.
func (c *client) handOver() {
	if c.dead || c.tx != nil || c.full || c.stopped.on {
		return
	}
	w := c.w
	w.stats.HandOvers++
	w.logf("%s: another tab leads", c.name)
	if c.mgr.NeedsFlush() {
		if err := c.mgr.Flush(); err != nil && !c.dying() {
			w.fail("%s: flush before another tab leads: %v", c.name, err)
		}
	}
	if c.dying() {
		return
	}
	if err := c.conn.Close(); err != nil && !c.dying() {
		w.fail("%s: close before another tab leads: %v", c.name, err)
	}
	if c.dying() {
		return
	}
	c.leaveSocket()
	if err := c.start(); err != nil {
		w.fail("%s: open after another tab led: %v", c.name, err)
	}
}
