package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// Settled returns how the server has decided a mid, as far as that is stored:
// nil while it has not, and for a mid that was never given. It has no images
// of conflicts. A write that met nobody leaves nothing behind, so a mid of
// which nothing is stored has applied.
func (db *DB) Settled(mid uint64) (*mutation.Outcome, error) {
	if l := db.pend.txs[mid]; mid == 0 || l == nil && mid > db.meta.LastMid && mid < settledMidFirst || l != nil && l.state == txPending {
		return nil, nil
	}
	out := &mutation.Outcome{Mid: mid, Status: mutation.Applied}
	row, found, err := db.one(`SELECT status, kind, code, detail FROM _rockpool_rejected WHERE mid = ?`, value.Int(int64(mid)))
	if err != nil {
		return nil, fault.In("look up an outcome", err)
	}
	if found {
		out.Status, out.Kind = mutation.Status(row[0].Int()), uint16(row[1].Int())
		out.Code, out.Detail = row[2].Str(), row[3].Str()
		return out, nil
	}
	row, found, err = db.one(`SELECT status FROM _rockpool_conflict WHERE mid = ? ORDER BY id LIMIT 1`, value.Int(int64(mid)))
	if err != nil {
		return nil, fault.In("look up an outcome", err)
	}
	if found {
		out.Status = mutation.Status(row[0].Int())
	}
	return out, nil
}
