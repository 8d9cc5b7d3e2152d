package mutation

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

// Seal sets the transaction's digest.
func (m *Tx) Seal() { m.Digest = Digest(m.Ops) }
