// Package listen drives the relay's core: WebSockets in and out, time, calls
// that wait, and HTTP. One goroutine owns the core; each socket has one that
// reads and one that writes, and nobody waits for a slow socket.
//
//	GET /sync     WebSocket, subprotocol wire.Subprotocol
//	GET /chunk/…  snapshot chunks
//	GET /health   200 when the store and the source answer
//	GET /metrics  Prometheus text (loopback only)
//	GET /digest   a JSON object of table digests (loopback only)
//	GET /…        the web folder, when there is one
package listen
