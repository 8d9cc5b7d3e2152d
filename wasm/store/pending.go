package store

import (
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// pending is the outbox in memory: one entry a transaction, and which
// operations touch which row. The entries mirror _rockpool_tx; the rows are
// derived from _rockpool_op and built when they are first asked for, so a bulk
// insert pays nothing for them.
type pending struct {
	txs map[uint64]*localTx
	// mids are the keys of txs, ascending.
	mids []uint64
	// rows lists the operations in view on each row, in order.
	rows map[rowKey][]opRef
	// bytes is the sum of the transactions' encoded lengths; cached is that of
	// those whose decoded form is kept.
	bytes, cached int64
	// todo are mids that rows does not know yet, ascending.
	todo []uint64
	// waiting counts the transactions that wait for their outcome; parked those
	// that wait for a person by a manual conflict, failed in another way.
	waiting, parked, failed uint64
}

// opRef is operation n of transaction mid, and what others ask about it: the
// transaction may be large, and is not read for that.
type opRef struct {
	mid uint64
	n   uint32
	// insert makes the row; delta only adds amounts.
	insert, delta bool
}

// localTx is one transaction of the outbox.
type localTx struct {
	mid      uint64
	state    int64
	excluded bool // out of view: something it depends on did not apply
	indexed  bool
	millis   int64
	hlc      version.HLC // set for those of this run
	bytes    int64
	depends  []uint64
	tx       *mutation.Tx // nil when it must be read from _rockpool_op
}

// inView reports whether the transaction's operations are part of the fold.
func (l *localTx) inView() bool { return l.state == txPending && !l.excluded }

func (p *pending) reset(bytes int64) {
	*p = pending{txs: map[uint64]*localTx{}, rows: map[rowKey][]opRef{}, bytes: bytes}
}

func (p *pending) add(l *localTx) {
	p.txs[l.mid] = l
	// Failed ones of a former client ID have greater mids than any new one.
	i, _ := slices.BinarySearch(p.mids, l.mid)
	p.mids = slices.Insert(p.mids, i, l.mid)
	if l.inView() {
		p.todo = append(p.todo, l.mid)
	}
	p.count(l.state, 1)
	if l.tx != nil {
		p.cached += l.bytes
	}
}

func (p *pending) remove(mid uint64) {
	l := p.txs[mid]
	if l == nil {
		return
	}
	p.count(l.state, -1)
	if l.tx != nil {
		p.cached -= l.bytes
	}
	p.bytes -= l.bytes
	delete(p.txs, mid)
	if i, ok := slices.BinarySearch(p.mids, mid); ok {
		p.mids = slices.Delete(p.mids, i, i+1)
	}
}

// become moves a transaction to another state.
func (p *pending) become(l *localTx, state int64) {
	p.count(l.state, -1)
	l.state = state
	p.count(l.state, 1)
}

// count adds n transactions of a state.
func (p *pending) count(state int64, n int) {
	switch state {
	case txPending:
		p.waiting += uint64(n)
	case txParked:
		p.parked += uint64(n)
	case txGivenUp:
	default:
		p.failed += uint64(n)
	}
}

// trim forgets decoded transactions when they take too much memory.
func (p *pending) trim() {
	if p.cached <= pendingCacheBytesMax {
		return
	}
	for _, l := range p.txs {
		l.tx = nil
	}
	p.cached = 0
}

// Pending returns how many transactions wait for their outcome.
func (db *DB) Pending() uint64 { return db.pend.waiting }

// Unsettled returns how many transactions wait for a person: parked by a
// manual conflict, and failed in another way.
func (db *DB) Unsettled() (parked, failed uint64) {
	return db.pend.parked, db.pend.failed
}

// loadPending reads the outbox's entries.
func (db *DB) loadPending() error {
	rows, err := db.all(`SELECT mid, state, excluded, millis, bytes, depends FROM _rockpool_tx ORDER BY mid`)
	if err != nil {
		return err
	}
	for _, row := range rows {
		db.pend.add(&localTx{
			mid: uint64(row[0].Int()), state: row[1].Int(), excluded: row[2].Int() != 0,
			millis: row[3].Int(), bytes: row[4].Int(), depends: decodeMids(row[5]),
		})
	}
	return nil
}

// loadBody reads the encoded mutation.Tx of a mid.
func (db *DB) loadBody(mid uint64) ([]byte, error) {
	rows, err := db.all(`SELECT data FROM _rockpool_op WHERE mid = ? ORDER BY n`, value.Int(int64(mid)))
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 {
		return nil, fault.New(fault.Corrupt, "read outbox", "transaction "+strconv.FormatUint(mid, 10)+" has no operations")
	}
	var body []byte
	for _, row := range rows {
		body = append(body, row[0].Str()...)
	}
	return body, nil
}

// ops returns the operations of a local transaction, by the table IDs and
// column indexes of the schema in force. Shared, not to be changed.
func (db *DB) ops(l *localTx) ([]mutation.Op, error) {
	if l.tx == nil {
		body, err := db.loadBody(l.mid)
		if err != nil {
			return nil, err
		}
		tx := new(mutation.Tx)
		if err := tx.Decode(body); err != nil {
			return nil, fault.Wrap(fault.Corrupt, "read outbox", err)
		}
		if err := db.translate(tx); err != nil {
			return nil, err
		}
		l.tx = tx
		db.pend.cached += l.bytes
	}
	return l.tx.Ops, nil
}

// index brings rows up to date with txs.
func (db *DB) index() error {
	p := &db.pend
	for len(p.todo) > 0 {
		mid := p.todo[0]
		l := p.txs[mid]
		if l == nil || l.indexed || !l.inView() {
			p.todo = p.todo[1:]
			continue
		}
		ops, err := db.ops(l)
		if err != nil {
			return err
		}
		for n := range ops {
			for _, key := range db.opKeys(&ops[n]) {
				p.rows[key] = append(p.rows[key], opRef{mid, uint32(n), ops[n].Kind == mutation.Insert, pureDelta(&ops[n])})
			}
		}
		l.indexed = true
		p.todo = p.todo[1:]
	}
	return nil
}

// unindex takes a transaction out of view and returns the rows that it touched;
// none when it was out of view before.
func (db *DB) unindex(l *localTx) ([]rowKey, error) {
	if err := db.index(); err != nil {
		return nil, err
	}
	if !l.indexed {
		return nil, nil
	}
	ops, err := db.ops(l)
	if err != nil {
		return nil, err
	}
	var touched []rowKey
	for n := range ops {
		for _, key := range db.opKeys(&ops[n]) {
			refs := db.pend.rows[key]
			kept := slices.DeleteFunc(refs, func(r opRef) bool { return r.mid == l.mid })
			if len(kept) == len(refs) {
				continue // the same row again
			}
			touched = append(touched, key)
			if len(kept) == 0 {
				delete(db.pend.rows, key)
			} else {
				db.pend.rows[key] = kept
			}
		}
	}
	l.indexed, l.excluded = false, true
	return touched, nil
}

// rowOps returns the operations in view on a row, in order.
func (db *DB) rowOps(key rowKey) ([]mutation.Op, error) {
	refs := db.pend.rows[key]
	out := make([]mutation.Op, 0, len(refs))
	for _, r := range refs {
		ops, err := db.ops(db.pend.txs[r.mid])
		if err != nil {
			return nil, err
		}
		out = append(out, ops[r.n])
	}
	return out, nil
}

// opKeys returns the rows that an operation touches: its own and, where an
// update changes the key, the one it becomes.
func (db *DB) opKeys(op *mutation.Op) []rowKey {
	before := rowKey{op.Table, encodeKey(op.Key)}
	x := db.tables[op.Table]
	if op.Kind != mutation.Update || x == nil {
		return []rowKey{before}
	}
	key := slices.Clone(op.Key)
	for i, k := range x.Key {
		if j := slices.Index(op.Cols, k); j >= 0 {
			key[i] = op.New[j]
		}
	}
	if key.Equal(op.Key) {
		return []rowKey{before}
	}
	return []rowKey{before, {op.Table, encodeKey(key)}}
}

// decodeMids reads what encodeMids wrote.
func decodeMids(v value.Value) []uint64 {
	var mids []uint64
	rest := []byte(v.Str())
	for len(rest) > 0 {
		var one value.Value
		var ok bool
		if one, rest, ok = value.Decode(rest); !ok {
			break
		}
		mids = append(mids, uint64(one.Int()))
	}
	return mids
}

func encodeMids(mids []uint64) value.Value {
	if len(mids) == 0 {
		return value.Null
	}
	var b []byte
	for _, m := range mids {
		b = value.Int(int64(m)).Append(b)
	}
	return value.Blob(b)
}
