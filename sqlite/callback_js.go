//go:build js && wasm

package sqlite

import (
	"encoding/binary"
	"unsafe"

	"rockpool.dev/value"
)

// What C may call in Go: functions, aggregates, collations, the guard and the
// progress callback (host.h). It happens while a statement runs, on the one
// thread: nothing here blocks or uses a connection.
const (
	callScalar    = 1
	callStep      = 2
	callFinal     = 3
	callCollate   = 4
	callAuthorize = 5
	callProgress  = 6
)

type scalarEntry struct {
	e  *engine
	fn ScalarFunction
}

type aggregateEntry struct {
	e      *engine
	makes  func() Aggregate
	groups map[int32]Aggregate
	last   int32
}

var (
	registry  = map[int32]any{}
	lastEntry int32
	replyAt   uint32
	replyBuf  []byte // what C reads after a call; kept until the next
)

func register(x any) int32 {
	lastEntry++
	registry[lastEntry] = x
	return lastEntry
}

func unregister(id int32) { delete(registry, id) }

//go:wasmexport sqlite_call
func sqliteCall(what, id, a, b, c, d int32) int32 {
	switch x := registry[id].(type) {
	case *scalarEntry:
		args, _, _ := value.DecodeRow(mem(uint32(a), int(b)), int(c))
		return x.e.answer(x.fn(args))
	case *aggregateEntry:
		if what == callStep {
			return x.step(uint32(a), int(b), int(c), d)
		}
		return x.final(a)
	case Collation:
		return int32(x(string(mem(uint32(a), int(b))), string(mem(uint32(c), int(d)))))
	case *engine:
		if what == callProgress {
			return flag(x.stop != nil && x.stop())
		}
		return x.authorize(int(a), mem(uint32(b), 16))
	}
	return 1
}

// answer puts a result where C finds it; an error is kept to be the cause.
func (e *engine) answer(v value.Value, err error) int32 {
	if err != nil {
		e.c.failed = err
		reply(append(replyBuf[:0], err.Error()...))
		return 1
	}
	reply(v.Append(replyBuf[:0]))
	return 0
}

func reply(b []byte) {
	replyBuf = b
	if replyAt == 0 {
		replyAt = sqReply()
	}
	to := mem(replyAt, 8)
	binary.LittleEndian.PutUint32(to, uint32(uintptr(unsafe.Pointer(unsafe.SliceData(b)))))
	binary.LittleEndian.PutUint32(to[4:], uint32(len(b)))
}

// step returns the group's number, or -1 with the error as the answer.
func (x *aggregateEntry) step(at uint32, n, count int, group int32) int32 {
	if group == 0 {
		x.last++
		group = x.last
		x.groups[group] = x.makes()
	}
	args, _, _ := value.DecodeRow(mem(at, n), count)
	if err := x.groups[group].Step(args); err != nil {
		delete(x.groups, group)
		x.e.answer(value.Null, err)
		return -1
	}
	return group
}

func (x *aggregateEntry) final(group int32) int32 {
	g := x.groups[group]
	delete(x.groups, group)
	if g == nil {
		g = x.makes()
	}
	return x.e.answer(g.Final())
}

// authorize reads two strings, each as address and length.
func (e *engine) authorize(action int, words []byte) int32 {
	if e.guard == nil {
		return 0
	}
	word := func(i int) uint32 { return binary.LittleEndian.Uint32(words[4*i:]) }
	arg1, arg2 := string(mem(word(0), int(word(1)))), string(mem(word(2), int(word(3))))
	r := e.guard.check(action, arg1, arg2, e.unique)
	if r == nil {
		return 0
	}
	if e.denied == nil {
		e.denied = r
	}
	return 1
}

func (e *engine) function(name string, nArgs int, deterministic bool, fn ScalarFunction) error {
	return e.define(name, nArgs, deterministic, false, register(&scalarEntry{e, fn}))
}

func (e *engine) aggregate(name string, nArgs int, makes func() Aggregate) error {
	return e.define(name, nArgs, false, true, register(&aggregateEntry{e: e, makes: makes, groups: map[int32]Aggregate{}}))
}

func (e *engine) define(name string, nArgs int, deterministic, aggregate bool, id int32) error {
	e.funcs = append(e.funcs, id)
	b := zeroed(name)
	if rc := sqFunction(e.p, address(b), int32(nArgs), flag(deterministic), flag(aggregate), id); rc != 0 {
		return e.err("define function "+name, rc, -1)
	}
	return nil
}

func (e *engine) collation(name string, cmp Collation) error {
	id := register(cmp)
	e.funcs = append(e.funcs, id)
	b := zeroed(name)
	if rc := sqCollation(e.p, address(b), id); rc != 0 {
		return e.err("define collation "+name, rc, -1)
	}
	return nil
}
