//go:build !js

package sqlite

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"rockpool.dev/value"
)

// handle is the native half of a Stmt.
type handle struct{ *nativeStmt }

type nativeStmt struct {
	e     *engine
	s     *sqlite3.Stmt
	sql   string
	guard *Guard
	write bool
	// What the statement does to savepoints, or "".
	savOp, savName string
	mark           int
	params         int
	pending        bool // a row is stepped to that no chunk holds yet
}

func (h handle) ok() bool { return h.nativeStmt != nil }

func (e *engine) prepare(sql string, persistent bool, g *Guard) (h handle, tail int, err error) {
	defer outOfMemory("prepare statement", &err)
	e.guard, e.denied, e.savOp, e.savName = g, nil, "", ""
	e.unique = g != nil && createsUnique(sql)
	var flags sqlite3.PrepareFlag
	if persistent {
		flags = sqlite3.PREPARE_PERSISTENT
	}
	if i := strings.IndexByte(sql, 0); i >= 0 { // as C: the text ends at a zero
		sql = sql[:i]
	}
	e.stop.skip = true
	s, rest, err := e.db.PrepareFlags(sql, flags)
	e.stop.skip = false
	if err != nil {
		return h, 0, e.prepareError(err, sql)
	}
	tail = len(sql) - len(rest)
	if s == nil {
		return h, tail, nil
	}
	n := &nativeStmt{e: e, s: s, sql: sql, guard: g, write: !s.ReadOnly(), savOp: e.savOp, savName: e.savName, params: s.BindCount()}
	return handle{n}, tail, nil
}

func (e *engine) prepareError(err error, sql string) error {
	if e.denied != nil {
		return e.denied.err("prepare statement")
	}
	return native("prepare statement", err, sql)
}

func (h handle) finalize() {
	e := h.e
	_ = h.s.Close()
	e.settle()
}

func (h handle) params() int            { return h.nativeStmt.params }
func (h handle) paramName(i int) string { return h.s.BindName(i) }
func (h handle) readOnly() bool         { return h.s.ReadOnly() }
func (h handle) explain() bool {
	word, _ := nextWord(h.sql)
	return strings.EqualFold(word, "EXPLAIN")
}

func (h handle) columns() []Column {
	cols := make([]Column, h.s.ColumnCount())
	for i := range cols {
		cols[i] = Column{h.s.ColumnName(i), h.s.ColumnDeclType(i), h.s.ColumnTableName(i), h.s.ColumnOriginName(i)}
	}
	return cols
}

// bind binds one set of values and returns the rest of the sets.
func (n *nativeStmt) bind(b []byte) (rest []byte, err error) {
	for i := 1; i <= n.params; i++ {
		size := value.EncodedLen(b)
		if size == 0 {
			return nil, badArgs(n.params)
		}
		switch value.Kind(b[0]) {
		case value.KindInt:
			err = n.s.BindInt64(i, int64(binary.LittleEndian.Uint64(b[1:])))
		case value.KindFloat:
			err = n.s.BindFloat(i, math.Float64frombits(binary.LittleEndian.Uint64(b[1:])))
		case value.KindText:
			err = n.s.BindText(i, string(b[5:size]))
		case value.KindBlob:
			err = n.s.BindBlob(i, b[5:size:size])
		default:
			err = n.s.BindNull(i)
		}
		if err != nil {
			return nil, native("bind values", err, "")
		}
		b = b[size:]
	}
	return b, nil
}

func (h handle) run(sets []byte, count int) (done int, err error) {
	defer outOfMemory("run statement", &err)
	if err := checkSets(sets, count, h.nativeStmt.params); err != nil {
		return 0, err
	}
	h.drop()
	for ; done < count; done++ {
		if sets, err = h.bind(sets); err != nil {
			return done, err
		}
		h.begin()
		for h.step() {
		}
		if err := h.end(); err != nil {
			return done, err
		}
	}
	return done, nil
}

func (h handle) start(args []byte) (err error) {
	defer outOfMemory("run statement", &err)
	h.drop()
	rest, err := h.bind(args)
	if err == nil && len(rest) > 0 {
		err = badArgs(h.nativeStmt.params)
	}
	if err != nil {
		return err
	}
	h.begin()
	return nil
}

func (h handle) reset() {
	_ = h.end()
}

// drop ends a query that is open.
func (n *nativeStmt) drop() {
	n.pending = false
	if n.s.Busy() {
		_ = n.end()
	}
}

// begin notes where the log stands before the first step.
func (n *nativeStmt) begin() {
	n.e.guard, n.e.denied = n.guard, nil
	n.e.c.failed = nil
	n.mark = len(n.e.log.b)
	n.pending = false
}

func (n *nativeStmt) step() bool {
	n.e.guard = n.guard
	n.e.stop.skip = true
	ok := n.s.Step()
	n.e.stop.skip = false
	return ok
}

// end resets the statement and settles the captured changes.
func (n *nativeStmt) end() error {
	e := n.e
	err := n.s.Err()
	if rerr := n.s.Reset(); err == nil {
		err = rerr
	}
	n.pending = false
	switch {
	case err != nil && n.write:
		e.log.cut(n.mark)
	case err == nil && n.savOp != "":
		e.log.savepoint(n.savOp, n.savName)
	}
	e.settle()
	if err == nil {
		return nil
	}
	return e.stepError(err)
}

func (e *engine) stepError(err error) error {
	if e.denied != nil {
		return e.denied.err("run statement")
	}
	out := native("run statement", err, "")
	return e.c.because(out)
}

// settle empties the log once no transaction is open.
func (e *engine) settle() {
	if e.db.GetAutocommit() {
		e.log.reset()
	}
}

func (h handle) fetch(dst *Chunk, maxRows int) (state, need int, err error) {
	defer outOfMemory("fetch rows", &err)
	n := h.nativeStmt
	w := newChunkWriter(dst, n.s.ColumnCount(), maxRows)
	for w.rows < maxRows {
		if !n.pending && !n.step() {
			if err := n.end(); err != nil {
				return 0, 0, err
			}
			w.finish(stateDone)
			return stateDone, 0, nil
		}
		n.pending = true
		if !w.add(n.s) {
			if w.rows == 0 {
				return stateSmall, w.need, nil
			}
			break
		}
		n.pending = false
	}
	w.finish(stateMore)
	return stateMore, 0, nil
}
