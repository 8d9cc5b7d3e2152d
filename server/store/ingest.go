package store

import (
	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/server/source"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Ingest gives a source's record its position, finds the old images, and
// applies it with its log record in one transaction. It returns nil, and
// changes nothing, for a record that the store has already (LSN) and for one
// that changes no published row and settles nobody's transaction.
func (s *Store) Ingest(rec *source.Record) (*changelog.Tx, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.current()
	if rec.LSN <= m.lsn || len(rec.Changes) == 0 && len(rec.Origins) == 0 {
		return nil, nil
	}
	if rec.Schema != s.schema.Version {
		return nil, fault.New(fault.SchemaMismatch, "ingest a transaction", "it was made under another schema version")
	}
	f := newFold(s)
	for i := range rec.Changes {
		if err := f.add(&rec.Changes[i]); err != nil {
			return nil, fault.In("ingest a transaction", err)
		}
	}
	tx := &changelog.Tx{
		Pos: m.pos.Next(), Prev: m.pos, LSN: rec.LSN, CommitMicros: rec.CommitMicros,
		Origins: rec.Origins, Changes: f.changes(), Schema: rec.Schema,
	}
	return tx, fault.In("ingest a transaction", s.apply(m, tx))
}

// apply writes tx as a replica does: every row it touches is deleted, then the
// new images are written, so that no order of rows can collide.
func (s *Store) apply(m meta, tx *changelog.Tx) error {
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	m.pos, m.lsn = tx.Pos, max(m.lsn, tx.LSN)
	err := s.writeRows(tx)
	if err == nil {
		err = s.record(m, tx)
	}
	if err = s.end(err); err == nil {
		s.adopt(m)
	}
	return err
}

func (s *Store) writeRows(tx *changelog.Tx) error {
	for i := range tx.Changes {
		if c := &tx.Changes[i]; c.Old != nil {
			t, err := s.table(c.Table)
			if err != nil {
				return err
			}
			if err := run(s.w, t.remove, keyOf(t.Table, c.Old)...); err != nil {
				return err
			}
		}
	}
	for i := range tx.Changes {
		if c := &tx.Changes[i]; c.New != nil {
			t, err := s.table(c.Table)
			if err != nil {
				return err
			}
			if err := run(s.w, t.insert, c.New...); err != nil {
				return fault.In("write a row of "+t.Name, err)
			}
		}
	}
	return nil
}

// record writes what goes with the rows of a transaction: the log record, who
// wrote the rows last, the outcomes, and the head.
func (s *Store) record(m meta, tx *changelog.Tx) error {
	for i := range tx.Changes {
		c := &tx.Changes[i]
		last := source.Meta{}
		if o := tx.By(c); o != nil {
			last = source.Meta{Actor: o.Client, Mid: o.Outcome.Mid, Clean: o.Clean, HLC: o.HLC}
		}
		image := c.New
		if image == nil {
			image = c.Old
		}
		t, err := s.table(c.Table)
		if err != nil {
			return err
		}
		if err := run(s.w, "INSERT OR REPLACE INTO _rockpool_row (tbl, pk, seq, actor, mid, clean, hlc, deleted, micros) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
			value.Int(int64(c.Table)), blob(keyOf(t.Table, image).Append(nil)), num(tx.Pos.Seq), value.Text(last.Actor), num(last.Mid),
			value.Bool(last.Clean), num(uint64(last.HLC)), value.Bool(c.New == nil), value.Int(tx.CommitMicros)); err != nil {
			return err
		}
	}
	for i := range tx.Origins {
		o := &tx.Origins[i]
		if err := run(s.w, `INSERT INTO _rockpool_outcome (client, mid, seq, digest, status, outcome, micros) VALUES (?, ?, ?, 0, ?, ?, ?)
			ON CONFLICT (client, mid) DO UPDATE SET seq = excluded.seq, status = excluded.status, outcome = excluded.outcome`,
			value.Text(o.Client), num(o.Outcome.Mid), num(tx.Pos.Seq), value.Int(int64(o.Outcome.Status)), blob(o.Outcome.AppendTo(nil)), value.Int(tx.CommitMicros)); err != nil {
			return err
		}
		if s.opt.Truth { // Register and the fence keep it
			continue
		}
		if err := s.settled(o.Client, o.Outcome.Mid); err != nil {
			return err
		}
	}
	if err := run(s.w, "INSERT INTO _rockpool_log (seq, micros, tx) VALUES (?, ?, ?)", num(tx.Pos.Seq), value.Int(tx.CommitMicros), blob(tx.AppendTo(nil))); err != nil {
		return err
	}
	return s.moveMeta(m)
}

// fold brings the changes of one transaction down to one per row.
type fold struct {
	s     *Store
	rows  map[string]*folded
	order []*folded
}

type folded struct {
	table    uint32
	old, now value.Row
	origin   uint32 // changelog.Change.Origin
}

func newFold(s *Store) *fold { return &fold{s: s, rows: map[string]*folded{}} }

func rowKey(table uint32, key value.Row) string {
	return string(key.Append([]byte{byte(table >> 24), byte(table >> 16), byte(table >> 8), byte(table)}))
}

// row returns a row's state, read from the store when it is first touched.
func (f *fold) row(t *table, key value.Row) (*folded, error) {
	k := rowKey(t.ID, key)
	if r := f.rows[k]; r != nil {
		return r, nil
	}
	old, _, err := sqlite.OneRow(f.s.w, t.sel, key...)
	if err != nil {
		return nil, err
	}
	return f.seen(k, t.ID, old), nil
}

func (f *fold) seen(k string, table uint32, old value.Row) *folded {
	r := &folded{table: table, old: old, now: old}
	f.rows[k] = r
	f.order = append(f.order, r)
	return r
}

func (f *fold) add(c *source.Change) error {
	t, err := f.s.table(c.Table)
	if err != nil {
		return err
	}
	if c.Truncate {
		return f.truncate(t)
	}
	at, err := f.row(t, c.Key)
	if err != nil {
		return err
	}
	at.origin = c.Origin
	if c.New == nil {
		at.now = nil
		return nil
	}
	row := c.New
	if len(row) != len(t.Columns) {
		return fault.New(fault.SchemaMismatch, "ingest a change", "a row of "+t.Name+" has another number of columns")
	}
	if len(c.Unchanged) > 0 {
		if at.now == nil {
			return fault.New(fault.Fenced, "ingest a change", "the source left out a value of a row of "+t.Name+" that the store does not have")
		}
		for _, col := range c.Unchanged {
			row[col] = at.now[col]
		}
	}
	if key := keyOf(t.Table, row); !key.Equal(c.Key) {
		at.now = nil
		if at, err = f.row(t, key); err != nil {
			return err
		}
		at.origin = c.Origin
	}
	at.now = row
	return nil
}

func (f *fold) truncate(t *table) error {
	for _, r := range f.order {
		if r.table == t.ID {
			r.now = nil
		}
	}
	return each(f.s.w, "SELECT "+t.columns+" FROM "+quoteName(t), func(row value.Row) error {
		k := rowKey(t.ID, keyOf(t.Table, row))
		if f.rows[k] == nil {
			f.seen(k, t.ID, row).now = nil
		}
		return nil
	})
}

// changes are the rows that differ now, in the order they were first touched.
func (f *fold) changes() []changelog.Change {
	var out []changelog.Change
	for _, r := range f.order {
		if r.old == nil && r.now == nil || r.old != nil && r.now != nil && r.old.Equal(r.now) {
			continue
		}
		out = append(out, changelog.Change{Table: r.table, Old: r.old, New: r.now, Origin: r.origin})
	}
	return out
}
