package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// named gives values their columns' names.
func named(t *table, cols []uint32, values value.Row) wire.NamedRow {
	out := wire.NamedRow{Values: values}
	for i, col := range cols {
		if i < len(values) && int(col) < len(t.Columns) {
			out.Columns = append(out.Columns, t.Columns[col].Name)
		}
	}
	out.Values = values[:len(out.Columns):len(out.Columns)]
	return out
}

// whole names a whole row; nil for an absent one.
func whole(t *table, row value.Row) *wire.NamedRow {
	if len(row) == 0 {
		return nil
	}
	out := wire.NamedRow{}
	for i := range row {
		if i < len(t.Columns) {
			out.Columns = append(out.Columns, t.Columns[i].Name)
			out.Values = append(out.Values, row[i])
		}
	}
	return &out
}

// showOps names operations for people.
func (db *DB) showOps(ops []mutation.Op) []wire.OutboxOp {
	out := make([]wire.OutboxOp, 0, len(ops))
	for i := range ops {
		op := &ops[i]
		t := db.tables[op.Table]
		if t == nil {
			continue
		}
		show := wire.OutboxOp{Table: t.Name, Kind: op.Kind, Key: named(t, t.Key, op.Key)}
		switch op.Kind {
		case mutation.Insert:
			row := named(t, op.Cols, op.New)
			show.New = &row
		case mutation.Update:
			before, after := named(t, op.Cols, op.Old), named(t, op.Cols, op.New)
			show.Old, show.New = &before, &after
			for _, n := range op.Deltas {
				if int(n) < len(after.Columns) {
					show.Deltas = append(show.Deltas, after.Columns[n])
				}
			}
		case mutation.Delete:
			show.Old = whole(t, op.Old)
		}
		out = append(out, show)
	}
	return out
}

// Outbox lists every local transaction that has not ended well, oldest first.
// States are as the database knows them: which pending ones were sent is
// package txn's knowledge.
func (db *DB) Outbox() ([]wire.OutboxEntry, error) {
	rows, err := db.all(`SELECT mid, kind, detail, millis FROM _rockpool_rejected`)
	if err != nil {
		return nil, fault.In("list the outbox", err)
	}
	why := map[uint64]value.Row{}
	for _, row := range rows {
		why[uint64(row[0].Int())] = row
	}
	out := make([]wire.OutboxEntry, 0, len(db.pend.mids))
	for _, mid := range db.pend.mids {
		l := db.pend.txs[mid]
		if l.state == txGivenUp {
			continue
		}
		ops, err := db.ops(l)
		if err != nil {
			return nil, fault.In("list the outbox", err)
		}
		e := wire.OutboxEntry{
			Mid: mid, State: db.stateOf(l), Millis: l.millis, Ops: db.showOps(ops), Bytes: uint64(l.bytes), Key: l.key(ops),
			CausedBy: db.Cause(mid), History: []wire.TxMoment{{State: wire.TxApplied, Millis: l.millis}},
		}
		if row := why[mid]; row != nil {
			e.Kind, e.Detail = uint16(row[1].Int()), row[2].Str()
			e.History = append(e.History, wire.TxMoment{State: e.State, Millis: row[3].Int()})
		}
		if e.State == wire.TxBlocked && e.Kind == 0 { // the server has not answered it yet
			e.Kind, e.Detail = uint16(fault.Blocked), BlockedDetail
		}
		out = append(out, e)
	}
	db.pend.trim()
	return out, nil
}

// Show returns the operations of one transaction of the outbox for people, or
// none when it is larger than wire.OutboxEventBytesMax, and its encoded length.
func (db *DB) Show(mid uint64) ([]wire.OutboxOp, uint64, error) {
	l := db.pend.txs[mid]
	if l == nil || l.bytes > wire.OutboxEventBytesMax {
		return nil, 0, nil
	}
	ops, err := db.ops(l)
	if err != nil {
		return nil, 0, fault.In("show a transaction", err)
	}
	return db.showOps(ops), uint64(l.bytes), nil
}

// key returns the app's idempotency key; ops proves that l is decoded.
func (l *localTx) key([]mutation.Op) string { return l.tx.IdempotencyKey }

// stateOf names a local transaction's state.
func (db *DB) stateOf(l *localTx) wire.TxState {
	switch {
	case l.state == txParked:
		return wire.TxConflicted
	case l.state == txRejected || l.state == txGone:
		return wire.TxRejected
	case l.state == txBlocked || l.excluded:
		return wire.TxBlocked
	case l.mid <= db.durable:
		return wire.TxDurable
	}
	return wire.TxApplied
}
