package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Outcomes returns how a client's mids in (after, upto] ended, by mid, as far
// as the store knows.
func (s *Store) Outcomes(client string, after, upto uint64) ([]mutation.Outcome, error) {
	v, err := s.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var out []mutation.Outcome
	err = each(v.c, "SELECT outcome FROM _rockpool_outcome WHERE client = ? AND mid > ? AND mid <= ? ORDER BY mid", func(row value.Row) error {
		var o mutation.Outcome
		if err := o.Decode([]byte(row[0].Str())); err != nil {
			return fault.In("read an outcome", err)
		}
		out = append(out, o)
		return nil
	}, value.Text(client), num(after), num(upto))
	return out, err
}

// Register makes a client known to a store that is the truth, or recognises it
// (SYNC.md §6.4). See source.Source.
func (s *Store) Register(id, user, incOld, incNew string, micros int64) (lastMid uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return 0, err
	}
	lastMid, err = s.register(id, user, incOld, incNew, micros)
	return lastMid, s.end(err)
}

func (s *Store) register(id, user, incOld, incNew string, micros int64) (uint64, error) {
	const op = "register a client"
	row, found, err := sqlite.OneRow(s.w, "SELECT user_id, incarnation, last_mid FROM _rockpool_client WHERE id = ?", value.Text(id))
	switch {
	case err != nil:
		return 0, err
	case !found:
		return 0, run(s.w, "INSERT INTO _rockpool_client (id, user_id, incarnation, seen_micros) VALUES (?, ?, ?, ?)",
			value.Text(id), value.Text(user), value.Text(incNew), value.Int(micros))
	case row[0].Str() != user:
		return 0, fault.New(fault.Forbidden, op, "this database belongs to another user").
			WithHint("sign out first, which asks about pending writes")
	case row[1].Str() != incOld && row[1].Str() != incNew:
		return uint64(row[2].Int()), fault.New(fault.Rewound, op, "this database is a copy, or was restored from one")
	}
	return uint64(row[2].Int()), run(s.w, "UPDATE _rockpool_client SET incarnation = ?, seen_micros = ? WHERE id = ?",
		value.Text(incNew), value.Int(micros), value.Text(id))
}
