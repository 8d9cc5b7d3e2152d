package main

import (
	"encoding/binary"
	"errors"
)

const memorySection = 5

const (
	pageBytes = 64 << 10
	// endAt is moduledata.end's offset in bytes (runtime/symtab.go): where the
	// program's data ends and its heap begins.
	endAt = 272
	// heapBytes is the room that the memory has for a heap from the beginning.
	// A start takes 3.4 MB, which the linker's 1 MB makes four steps of, and a
	// browser needs 2 to 4 ms to grow a memory; what is not touched costs nothing.
	heapBytes = 5 << 20
)

var errMemory = errors.New("its memory is not one with a minimum alone: it is no Go program of a known layout")

// growMemory gives the module's memory a minimum with heapBytes behind its data.
func (m *module) growMemory(t *tables) error {
	word := t.image.view(t.module+endAt, 8)
	if word == nil {
		return errMemory
	}
	end := binary.LittleEndian.Uint64(word)
	if end >= 1<<32-heapBytes-pageBytes {
		return errMemory
	}
	before, err := withMemory(m.before, (end+heapBytes+pageBytes-1)/pageBytes)
	m.before = before
	return err
}

// withMemory raises the minimum of the module's memory to that many pages.
// sections are the module's first ones, with its magic.
func withMemory(sections []byte, pages uint64) ([]byte, error) {
	for at := 8; at < len(sections); {
		id, from, end, err := section(sections, at)
		if err != nil {
			return nil, err
		}
		if id != memorySection {
			at = end
			continue
		}
		// One memory without flags: https://webassembly.github.io/spec/core/binary/types.html#limits
		content := sections[from:end]
		if len(content) < 3 || content[0] != 1 || content[1] != 0 {
			return nil, errMemory
		}
		least, n := binary.Uvarint(content[2:])
		if n <= 0 || 2+n != len(content) {
			return nil, errMemory
		}
		out := append([]byte{}, sections[:at]...)
		out = appendSection(out, memorySection, binary.AppendUvarint([]byte{1, 0}, max(least, pages)))
		return append(out, sections[end:]...), nil
	}
	return nil, errMemory
}
