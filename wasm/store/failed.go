package store

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// failed returns a local transaction that waits for a person.
func (db *DB) failed(op string, mid uint64) (*localTx, error) {
	l, err := db.local(op, mid)
	if err != nil {
		return nil, err
	}
	if l.state == txPending {
		return nil, fault.New(fault.Forbidden, op, "the server has not answered it yet").
			WithHint("take it back first (Recall), or wait for its outcome")
	}
	return l, nil
}

// local returns a transaction that the app knows of.
func (db *DB) local(op string, mid uint64) (*localTx, error) {
	l := db.pend.txs[mid]
	if l == nil || l.state == txGivenUp {
		return nil, fault.New(fault.NotFound, op, "there is no local transaction "+strconv.FormatUint(mid, 10))
	}
	return l, nil
}

// Discard gives up a parked, rejected or blocked transaction; its conflicts
// are closed. The view does not change: its effect left with its outcome.
func (db *DB) Discard(mid uint64) (Committed, error) {
	l, err := db.failed("discard mutation", mid)
	if err != nil {
		return Committed{}, err
	}
	var out Committed
	err = db.atomic(func() error {
		// Its key names nothing any more: a repeat is a new write.
		if err := db.run(`DELETE FROM _rockpool_once WHERE mid = ?`, value.Int(int64(mid))); err != nil {
			return err
		}
		return db.drop(l, &out)
	})
	if err != nil {
		return Committed{}, fault.In("discard mutation", err)
	}
	return out, nil
}

// drop deletes a failed transaction and its open conflicts, and says so in out.
func (db *DB) drop(l *localTx, out *Committed) error {
	if err := db.letGo(l); err != nil {
		return err
	}
	rows, err := db.all(`SELECT id FROM _rockpool_conflict WHERE mid = ? AND open = 1 ORDER BY id`, value.Int(int64(l.mid)))
	if err != nil {
		return err
	}
	out.Ended = l.mid
	for _, row := range rows {
		out.Closed = append(out.Closed, uint64(row[0].Int()))
	}
	return db.run(`DELETE FROM _rockpool_conflict WHERE mid = ? AND open = 1`, value.Int(int64(l.mid)))
}

// Retry writes a failed transaction's operations again, over what stands now,
// as a new mutation, and drops the old one.
func (db *DB) Retry(mid uint64) (Committed, error) {
	l, err := db.failed("retry mutation", mid)
	if err != nil {
		return Committed{}, err
	}
	ops, err := db.ops(l)
	if err != nil {
		return Committed{}, fault.In("retry mutation", err)
	}
	out, err := db.rewrite(l, ops, nil)
	return out, fault.In("retry mutation", err)
}

// Replace drops a failed transaction and queues what f writes instead, as one
// transaction. When f fails, the failed one stays. Kinds: those of Retry and f's.
func (db *DB) Replace(mid uint64, f func(c *sqlite.Conn, info *CommitInfo) error) (Committed, error) {
	l, err := db.failed("replace mutation", mid)
	if err != nil {
		return Committed{}, err
	}
	info := CommitInfo{Replaces: mid}
	if l.state == txParked {
		info.Resolves = mid
	}
	w, err := db.BeginWrite()
	if err != nil {
		return Committed{}, err
	}
	var ended Committed
	if err = f(w.Conn(), &info); err == nil {
		db.w.SetGuard(nil)
		err = db.drop(l, &ended)
	}
	out, err := db.finish(w, info, ended, err)
	return out, fault.In("replace mutation", err)
}
