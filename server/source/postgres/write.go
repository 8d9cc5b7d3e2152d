package postgres

import (
	"context"
	"errors"
	"hash/fnv"
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

// decided is what one mutation does to the rows that it found.
type decided struct {
	out    mutation.Outcome
	hlc    version.HLC
	writes []rowWrite
	// clean says that the mutation met nobody.
	clean bool
}

// stops says that nothing of the mutation may be written.
func (d *decided) stops() bool {
	switch d.out.Status {
	case mutation.Parked, mutation.Rejected:
		return true
	case mutation.Superseded:
		return len(d.writes) == 0
	}
	return false
}

// write does the work of one mutation inside tx: locks its rows, tests for
// conflicts, decides, and writes. A non-nil outcome means that nothing may be
// written and says why.
func (a *applier) write(ctx context.Context, tx pgx.Tx, who source.Client, m *mutation.Tx) (*mutation.Outcome, error) {
	targets, err := a.lock(ctx, tx, m.Ops)
	if err != nil {
		return nil, err
	}
	d, err := a.decide(who, m, targets)
	if err != nil {
		return nil, err
	}
	if d.stops() {
		return &d.out, nil
	}
	if err := a.permit(who, targets); err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	d.note(batch, who, m)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	if err := a.become(ctx, tx, who); err != nil {
		return nil, err
	}
	for _, w := range d.writes {
		if s := w.statement(); s != nil {
			tag, err := tx.Exec(ctx, s.sql.String(), s.args...)
			if err == nil {
				err = reached(tag.RowsAffected())
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// decide tests the rows of one mutation for conflicts and decides each operation.
func (a *applier) decide(who source.Client, m *mutation.Tx, targets map[string]*target) (*decided, error) {
	for _, t := range targets {
		var err error
		if t.met, err = a.conflicts(who, m, t.table, t.key, t.row, t.last); err != nil {
			return nil, err
		}
	}
	hlc, skewed := version.Clamp(m.HLC, a.now().UnixMilli())
	d := &decided{out: mutation.Outcome{Mid: m.Mid, Status: mutation.Applied, Skewed: skewed, ID: m.ID}, hlc: hlc, clean: true}
	var statuses []mutation.Status
	for i := range m.Ops {
		op := &m.Ops[i]
		t := targets[targetKey(op)]
		met := mutation.Decide(t.table, *op, t.row, mutation.Meeting{
			Conflict: t.met, MineHLC: hlc, TheirsHLC: t.last.hlc, MineClient: who.ID, TheirsClient: t.last.client, TheirsMid: t.last.mid,
		})
		statuses = append(statuses, met.Status)
		if met.Conflict != nil {
			d.out.Conflicts = append(d.out.Conflicts, *met.Conflict)
			t.met = true // an insert says itself that it had not seen the row
		}
		d.clean = d.clean && !t.met
		if met.Write != nil || met.Delete {
			d.writes = append(d.writes, rowWrite{t: t, op: op, row: met.Write, insert: t.row == nil})
			t.row = met.Write // the next operation on this row meets what this one leaves
		}
	}
	d.out.Status = mutation.StatusOf(statuses)
	return d, nil
}

// note queues the row of rockpool.tx that says who wrote, and which rows.
func (d *decided) note(batch *pgx.Batch, who source.Client, m *mutation.Tx) {
	rows := make([]int64, 0, len(d.writes))
	for i := range d.writes {
		rows = d.writes[i].sums(rows)
	}
	batch.Queue(`INSERT INTO rockpool.tx (client_id, mid, hlc, digest, clean, outcome, rows) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		who.ID, int64(m.Mid), int64(d.hlc), int64(m.Digest), d.clean, d.out.AppendTo(nil), rows)
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
func (a *applier) lock(ctx context.Context, tx pgx.Tx, ops []mutation.Op) (map[string]*target, error) {
	targets := map[string]*target{}
	var order []string
	for i := range ops {
		op := &ops[i]
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
func targetKey(op *mutation.Op) string { return rowKey(op.Table, op.Key) }

func rowKey(table uint32, key value.Row) string {
	return string(key.Append([]byte{byte(table >> 24), byte(table >> 16), byte(table >> 8), byte(table)}))
}

// rowSum is the FNV-1a 64 of a row's key, by which rockpool.tx.rows tells the
// writers of one Postgres transaction apart.
func rowSum(table uint32, key value.Row) int64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(rowKey(table, key)))
	return int64(h.Sum64())
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

// statement is the write as SQL, or nil where it changes nothing.
func (w rowWrite) statement() *statement {
	switch {
	case w.row == nil:
		return deleteRow(w.t.table, w.op.Key)
	case w.insert:
		return insertRow(w.t.table, w.op.Cols, w.row)
	case len(w.op.Cols) == 0:
		return nil
	}
	return updateRow(w.t.table, w.op.Key, w.op.Cols, w.row)
}

// sums appends the row's sum, before and after where its key changes.
func (w rowWrite) sums(to []int64) []int64 {
	to = append(to, rowSum(w.op.Table, w.op.Key))
	if w.row == nil {
		return to
	}
	if key := w.t.table.KeyOf(w.row); !key.Equal(w.op.Key) {
		to = append(to, rowSum(w.op.Table, key))
	}
	return to
}

// reached is the error of a write that found no row.
func reached(rows int64) error {
	if rows > 0 {
		return nil
	} // hidden by row level security, or gone: never tell which
	return fault.New(fault.Forbidden, "apply a mutation", "a row it writes is gone or not yours")
}
