package postgres

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
)

// errMiss ends a batch that cannot be applied as it is.
var errMiss = errors.New("not as a batch")

// batch applies several transactions of one client in one of Postgres, or the
// ones before the first that is refused. It returns how many.
//
// The transactions are taken in waves: those of a wave touch rows that none of
// the others can change, so all its rows are locked, tested and written in a few
// round trips. A row that is touched again is read again, in a later wave, as it
// then stands: with defaults, generated values and what triggers did to it.
// There are no savepoints: rows would carry their subtransaction's xid.
func (a *applier) batch(ctx context.Context, who source.Client, ms []*mutation.Tx) int {
	// The second try is for a shorter batch, or for shorter waves.
	for try := 0; try < 2 && len(ms) > 1; try++ {
		bad, err := a.attemptBatch(ctx, who, ms)
		switch {
		case err == nil:
			return len(ms)
		case errors.Is(err, errDisturbed):
		case bad < 0:
			return 0
		default:
			ms = ms[:bad]
		}
	}
	return 0
}

// attemptBatch applies all of ms or nothing. bad is the index of the one that it
// failed for, or negative. After an error the commit may have happened all the
// same: the fence tells then.
func (a *applier) attemptBatch(ctx context.Context, who source.Client, ms []*mutation.Tx) (bad int, err error) {
	for i, m := range ms {
		if m.Schema != a.schema.Version || m.Fits(a.schema) != nil || m.Mid != ms[0].Mid+uint64(i) {
			return i, errMiss
		}
		if err := a.replica.WaitFor(ctx, m.Seen); err != nil {
			return i, err
		}
	}
	bad = -1
	err = pgx.BeginTxFunc(ctx, a.pool, bounded(a.statement), func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, `UPDATE rockpool.client SET last_mid = $1, seen_at = now()
			WHERE id = $2 AND user_id = $3 AND incarnation = $4 AND last_mid = $5 - 1`,
			int64(ms[len(ms)-1].Mid), who.ID, who.User, who.Incarnation, int64(ms[0].Mid))
		if err != nil {
			return err
		}
		if tag.RowsAffected() != 1 {
			return errMiss
		}
		if bad, err = a.firstBlocked(ctx, tx, who, ms); err != nil || bad >= 0 {
			return cmp.Or(err, errMiss)
		}
		w := &waves{applier: a, tx: tx, who: who}
		for at := 0; at < len(ms); {
			n := a.acting.wave(a.schema, ms[at:])
			i, err := w.write(ctx, ms[at:at+n])
			if err != nil {
				if i >= 0 {
					bad = at + i
				}
				return err
			}
			at += n
		}
		return nil
	})
	if err == nil && a.crash != nil {
		a.crash()
	}
	return bad, err
}

// firstBlocked is the index of the first transaction that builds on one which
// was not applied, or negative. Those that build on others of the batch are not
// blocked, as the batch is applied as a whole.
func (a *applier) firstBlocked(ctx context.Context, tx pgx.Tx, who source.Client, ms []*mutation.Tx) (int, error) {
	var mids []int64
	for _, m := range ms {
		for _, d := range m.Depends {
			if d < ms[0].Mid {
				mids = append(mids, int64(d))
			}
		}
	}
	if len(mids) == 0 {
		return -1, nil
	}
	rows, err := tx.Query(ctx, "SELECT mid FROM rockpool.outcome WHERE client_id = $1 AND mid = ANY($2) AND blocks", who.ID, mids)
	if err != nil {
		return -1, err
	}
	failed, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return -1, err
	}
	return slices.IndexFunc(ms, func(m *mutation.Tx) bool {
		return slices.ContainsFunc(m.Depends, func(d uint64) bool { return slices.Contains(failed, int64(d)) })
	}), nil
}

// waves writes the waves of one batch.
type waves struct {
	*applier
	tx     pgx.Tx
	who    source.Client
	become bool // the user's claims are set
}

// write locks, tests and writes the rows of one wave. On an error i is the index
// of the transaction that it is about, or negative.
func (w *waves) write(ctx context.Context, ms []*mutation.Tx) (i int, err error) {
	ops := 0
	for _, m := range ms {
		ops += len(m.Ops)
	}
	all := make([]mutation.Op, 0, ops)
	for _, m := range ms {
		all = append(all, m.Ops...)
	}
	targets, err := w.lock(ctx, w.tx, all)
	if err != nil {
		return -1, err
	}
	done := make([]*decided, len(ms))
	for i, m := range ms {
		own := map[string]*target{}
		for j := range m.Ops {
			k := targetKey(&m.Ops[j])
			own[k] = targets[k]
		}
		d, err := w.decide(w.who, m, own)
		if err != nil {
			return i, err
		}
		if d.stops() {
			return i, errMiss
		}
		if err := w.permit(w.who, own); err != nil {
			return i, err
		}
		done[i] = d
	}
	if err := w.note(ctx, ms, done); err != nil {
		return -1, err
	}
	if err := w.enter(ctx); err != nil {
		return -1, err
	}
	if i, err := w.run(ctx, done); err != nil {
		return i, err
	}
	return -1, w.leave(ctx, ms)
}

// note says, as the relay's role, which transactions wrote which rows.
func (w *waves) note(ctx context.Context, ms []*mutation.Tx, done []*decided) error {
	batch := &pgx.Batch{}
	for i, d := range done {
		d.note(batch, w.who, ms[i])
	}
	return w.tx.SendBatch(ctx, batch).Close()
}

// enter takes the user's role. His claims stay for the rest of the batch.
func (w *waves) enter(ctx context.Context) error {
	if w.become && !w.hasRole() {
		return nil
	}
	w.become = true
	return w.applier.become(ctx, w.tx, w.who)
}

func (w *waves) hasRole() bool { return w.who.Role != "" && len(w.roles) > 0 }

// run makes the decided writes, in order.
func (w *waves) run(ctx context.Context, done []*decided) (i int, err error) {
	batch := &pgx.Batch{}
	var of []int
	for i, d := range done {
		for _, write := range d.writes {
			if s := write.statement(); s != nil {
				batch.Queue(s.sql.String(), s.args...)
				of = append(of, i)
			}
		}
	}
	results := w.tx.SendBatch(ctx, batch)
	defer func() { _ = results.Close() }()
	for _, i := range of {
		tag, err := results.Exec()
		if err == nil {
			err = reached(tag.RowsAffected())
		}
		if err != nil {
			return i, err
		}
	}
	return -1, results.Close()
}

// leave goes back to the relay's role and looks whether the wave's transactions
// could disturb each other after all. Its writes hold locks on their tables, which
// no new trigger gets past.
func (w *waves) leave(ctx context.Context, ms []*mutation.Tx) error {
	if w.hasRole() {
		if _, err := w.tx.Exec(ctx, "RESET ROLE"); err != nil {
			return err
		}
	}
	if len(ms) == 1 {
		return nil
	}
	return w.acting.check(ctx, w.tx, w.schema, ms)
}
