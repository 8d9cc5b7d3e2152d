package store

import (
	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// settled notes the newest mid of a client whose end the rows hold. The caller
// has a transaction open on the writer.
func (s *Store) settled(client string, mid uint64) error {
	return run(s.w, `INSERT INTO _rockpool_settled (client, mid) VALUES (?, ?)
		ON CONFLICT (client) DO UPDATE SET mid = max(mid, excluded.mid)`, value.Text(client), num(mid))
}

// Settled returns the newest mid of a client whose end is in the rows at a
// position of the log, by the load or by a record up to there; 0 for none. The
// source may have settled more: what it did is on its way.
func (s *Store) Settled(client string, at version.Pos) (mid uint64, err error) {
	const op = "look up what is settled"
	v, err := s.View()
	if err != nil {
		return 0, fault.In(op, err)
	}
	defer v.Close()
	sql := "SELECT mid FROM _rockpool_settled WHERE client = ?"
	if s.opt.Truth {
		sql = "SELECT last_mid FROM _rockpool_client WHERE id = ?"
	}
	row, found, err := sqlite.OneRow(v.c, sql, value.Text(client))
	if err != nil || !found {
		return 0, fault.In(op, err)
	}
	mid = uint64(row[0].Int())
	if !at.Less(v.pos) {
		return mid, nil
	}
	row, _, err = sqlite.OneRow(v.c, "SELECT min(mid) FROM _rockpool_outcome WHERE client = ? AND seq > ?", value.Text(client), num(at.Seq))
	if err == nil && !row[0].IsNull() {
		mid = min(mid, uint64(row[0].Int())-1)
	}
	return mid, fault.In(op, err)
}

// checkSettled is fault.SchemaMismatch for a replica from before the store kept
// what is settled: its rows do not say whose writes they hold.
func (s *Store) checkSettled() error {
	if s.opt.Truth {
		return nil
	}
	row, _, err := sqlite.OneRow(s.w, "SELECT group_concat(name) FROM sqlite_master WHERE name IN ('_rockpool_meta', '_rockpool_settled')")
	if err != nil || row[0].Str() != "_rockpool_meta" {
		return err
	}
	return fault.New(fault.SchemaMismatch, "read the store", "it was made by an older relay").
		WithHint("move the store's file away and start again: it is built anew")
}
