package store

import (
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Retention is how much the store remembers.
type Retention struct {
	// Log and Records bound the log: what is older than Log, and what is
	// beyond Records transactions, goes.
	Log     time.Duration
	Records uint64
	// Tombstones bounds the memory of deleted rows and of outcomes.
	Tombstones time.Duration
}

// DefaultRetention keeps a week of the log and a month of tombstones.
func DefaultRetention() Retention {
	return Retention{Log: 7 * 24 * time.Hour, Records: 1_000_000, Tombstones: 30 * 24 * time.Hour}
}

// Trim forgets what is older than r allows, at a time in microseconds since
// 1970. Readers that stand before what is left see changelog.ErrTrimmed.
func (s *Store) Trim(r Retention, nowMicros int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := s.current()
	row, _, err := sqlite.OneRow(s.w, "SELECT coalesce(max(seq), 0) FROM _rockpool_log WHERE micros < ?", value.Int(nowMicros-r.Log.Microseconds()))
	if err != nil {
		return fault.In("trim the log", err)
	}
	keep := max(m.first, uint64(row[0].Int())+1)
	if m.pos.Seq > r.Records {
		keep = max(keep, m.pos.Seq-r.Records+1)
	}
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return fault.In("trim the log", err)
	}
	m.first = keep
	old := value.Int(nowMicros - r.Tombstones.Microseconds())
	err = run(s.w, "DELETE FROM _rockpool_log WHERE seq < ?", num(keep))
	if err == nil {
		err = run(s.w, "DELETE FROM _rockpool_row WHERE deleted = 1 AND micros < ?", old)
	}
	if err == nil {
		err = run(s.w, "DELETE FROM _rockpool_outcome WHERE micros < ?", old)
	}
	if err == nil {
		err = run(s.w, "UPDATE _rockpool_meta SET first = ?", num(keep))
	}
	if err = s.end(err); err == nil {
		s.adopt(m)
	}
	return fault.In("trim the log", err)
}
