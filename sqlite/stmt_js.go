//go:build js && wasm

package sqlite

import (
	"encoding/binary"
	"runtime"
	"unsafe"
)

// handle is the browser's half of a Stmt.
type handle struct {
	e                     *engine
	guard                 *Guard
	p                     uint32 // the C statement, 0 for none
	nParams, nColumns     int32
	isReadOnly, isExplain bool
}

// badArgsCode is engine.h's SQ_BAD_ARGS.
const badArgsCode = 0x7001

func (h handle) ok() bool { return h.p != 0 }

func (e *engine) prepare(sql string, persistent bool, g *Guard) (handle, int, error) {
	e.guard, e.denied = g, nil
	e.unique = g != nil && createsUnique(sql)
	rc := sqPrepare(e.p, unsafe.Pointer(unsafe.StringData(sql)), int32(len(sql)), flag(persistent), flag(g != nil), outp())
	runtime.KeepAlive(sql)
	if rc != 0 {
		if e.denied != nil {
			return handle{}, 0, e.denied.err("prepare statement")
		}
		return handle{}, 0, e.err("prepare statement", rc, len(sql))
	}
	return handle{e, g, out[0], int32(out[2]), int32(out[3]), out[4] != 0, out[5] != 0}, int(out[1]), nil
}

func flag(b bool) int32 {
	if b {
		return 1
	}
	return 0
}

func (h handle) finalize()      { sqFinalize(h.p) }
func (h handle) params() int    { return int(h.nParams) }
func (h handle) readOnly() bool { return h.isReadOnly }
func (h handle) explain() bool  { return h.isExplain }

func (h handle) paramName(i int) string {
	sqParamName(h.p, int32(i), outp())
	return string(mem(out[0], int(out[1])))
}

func (h handle) columns() []Column {
	b := make([]byte, 64+64*int(h.nColumns))
	n := sqColumns(h.p, address(b), uint32(len(b)))
	if int(n) > len(b) {
		b = make([]byte, n)
		sqColumns(h.p, address(b), n)
	}
	next := func() string {
		n := binary.LittleEndian.Uint32(b)
		s := string(b[4 : 4+n])
		b = b[4+n:]
		return s
	}
	cols := make([]Column, h.nColumns)
	for i := range cols {
		cols[i] = Column{next(), next(), next(), next()}
	}
	return cols
}

func (h handle) run(sets []byte, n int) (done int, err error) {
	h.begin()
	rc := sqRun(h.p, address(sets), int32(len(sets)), int32(n), outp())
	runtime.KeepAlive(sets)
	done = int(out[0]) // before err uses out
	return done, h.err("run statement", rc)
}

func (h handle) start(args []byte) error {
	h.begin()
	rc := sqStart(h.p, address(args), int32(len(args)))
	runtime.KeepAlive(args)
	return h.err("run statement", rc)
}

func (h handle) reset() { sqReset(h.p) }

// fetch fills dst, whose size the caller chose.
func (h handle) fetch(dst *Chunk, maxRows int) (state, need int, err error) {
	h.begin()
	room := (len(dst.buf) - dst.Head) &^ 7
	rc := sqFetch(h.p, unsafe.Pointer(&dst.buf[dst.Head]), uint32(room), uint32(maxRows), outp())
	state, need = int(out[0]), int(out[1])
	if rc == 0 && state != stateSmall {
		dst.size = int(out[2])
	}
	return state, need, h.err("fetch rows", rc)
}

func (h handle) begin() {
	h.e.guard, h.e.denied = h.guard, nil
	h.e.c.failed = nil
}

func (h handle) err(op string, rc int32) error {
	switch {
	case rc == 0:
		return nil
	case rc == badArgsCode:
		return badArgs(int(h.nParams))
	case h.e.denied != nil:
		return h.e.denied.err(op)
	}
	return h.e.c.because(h.e.err(op, rc, -1))
}
