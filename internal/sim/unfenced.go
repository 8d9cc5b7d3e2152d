package sim

import (
	"context"

	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// unfenced is the embedded source without its memory of mids: it tells no
// client what it has settled, and whatever mid comes is the one it expects.
type unfenced struct {
	*embedded.Source
	st *store.Store
	w  *world
}

// Register implements source.Source.
func (u *unfenced) Register(ctx context.Context, id, user, incOld, incNew string) (uint64, error) {
	last, err := u.Source.Register(ctx, id, user, incOld, incNew)
	for _, c := range u.w.clients {
		if !c.dead && c.db.Meta().ClientID == id {
			last = min(last, c.db.Meta().AckedMid)
		}
	}
	return last, err
}

// Apply implements source.Source.
func (u *unfenced) Apply(ctx context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	w, err := u.st.Begin()
	if err != nil {
		return source.Reply{}, err
	}
	defer w.Rollback()
	n, err := w.Run("UPDATE _rockpool_client SET last_mid = ? WHERE id = ? AND last_mid >= ?",
		value.Int(int64(m.Mid)-1), value.Text(who.ID), value.Int(int64(m.Mid)))
	if err != nil {
		return source.Reply{}, err
	}
	if n > 0 {
		if _, err := w.Commit(nil, 0, u.NowMicros()); err != nil {
			return source.Reply{}, err
		}
	}
	w.Rollback()
	return u.Source.Apply(ctx, who, m)
}
