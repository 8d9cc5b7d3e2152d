package value

// Digest is the order-independent sum of rows: equal sets of rows give equal
// sums wherever they are computed. It finds differences, not forgeries. The
// zero Digest is that of no rows.
type Digest uint64

// The parameters of FNV-1a, and of the mixer that keeps sums of similar rows
// apart (MurmurHash3's 64-bit finalizer).
const (
	fnvOffset = 14695981039346656037
	fnvPrime  = 1099511628211
	mix1      = 0xff51afd7ed558ccd
	mix2      = 0xc4ceb9fe1a85ec53
)

// Add adds one row by its encoded form.
func (d *Digest) Add(row Row) { d.AddEncoded(row.Append(nil)) }

// AddEncoded adds one row that is encoded already.
func (d *Digest) AddEncoded(row []byte) {
	h := uint64(fnvOffset)
	for _, b := range row {
		h = (h ^ uint64(b)) * fnvPrime
	}
	h = (h ^ h>>33) * mix1
	h = (h ^ h>>33) * mix2
	*d += Digest(h ^ h>>33)
}

// Sum64 returns the sum.
func (d Digest) Sum64() uint64 { return uint64(d) }
