package host

// syncTimer is the sync engine's share of the one timer.
type syncTimer struct{ h *Host }

// Set implements transport.Timer.
func (t syncTimer) Set(delay int64) {
	if delay < 0 {
		t.h.syncAt = 0
	} else {
		t.h.syncAt = t.h.env.Now().Mono + max(delay, 1)
	}
	t.h.arm()
}

// arm sets the one timer for the first thing that is due.
func (h *Host) arm() {
	const never = int64(1) << 62
	now := h.env.Now()
	next := never // milliseconds from now
	if h.syncAt != 0 {
		next = min(next, h.syncAt-now.Mono)
	}
	if at, ok := h.prov.Deadline(); ok {
		next = min(next, at-now.Mono)
	}
	if at, ok := h.shapes.deadline(); ok {
		next = min(next, at-now.Mono)
	}
	if h.txn != nil {
		if at, ok := h.txn.Deadline(); ok {
			next = min(next, at-now.Wall)
		}
	}
	micros := h.env.Micros()
	if h.timed > 0 {
		for _, c := range h.calls {
			if c.deadline != 0 && !c.held {
				next = min(next, (c.deadline-micros+999)/1000)
			}
		}
	}
	for _, t := range h.readTx {
		next = min(next, (t.deadline-micros+999)/1000)
	}
	at := int64(-1)
	if next != never {
		next = max(next, 0)
		at = now.Mono + next
	} else {
		next = -1
	}
	if at != h.armed {
		h.armed = at
		h.env.Timer.Set(next)
	}
}

// Timer does what is due.
func (h *Host) Timer() {
	h.armed = -1
	now := h.env.Now()
	if h.syncAt != 0 && now.Mono >= h.syncAt {
		h.syncAt = 0
		if h.sync != nil {
			h.sync.Tick()
		}
	}
	if h.txn != nil {
		h.expire()
		h.leaveShapes(now.Mono)
	}
	h.sweep()
	h.log(LogWarn, h.prov.Tick(h.txn != nil && h.txn.Busy()))
	h.settle()
}
