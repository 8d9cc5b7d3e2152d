package query

// Hash returns the FNV-1a 64 of the query's canonical bytes: equal trees have
// equal hashes on every platform, whatever the order in which they were built.
func (s *Select) Hash() uint64 {
	const (
		offset = 14695981039346656037
		prime  = 1099511628211
	)
	h := uint64(offset)
	for _, b := range s.AppendTo(nil) {
		h = (h ^ uint64(b)) * prime
	}
	return h
}
