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

// arm sets the one timer for the first thing that is due. It is the end of
// every event, so it reads no clock that it does not need.
func (h *Host) arm() {
	const never = int64(1) << 62
	at := never // Mono
	if h.syncAt != 0 {
		at = h.syncAt
	}
	if h.flushAt != 0 {
		at = min(at, h.flushAt)
	}
	if due, ok := h.prov.Deadline(); ok {
		at = min(at, due)
	}
	if h.txn != nil {
		if due, ok := h.shapes.deadline(); ok && !h.txn.Busy() {
			at = min(at, due)
		}
		if due, ok := h.txn.Deadline(); ok {
			now := h.env.Now()
			at = min(at, now.Mono+due-now.Wall)
		}
	}
	at = min(at, h.timedMono(never))
	if at == never {
		at = -1
	}
	if at == h.armed || h.armed >= 0 && at > h.armed {
		return // a timer that is early finds nothing due and arms the next: cheaper than a new one for each write
	}
	h.armed = at
	if at < 0 {
		h.env.Timer.Set(-1)
		return
	}
	h.env.Timer.Set(max(0, at-h.env.Now().Mono))
}

// timedMono is when the first call or read transaction has had its time, or never.
func (h *Host) timedMono(never int64) int64 {
	if h.timed == 0 && len(h.readTx) == 0 {
		return never
	}
	mono, micros := h.env.Now().Mono, h.env.Micros()
	at := never
	for _, c := range h.calls {
		if c.deadline != 0 && !c.held {
			at = min(at, mono+(c.deadline-micros+999)/1000)
		}
	}
	for _, t := range h.readTx {
		at = min(at, mono+(t.deadline-micros+999)/1000)
	}
	return at
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
		h.leaveShapes()
	}
	h.sweep()
	h.log(LogWarn, h.prov.Tick(h.txn != nil && h.txn.Busy()))
	h.settle()
}
