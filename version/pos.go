// Package version orders things: positions in the log, hybrid logical clocks,
// and the vectors that say what a writer had seen (SYNC.md §2).
package version

// Pos is a place in the log. Seq is dense: each transaction is its
// predecessor plus one. A change of Epoch means that the log before it could
// not be extended from the source. The zero Pos is "nothing yet".
type Pos struct {
	Epoch uint32 `wire:"1"`
	Seq   uint64 `wire:"2"`
}

// Less orders positions: by epoch, then by sequence.
func (p Pos) Less(q Pos) bool {
	return p.Epoch < q.Epoch || p.Epoch == q.Epoch && p.Seq < q.Seq
}

// Next is the position of the transaction after p in the same epoch.
func (p Pos) Next() Pos { return Pos{p.Epoch, p.Seq + 1} }

// IsZero reports whether p is before every transaction.
func (p Pos) IsZero() bool { return p == Pos{} }
