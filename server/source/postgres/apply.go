package postgres

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

const (
	// applyTriesMax bounds how often a transaction is run again after a
	// deadlock, a serialization failure or a lost connection.
	applyTriesMax = 5
	// applyWait is the pause before the second try; it doubles.
	applyWait = 50 * time.Millisecond
	// timeoutsMax is how often a transaction may run into the time limit of a
	// statement before it is rejected: one that always does would hold up its
	// client's queue for ever.
	timeoutsMax = 3
	// StatementTimeout bounds one statement of a client, unless told otherwise;
	// lockTimeoutMax its wait for a lock.
	StatementTimeout = 10 * time.Second
	lockTimeoutMax   = 5 * time.Second
)

// bounded begins a transaction whose statements and whose waits for locks have
// limits from the first one on: a row that somebody else holds must not keep a
// connection of the pool for as long as that lasts. A wait for a lock ends
// before its statement does, as it is not the client's fault and is retried.
func bounded(statement time.Duration) pgx.TxOptions {
	millis := func(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }
	return pgx.TxOptions{BeginQuery: "BEGIN; SET LOCAL statement_timeout = " + millis(statement) +
		"; SET LOCAL lock_timeout = " + millis(min(lockTimeoutMax, statement/2))}
}

// applier applies client transactions in Postgres, one of theirs to one of
// ours, exactly once (SYNC.md §6.2).
type applier struct {
	pool     *pgxpool.Pool
	schema   *schema.Schema
	replica  source.Replica
	roles    map[string]bool // roles that claims may name for SET LOCAL ROLE
	mayWrite source.WriteCheck
	// changed is fault.SchemaMismatch when the catalog is not any more what
	// schema was read from.
	changed func(context.Context) error
	now     func() time.Time
	// statement bounds one statement of a client.
	statement time.Duration
	acting    acting
	// crash is called between COMMIT and the reply; only test builds set it.
	crash func()
}

// errRaced says that a unique key was taken; once, this may be by a row that
// was committed after ours were locked, and the test must see it.
var errRaced = errors.New("a key was taken meanwhile")

// errStop ends an attempt whose reply is already known.
var errStop = errors.New("stop")

// apply runs one client transaction to its end. What a client cannot cause to
// differ by trying again is in the reply; an error means "not now".
func (a *applier) apply(ctx context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	wait := applyWait
	raced := false
	timeouts := 0
	for try := 1; ; try++ {
		reply, err := a.attempt(ctx, who, m, !raced)
		if errors.Is(err, errRaced) {
			raced = true
			continue
		}
		if pgCode(err) == queryCanceled && ctx.Err() == nil {
			if timeouts++; timeouts == timeoutsMax {
				return a.record(ctx, who, m, rejection(m, fault.Timeout, queryCanceled, "a statement of it took longer than "+a.statement.String()+
					", each of "+strconv.Itoa(timeoutsMax)+" times; write less at once, or look at the table's triggers and indexes, then retry it"))
			}
		}
		again := fault.KindOf(err) == fault.SourceUnavailable || fault.KindOf(err) == fault.Unknown && transient(err)
		if err == nil || !again || try == applyTriesMax || ctx.Err() != nil {
			return reply, err
		}
		select {
		case <-ctx.Done():
			return reply, ctx.Err()
		case <-time.After(wait):
		}
		wait *= 2
	}
}

