//go:build js && wasm

package edge

import (
	"unsafe"

	"rockpool.dev/fault"
)

// The imports, in the order of bridge/worker/src/imports.ts. Strings and bytes
// go as an address and a length, and are read before the call returns.

//go:wasmimport rockpool post
func jsPost(port uint32, at unsafe.Pointer, n uint32)

//go:wasmimport rockpool socket_open
func jsSocketOpen(id uint32, at unsafe.Pointer, n uint32)

//go:wasmimport rockpool socket_send
func jsSocketSend(id uint32, at unsafe.Pointer, n uint32) int32

//go:wasmimport rockpool socket_close
func jsSocketClose(id uint32, code int32)

//go:wasmimport rockpool fetch_start
func jsFetchStart(id uint32, at unsafe.Pointer, n uint32, tokenAt unsafe.Pointer, tokenN uint32)

//go:wasmimport rockpool fetch_cancel
func jsFetchCancel(id uint32)

//go:wasmimport rockpool timer_set
func jsTimerSet(ms float64)

//go:wasmimport rockpool now
func jsNow() float64

//go:wasmimport rockpool monotonic
func jsMonotonic() float64

//go:wasmimport rockpool revoked
func jsRevoked(at unsafe.Pointer, n uint32) int32

//go:wasmimport rockpool random
func jsRandom(at unsafe.Pointer, n uint32)

//go:wasmimport rockpool yield
func jsYield()

//go:wasmimport rockpool files_open
func jsFilesOpen(id uint32, at unsafe.Pointer, n uint32)

//go:wasmimport rockpool files_close
func jsFilesClose(at unsafe.Pointer, n uint32)

//go:wasmimport rockpool files_delete
func jsFilesDelete(id uint32, at unsafe.Pointer, n uint32)

//go:wasmimport rockpool log
func jsLog(level int32, at unsafe.Pointer, n uint32)

func bytes(b []byte) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.SliceData(b)), uint32(len(b))
}

func text(s string) (unsafe.Pointer, uint32) {
	return unsafe.Pointer(unsafe.StringData(s)), uint32(len(s))
}

// Post sends a frame to a port; it is copied out before the call returns.
func Post(port uint32, frame []byte) {
	at, n := bytes(frame)
	jsPost(port, at, n)
}

// Yield asks for rp_run in a macrotask.
func Yield() { jsYield() }

// Log writes to the console: 1 info, 2 warning, 3 error.
func Log(level int32, msg string) {
	at, n := text(msg)
	jsLog(level, at, n)
}

// Wall is milliseconds since 1970; Micros is a monotonic clock in microseconds.
func Wall() int64 { return int64(jsNow()) }

// Micros is a monotonic clock in microseconds.
func Micros() int64 { return int64(jsMonotonic() * 1000) }

// Revoked reports whether a page has revoked a blob: URL. It asks the browser,
// which takes some milliseconds.
func Revoked(url string) bool {
	at, n := text(url)
	return jsRevoked(at, n) != 0
}

// randomMax is the most that crypto.getRandomValues fills at once.
const randomMax = 65536

// Random fills b with random bytes.
func Random(b []byte) {
	for len(b) > 0 {
		part := b[:min(len(b), randomMax)]
		at, n := bytes(part)
		jsRandom(at, n)
		b = b[len(part):]
	}
}

// Sockets implements transport.Sockets.
type Sockets struct{}

// Open dials.
func (Sockets) Open(id uint32, url string) {
	at, n := text(url)
	jsSocketOpen(id, at, n)
}

// Send writes one frame.
func (Sockets) Send(id uint32, frame []byte) bool {
	at, n := bytes(frame)
	return jsSocketSend(id, at, n) != 0
}

// Close ends a socket.
func (Sockets) Close(id uint32, code int) { jsSocketClose(id, int32(code)) }

// Fetcher implements transport.Fetcher.
type Fetcher struct{}

// Start gets a body.
func (Fetcher) Start(id uint32, url, token string) {
	at, n := text(url)
	tokenAt, tokenN := text(token)
	jsFetchStart(id, at, n, tokenAt, tokenN)
}

// Cancel ends a fetch.
func (Fetcher) Cancel(id uint32) { jsFetchCancel(id) }

// Timer implements transport.Timer.
type Timer struct{}

// Set arms the one timer, or disarms it below 0.
func (Timer) Set(delay int64) { jsTimerSet(float64(delay)) }

// Files implements provider.Files.
type Files struct{}

// Open prepares a database's files.
func (Files) Open(id uint32, name string) {
	at, n := text(name)
	jsFilesOpen(id, at, n)
}

// Close gives them back.
func (Files) Close(name string) {
	at, n := text(name)
	jsFilesClose(at, n)
}

// Delete removes them.
func (Files) Delete(id uint32, name string) {
	at, n := text(name)
	jsFilesDelete(id, at, n)
}

// ended is the end of every export. A panic is logged before it ends the program.
func ended() {
	atEnd()
	if r := recover(); r != nil {
		msg := "panic"
		switch v := r.(type) {
		case error:
			msg += ": " + v.Error() + " (" + fault.KindOf(v).String() + ")"
		case string:
			msg += ": " + v
		}
		Log(3, msg)
		panic(r)
	}
}
