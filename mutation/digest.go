package mutation

import "encoding/binary"

// Digest is the FNV-1a 64 of the encoded operations. Under one mid it tells a
// repeat from a reuse. http://www.isthe.com/chongo/tech/comp/fnv/
func Digest(ops []Op) uint64 {
	h := uint64(digestStart)
	var buf []byte
	for i := range ops {
		buf = ops[i].AppendTo(buf[:0])
		h = digestOp(h, buf)
	}
	return h
}

const digestStart = 14695981039346656037

// digestOp adds one encoded operation.
func digestOp(h uint64, op []byte) uint64 {
	for _, b := range op {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return (h ^ uint64(len(op))) * 1099511628211
}

// Identify gives a sealed transaction its ID: a hash of its clock and of its
// operations. Two writes of the same values have different clocks. The highest
// bit is set: no ID is 0, and all have the same length on the wire.
func (m *Tx) Identify() {
	var buf [16]byte
	binary.LittleEndian.PutUint64(buf[:8], uint64(m.HLC))
	binary.LittleEndian.PutUint64(buf[8:], m.Digest)
	m.ID = digestOp(digestStart, buf[:]) | 1<<63
}

// Seal sets the transaction's digest.
func (m *Tx) Seal() { m.Digest = Digest(m.Ops) }
