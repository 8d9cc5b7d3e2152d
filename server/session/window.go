package session

import "rockpool.dev/version"

// Window counts the bytes of transactions that a client has not acknowledged:
// its credit. Over its limit the relay stops sending and remembers a position.
type Window struct {
	acked version.Pos
	bytes int
	open  []inFlight
}

type inFlight struct {
	to    version.Pos
	bytes int
}

// Begin sets where the client stands.
func (w *Window) Begin(at version.Pos) { *w = Window{acked: at} }

// Sent counts a transaction that ends at to. One that ends where the client
// stands gets no acknowledgement and is not counted.
func (w *Window) Sent(to version.Pos, bytes int) {
	if !w.acked.Less(to) {
		return
	}
	w.bytes += bytes
	if n := len(w.open); n > 0 && w.open[n-1].to == to {
		w.open[n-1].bytes += bytes
		return
	}
	w.open = append(w.open, inFlight{to, bytes})
}

// Ack takes what the client has stored off the count.
func (w *Window) Ack(at version.Pos) {
	if !w.acked.Less(at) {
		return
	}
	w.acked = at
	n := 0
	for n < len(w.open) && !at.Less(w.open[n].to) {
		w.bytes -= w.open[n].bytes
		n++
	}
	w.open = append(w.open[:0], w.open[n:]...)
}

// Acked is the client's newest stored position.
func (w *Window) Acked() version.Pos { return w.acked }

// Bytes is what is on its way.
func (w *Window) Bytes() int { return w.bytes }

// Full says that nothing more may be sent.
func (w *Window) Full(limit int) bool { return w.bytes >= limit }
