package mutation

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// Check refuses a transaction that no client of ours makes, before its
// operations meet a row: as Fits does, and fault.Protocol for one whose digest
// is not that of its operations.
func (m *Tx) Check(s *schema.Schema) error {
	if m.Mid == 0 || m.Digest != Digest(m.Ops) {
		return fault.New(fault.Protocol, "check mutation", "its digest is not that of its operations")
	}
	return m.Fits(s)
}

// Fits refuses operations that s has no place for: fault.UnknownTable or
// fault.SchemaMismatch for what s lacks, fault.TypeMismatch for values that have
// not their stored form. It leaves out the digest, which is of the operations as
// the client made them: a relay may have widened them to its own columns.
func (m *Tx) Fits(s *schema.Schema) error {
	for i := range m.Ops {
		op := &m.Ops[i]
		t := s.ByID(op.Table)
		if t == nil || t.LocalOnly {
			return fault.New(fault.UnknownTable, "check mutation", "no synced table has the number "+strconv.FormatUint(uint64(op.Table), 10))
		}
		if !op.fits(t) {
			return fault.New(fault.SchemaMismatch, "check mutation", "an operation on "+t.Name+" does not fit its columns").
				WithHint("reload: the app was built for another schema")
		}
		for n, col := range op.Cols {
			if v, err := t.Canonical(int(col), op.New[n]); err != nil {
				return err
			} else if !v.Equal(op.New[n]) && !op.isDelta(n) {
				return fault.New(fault.TypeMismatch, "check mutation", "a value of "+t.Name+"."+t.Columns[col].Name+" has not its stored form")
			}
		}
	}
	return nil
}

// fits reports whether the operation's lists have the lengths that its kind
// asks for, and name columns that t has and a writer may write. An insert
// gives the key as it says it, an update leaves the key alone.
func (op *Op) fits(t *schema.Table) bool {
	if len(op.Key) != len(t.Key) || len(op.New) != len(op.Cols) || !slices.IsSorted(op.Cols) {
		return false
	}
	for n, col := range op.Cols {
		if int(col) >= len(t.Columns) || n > 0 && op.Cols[n-1] == col || t.Columns[col].Generated {
			return false
		}
		if op.Kind == Insert {
			if at := slices.Index(t.Key, col); at >= 0 && !op.New[n].Equal(op.Key[at]) {
				return false
			}
		} else if t.IsKey(int(col)) {
			return false
		}
	}
	for _, n := range op.Deltas {
		if int(n) >= len(op.Cols) {
			return false
		}
	}
	switch op.Kind {
	case Insert:
		return len(op.Old) == 0 && len(op.Deltas) == 0
	case Update:
		return len(op.Old) == len(op.Cols) && len(op.Cols) > 0
	case Delete:
		return len(op.Cols) == 0 && (len(op.Old) == len(t.Columns) || len(op.Old) == 0)
	}
	return false
}
