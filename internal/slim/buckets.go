package main

import (
	"encoding/binary"
	"slices"
)

// findfunctab, runtime/symtab.go: for each 4,096 program counters the number of
// a function, and 16 bytes that say how far on it is. On wasm a function has
// 65,536 of them, so its 16 buckets are alike and their bytes zero: a fifth of
// the program for what a loop can write.
const (
	findfuncAt             = 152 // moduledata.findfunctab's offset in bytes; minpc and maxpc follow it
	bucketBytes, bucketPCs = 20, 4096
	bucketsAFunc           = 16
)

// What the loop is made of (https://webassembly.github.io/spec/core/binary/).
const (
	i32, noType                        = 0x7f, 0x40
	opLoop, opEnd, opBrIf              = 0x03, 0x0b, 0x0d
	opGet, opSet, opTee                = 0x20, 0x21, 0x22
	opStore, opConst                   = 0x36, 0x41
	opEqualsZero                       = 0x45
	opLessUnsigned, opAdd, opShiftDown = 0x49, 0x6a, 0x76
)

// dropBuckets takes the table out of the image and has the module write it
// when it is instantiated. A table that is not what the loop writes stays.
func (m *module) dropBuckets(t *tables) error {
	table, first := t.buckets()
	if table == nil || !isRegular(table) {
		return nil
	}
	p, err := readParts(m.before)
	if err != nil {
		return err
	}
	if err := p.start(bucketLoop(first, (len(table)+bucketBytes-1)/bucketBytes)); err != nil {
		return err
	}
	m.before = p.encode()
	clear(table)
	return nil
}

// buckets returns the table and its address, or nil when it is not in the image.
func (t *tables) buckets() (table []byte, at int) {
	word := func(i int) int { return int(binary.LittleEndian.Uint64(t.image.view(t.module+findfuncAt+8*i, 8))) }
	at, pcs := word(0), word(2)-word(1)
	if pcs < 1 || pcs > t.funcs*bucketsAFunc*bucketPCs {
		return nil, 0
	}
	up := func(n int) int { return (pcs + n - 1) / n }
	return t.image.view(at, 4*up(bucketPCs)+up(bucketPCs/16)), at // the last bucket ends with the text
}

// isRegular reports whether bucket i says function i/16, as the loop does.
func isRegular(table []byte) bool {
	for i := 0; i*bucketBytes < len(table); i++ {
		b := table[i*bucketBytes : min((i+1)*bucketBytes, len(table))]
		if binary.LittleEndian.Uint32(b) != uint32(i/bucketsAFunc) || slices.Max(b[4:]) != 0 {
			return false
		}
	}
	return true
}

// bucketLoop is the body of a function that writes n buckets from an address on.
func bucketLoop(at, n int) []byte {
	const address, bucket = 0, 1
	code := []byte{1, 2, i32} // two locals
	code = append(appendVarint32(append(code, opConst), int32(at)), opSet, address)
	code = append(code, opLoop, noType,
		opGet, address, opGet, bucket, opConst, 4, opShiftDown, opStore, 2, 0,
		opGet, address, opConst, bucketBytes, opAdd, opSet, address,
		opGet, bucket, opConst, 1, opAdd, opTee, bucket, opConst)
	return append(appendVarint32(code, int32(n)), opLessUnsigned, opBrIf, 0, opEnd, opEnd)
}
