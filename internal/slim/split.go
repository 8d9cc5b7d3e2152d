package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

const tableSection, globalSection, exportSection = 4, 6, 7

// Kinds of what a module imports and exports.
const kindFunction, kindTable, kindMemory, kindGlobal = 0, 1, 2, 3

const (
	// coldLeast is the least body, in bytes, that is worth its stub.
	coldLeast = 120
	// loaderSlot is the slot of the table that the loader puts a function in
	// which instantiates the cold part; Go's begin at firstFunc.
	loaderSlot = 0
	// goType is the type of Go's functions: from where to resume, to whether it unwinds.
	goType = "\x60\x01\x7f\x01\x7f"
	// dispatchType is that of a function that takes a Go function's argument and its slot.
	dispatchType = "\x60\x02\x7f\x7f\x01\x7f"
	// coldModule is what the cold part imports from: the exports of the first.
	coldModule = "core"
	// tableName and some digits of the first part's sum are what the table is
	// exported as: parts of two builds do not go together.
	tableName   = "table "
	tableDigits = 12
)

var errSplit = errors.New("its functions, table or globals are not laid out as Go's linker does: it is no Go program of a known layout")

// split moves the bodies of cold functions, by their numbers among those
// defined, into a module of their own, and returns it. What is left in their
// place calls the table's slot of the function, which holds the moved one once
// the cold part is instantiated; the first such call has the loader do that,
// when it has not yet (loaderSlot).
//
// Numbers of functions and slots of the table stay as they are, so that program
// counters mean the same: Go does not notice.
func (m *module) split(cold map[uint64]bool) ([]byte, error) {
	p, err := readParts(m.before)
	if err != nil {
		return nil, err
	}
	moved, number := [][]byte{}, map[uint64]uint64{}
	var slots []uint64
	for i, body := range p.bodies {
		if !cold[uint64(i)] || len(body) < coldLeast || !bytes.Equal(p.types[p.functions[i]], []byte(goType)) {
			continue
		}
		callsOut := false
		if _, err := rewriteCalls(body, func(out []byte, callee uint64) []byte {
			callsOut = callsOut || callee < p.imported
			return out
		}); err != nil {
			return nil, fmt.Errorf("function %d: %w", i, err)
		}
		if callsOut {
			continue // an import is in no slot of the table
		}
		number[p.imported+uint64(i)] = uint64(len(slots))
		slots = append(slots, uint64(i))
	}
	for _, i := range slots {
		body, err := rewriteCalls(p.bodies[i], func(out []byte, callee uint64) []byte {
			if n, isMoved := number[callee]; isMoved {
				return binary.AppendUvarint(append(out, opCall), n)
			}
			callee -= p.imported
			out = appendVarint32(append(out, opConst), int32(firstFunc+callee))
			return append(binary.AppendUvarint(append(out, opIndirect), p.functions[callee]), 0)
		})
		if err != nil {
			return nil, fmt.Errorf("function %d: %w", i, err)
		}
		moved = append(moved, body)
	}
	table := tableName + fmt.Sprintf("%x", sha256.Sum256(m.before))[:tableDigits]
	part := p.coldPart(table, slots, moved)
	p.dispatch(table, slots)
	m.before = p.encode()
	return part, nil
}

// coldPart is the module of the moved functions.
func (p *parts) coldPart(table string, slots []uint64, bodies [][]byte) []byte {
	imports := [][]byte{
		imported("mem", kindMemory, 0, 1),
		imported(table, kindTable, 0x70, 0, 1),
	}
	for i, global := range p.globals {
		imports = append(imports, imported(globalName(i), kindGlobal, global[:2]...))
	}
	types, runs := [][]byte{}, [][]byte{}
	for i := 0; i < len(slots); {
		end := i + 1
		for end < len(slots) && slots[end] == slots[end-1]+1 {
			end++
		}
		run := append(appendVarint32([]byte{0, opConst}, int32(firstFunc+slots[i])), opEnd)
		run = binary.AppendUvarint(run, uint64(end-i))
		for ; i < end; i++ {
			run = binary.AppendUvarint(run, uint64(i))
			types = append(types, binary.AppendUvarint(nil, p.functions[slots[i]]))
		}
		runs = append(runs, run)
	}
	out := []byte(magic)
	out = appendSection(out, typeSection, vector(p.types))
	out = appendSection(out, importSection, vector(imports))
	out = appendSection(out, functionSection, vector(types))
	out = appendSection(out, elementSection, vector(runs))
	return appendSection(out, codeSection, vector(sized(bodies)))
}

// dispatch puts stubs in the moved functions' place and adds what they call.
func (p *parts) dispatch(table string, slots []uint64) {
	isLoaded := uint64(len(p.globals))
	for i := range p.globals {
		p.exports = append(p.exports, exported(globalName(i), kindGlobal, uint64(i)))
	}
	p.exports = append(p.exports, exported(table, kindTable, 0))
	p.globals = append(p.globals, []byte{i32, 1, opConst, 0, opEnd})

	dispatch := p.imported + uint64(len(p.bodies))
	for _, i := range slots {
		stub := appendVarint32([]byte{0, opGet, 0, opConst}, int32(firstFunc+i))
		p.bodies[i] = append(binary.AppendUvarint(append(stub, opCall), dispatch), opEnd)
	}
	body := binary.AppendUvarint([]byte{0, opGlobalGet}, isLoaded)
	body = append(body, opEqualsZero, opIf, noType, opConst, loaderSlot, opIndirect)
	body = append(binary.AppendUvarint(body, p.typeOf(noArguments)), 0, opConst, 1, opGlobalSet)
	body = append(binary.AppendUvarint(body, isLoaded), opEnd, opGet, 0, opGet, 1, opIndirect)
	body = append(binary.AppendUvarint(body, p.typeOf(goType)), 0, opEnd)
	p.functions = append(p.functions, p.typeOf(dispatchType))
	p.bodies = append(p.bodies, body)
}

func globalName(i int) string { return fmt.Sprint("g", i) }

func imported(name string, kind byte, what ...byte) []byte {
	return append(append(text(text(nil, coldModule), name), kind), what...)
}

func exported(name string, kind byte, number uint64) []byte {
	return binary.AppendUvarint(append(text(nil, name), kind), number)
}

func text(out []byte, s string) []byte {
	return append(binary.AppendUvarint(out, uint64(len(s))), s...)
}

// vector is a wasm vector of items that are encoded.
func vector(items [][]byte) []byte {
	return slices.Concat(binary.AppendUvarint(nil, uint64(len(items))), slices.Concat(items...))
}

// sized puts its size before each body.
func sized(bodies [][]byte) [][]byte {
	out := make([][]byte, len(bodies))
	for i, body := range bodies {
		out[i] = append(binary.AppendUvarint(nil, uint64(len(body))), body...)
	}
	return out
}
