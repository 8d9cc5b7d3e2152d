package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// termsMax is how many terms a store remembers. A client of an older one is
// taken for one of a log that is gone.
const termsMax = 100_000

// startTerm notes that this process writes the log from here on. A truth that is
// put back from a backup lacks the terms after it, or ends the last one earlier:
// so a client that has come further on the log that is gone is told from others.
func (s *Store) startTerm() error {
	if s.opt.Term == 0 {
		return nil
	}
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := run(s.w, "INSERT INTO _rockpool_term (id, first) VALUES (?, ?)", num(s.opt.Term), num(s.meta.pos.Seq+1))
	if err == nil {
		err = run(s.w, "DELETE FROM _rockpool_term WHERE n <= (SELECT max(n) FROM _rockpool_term) - ?", value.Int(termsMax))
	}
	return s.end(err)
}

// Term names the stretch of the log that this process writes; 0 for a replica,
// which learns from its source where it stands.
func (s *Store) Term() uint64 { return s.opt.Term }

// Branched reports whether a position, reached in a term, is proof that the log
// which led there is not this one: the store was put back from a backup.
func (s *Store) Branched(at version.Pos, term uint64) (bool, error) {
	const op = "look up a term of the log"
	m := s.current()
	if s.opt.Term == 0 || at.Epoch != m.pos.Epoch || s.fresh() || term == s.opt.Term {
		return false, nil
	}
	if term == 0 { // a client from before terms
		return m.pos.Less(at), nil
	}
	v, err := s.View()
	if err != nil {
		return false, fault.In(op, err)
	}
	defer v.Close()
	row, found, err := sqlite.OneRow(v.c, "SELECT (SELECT min(first) FROM _rockpool_term b WHERE b.n > a.n) FROM _rockpool_term a WHERE id = ?", num(term))
	if err != nil || !found {
		return err == nil, fault.In(op, err)
	}
	return !row[0].IsNull() && at.Seq >= uint64(row[0].Int()), nil
}

// fresh says whether this process has begun the epoch: all of its positions are
// this process's own.
func (s *Store) fresh() bool {
	s.state.Lock()
	defer s.state.Unlock()
	return s.branched
}

// Branch goes on under a new epoch, from the rows as they are: every client
// starts over, and what it wrote meanwhile is compared with all that it cannot
// have seen. The log begins anew. It returns the new head.
func (s *Store) Branch(epoch uint32) (version.Pos, error) {
	const op = "begin a new epoch"
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.current()
	if !s.opt.Truth {
		return m.pos, fault.New(fault.ReadOnly, op, "it is a replica")
	}
	old := m.pos
	m.pos.Epoch, m.first = max(epoch, old.Epoch+1), old.Seq+1
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return old, fault.In(op, err)
	}
	err := run(s.w, "UPDATE _rockpool_meta SET epoch = ?, first = ?", value.Int(int64(m.pos.Epoch)), num(m.first))
	if err == nil {
		err = run(s.w, "DELETE FROM _rockpool_log")
	}
	if err == nil {
		err = run(s.w, "INSERT INTO _rockpool_epoch (old, last_seq, new, first_seq) VALUES (?, ?, ?, ?)",
			value.Int(int64(old.Epoch)), num(old.Seq), value.Int(int64(m.pos.Epoch)), num(m.first))
	}
	if err = s.end(err); err != nil {
		return old, fault.In(op, err)
	}
	s.state.Lock()
	s.branched = true
	s.state.Unlock()
	s.adopt(m)
	return m.pos, nil
}
