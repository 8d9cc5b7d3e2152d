package store

import (
	"context"
	"iter"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// readBatch is how many records are read from the log at once.
const readBatch = 64

var _ changelog.Log = (*Store)(nil)

// Append applies records of another relay's log after prev; changelog.ErrFenced
// when prev is not the head, or a record does not follow the one before it.
func (s *Store) Append(_ context.Context, prev version.Pos, recs []changelog.Tx) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range recs {
		m := s.current()
		if prev != m.pos || recs[i].Prev != prev {
			return changelog.ErrFenced
		}
		if err := s.apply(m, &recs[i]); err != nil {
			return fault.In("append to the log", err)
		}
		prev = recs[i].Pos
	}
	return nil
}

// Read yields the transactions after a position, up to the head at the time of
// the call; changelog.ErrTrimmed when the log does not hold them.
func (s *Store) Read(ctx context.Context, after version.Pos) iter.Seq2[changelog.Tx, error] {
	return func(yield func(changelog.Tx, error) bool) {
		m := s.current()
		if after.Epoch != m.pos.Epoch || after.Seq+1 < m.first {
			yield(changelog.Tx{}, changelog.ErrTrimmed)
			return
		}
		for after.Seq < m.pos.Seq {
			recs, err := s.ReadBatch(after, readBatch)
			if err == nil && len(recs) == 0 {
				err = changelog.ErrTrimmed
			}
			if err == nil {
				err = ctx.Err()
			}
			if err != nil {
				yield(changelog.Tx{}, err)
				return
			}
			for i := range recs {
				if recs[i].Pos.Seq > m.pos.Seq || !yield(recs[i], nil) {
					return
				}
				after = recs[i].Pos
			}
		}
	}
}

// ReadBatch returns at most max records after a position, none at the head.
func (s *Store) ReadBatch(after version.Pos, max int) ([]changelog.Tx, error) {
	m := s.current()
	if after.Epoch != m.pos.Epoch || after.Seq+1 < m.first {
		return nil, changelog.ErrTrimmed
	}
	if after.Seq >= m.pos.Seq {
		return nil, nil
	}
	v, err := s.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	var out []changelog.Tx
	next := after.Seq + 1
	err = each(v.c, "SELECT seq, tx FROM _rockpool_log WHERE seq > ? ORDER BY seq LIMIT ?", func(row value.Row) error {
		if uint64(row[0].Int()) != next {
			return fault.New(fault.Corrupt, "read the log", "a transaction is missing: "+itoa(next))
		}
		next++
		var tx changelog.Tx
		if err := tx.Decode([]byte(row[1].Str())); err != nil {
			return fault.In("read the log", err)
		}
		out = append(out, tx)
		return nil
	}, num(after.Seq), value.Int(int64(max)))
	return out, err
}
