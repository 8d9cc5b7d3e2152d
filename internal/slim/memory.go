package main

import (
	"encoding/binary"
	"errors"
	"slices"
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
	p, err := readParts(m.before)
	if err != nil {
		return err
	}
	if err := p.growMemory((end + heapBytes + pageBytes - 1) / pageBytes); err != nil {
		return err
	}
	m.before = p.encode()
	return nil
}

// growMemory raises the minimum of the module's memory to that many pages.
func (p *parts) growMemory(pages uint64) error {
	at := slices.IndexFunc(p.sections, func(s rawSection) bool { return s.id == memorySection })
	if at < 0 {
		return errMemory
	}
	// One memory without flags: https://webassembly.github.io/spec/core/binary/types.html#limits
	content := p.sections[at].content
	if len(content) < 3 || content[0] != 1 || content[1] != 0 {
		return errMemory
	}
	least, n := binary.Uvarint(content[2:])
	if n <= 0 || 2+n != len(content) {
		return errMemory
	}
	p.sections[at].content = binary.AppendUvarint([]byte{1, 0}, max(least, pages))
	return nil
}
