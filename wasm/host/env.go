package host

import (
	"rockpool.dev/wasm/provider"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wasm/transport"
)

// Env is what the host takes from outside: JavaScript in the Worker, a test
// natively. No function of it waits.
type Env struct {
	// Post sends a frame to a port. The bytes are valid until it returns.
	Post func(port uint32, frame []byte)
	// Yield asks for a call of Host.Run in a later turn of the event loop.
	Yield   func()
	Log     func(level LogLevel, msg string)
	Files   provider.Files
	Sockets transport.Sockets
	Fetcher transport.Fetcher
	// Timer is the one timer; Host.Timer is called when it fires.
	Timer transport.Timer
	Now   func() syncer.Now
	// Micros is a monotonic clock in microseconds.
	Micros func() int64
	// Revoked reports whether the page has revoked a URL.
	Revoked func(url string) bool
	// Random fills b with random bytes.
	Random func(b []byte)
	// Heap returns the bytes of memory in use and their limit, 0 for unknown.
	Heap func() (used, limit uint64)
	// Browser names the browser in errors about storage; HasOPFS says that it
	// has a private file system at all.
	Browser string
	HasOPFS bool
	// Flushed, if not nil, is called after every flush.
	Flushed func()
}

// LogLevel is how bad it is.
type LogLevel int32

// The levels.
const (
	LogInfo  LogLevel = 1
	LogWarn  LogLevel = 2
	LogError LogLevel = 3
)

// Limits of the host.
const (
	// RunMicros is how long one Run works before it lets the event loop in.
	RunMicros = 6000
	// WritesWaitingMax is how many writes wait for an interactive transaction to end.
	WritesWaitingMax = 10000
	// PortsMax is how many tabs are served.
	PortsMax = 256
	// CallsMax is how many calls of one tab may pend.
	CallsMax = 12000
	// RevokedMicros is how long a step runs between two looks at whether the
	// page has cancelled it: a look takes some milliseconds.
	RevokedMicros = 50_000
	// ProgressSteps is how many steps of SQLite's machine pass between two
	// looks at a call's deadline.
	ProgressSteps = 4000
	// NameBytesMax bounds a database's name.
	NameBytesMax = 128
	// SlowestMax is how many statements' figures are kept and told.
	SlowestMax = 20
	statsMax   = 200
)
