// Package transport is how the sync engine's driver reaches the relay: what it
// needs of sockets, fetches and a timer, as small interfaces that the Worker's
// JavaScript lends in a browser and a simulator lends in tests. It moves bytes
// and decides nothing; when to connect again is package syncer's.
package transport

// Sockets opens WebSockets by number. No call waits. What becomes of a socket
// comes back to the driver as events: opened, frame, closed; closed is the
// last one, whoever closed it, and a number is never used twice.
type Sockets interface {
	// Open dials url with the protocol's subprotocol.
	Open(id uint32, url string)
	// Send writes one binary frame and reports whether the socket took it.
	// The frame belongs to the socket from here on.
	Send(id uint32, frame []byte) bool
	// Close ends it; code is 1000 or 3000 to 4999.
	Close(id uint32, code int)
}

// Fetcher gets bodies over HTTP by number. No call waits; a fetch ends with
// one event unless it was cancelled.
type Fetcher interface {
	// Start gets url; token, if not "", goes as a bearer token.
	Start(id uint32, url, token string)
	Cancel(id uint32)
}

// Timer is the one timer.
type Timer interface {
	// Set arms it for delay milliseconds from now, in place of an earlier
	// setting; below 0 it is disarmed.
	Set(delay int64)
}
