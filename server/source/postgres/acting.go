package postgres

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// act is what a write of a table may do to other rows, or to more of its own
// row than it says.
type act uint8

const (
	actTrigger act = 1 << iota // triggers and rules fire
	actDelete                  // a delete goes on to rows that refer to it
	actUpdate                  // so does an update
)

// errDisturbed ends a batch whose waves were too long; the next knows better.
var errDisturbed = errors.New("a table has triggers or actions that were not known")

// acting is what is known of the tables' acts. Tables have none until a batch
// has shown the contrary. Safe for concurrent use.
type acting struct {
	mu     sync.Mutex
	tables map[uint32]act
}

// disturbs says that op may change rows that it does not name. An insert may
// end as an update.
func (a *acting) disturbs(op *mutation.Op) bool {
	has := a.tables[op.Table]
	if op.Kind == mutation.Delete {
		return has&(actTrigger|actDelete) != 0
	}
	return has&(actTrigger|actUpdate) != 0
}

// wave is how many transactions from the first on can be locked, tested and
// written together: one at least.
func (a *acting) wave(s *schema.Schema, ms []*mutation.Tx) int {
	a.mu.Lock()
	defer a.mu.Unlock()
	seen := map[string]bool{}
	for i, m := range ms {
		var own []string
		for j := range m.Ops {
			op := &m.Ops[j]
			if a.disturbs(op) {
				return max(i, 1)
			}
			own = append(own, targetKey(op))
			if op.Kind == mutation.Update {
				if key, moves := newKey(s, op); moves {
					own = append(own, rowKey(op.Table, key))
				}
			}
		}
		for _, k := range own {
			if seen[k] {
				return i
			}
		}
		for _, k := range own {
			seen[k] = true
		}
	}
	return len(ms)
}

// newKey is the key that an update gives its row, and whether it is another.
func newKey(s *schema.Schema, op *mutation.Op) (value.Row, bool) {
	t := s.ByID(op.Table)
	key := append(value.Row(nil), op.Key...)
	for i, k := range t.Key {
		if at := slices.Index(op.Cols, uint32(k)); at >= 0 {
			key[i] = op.New[at]
		}
	}
	return key, !key.Equal(op.Key)
}

// check reads the acts of the tables of ms, which a wave has written, and is
// errDisturbed when the wave was too long for them.
func (a *acting) check(ctx context.Context, tx pgx.Tx, s *schema.Schema, ms []*mutation.Tx) error {
	var ids []uint32
	var names []string
	for _, m := range ms {
		for i := range m.Ops {
			if id := m.Ops[i].Table; !slices.Contains(ids, id) {
				ids, names = append(ids, id), append(names, tableName(s.ByID(id)))
			}
		}
	}
	rows, err := tx.Query(ctx, `SELECT (c.relhasrules OR EXISTS (SELECT FROM pg_trigger g WHERE NOT g.tgisinternal AND g.tgenabled <> 'D'
			AND (g.tgrelid = c.oid OR g.tgrelid IN (SELECT relid FROM pg_partition_tree(c.oid)))))::int
		+ 2 * EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid AND k.confdeltype NOT IN ('a', 'r'))::int
		+ 4 * EXISTS (SELECT FROM pg_constraint k WHERE k.contype = 'f' AND k.confrelid = c.oid AND k.confupdtype NOT IN ('a', 'r'))::int
		FROM unnest($1::text[]) WITH ORDINALITY n(name, i) JOIN pg_class c ON c.oid = n.name::regclass ORDER BY n.i`, names)
	if err != nil {
		return err
	}
	acts, err := pgx.CollectRows(rows, pgx.RowTo[int32])
	if err != nil {
		return err
	}
	a.mu.Lock()
	if a.tables == nil {
		a.tables = map[uint32]act{}
	}
	for i, id := range ids {
		if i < len(acts) {
			a.tables[id] = act(acts[i])
		}
	}
	a.mu.Unlock()
	if a.wave(s, ms) < len(ms) {
		return errDisturbed
	}
	return nil
}
