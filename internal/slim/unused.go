package main

import (
	"bytes"
	"encoding/binary"
	"regexp"
)

// unused names functions of the runtime that the linker keeps, as a variable
// decides whether they run, and that no program of ours runs: those of an
// execution trace (nobody links runtime/trace), of profiles of goroutines
// (runtime/pprof), of blocking and of leaked goroutines, of testing/synctest and
// arenas, of GODEBUG's schedtrace, gctrace, gccheckmark, checkfinalizers and
// tracebackancestors, of cgo's tracebacks, of plugins and of frames that a
// signal has interrupted; and the dumps of memory that go ahead of a fatal
// error's text.
var unused = regexp.MustCompile(`^runtime\.(` +
	`traceLocker\.([A-Z]\w*|eventWriter|emitUnblockStatus|startPC)|trace(Event)?Writer\.\w+` +
	`|\(\*trace(Buf|Map|RegionAlloc|StackTable|StringTable|TypeTable)\)\.\w+` +
	`|trace(AcquireEnabled|Advance|BufFlush|CPUFlush|RegisterLabelsAndReasons|Stack|StopReadCPU|SyncBatch)` +
	`|makeTraceFrames?|dump(Stacks|Types)Rec|(go|start)\w*(Trace|ForTrace)(GoStatus)?` +
	`|\(\*profBuf\)\.\w+|(do|try)RecordGoroutineProfile` +
	`|\(\*synctestBubble\)\.\w+|schedtrace|dumpScanStats|printScavTrace|print(One)?CgoTraceback|printAncestorTraceback(FuncInfo)?` +
	`|\(\*hexdumper\)\.\w+|hexdumpWords|hexdumpMarker\.start|tracebackHexdump|gcDumpObject` +
	`|typesEqual|checkFinalizersAndCleanups` +
	`|saveblockevent|fpunwindExpand|find(MaybeRunnableGoroutines|GoroutineLeaks)` +
	`|setCheckmark|expandCgoFrames|scanConservative|\(\*mspan\)\.(reportZombies|setUserArenaChunkToFault)` +
	`|badPointer|dumpgstatus` +
	`)(\.func\d+(\.\d+)*)?$`)

// skipped names functions of the runtime that run when it starts and only look
// whether the compiler, the linker and the machine are as it knows them, or have
// work only in a program of several modules.
var skipped = regexp.MustCompile(`^runtime\.(moduledataverify1|check|typelinksinit)$`)

// trap is the body of a function without locals that must not run.
const trap = "\x00\x00\x0b" // unreachable, end

// skip is the body of one that does nothing: it takes its return address off
// Go's stack, whose pointer is global 0, and says 0, that it has returned
// (cmd/internal/obj/wasm, preprocess).
const skip = "\x00\x23\x00\x41\x08\x6a\x24\x00\x41\x00\x0b"

// firstFunc is what the linker adds to a function's number among those defined
// for its entry in ftab (funcValueOffset, cmd/link/internal/wasm).
const firstFunc = 0x1000

// stub puts a trap in place of what is unused, and nothing in place of what is
// skipped; it returns how many there were.
func (m *module) stub(t *tables) (int, error) {
	stubs := map[uint64]string{}
	for i := range t.funcs {
		f, err := t.function(i)
		if err != nil {
			return 0, err
		}
		switch name := t.name(f); {
		case unused.Match(name):
			stubs[t.number(i)] = trap
		case skipped.Match(name):
			stubs[t.number(i)] = skip
		}
	}
	p, err := readParts(m.before)
	if err != nil {
		return 0, err
	}
	for number, body := range stubs {
		if number >= uint64(len(p.bodies)) {
			return 0, errSplit
		}
		p.bodies[number] = []byte(body)
	}
	m.before = p.encode()
	return len(stubs), nil
}

// number is a function's number among those that the module defines.
func (t *tables) number(i int) uint64 {
	return uint64(binary.LittleEndian.Uint32(t.table[8*i:])) - firstFunc
}

// name is a function's name as the linker wrote it.
func (t *tables) name(f function) []byte {
	from := min(int(f.word(funcName)), len(t.names))
	name, _, _ := bytes.Cut(t.names[from:], []byte{0})
	return name
}
