package txn

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/wasm/store"
)

// BatchMax is the most sets of arguments of one batch.
const BatchMax = 1_000_000

// Batch runs one writing statement once for each of n sets of arguments, which
// are concatenated in the form of package value, as one transaction: all of
// them or none. The sets go to SQLite as they are. Result.Changes counts the
// rows of all runs. Kinds: those of SQL, wrong_parameters when the sets are
// not whole, limit_exceeded beyond BatchMax.
func (m *Manager) Batch(sql string, sets []byte, n uint64, key string) (Result, error) {
	if n > BatchMax {
		return Result{}, fault.New(fault.LimitExceeded, "run batch", strconv.FormatUint(n, 10)+" sets of values, and BatchMax is "+strconv.Itoa(BatchMax)).
			WithHint("divide it into several batches")
	}
	var changes int64
	res, err := m.write(key, func(c *sqlite.Conn, _ *store.CommitInfo) error {
		before := c.TotalChanges()
		err := m.statement(c, sql, nil, func(s *sqlite.Stmt) error {
			done, err := s.RunBatch(sets, int(n))
			if err != nil {
				return fault.In("set "+strconv.Itoa(done+1)+" of "+strconv.FormatUint(n, 10), err)
			}
			return nil
		})
		changes = c.TotalChanges() - before
		return err
	})
	if err == nil && !res.Repeat {
		res.Changes = changes
	}
	return res, err
}
