package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// The layout of Go's function tables, from runtime/symtab.go, runtime2.go and
// internal/abi/symtab.go of Go 1.20 to 1.26, with 8-byte pointers and steps
// of one in a program counter, as they are on wasm.
const (
	tablesMagic = "\xf1\xff\xff\xff\x00\x00\x01\x08" // pcHeader: magic, pads, minLC, ptrSize

	// Words of pcHeader after the magic.
	headerFuncs, headerNames, headerCUs, headerPCs, headerFuncTable = 0, 3, 4, 6, 7
	// gofuncAt is moduledata.gofunc's offset in bytes; at 0 is its pcHeader,
	// at 8 the names; epclntab, where funcdata ends, follows it.
	gofuncAt = 320

	// Words of _func.
	funcName, funcSP, funcFile, funcLine, funcPCData, funcCU, funcStartLine, funcFlags, funcTables = 1, 4, 5, 6, 7, 8, 9, 10, 11

	pcUnsafePoint, pcInlineTree, pcArgLive          = 0, 2, 3
	dataInlineTree, dataArgInfo, dataArgLive        = 3, 5, 6
	inlinedCallBytes                                = 16
	absent                                   uint32 = 1<<32 - 1
)

// tables are the function tables of a program, as views into its memory.
type tables struct {
	image  image
	header int // address of pcHeader
	module int // address of moduledata
	gofunc int // address that funcdata offsets count from
	funcs  int
	names  []byte // funcnametab: texts that end with a zero
	cus    []byte // cutab and filetab: names of files
	pcs    []byte // pctab: values by program counter
	table  []byte // ftab, then each _func
}

func findTables(m image) (*tables, error) {
	for _, a := range m {
		for i := 0; i+8 <= len(a.bytes); i += 8 {
			if string(a.bytes[i:i+8]) == tablesMagic {
				return readHeader(m, a, i)
			}
		}
	}
	return nil, errors.New("it has no function tables of the known layout: it is no Go program, or one of a newer Go; see runtime/symtab.go for what changed")
}

func readHeader(m image, a area, at int) (*tables, error) {
	t := &tables{image: m, header: a.at + at}
	word := func(i int) int { return int(binary.LittleEndian.Uint64(a.bytes[at+8+8*i:])) }
	if at+8+8*8 > len(a.bytes) {
		return nil, errors.New("its function tables are cut off")
	}
	names, cus, pcs, table := at+word(headerNames), at+word(headerCUs), at+word(headerPCs), at+word(headerFuncTable)
	if names <= at || cus < names || pcs < cus || table < pcs || table > len(a.bytes) {
		return nil, errors.New("its function tables are not in the known order")
	}
	t.funcs = word(headerFuncs)
	t.names, t.cus, t.pcs, t.table = a.bytes[names:cus], a.bytes[cus:pcs], a.bytes[pcs:table], a.bytes[table:]
	if t.funcs < 1 || t.funcs > len(t.table)/8 {
		return nil, fmt.Errorf("it counts %d functions", t.funcs)
	}
	var err error
	t.module, t.gofunc, err = findModule(m, t.header, t.header+word(headerNames))
	return t, err
}

// findModule finds moduledata, which points at the header and then at the
// names, and reads its gofunc.
func findModule(m image, header, names int) (at, gofunc int, err error) {
	pointers := binary.LittleEndian.AppendUint64(nil, uint64(header))
	pointers = binary.LittleEndian.AppendUint64(pointers, uint64(names))
	for _, a := range m {
		for i := 0; i+gofuncAt+16 <= len(a.bytes); i += 8 {
			if !bytes.Equal(a.bytes[i:i+16], pointers) {
				continue
			}
			gofunc = int(binary.LittleEndian.Uint64(a.bytes[i+gofuncAt:]))
			end := int(binary.LittleEndian.Uint64(a.bytes[i+gofuncAt+8:]))
			if end < gofunc || m.view(gofunc, end-gofunc) == nil {
				return 0, 0, fmt.Errorf("moduledata says that funcdata is at %d to %d: its layout has changed", gofunc, end)
			}
			return a.at + i, gofunc, nil
		}
	}
	return 0, 0, errors.New("nothing points at its function tables")
}

