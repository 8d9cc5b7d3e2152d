package live

import (
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
)

// KeptMax is how many queries are kept up to date without a run; the others run again.
const KeptMax = 256

// KeptBytesMax is how many bytes of rows are kept of a query; one with more runs again.
const KeptBytesMax = 256 << 10

// kept is what a query shows, kept in memory so that changed rows bring it up
// to date: a window or a tally. After an error, or when it cannot be shown, the
// query runs again, and what is kept is filled anew.
type kept interface {
	// of is the one table that the query reads.
	of() *schema.Table
	// reads is what a run reads instead of the query.
	reads() sqlgen.Statement
	// refill takes what a run has read: n rows of encoded values.
	refill(m *images, sets []byte, n int) error
	// apply takes changed rows; changed is false when none of them matters.
	apply(m *images, x *changedTable) (changed bool, err error)
	// show returns what is to be shown: the first n rows of k, cols columns of
	// each. ok is false when it cannot be told from what is kept.
	show(m *images) (k sqlite.Chunk, n, cols int, ok bool, err error)
	// forget ends it.
	forget(m *images)
}
