package mutation

// Digest is the FNV-1a 64 of the encoded operations. Under one mid it tells a
// repeat from a reuse. http://www.isthe.com/chongo/tech/comp/fnv/
func Digest(ops []Op) uint64 {
	h := uint64(14695981039346656037)
	var buf []byte
	for i := range ops {
		buf = ops[i].AppendTo(buf[:0])
		for _, b := range buf {
			h = (h ^ uint64(b)) * 1099511628211
		}
		h = (h ^ uint64(len(buf))) * 1099511628211
	}
	return h
}

// Seal sets the transaction's digest.
func (m *Tx) Seal() { m.Digest = Digest(m.Ops) }
