package embedded

import (
	"rockpool.dev/changelog"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
)

// Change runs f in a write transaction of the store, as somebody at the database
// itself would: what it changes is no client's mutation, and met by those who
// wrote offline. The write policy holds for the rows of t; what foreign keys do to
// other tables follows, as in Postgres. It returns the log record, which the
// caller hands out, or nil when nothing has changed. Nothing stays on an error, and
// when f does not want it kept: what is only tried is held to the policy as well,
// since f may have read what it wrote.
//
// To be called as Apply is: by one goroutine at a time.
func (s *Source) Change(who *source.Client, t *schema.Table, f func(w *store.Write) (keep bool, err error)) (*changelog.Tx, error) {
	w, err := s.Store.Begin()
	if err != nil {
		return nil, err
	}
	defer w.Rollback()
	keep, err := f(w)
	if err != nil {
		return nil, err
	}
	changes, err := w.Changes()
	if err != nil || len(changes) == 0 {
		return nil, err
	}
	for _, c := range changes {
		if c.Table == t.ID {
			if err := s.MayWrite(who, t, c.Old, c.New); err != nil {
				return nil, err
			}
		}
	}
	if !keep {
		return nil, nil
	}
	return w.Commit(nil, 0, s.NowMicros())
}