// attempt is one try: the transaction, and, when it may not be written, a
// second one that records why. Both move last_mid by exactly one. When the
// answer to COMMIT is lost the next attempt meets the fence and sees a
// duplicate.
func (a *applier) attempt(ctx context.Context, who source.Client, m *mutation.Tx, mayRace bool) (source.Reply, error) {
	if err := a.replica.WaitFor(ctx, m.Seen); err != nil {
		return source.Reply{}, err
	}
	if m.Schema != a.schema.Version {
		return a.record(ctx, who, m, rejection(m, fault.SchemaMismatch, "", "the transaction was made for another version of the schema"))
	}
	if err := m.Fits(a.schema); err != nil {
		return a.record(ctx, who, m, rejection(m, fault.KindOf(err), "", err.Error()))
	}
	if blocked, err := a.blocked(ctx, who, m); err != nil {
		return source.Reply{}, err
	} else if blocked {
		return a.record(ctx, who, m, mutation.Outcome{Mid: m.Mid, Status: mutation.Blocked, Kind: uint16(fault.Blocked), Detail: "a transaction it builds on was not applied"})
	}
	var reply source.Reply
	var refused *mutation.Outcome
	err := pgx.BeginTxFunc(ctx, a.pool, bounded(a.statement), func(tx pgx.Tx) error {
		var err error
		if reply, err = a.fence(ctx, tx, who, m); err != nil {
			return err
		}
		refused, err = a.write(ctx, tx, who, m)
		if err == nil && refused != nil {
			return errStop
		}
		return own(ctx, tx, err)
	})
	switch {
	case refused != nil:
		return a.record(ctx, who, m, *refused)
	case errors.Is(err, errStop):
		return reply, nil
	case mayRace && pgCode(err) == "23505":
		return source.Reply{}, errRaced
	case err != nil:
		if code := pgCode(err); code == "42703" || code == "42P01" { // no such column or table
			if ddl := a.changed(ctx); ddl != nil {
				return source.Reply{}, ddl // not the client's fault: the relay is behind
			}
		}
		if out, ok := refusal(m, err); ok {
			return a.record(ctx, who, m, out)
		}
		return source.Reply{}, err
	}
	if a.crash != nil {
		a.crash()
	}
	return source.Reply{Kind: source.Accepted}, nil
}

// own names the errors that are neither the server's nor a lost connection's:
// they come again.
func own(ctx context.Context, tx pgx.Tx, err error) error {
	if err == nil || pgCode(err) != "" || fault.KindOf(err) != fault.Unknown || ctx.Err() != nil || tx.Conn().IsClosed() {
		return err
	}
	return fault.Wrap(fault.Internal, "apply a mutation", err)
}

// fence takes the client's next mid, or says with errStop that it is not the
// next: a duplicate, or beyond a gap.
func (a *applier) fence(ctx context.Context, tx pgx.Tx, who source.Client, m *mutation.Tx) (source.Reply, error) {
	tag, err := tx.Exec(ctx, `UPDATE rockpool.client SET last_mid = $1, seen_at = now()
		WHERE id = $2 AND user_id = $3 AND incarnation = $4 AND last_mid = $1 - 1`, int64(m.Mid), who.ID, who.User, who.Incarnation)
	if err != nil {
		return source.Reply{}, err
	}
	if tag.RowsAffected() == 1 {
		return source.Reply{}, nil
	}
	var last int64
	var user, incarnation string
	err = tx.QueryRow(ctx, "SELECT last_mid, user_id, incarnation FROM rockpool.client WHERE id = $1", who.ID).Scan(&last, &user, &incarnation)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return source.Reply{Kind: source.Unknown}, errStop
	case err != nil:
		return source.Reply{}, err
	case user != who.User || incarnation != who.Incarnation:
		return source.Reply{Kind: source.Unknown}, errStop
	case int64(m.Mid) > last+1:
		return source.Reply{Kind: source.Gap, FromMid: uint64(last + 1)}, errStop
	}
	out, err := a.known(ctx, tx, who, m)
	if err != nil {
		return source.Reply{}, err
	}
	return source.Reply{Kind: source.Duplicate, Outcome: out}, errStop
}

// known reads what became of a mid that was used before. Another transaction under
// the same mid is fault.Duplicate: the client's file went back in time.
func (a *applier) known(ctx context.Context, tx pgx.Tx, who source.Client, m *mutation.Tx) (*mutation.Outcome, error) {
	var body []byte
	var digest int64
	err := tx.QueryRow(ctx, `SELECT outcome, digest FROM rockpool.tx WHERE client_id = $1 AND mid = $2
		UNION ALL SELECT outcome, digest FROM rockpool.outcome WHERE client_id = $1 AND mid = $2`, who.ID, int64(m.Mid)).Scan(&body, &digest)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil // purged: long settled
	}
	if err != nil {
		return nil, err
	}
	out := &mutation.Outcome{}
	if err := out.Decode(body); err != nil {
		return nil, err
	}
	if !out.Answers(m, uint64(digest)) {
		return nil, fault.New(fault.Duplicate, "apply a mutation", "mid was used before for another transaction").
			WithHint("the client's database was restored from a copy: it must take a new client ID")
	}
	return out, nil
}

