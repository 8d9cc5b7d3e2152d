//go:build js && wasm

package edge

import "unsafe"

// Handler is what the exports call: package host's Host.
type Handler interface {
	PortOpen(port uint32)
	PortClose(port uint32)
	Frame(port uint32, frame []byte)
	SocketOpened(id uint32)
	SocketFrame(id uint32, frame []byte)
	SocketClosed(id uint32, code int, reason string)
	Fetched(id uint32, status int, body []byte)
	FetchFailed(id uint32, msg string)
	Files(id uint32, status uint16, msg string)
	Timer()
	Run() bool
	Freeze() bool
}

var (
	handler Handler
	// atEnd is called at the end of every export.
	atEnd func()
	// input is what JavaScript writes its bytes into. What a handler may keep
	// is taken out of it, and the next rp_buffer makes another.
	input []byte
)

// inputKeep is the largest input buffer that is used again.
const inputKeep = 1 << 20

// Serve makes h the handler, and calls ended after each event. It is called
// once, before main parks.
func Serve(h Handler, ended func()) { handler, atEnd = h, ended }

//go:wasmexport rp_buffer
func rpBuffer(n uint32) unsafe.Pointer {
	if uint32(cap(input)) < n || cap(input) > inputKeep && n <= inputKeep {
		input = make([]byte, max(n, 4096))
	}
	input = input[:cap(input)]
	return unsafe.Pointer(unsafe.SliceData(input))
}

// taken returns the n bytes of the input buffer, which are the caller's now.
func taken(n uint32) []byte {
	b := input[:n:n]
	input = nil
	return b
}

//go:wasmexport rp_port_open
func rpPortOpen(port uint32) {
	defer ended()
	handler.PortOpen(port)
}

//go:wasmexport rp_port_close
func rpPortClose(port uint32) {
	defer ended()
	handler.PortClose(port)
}

//go:wasmexport rp_port_frame
func rpPortFrame(port, n uint32) {
	defer ended()
	handler.Frame(port, input[:n:n]) // decoding copies: nothing keeps the bytes
}

// The events of a socket and of a fetch.
const (
	socketOpen   = 1
	socketFrame  = 2
	socketClosed = 3
	fetchBody    = 1
)

//go:wasmexport rp_socket
func rpSocket(id, event, n uint32, code int32) {
	defer ended()
	switch event {
	case socketOpen:
		handler.SocketOpened(id)
	case socketFrame:
		handler.SocketFrame(id, taken(n))
	case socketClosed:
		handler.SocketClosed(id, int(code), string(input[:n]))
	}
}

//go:wasmexport rp_fetch
func rpFetch(id, event uint32, status int32, n uint32) {
	defer ended()
	if event == fetchBody {
		handler.Fetched(id, int(status), taken(n))
		return
	}
	handler.FetchFailed(id, string(input[:n]))
}

//go:wasmexport rp_timer
func rpTimer() {
	defer ended()
	handler.Timer()
}

//go:wasmexport rp_run
func rpRun() int32 {
	defer ended()
	return flag(handler.Run())
}

//go:wasmexport rp_files
func rpFiles(id, status, n uint32) {
	defer ended()
	handler.Files(id, uint16(status), string(input[:n]))
}

//go:wasmexport rp_freeze
func rpFreeze() int32 {
	defer ended()
	return flag(handler.Freeze())
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}