// drop clears what only a trace's text needs. Tables are shared between
// functions and between kinds, so a byte goes when nothing else wants it.
func (t *tables) drop() error {
	wanted, dropped := make([]bool, len(t.pcs)), make([]bool, len(t.pcs))
	trees, data := map[uint32]int{}, map[uint32]bool{}
	for i := range t.funcs {
		f, err := t.function(i)
		if err != nil {
			return err
		}
		if _, err := t.mark(f.word(funcSP), wanted); err != nil {
			return err
		}
		for _, at := range []int{funcFile, funcLine} {
			if _, err := t.mark(f.word(at), dropped); err != nil {
				return err
			}
			f.set(at, 0)
		}
		f.set(funcCU, 0)
		f.set(funcStartLine, 0)
		calls := -1
		for j := range f.pcdata() {
			marks := wanted
			if isTraceOnly(j) {
				marks = dropped
			}
			most, err := t.mark(f.word(funcTables+j), marks)
			if err != nil {
				return err
			}
			if j == pcInlineTree {
				calls = most
			}
			if isTraceOnly(j) {
				f.set(funcTables+j, 0)
			}
		}
		for j := range f.funcdata() {
			at := funcTables + f.pcdata() + j
			switch off := f.word(at); {
			case off == absent:
			case j == dataInlineTree:
				trees[off] = max(trees[off], calls+1)
				f.set(at, absent)
			case j == dataArgInfo || j == dataArgLive:
				f.set(at, absent)
			default:
				data[off] = true
			}
		}
	}
	for i := range t.pcs {
		if dropped[i] && !wanted[i] {
			t.pcs[i] = 0
		}
	}
	for off, calls := range trees {
		if tree := t.image.view(t.gofunc+int(off), calls*inlinedCallBytes); tree != nil && !data[off] {
			clear(tree)
		}
	}
	clear(t.cus)
	t.shortenNames()
	return nil
}

// shortenNames writes the names of generic functions as traces print them
// (funcNamePiecesForPrint): f[...] in place of f and the shapes of its types.
func (t *tables) shortenNames() {
	for rest := t.names; len(rest) > 0; {
		end := bytes.IndexByte(rest, 0)
		if end < 0 {
			return
		}
		name := rest[:end]
		rest = rest[end+1:]
		from, to := bytes.IndexByte(name, '['), bytes.LastIndexByte(name, ']')
		if from < 0 || to-from < len("[...") {
			continue
		}
		short := append(append(bytes.Clone(name[:from]), "[...]"...), name[to+1:]...)
		clear(name[copy(name, short):])
	}
}

// isTraceOnly tells of tables by program counter that wasm can do without.
// Unsafe points are for preemption by a signal, and there are no signals.
func isTraceOnly(pcdata int) bool {
	return pcdata == pcUnsafePoint || pcdata == pcInlineTree || pcdata == pcArgLive
}

// mark marks the bytes of a table of values by program counter and returns
// its greatest value, -1 for no table.
func (t *tables) mark(offset uint32, marks []bool) (most int, err error) {
	if offset == 0 {
		return -1, nil
	}
	most = -1
	at, value := int(offset), -1
	for first := true; ; first = false {
		if at >= len(t.pcs) {
			return 0, fmt.Errorf("a table at %d runs over the %d bytes of all", offset, len(t.pcs))
		}
		delta, n := binary.Uvarint(t.pcs[at:])
		if delta == 0 && !first {
			break
		}
		step := int(int32(uint32(delta) >> 1))
		if delta&1 != 0 {
			step = ^step
		}
		value += step
		most = max(most, value)
		_, pc := binary.Uvarint(t.pcs[at+n:])
		if n <= 0 || pc <= 0 {
			return 0, fmt.Errorf("the table at %d has a broken number", offset)
		}
		at += n + pc
	}
	for i := int(offset); i < at; i++ {
		marks[i] = true
	}
	return most, nil
}

// function is one _func and the tables behind it.
type function []byte

func (t *tables) function(i int) (function, error) {
	at := int(binary.LittleEndian.Uint32(t.table[8*i+4:]))
	if at+4*funcTables > len(t.table) {
		return nil, fmt.Errorf("function %d is at %d of %d bytes", i, at, len(t.table))
	}
	f := function(t.table[at:])
	if n := funcTables + f.pcdata() + f.funcdata(); n > 64 || 4*n > len(f) {
		return nil, fmt.Errorf("function %d has %d words: the layout of _func has changed", i, n)
	}
	return f, nil
}

func (f function) word(i int) uint32   { return binary.LittleEndian.Uint32(f[4*i:]) }
func (f function) set(i int, v uint32) { binary.LittleEndian.PutUint32(f[4*i:], v) }
func (f function) pcdata() int         { return int(f.word(funcPCData)) }
func (f function) funcdata() int       { return int(f[4*funcFlags+3]) }
