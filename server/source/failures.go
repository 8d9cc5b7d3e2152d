package source

import (
	"strconv"
	"sync"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
)

const (
	// FailuresMax is how often a transaction may fail for no reason of its own
	// before it is rejected, so that one poisoned mutation stops no queue.
	FailuresMax = 3
	// failingMax bounds the transactions whose failures are counted.
	failingMax = 1000
)

// Failures counts how often each transaction failed with what its source did not
// expect. Safe for concurrent use; the zero Failures has none.
type Failures struct {
	mu    sync.Mutex
	count map[string]int
}

// Failed counts err as a failure of m, unless it says that the source could not
// be asked or was busy. When m has failed too often it returns the rejection
// with which it ends, and keeps its count: that may fail too.
func (f *Failures) Failed(who *Client, m *mutation.Tx, err error) (mutation.Outcome, bool) {
	switch k := fault.KindOf(err); {
	case k == fault.Duplicate, k == fault.SchemaMismatch, k == fault.Closed, k == fault.Cancelled, k.Retryable() && k != fault.OutOfMemory:
		return mutation.Outcome{}, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.count == nil || len(f.count) >= failingMax {
		f.count = map[string]int{}
	}
	f.count[name(who, m)]++
	return mutation.Outcome{
		Mid: m.Mid, Status: mutation.Rejected, Kind: uint16(fault.Internal),
		Detail: "the relay failed on it " + strconv.Itoa(FailuresMax) + " times: " + err.Error(),
	}, f.count[name(who, m)] >= FailuresMax
}

// Ended forgets the failures of m.
func (f *Failures) Ended(who *Client, m *mutation.Tx) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.count) > 0 {
		delete(f.count, name(who, m))
	}
}

func name(who *Client, m *mutation.Tx) string { return who.ID + "/" + strconv.FormatUint(m.Mid, 10) }
