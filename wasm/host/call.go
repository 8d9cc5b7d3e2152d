package host

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/wire"
)

// begin registers a call. It returns nil, and has answered, when that is not
// possible.
func (h *Host) begin(p *port, id uint32, deadlineMillis uint32) *call {
	c := &call{callID: callID{p.id, id}, began: h.env.Micros()}
	switch {
	case id == 0:
		h.refuse(c.callID, fault.New(fault.Protocol, "read frame", "a call needs a number"))
		return nil
	case h.calls[c.callID] != nil:
		h.refuse(c.callID, fault.New(fault.Protocol, "read frame", "the number of the call is in use"))
		return nil
	case p.calls >= CallsMax:
		h.refuse(c.callID, fault.New(fault.LimitExceeded, "begin call", strconv.Itoa(CallsMax)+" calls of this tab pend").
			WithHint("await some calls before making more"))
		return nil
	}
	if deadlineMillis > 0 {
		c.deadline = c.began + int64(deadlineMillis)*1000
		h.timed++
	}
	p.calls++
	h.calls[c.callID] = c
	return c
}

// end takes a call off the table and stops the work on it. It reports whether
// the call was still to be answered.
func (h *Host) end(c *call) bool {
	if c.over {
		return false
	}
	c.over = true
	delete(h.calls, c.callID)
	if p := h.ports[c.port]; p != nil {
		p.calls--
	}
	if c.deadline != 0 {
		h.timed--
	}
	if stop := c.stop; stop != nil {
		c.stop = nil
		stop()
	}
	return true
}

// message encodes an answer. A function, as an interface would link every
// message's every method.
type message func(dst []byte) []byte

// done answers a call.
func (h *Host) done(c *call, m message) {
	if h.end(c) {
		h.frame = m(h.header(wire.PageDone, c.id))
		h.env.Post(c.port, h.frame)
	}
}

// fail answers a call with an error.
func (h *Host) fail(c *call, err error) {
	if h.end(c) {
		h.refuse(c.callID, err)
	}
}

func (h *Host) refuse(c callID, err error) {
	h.figures.errors++
	h.post(c.port, wire.PageFail, c.id, failure(err).AppendTo(nil))
}

// cancel ends a call at the page's wish. A write that waits for its flush is
// done: its answer says so.
func (h *Host) cancel(c *call) {
	if c == nil || c.held {
		return
	}
	if h.live != nil && h.live.Get(liveID(c)) != nil {
		h.live.Remove(liveID(c))
		h.done(c, (&wire.Empty{}).AppendTo)
		return
	}
	h.fail(c, fault.New(fault.Cancelled, "run call", "it was cancelled"))
}

// late returns the error of a call whose deadline has passed, or nil.
func (h *Host) late(c *call) error {
	if c.deadline == 0 || h.env.Micros() < c.deadline {
		return nil
	}
	return fault.New(fault.DeadlineExceeded, "run call", "its deadline has passed").
		WithHint("give it more time, or ask for less")
}

// cut turns SQLite's interrupt into the deadline that caused it.
func (h *Host) cut(c *call, err error) error {
	if fault.KindOf(err) == fault.Cancelled {
		if late := h.late(c); late != nil {
			return late
		}
	}
	return err
}

// sweep ends the calls whose deadline has passed. Those that hold for a flush
// are done.
func (h *Host) sweep() {
	if h.timed == 0 {
		return
	}
	for _, c := range h.calls {
		if err := h.late(c); err != nil && !c.held {
			h.fail(c, err)
		}
	}
}
