package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
)

// loadBatchBytes is how much is handed to SQLite at once.
const loadBatchBytes = 1 << 20

// Load fills an empty store in one transaction: fill hands over a snapshot and
// returns the LSN that it is at. After an error the store is empty.
func (s *Store) Load(fill func(to source.Loader) (lsn uint64, err error)) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current().loaded {
		return fault.New(fault.InvalidArgument, "load the store", "it holds rows already")
	}
	if s.opt.Truth { // rows may come before what they refer to, and are no changes
		if err := s.w.Capture(nil); err != nil {
			return err
		}
		if err := s.w.Exec("PRAGMA foreign_keys=OFF"); err != nil {
			return err
		}
	}
	m, err := s.loadAll(fill)
	if err == nil {
		s.adopt(m)
		err = s.w.Flush()
	}
	if s.opt.Truth {
		if cerr := s.w.Exec("PRAGMA foreign_keys=ON"); err == nil {
			err = cerr
		}
		if cerr := s.capture(); err == nil {
			err = cerr
		}
	}
	return fault.In("load the store", err)
}

func (s *Store) loadAll(fill func(to source.Loader) (uint64, error)) (meta, error) {
	m := s.current()
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return m, err
	}
	l := &loader{s: s}
	lsn, err := fill(l)
	if err == nil {
		err = l.flush()
	}
	if err == nil && s.opt.Truth {
		err = s.checkForeign()
	}
	if err == nil {
		err = s.startIdentities()
	}
	if err == nil {
		m.lsn, m.loaded = lsn, true
		err = s.writeMeta(m)
	}
	return m, s.end(err)
}

// loader batches rows of one table.
type loader struct {
	s    *Store
	t    *table
	sets []byte
	n    int
}

// Settled notes how far a client's mids are in the rows.
func (l *loader) Settled(client string, mid uint64) error { return l.s.settled(client, mid) }

// Row adds a row to the batch.
func (l *loader) Row(t *schema.Table, row value.Row) error {
	if l.t == nil || l.t.ID != t.ID || len(l.sets) >= loadBatchBytes {
		if err := l.flush(); err != nil {
			return err
		}
		var err error
		if l.t, err = l.s.table(t.ID); err != nil {
			return err
		}
	}
	if len(row) != len(l.t.Columns) {
		return fault.New(fault.Internal, "load the store", "a row of "+t.Name+" has another number of columns")
	}
	l.sets = row.Append(l.sets)
	l.n++
	return nil
}

func (l *loader) flush() error {
	if l.n == 0 {
		return nil
	}
	st, err := l.s.w.Cached(l.t.insert)
	if err != nil {
		return err
	}
	if done, err := st.RunBatch(l.sets, l.n); err != nil {
		return fault.In("load table "+l.t.Name+", row "+itoa(uint64(done+1))+" of a batch", err)
	}
	l.sets, l.n = l.sets[:0], 0
	return nil
}

func (s *Store) checkForeign() error {
	return each(s.w, "PRAGMA foreign_key_check", func(row value.Row) error {
		return fault.New(fault.Constraint, "load the store", "a row of "+row[0].Str()+" refers to a row of "+row[2].Str()+" that is not there")
	})
}
