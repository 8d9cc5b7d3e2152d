//go:build !js

package sqlite

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"rockpool.dev/value"
)

// captureLog is the changes of the open transaction; wasm/engine/capture.c is
// its twin.
type captureLog struct {
	b     []byte
	saves []savepoint
}

// savepoint is an open SAVEPOINT and the length of the log when it was made.
type savepoint struct {
	name string
	mark int
}

func (l *captureLog) cut(n int) {
	if n < len(l.b) {
		l.b = l.b[:n]
	}
}

func (l *captureLog) reset() { l.b, l.saves = l.b[:0], l.saves[:0] }

// savepoint follows SAVEPOINT, RELEASE and ROLLBACK TO once they have run.
func (l *captureLog) savepoint(op, name string) {
	if op == "BEGIN" {
		l.saves = append(l.saves, savepoint{name, len(l.b)})
		return
	}
	for i := len(l.saves) - 1; i >= 0; i-- {
		if !strings.EqualFold(l.saves[i].name, name) {
			continue
		}
		if op == "RELEASE" {
			l.saves = l.saves[:i]
		} else {
			l.cut(l.saves[i].mark)
			l.saves = l.saves[:i+1]
		}
		return
	}
}

func (e *engine) captured() CaptureLog {
	e.settle()
	return e.log.b
}

func (e *engine) capture(tables map[string]uint32) error {
	e.log.reset()
	e.ids = nil
	if len(tables) == 0 {
		e.db.PreUpdateHook(nil)
	} else {
		e.ids = make(map[string]uint32, len(tables))
		for name, id := range tables {
			e.ids[strings.ToLower(name)] = id
		}
		e.db.PreUpdateHook(e.preupdate)
	}
	// Statements compiled before may skip the hook (DELETE of a whole table):
	// setting the authorizer makes SQLite compile them again.
	return native("capture changes", e.db.SetAuthorizer(e.authorize), "")
}

// preupdate appends one record. See CaptureLog for the layout.
func (e *engine) preupdate(p sqlite3.PreUpdateData) {
	if p.Schema != "main" {
		return
	}
	id, ok := e.ids[p.Table]
	if !ok {
		if id, ok = e.ids[strings.ToLower(p.Table)]; !ok {
			return
		}
	}
	b, start, cols := e.log.b, len(e.log.b), p.Count()
	op := byte(CaptureUpdate)
	switch p.Op {
	case sqlite3.AUTH_INSERT:
		op = CaptureInsert
	case sqlite3.AUTH_DELETE:
		op = CaptureDelete
	}
	b = append(b, 0, 0, 0, 0, op, byte(min(p.Depth(), 255)))
	b = binary.LittleEndian.AppendUint16(b, uint16(cols))
	b = binary.LittleEndian.AppendUint32(b, id)
	if op != CaptureInsert {
		for i := range cols {
			v, err := p.Old(i)
			b = appendValue(b, v, err)
		}
	}
	if op != CaptureDelete {
		for i := range cols {
			v, err := p.New(i)
			b = appendValue(b, v, err)
		}
	}
	binary.LittleEndian.PutUint32(b[start:], uint32(len(b)-start))
	e.log.b = b
}

func appendValue(b []byte, v sqlite3.Value, err error) []byte {
	if err != nil {
		return append(b, byte(value.KindNull))
	}
	switch v.Type() {
	case sqlite3.INTEGER:
		return binary.LittleEndian.AppendUint64(append(b, byte(value.KindInt)), uint64(v.Int64()))
	case sqlite3.FLOAT:
		return binary.LittleEndian.AppendUint64(append(b, byte(value.KindFloat)), math.Float64bits(v.Float()))
	case sqlite3.TEXT:
		raw := v.RawText()
		return append(binary.LittleEndian.AppendUint32(append(b, byte(value.KindText)), uint32(len(raw))), raw...)
	case sqlite3.BLOB:
		raw := v.RawBlob()
		return append(binary.LittleEndian.AppendUint32(append(b, byte(value.KindBlob)), uint32(len(raw))), raw...)
	}
	return append(b, byte(value.KindNull))
}

// authorize answers the compiler: it applies the guard of the statement at
// hand and notes what a statement does to savepoints.
func (e *engine) authorize(action sqlite3.AuthorizerActionCode, arg1, arg2, _, _ string) sqlite3.AuthorizerReturnCode {
	if action == sqlite3.AUTH_SAVEPOINT {
		e.savOp, e.savName = arg1, arg2
	}
	if e.guard == nil {
		return sqlite3.AUTH_OK
	}
	if r := e.guard.check(int(action), arg1, arg2, e.unique); r != nil {
		if e.denied == nil {
			e.denied = r
		}
		return sqlite3.AUTH_DENY
	}
	return sqlite3.AUTH_OK
}
