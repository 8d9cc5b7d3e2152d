package main

import (
	"encoding/binary"
	"fmt"
)

// Instructions that take something after their opcode, and those that the cold
// part is written with (https://webassembly.github.io/spec/core/binary/instructions.html).
const (
	opBlock, opIf, opBr             = 0x02, 0x04, 0x0c
	opBrTable, opCall, opIndirect   = 0x0e, 0x10, 0x11
	opGlobalGet, opGlobalSet        = 0x23, 0x24
	opFirstLoad, opLastStore        = 0x28, 0x3e
	opMemorySize, opMemoryGrow      = 0x3f, 0x40
	opConst64, opConstF32, opFConst = 0x42, 0x43, 0x44
	opFirstPlain, opLastPlain       = 0x45, 0xc4 // comparisons, arithmetic, conversions
	opMore                          = 0xfc       // another opcode follows
	moreLastTruncate                = 7
	moreCopy, moreFill              = 10, 11
)

// rewriteCalls returns a function's body, as the code section has it without its
// size, with each call replaced by what call appends to out for the callee's
// number. It knows the instructions that Go writes, and fails on any other.
func rewriteCalls(body []byte, call func(out []byte, callee uint64) []byte) ([]byte, error) {
	r := reader{b: body}
	r.locals()
	out, from := []byte(nil), 0
	for r.at < len(body) && !r.short {
		at := r.at
		switch op := r.byte(); {
		case op == opCall:
			callee := r.unsigned()
			out = call(append(out, body[from:at]...), callee)
			from = r.at
		case op == opBlock || op == opLoop || op == opIf:
			r.skip(1) // the block's type
		case op == opBr || op == opBrIf || opGet <= op && op <= opGlobalSet:
			r.unsigned()
		case op == opBrTable:
			for range r.count() + 1 {
				r.unsigned()
			}
		case op == opIndirect || opFirstLoad <= op && op <= opLastStore:
			r.unsigned()
			r.unsigned()
		case op == opMemorySize || op == opMemoryGrow:
			r.skip(1)
		case op == opConst || op == opConst64:
			r.signed()
		case op == opConstF32:
			r.skip(4)
		case op == opFConst:
			r.skip(8)
		case op == opMore:
			switch more := r.unsigned(); {
			case more <= moreLastTruncate:
			case more == moreCopy:
				r.skip(2)
			case more == moreFill:
				r.skip(1)
			default:
				return nil, fmt.Errorf("instruction %#x %d is none that Go writes", op, more)
			}
		case op > opBrTable+1 && !(opFirstPlain <= op && op <= opLastPlain) && op != 0x1a && op != 0x1b:
			return nil, fmt.Errorf("instruction %#x is none that Go writes", op)
		}
	}
	if r.short {
		return nil, errShort
	}
	return append(out, body[from:]...), nil
}

// reader reads a section's content. Behind the end it reads zeros, and is short.
type reader struct {
	b     []byte
	at    int
	short bool
}

func (r *reader) byte() byte {
	if r.at >= len(r.b) {
		r.short = true
		return 0
	}
	r.at++
	return r.b[r.at-1]
}

func (r *reader) unsigned() uint64 {
	v, n := binary.Uvarint(r.b[min(r.at, len(r.b)):])
	if n <= 0 {
		r.short = true
		return 0
	}
	r.at += n
	return v
}

// count is how many items follow, each of which takes a byte or more.
func (r *reader) count() uint64 {
	n := r.unsigned()
	if n > uint64(len(r.b)-r.at) {
		r.short = true
		return 0
	}
	return n
}

// locals passes over the groups of a function's locals: how many, of which type.
func (r *reader) locals() {
	for range r.count() {
		r.unsigned()
		r.skip(1)
	}
}

// signed passes over a signed LEB128 of any length.
func (r *reader) signed() {
	for r.byte()&0x80 != 0 {
	}
}

func (r *reader) skip(n int) { r.take(n) }

func (r *reader) take(n int) []byte {
	if n < 0 || n > len(r.b)-r.at {
		r.short = true
		return nil
	}
	r.at += n
	return r.b[r.at-n : r.at]
}
