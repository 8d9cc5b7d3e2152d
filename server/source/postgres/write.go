package postgres

import (
	"context"
	"errors"
	"sort"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// target is one row that a transaction touches, as it stands under the lock.
type target struct {
	table *schema.Table
	key   value.Row
	row   value.Row // nil when there is none
	// before is row as it was locked; row moves on with each operation.
	before value.Row
	last   writer
	// met says that somebody else wrote the row since the client's cursor.
	met bool
}

// write does the work of one mutation inside tx: locks its rows, tests for
// conflicts, decides, and writes. A non-nil outcome means that nothing may be
// written and says why.
func (a *applier) write(ctx context.Context, tx pgx.Tx, who source.Client, m *mutation.Tx) (*mutation.Outcome, error) {
	targets, err := a.lock(ctx, tx, m)
	if err != nil {
		return nil, err
	}
	for _, t := range targets {
		if t.met, err = a.conflicts(who, m, t.table, t.key, t.row, t.last); err != nil {
			return nil, err
		}
	}
	hlc, skewed := version.Clamp(m.HLC, a.now().UnixMilli())
	out := mutation.Outcome{Mid: m.Mid, Status: mutation.Applied, Skewed: skewed, ID: m.ID}
	var writes []rowWrite
	var statuses []mutation.Status
	clean := true
	for i := range m.Ops {
		op := &m.Ops[i]
		t := targets[targetKey(op)]
		clean = clean && !t.met
		d := mutation.Decide(t.table, *op, t.row, mutation.Meeting{
			Conflict: t.met, MineHLC: hlc, TheirsHLC: t.last.hlc, MineClient: who.ID, TheirsClient: t.last.client, TheirsMid: t.last.mid,
		})
		statuses = append(statuses, d.Status)
		if d.Conflict != nil {
			out.Conflicts = append(out.Conflicts, *d.Conflict)
		}
		if d.Write != nil || d.Delete {
			writes = append(writes, rowWrite{t: t, op: op, row: d.Write, insert: t.row == nil})
			t.row = d.Write // the next operation on this row meets what this one leaves
		}
	}
	out.Status = mutation.StatusOf(statuses)
	if out.Status == mutation.Parked || out.Status == mutation.Rejected || len(writes) == 0 && out.Status == mutation.Superseded {
		return &out, nil
	}
	if err := a.permit(who, targets); err != nil {
		return nil, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO rockpool.tx (client_id, mid, hlc, digest, clean, outcome) VALUES ($1, $2, $3, $4, $5, $6)`,
		who.ID, int64(m.Mid), int64(hlc), int64(m.Digest), clean, out.AppendTo(nil)); err != nil {
		return nil, err
	}
	if err := a.become(ctx, tx, who); err != nil {
		return nil, err
	}
	for _, w := range writes {
		if err := w.run(ctx, tx); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// permit asks the relay's own write policy about every row that changes, before
// and after. Row level security, where roles are used, decides on top of it.
func (a *applier) permit(who source.Client, targets map[string]*target) error {
	if a.mayWrite == nil {
		return nil
	}
	for _, t := range targets {
		if t.before == nil && t.row == nil || t.before != nil && t.row != nil && t.before.Equal(t.row) {
			continue
		}
		if err := a.mayWrite(&who, t.table, t.before, t.row); err != nil {
			return err
		}
	}
	return nil
}

// lock reads every touched row in (table, key) order, so that two writers of
// the same rows cannot wait for each other, in one round trip.
func (a *applier) lock(ctx context.Context, tx pgx.Tx, m *mutation.Tx) (map[string]*target, error) {
	targets := map[string]*target{}
	var order []string
	for i := range m.Ops {
		op := &m.Ops[i]
		t := a.schema.ByID(op.Table)
		if t == nil || len(op.Key) != len(t.Key) {
			return nil, fault.New(fault.UnknownTable, "apply a mutation", "it names a table that is not synced")
		}
		k := targetKey(op)
		if targets[k] == nil {
			targets[k] = &target{table: t, key: op.Key}
			order = append(order, k)
		}
	}
	sort.Strings(order)
	batch := &pgx.Batch{}
	for _, k := range order {
		t := targets[k]
		for _, s := range []*statement{lockRow(t.table, t.key), lastWriter(t.table, t.key)} {
			batch.Queue(s.sql.String(), s.args...)
		}
	}
	results := tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	for _, k := range order {
		if err := targets[k].read(results); err != nil {
			return nil, err
		}
	}
	return targets, results.Close()
}

func (t *target) read(results pgx.BatchResults) error {
	texts := make([]*string, len(t.table.Columns))
	into := make([]any, len(texts))
	for i := range texts {
		into[i] = &texts[i]
	}
	switch err := results.QueryRow().Scan(into...); {
	case errors.Is(err, pgx.ErrNoRows):
	case err != nil:
		return err
	default:
		t.row = make(value.Row, len(texts))
		for i, text := range texts {
			if text == nil {
				continue
			}
			if t.row[i], err = t.table.Columns[i].FromText(*text); err != nil {
				return err
			}
		}
	}
	t.before = t.row
	var mid, hlc int64
	switch err := results.QueryRow().Scan(&t.last.client, &mid, &t.last.clean, &hlc); {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return err
	}
	t.last.mid, t.last.hlc = uint64(mid), version.HLC(hlc)
	return nil
}

// targetKey orders and identifies a row: the table's number, then the key.
func targetKey(op *mutation.Op) string {
	return string(op.Key.Append([]byte{byte(op.Table >> 24), byte(op.Table >> 16), byte(op.Table >> 8), byte(op.Table)}))
}

// become takes the user's role and claims for the rest of the transaction, so
// that row level security decides as it does for PostgREST.
func (a *applier) become(ctx context.Context, tx pgx.Tx, who source.Client) error {
	batch := &pgx.Batch{}
	batch.Queue("SELECT set_config('request.jwt.claims', $1, true)", who.ClaimsJSON)
	if who.Role != "" && len(a.roles) > 0 {
		if !a.roles[who.Role] {
			return fault.New(fault.Forbidden, "apply a mutation", "role "+who.Role+" of the token is not one that may write").
				WithHint("add it to postgres.roles in rockpool.yaml")
		}
		batch.Queue("SET LOCAL ROLE " + name(who.Role))
	}
	return tx.SendBatch(ctx, batch).Close()
}

// rowWrite is one decided write: the row to stand, or nil to delete it.
type rowWrite struct {
	t      *target
	op     *mutation.Op
	row    value.Row
	insert bool
}

func (w rowWrite) run(ctx context.Context, tx pgx.Tx) error {
	var s *statement
	switch {
	case w.row == nil:
		s = deleteRow(w.t.table, w.op.Key)
	case w.insert:
		s = insertRow(w.t.table, w.op.Cols, w.row)
	default:
		if len(w.op.Cols) == 0 {
			return nil
		}
		s = updateRow(w.t.table, w.op.Key, w.op.Cols, w.row)
	}
	tag, err := tx.Exec(ctx, s.sql.String(), s.args...)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 { // hidden by row level security, or gone: never tell which
		return fault.New(fault.Forbidden, "apply a mutation", "a row it writes is gone or not yours")
	}
	return nil
}
