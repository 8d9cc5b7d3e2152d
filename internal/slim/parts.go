package main

import (
	"bytes"
	"encoding/binary"
	"slices"
)

// magic is what a wasm module of version 1 begins with.
const magic = "\x00asm\x01\x00\x00\x00"

// parts are the sections before a program's data, those that are changed taken
// apart into their items.
type parts struct {
	sections  []rawSection
	types     [][]byte
	imported  uint64   // imported functions
	functions []uint64 // the type of each function that is defined
	globals   [][]byte // each with its type, whether it may change, and its first value
	exports   [][]byte
	bodies    [][]byte
}

type rawSection struct {
	id      byte
	content []byte
}

// readParts reads the sections with their magic.
func readParts(program []byte) (*parts, error) {
	p := &parts{}
	inTable := false
	for at := len(magic); at < len(program); {
		id, from, end, err := section(program, at)
		if err != nil {
			return nil, err
		}
		at = end
		content := program[from:end]
		p.sections = append(p.sections, rawSection{id, content})
		r := &reader{b: content}
		switch id {
		case typeSection:
			p.types = r.items(func() {
				r.skip(1)
				r.skip(int(r.unsigned()))
				r.skip(int(r.unsigned()))
			})
		case importSection:
			count, n := binary.Uvarint(content)
			if n <= 0 || !areFunctions(content[n:], count) {
				return nil, errSplit
			}
			p.imported, r.at = count, len(content)
		case functionSection:
			for range r.count() {
				p.functions = append(p.functions, r.unsigned())
			}
		case globalSection:
			p.globals = r.items(func() { r.skip(3); r.unsigned(); r.skip(1) })
		case exportSection:
			p.exports = r.items(func() { r.skip(int(r.unsigned())); r.skip(1); r.unsigned() })
		case elementSection:
			inTable = p.isWhole(r)
		case codeSection:
			for range r.count() {
				p.bodies = append(p.bodies, slices.Clip(r.take(int(r.unsigned()))))
			}
		default:
			r.at = len(content)
		}
		if r.short || r.at != len(content) {
			return nil, errSplit
		}
	}
	if !inTable || len(p.bodies) != len(p.functions) || slices.ContainsFunc(p.functions, func(t uint64) bool { return t >= uint64(len(p.types)) }) {
		return nil, errSplit
	}
	return p, nil
}

// isWhole reports whether the table's one segment has the defined functions in
// their order from firstFunc on.
func (p *parts) isWhole(r *reader) bool {
	head := append(appendVarint32([]byte{1, 0, opConst}, firstFunc), opEnd)
	if !bytes.Equal(r.take(len(head)), head) {
		return false
	}
	for i := range r.count() {
		if r.unsigned() != p.imported+i {
			return false
		}
	}
	return true
}

// items reads a vector whose items next skips one by one.
func (r *reader) items(next func()) [][]byte {
	var items [][]byte
	for range r.count() {
		from := r.at
		if next(); r.short {
			return nil
		}
		items = append(items, slices.Clip(r.b[from:r.at]))
	}
	return items
}

// typeOf is the number of a type of functions, which is added where there is none.
func (p *parts) typeOf(t string) uint64 {
	for i, known := range p.types {
		if string(known) == t {
			return uint64(i)
		}
	}
	p.types = append(p.types, []byte(t))
	return uint64(len(p.types) - 1)
}

// encode writes the sections with what has changed in them.
func (p *parts) encode() []byte {
	out := []byte(magic)
	for _, s := range p.sections {
		content := s.content
		switch s.id {
		case typeSection:
			content = vector(p.types)
		case functionSection:
			content = binary.AppendUvarint(nil, uint64(len(p.functions)))
			for _, t := range p.functions {
				content = binary.AppendUvarint(content, t)
			}
		case globalSection:
			content = vector(p.globals)
		case exportSection:
			content = vector(p.exports)
		case codeSection:
			content = vector(sized(p.bodies))
		}
		out = appendSection(out, s.id, content)
	}
	return out
}
