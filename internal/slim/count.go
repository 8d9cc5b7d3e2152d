package main

import "encoding/binary"

// countedPrefix is what the names of the exported globals begin with.
const countedPrefix = "ran "

// count has each of Go's functions set a global of its own when it runs, and
// exports the global under the function's name: what a program of a browser
// has run is read out of its instance.
func (m *module) count(names map[uint64]string) error {
	p, err := readParts(m.before)
	if err != nil {
		return err
	}
	for i := range p.bodies {
		name, ok := names[uint64(i)]
		if !ok {
			continue
		}
		body := p.bodies[i]
		r := reader{b: body}
		if r.locals(); r.short {
			return errShort
		}
		global := uint64(len(p.globals))
		p.globals = append(p.globals, []byte{i32, 1, opConst, 0, opEnd})
		p.exports = append(p.exports, exported(countedPrefix+name, kindGlobal, global))
		mark := binary.AppendUvarint([]byte{opConst, 1, opGlobalSet}, global)
		p.bodies[i] = append(append(append([]byte{}, body[:r.at]...), mark...), body[r.at:]...)
	}
	m.before = p.encode()
	return nil
}
