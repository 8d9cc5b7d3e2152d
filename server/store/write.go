package store

import (
	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Write is a transaction on a store that is the truth. It holds the writer
// until Commit or Rollback. Constraints are enforced; foreign keys at Commit.
type Write struct {
	s    *Store
	done bool
}

// Begin opens a write transaction.
func (s *Store) Begin() (*Write, error) {
	if !s.opt.Truth {
		return nil, fault.New(fault.ReadOnly, "write to the store", "it is a replica")
	}
	s.mu.Lock()
	if err := s.w.Exec("BEGIN IMMEDIATE; PRAGMA defer_foreign_keys=ON"); err != nil {
		err = s.end(err)
		s.mu.Unlock()
		return nil, fault.In("write to the store", err)
	}
	return &Write{s: s}, nil
}

// Conn is the connection, for statements that package query/postgrest makes. It is
// the Write's until its end.
func (w *Write) Conn() *sqlite.Conn { return w.s.w }

// Get returns a row, or nil.
func (w *Write) Get(t *schema.Table, key value.Row) (value.Row, error) {
	row, _, err := sqlite.OneRow(w.s.w, w.s.tables[t.ID].sel, key...)
	return row, err
}

// Last returns the last write of a row.
func (w *Write) Last(table uint32, key value.Row) (source.Meta, error) {
	return lastWrite(w.s.w, w.s.current().pos.Epoch, table, key)
}

// Run executes a statement; its values are bound.
func (w *Write) Run(sql string, args ...value.Value) (changed int64, err error) {
	if err := run(w.s.w, sql, args...); err != nil {
		return 0, err
	}
	return w.s.w.Changes(), nil
}

// Fence takes a client's next mid. ok is false when mid is not the next, or
// the client is another's: known says what the store has then.
func (w *Write) Fence(who *source.Client, mid uint64, micros int64) (ok bool, known Known, err error) {
	n, err := w.Run("UPDATE _rockpool_client SET last_mid = ?, seen_micros = ? WHERE id = ? AND user_id = ? AND incarnation = ? AND last_mid = ?",
		num(mid), value.Int(micros), value.Text(who.ID), value.Text(who.User), value.Text(who.Incarnation), num(mid-1))
	if err != nil || n == 1 {
		return n == 1, known, err
	}
	row, found, err := sqlite.OneRow(w.s.w, "SELECT last_mid, user_id, incarnation FROM _rockpool_client WHERE id = ?", value.Text(who.ID))
	if err != nil || !found || row[1].Str() != who.User || row[2].Str() != who.Incarnation {
		return false, known, err
	}
	known = Known{Client: true, LastMid: uint64(row[0].Int())}
	row, found, err = sqlite.OneRow(w.s.w, "SELECT digest, outcome FROM _rockpool_outcome WHERE client = ? AND mid = ?", value.Text(who.ID), num(mid))
	if err != nil || !found {
		return false, known, err
	}
	known.Digest, known.Outcome = uint64(row[0].Int()), &mutation.Outcome{}
	return false, known, known.Outcome.Decode([]byte(row[1].Str()))
}

// Known is what the store knows of a client and of one of its mids.
type Known struct {
	Client  bool
	LastMid uint64
	Digest  uint64
	Outcome *mutation.Outcome
}

// StatusOf returns how a client's earlier mid ended, or 0.
func (w *Write) StatusOf(client string, mid uint64) (mutation.Status, error) {
	row, found, err := sqlite.OneRow(w.s.w, "SELECT status FROM _rockpool_outcome WHERE client = ? AND mid = ?", value.Text(client), num(mid))
	if err != nil || !found {
		return 0, err
	}
	return mutation.Status(row[0].Int()), nil
}

// Changes are the rows that the transaction has changed so far, one each,
// those of cascades too.
func (w *Write) Changes() ([]changelog.Change, error) {
	f := newFold(w.s)
	for log := w.s.w.CapturedTx(); len(log) > 0; {
		rec, rest, ok := log.Next()
		if !ok {
			return nil, fault.New(fault.Internal, "read captured changes", "a record is not whole")
		}
		old, now, ok := rec.Rows()
		t := w.s.tables[rec.Table]
		if !ok || t == nil {
			return nil, fault.New(fault.Internal, "read captured changes", "a record is not whole")
		}
		f.captured(t, old, now)
		log = rest
	}
	return f.changes(), nil
}

// captured adds a change whose images are both known.
func (f *fold) captured(t *table, old, now value.Row) {
	if old != nil {
		k := rowKey(t.ID, keyOf(t.Table, old))
		r := f.rows[k]
		if r == nil {
			r = f.seen(k, t.ID, old)
		}
		r.now = nil
	}
	if now != nil {
		k := rowKey(t.ID, keyOf(t.Table, now))
		r := f.rows[k]
		if r == nil {
			r = f.seen(k, t.ID, nil)
		}
		r.now = now
	}
}

// Commit writes the log record of the transaction with it. The record is in
// the store when Commit returns, and durable after Flush. On an error the
// transaction has been rolled back.
func (w *Write) Commit(origins []changelog.Origin, digest uint64, micros int64) (*changelog.Tx, error) {
	changes, err := w.Changes()
	if err != nil {
		w.Rollback()
		return nil, err
	}
	s := w.s
	m := s.current()
	tx := &changelog.Tx{Pos: m.pos.Next(), Prev: m.pos, CommitMicros: micros, Origins: origins, Changes: changes, Schema: s.schema.Version}
	m.pos = tx.Pos
	if err = s.record(m, tx); err == nil && len(origins) == 1 {
		err = run(s.w, "UPDATE _rockpool_outcome SET digest = ? WHERE client = ? AND mid = ?", num(digest), value.Text(origins[0].Client), num(origins[0].Outcome.Mid))
	}
	err = s.end(err)
	if err == nil {
		s.adopt(m)
	}
	w.done = true
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return tx, nil
}

// Rollback undoes the transaction; after Commit it does nothing.
func (w *Write) Rollback() {
	if w.done {
		return
	}
	w.done = true
	if w.s.w.InTransaction() {
		_ = w.s.w.Exec("ROLLBACK")
	}
	w.s.mu.Unlock()
}
