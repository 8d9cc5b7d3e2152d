package schema

// Hash is the FNV-1a 64 of the tables, whatever the version: two schemas with
// equal tables have equal hashes.
func (s *Schema) Hash() uint64 {
	unversioned := Schema{Tables: s.Tables}
	h := uint64(14695981039346656037)
	for _, b := range unversioned.AppendTo(nil) {
		h = (h ^ uint64(b)) * 1099511628211
	}
	return h
}
