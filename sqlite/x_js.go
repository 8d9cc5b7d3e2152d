//go:build js && wasm

package sqlite

import (
	"encoding/binary"
	"runtime"
	"strings"
	"unsafe"

	"rockpool.dev/fault"
	"rockpool.dev/value"
)

// engine is the browser's half of a Conn.
type engine struct {
	c      *Conn
	p      uint32 // the C connection
	id     int32
	funcs  []int32 // what this connection registered, see callback_js.go
	stop   func() bool
	guard  *Guard // of the statement that is compiled or run
	unique bool
	denied *refusal
}

// out receives what a call answers beside its code. Calls do not nest here:
// what runs inside a statement must not use a connection.
var out [8]uint32

func outp() unsafe.Pointer { return unsafe.Pointer(&out) }

// Flags of sqlite3_open_v2.
const (
	openReadOnly  = 1
	openReadWrite = 2
	openCreate    = 4
)

// Version returns SQLite's version, as "3.53.2".
func Version() string { return cstring(sqVersion()) }

func (e *engine) open(c *Conn, o Options) error {
	if o.FS != nil {
		return fault.New(fault.InvalidArgument, "open", "the engine has one VFS").WithHint("leave Options.FS nil")
	}
	if strings.HasPrefix(o.Name, memoryPrefix) && len(o.Key) > 0 {
		return fault.New(fault.InvalidArgument, "open", "a database in memory has no key").WithHint("leave Options.Key empty")
	}
	name, flags := o.Name, int32(openReadWrite|openCreate)
	if o.ReadOnly {
		flags = openReadOnly
	}
	if o.Memory {
		name = ":memory:"
	}
	e.c = c
	e.id = register(e)
	b := zeroed(name)
	rc := sqOpen(address(b), flags, address(o.Key), int32(len(o.Key)), e.id, outp())
	runtime.KeepAlive(b)
	e.p = out[0]
	if rc == 0 {
		return nil
	}
	unregister(e.id)
	if e.p == 0 {
		return newError("open", int(rc), "", -1)
	}
	err := e.err("open", rc, -1)
	sqClose(e.p)
	e.p = 0
	return err
}

// err makes the error of a call: its message, and with sql >= 0 its offset.
func (e *engine) err(op string, rc int32, sql int) error {
	sqError(e.p, outp())
	msg := string(mem(out[0], int(out[1])))
	offset := -1
	if sql >= 0 {
		offset = int(int32(out[2]))
	}
	if int32(out[3])&0xff != rc&0xff { // the message is another call's
		msg = ""
	} else if msg == codeText(int(rc)) || msg == "not an error" {
		msg = ""
	}
	return newError(op, int(rc), msg, offset)
}

func (e *engine) reserveChecksums() error {
	if rc := sqReserve(e.p, 8); rc != 0 {
		return newError("reserve page checksums", int(rc), "", -1)
	}
	return nil
}

func (e *engine) close() error {
	if e.p == 0 {
		return nil
	}
	e.stop = nil
	if rc := sqClose(e.p); rc != 0 {
		return e.err("close database", rc, -1)
	}
	e.p = 0
	for _, id := range e.funcs {
		unregister(id)
	}
	unregister(e.id)
	return nil
}

func (e *engine) autocommit() bool    { return sqAutocommit(e.p) != 0 }
func (e *engine) changes() int64      { return sqChanges(e.p) }
func (e *engine) totalChanges() int64 { return sqTotalChanges(e.p) }
func (e *engine) lastInsertID() int64 { return sqLastID(e.p) }
func (e *engine) setGuard(*Guard)     {}

func (e *engine) setProgress(n int, stop func() bool) {
	e.stop = stop
	if stop == nil {
		n = 0
	} else {
		n = max(n, 1)
	}
	sqProgress(e.p, int32(n))
}

func (e *engine) flush() error {
	if rc := sqFlush(e.p); rc != 0 {
		return newError("flush", int(rc), "", -1)
	}
	return nil
}

func (e *engine) walBytes() int64 { return int64(sqWALBytes(e.p)) }

func (e *engine) checkpoint(mode CheckpointMode) (frames, done int, err error) {
	rc := sqCheckpoint(e.p, int32(mode), outp())
	frames, done = int(int32(out[0])), int(int32(out[1]))
	if rc != 0 {
		err = e.err("checkpoint", rc, -1)
	}
	return max(frames, 0), max(done, 0), err
}

func (e *engine) capture(tables map[string]uint32) error {
	var b []byte
	for name, id := range tables {
		b = binary.LittleEndian.AppendUint32(b, id)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(name)))
		b = append(b, name...)
		real, err := e.realColumns(name)
		if err != nil {
			return err
		}
		b = binary.LittleEndian.AppendUint32(b, uint32(len(real)))
		b = append(b, real...)
	}
	rc := sqCapture(e.p, address(b), int32(len(tables)))
	runtime.KeepAlive(b)
	if rc != 0 {
		return newError("capture changes", int(rc), "", -1)
	}
	return nil
}

// realColumns returns 1 for each column of REAL affinity, 0 for the others:
// https://www.sqlite.org/datatype3.html#determination_of_column_affinity.
func (e *engine) realColumns(table string) ([]byte, error) {
	s, err := e.c.Cached("SELECT type FROM pragma_table_xinfo(?)")
	if err != nil {
		return nil, err
	}
	rows, err := s.Query(value.Text(table))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []byte
	has := func(typ string, words ...string) bool {
		for _, w := range words {
			if strings.Contains(typ, w) {
				return true
			}
		}
		return false
	}
	for rows.Next() {
		t := strings.ToUpper(rows.Value(0).Str())
		out = append(out, byte(flag(!has(t, "INT", "CHAR", "CLOB", "TEXT", "BLOB") && has(t, "REAL", "FLOA", "DOUB"))))
	}
	return out, rows.Err()
}

func (e *engine) captured() CaptureLog {
	sqCaptured(e.p, outp())
	return mem(out[0], int(out[1]))
}

// MemoryStats is what the engine's fixed region holds, in bytes and pages.
type MemoryStats struct {
	HeapBytes, HeapBytesMost int
	Pages, PagesMost         int
	PageBytesOverflownAtMost int
}

// Memory returns the figures of all connections together.
func Memory() MemoryStats {
	return MemoryStats{int(sqMemory(0)), int(sqMemory(1)), int(sqMemory(2)), int(sqMemory(3)), int(sqMemory(4))}
}