func (a *applier) blocked(ctx context.Context, who source.Client, m *mutation.Tx) (bool, error) {
	if len(m.Depends) == 0 {
		return false, nil
	}
	mids := make([]int64, len(m.Depends))
	for i, d := range m.Depends {
		mids[i] = int64(d)
	}
	var blocked bool
	err := a.pool.QueryRow(ctx, "SELECT EXISTS (SELECT FROM rockpool.outcome WHERE client_id = $1 AND mid = ANY($2) AND blocks)", who.ID, mids).Scan(&blocked)
	return blocked, err
}

// record settles a mid that was not applied: the same step of the fence, and
// the outcome as a row that the stream brings to the client.
func (a *applier) record(ctx context.Context, who source.Client, m *mutation.Tx, out mutation.Outcome) (source.Reply, error) {
	var reply source.Reply
	err := pgx.BeginTxFunc(ctx, a.pool, bounded(a.statement), func(tx pgx.Tx) error {
		var err error
		if reply, err = a.fence(ctx, tx, who, m); err != nil {
			return err
		}
		out.ID = m.ID
		blocks := out.Status == mutation.Rejected || out.Status == mutation.Parked || out.Status == mutation.Blocked
		_, err = tx.Exec(ctx, `INSERT INTO rockpool.outcome (client_id, mid, hlc, digest, blocks, outcome) VALUES ($1, $2, $3, $4, $5, $6)`,
			who.ID, int64(m.Mid), int64(m.HLC), int64(m.Digest), blocks, out.AppendTo(nil))
		return err
	})
	if errors.Is(err, errStop) {
		return reply, nil
	}
	if err != nil {
		return source.Reply{}, err
	}
	if a.crash != nil {
		a.crash()
	}
	return source.Reply{Kind: source.Accepted}, nil
}

// rejection is the outcome of a transaction that the source refuses.
func rejection(m *mutation.Tx, kind fault.Kind, code, detail string) mutation.Outcome {
	return mutation.Outcome{Mid: m.Mid, Status: mutation.Rejected, Kind: uint16(kind), Code: code, Detail: detail}
}

// refusal turns an error of Postgres that would come again into an outcome.
func refusal(m *mutation.Tx, err error) (mutation.Outcome, bool) {
	code := pgCode(err)
	if code == "" || transient(err) {
		switch kind := fault.KindOf(err); kind {
		case fault.Constraint, fault.Forbidden, fault.NoPolicy, fault.UnknownTable, fault.TypeMismatch:
			return rejection(m, kind, "", err.Error()), true
		}
		return mutation.Outcome{}, false
	}
	kind := fault.Rejected
	switch {
	case code[:2] == "23":
		kind = fault.Constraint
	case code == "42501":
		kind = fault.Forbidden
	case code[:2] == "22":
		kind = fault.TypeMismatch
	case code == "42703" || code == "42P01":
		kind = fault.SchemaMismatch
	}
	return rejection(m, kind, code, pgMessage(err)), true
}

// conflicts is the test of SYNC.md §7, under the row's lock: has anyone but
// this client written the row since the client's cursor?
func (a *applier) conflicts(who source.Client, m *mutation.Tx, t *schema.Table, key value.Row, locked value.Row, w writer) (bool, error) {
	stored, meta, err := a.replica.Row(t.ID, key)
	if err != nil {
		return false, err
	}
	saw := m.Saw(who.ID, meta.Pos.Epoch)
	logged := version.Dot{Actor: version.ActorSource, Counter: meta.Pos.Seq}
	switch {
	case w.client == who.ID && w.clean:
		return false, nil
	case w.client == who.ID:
		return meta.Actor != who.ID || meta.Mid != w.mid || !saw.Has(logged), nil
	case !stored.Equal(locked): // it holds a write that is not in the log yet
		return true, nil
	case meta.Clean && meta.Actor != "" && saw.Has(version.Dot{Actor: meta.Actor, Counter: meta.Mid}):
		return false, nil
	}
	return meta.Pos.Epoch > m.Seen.Epoch || !saw.Has(logged), nil
}

// writer is the client transaction that wrote a row's version, if one did.
type writer struct {
	client string
	mid    uint64
	clean  bool
	hlc    version.HLC
}
