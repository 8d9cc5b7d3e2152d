package sim

import (
	"context"

	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// unfenced is a source without the fence, and nothing else amiss: a mid that
// it has settled is taken for the one that it expects. Its memory of mids, what
// a welcome tells, and incarnations stay right.
type unfenced struct {
	source.Source
	path string // of the store that is the truth
}

// Apply implements source.Source.
func (u *unfenced) Apply(ctx context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	conn, err := sqlite.Open(sqlite.Options{Name: u.path})
	if err != nil {
		return source.Reply{}, err
	}
	defer conn.Close()
	row, found, err := sqlite.OneRow(conn, "SELECT last_mid FROM _rockpool_client WHERE id = ?", value.Text(who.ID))
	if err != nil || !found || uint64(row[0].Int()) < m.Mid {
		if err != nil {
			return source.Reply{}, err
		}
		return u.Source.Apply(ctx, who, m)
	}
	set := func(sql string, mid int64) error {
		s, err := conn.Prepare(sql)
		if err != nil {
			return err
		}
		defer s.Close()
		return s.Run(value.Int(mid), value.Text(who.ID))
	}
	if err := set("UPDATE _rockpool_client SET last_mid = ? WHERE id = ?", int64(m.Mid)-1); err != nil {
		return source.Reply{}, err
	}
	reply, err := u.Source.Apply(ctx, who, m)
	if serr := set("UPDATE _rockpool_client SET last_mid = max(last_mid, ?) WHERE id = ?", row[0].Int()); err == nil {
		err = serr
	}
	return reply, err
}
