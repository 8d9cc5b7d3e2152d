package main

import (
	"encoding/binary"
	"errors"
)

// Sections of a wasm module, in their order.
const (
	customSection, typeSection, importSection, functionSection = 0, 1, 2, 3
	startSection, elementSection, codeSection                  = 8, 9, 10
)

// noArguments is the type of a function that takes and returns nothing.
const noArguments = "\x60\x00\x00"

var errStarts = errors.New("it has a start function, no functions, or imports that are none: it is no Go program of a known layout")

// withStart adds a function without arguments that runs when the module is
// instantiated. sections are the module's first ones, with its magic.
func withStart(sections, body []byte) ([]byte, error) {
	out := append([]byte{}, sections[:8]...)
	var types, imported, defined uint64
	started := false
	for at := 8; at < len(sections); {
		id, from, end, err := section(sections, at)
		if err != nil {
			return nil, err
		}
		content := sections[from:end]
		at = end
		if id >= elementSection && !started {
			if defined == 0 {
				return nil, errStarts
			}
			out = appendSection(out, startSection, binary.AppendUvarint(nil, imported+defined))
			started = true
		}
		count, n := binary.Uvarint(content)
		if id != customSection && n <= 0 {
			return nil, errShort
		}
		switch id {
		case typeSection:
			types = count
			content = appended(content[n:], count, []byte(noArguments))
		case importSection:
			if !areFunctions(content[n:], count) {
				return nil, errStarts
			}
			imported = count
		case functionSection:
			defined = count
			content = appended(content[n:], count, binary.AppendUvarint(nil, types))
		case startSection:
			return nil, errStarts
		case codeSection:
			content = appended(content[n:], count, body)
		}
		out = appendSection(out, id, content)
	}
	if !started {
		return nil, errStarts
	}
	return out, nil
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

// appended is a vector of count items and one more.
func appended(items []byte, count uint64, item []byte) []byte {
	return append(append(binary.AppendUvarint(nil, count+1), items...), item...)
}

func appendSection(out []byte, id byte, content []byte) []byte {
	return append(binary.AppendUvarint(append(out, id), uint64(len(content))), content...)
}
