package main

import (
	"encoding/binary"
	"errors"
	"slices"
)

// Sections of a wasm module, in their order.
const (
	customSection, typeSection, importSection, functionSection = 0, 1, 2, 3
	startSection, elementSection, codeSection                  = 8, 9, 10
)

// noArguments is the type of a function that takes and returns nothing.
const noArguments = "\x60\x00\x00"

var errStarts = errors.New("it has a start function, or no functions: it is no Go program of a known layout")

// start adds a function without arguments that runs when the module is
// instantiated.
func (p *parts) start(body []byte) error {
	is := func(ids ...byte) int {
		return slices.IndexFunc(p.sections, func(s rawSection) bool { return slices.Contains(ids, s.id) })
	}
	at := is(elementSection, codeSection)
	if at < 0 || len(p.functions) == 0 || is(startSection) >= 0 {
		return errStarts
	}
	number := p.imported + uint64(len(p.bodies))
	p.functions = append(p.functions, p.typeOf(noArguments))
	p.bodies = append(p.bodies, body)
	p.sections = slices.Insert(p.sections, at, rawSection{startSection, binary.AppendUvarint(nil, number)})
	return nil
}

// areFunctions reports whether all imports are functions, which count before those defined.
func areFunctions(imports []byte, count uint64) bool {
	skip := func(n uint64, size int) bool {
		if size <= 0 || n > uint64(len(imports)-size) {
			return false
		}
		imports = imports[size+int(n):]
		return true
	}
	for range count {
		for range 2 { // module and name
			if n, size := binary.Uvarint(imports); !skip(n, size) {
				return false
			}
		}
		if len(imports) == 0 || imports[0] != 0 {
			return false
		}
		imports = imports[1:]
		if _, size := binary.Uvarint(imports); !skip(0, size) { // its type
			return false
		}
	}
	return true
}

func appendSection(out []byte, id byte, content []byte) []byte {
	return append(binary.AppendUvarint(append(out, id), uint64(len(content))), content...)
}
