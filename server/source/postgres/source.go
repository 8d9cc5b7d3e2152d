package postgres

import (
	"cmp"
	"context"
	"errors"
	"sync/atomic"
	"time"

	"github.com/jackc/pglogrepl"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
)

// Options are how the source reaches its database.
type Options struct {
	// URL is a direct connection: a pooler cannot carry replication.
	URL string
	// Tables are the synced tables of schema public.
	Tables []string
	// Slot and Publication are made when they are missing; both default to "rockpool".
	Slot, Publication string
	// Roles are the roles that a token may name for SET LOCAL ROLE; none
	// means that writes run as the relay's own role, without row level
	// security: then MayWrite alone decides.
	Roles []string
	// MayWrite is the relay's write policy, asked in every case; nil leaves the
	// decision to Postgres alone.
	MayWrite source.WriteCheck
	// StatementTimeout bounds one statement of a client; 0 is the constant of
	// that name.
	StatementTimeout time.Duration
	// Now is the relay's clock.
	Now func() time.Time
	// Crash is called between COMMIT and the reply; only test builds set it.
	Crash func()
}

// Source is a Postgres database. Safe for concurrent use.
type Source struct {
	options  Options
	pool     *pgxpool.Pool
	schema   *schema.Schema
	applier  *applier
	failures source.Failures
	durable  atomic.Uint64
	// identity names the server and the database; catalog is what schema was
	// read from.
	identity string
	catalog  []string
}

var (
	_ source.Source  = (*Source)(nil)
	_ source.Batcher = (*Source)(nil)
)

// heartbeatEvery is how often an idle source writes a logical message, so that
// the slot moves on while only unpublished tables change.
const heartbeatEvery = 30 * time.Second

// catalogEvery is how often the catalog is compared: DDL is not in the stream,
// and a table that nobody writes announces none.
const catalogEvery = 5 * time.Second

// Open connects, creates what is missing and reads the schema. It returns
// fault.SourceUnavailable when there is no server, and fault.SourceSetup, with
// the SQL to run, when the role may not create what is needed.
func Open(ctx context.Context, o Options) (*Source, error) {
	if o.Slot == "" {
		o.Slot = "rockpool"
	}
	if o.Publication == "" {
		o.Publication = "rockpool"
	}
	config, err := pgxpool.ParseConfig(o.URL)
	if err != nil {
		return nil, fault.New(fault.InvalidArgument, "open Postgres", "the database URL cannot be read").WithHint("it looks like postgres://user@host:5432/database")
	}
	applySession(&config.ConnConfig.Config, "rockpool")
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "open Postgres", err)
	}
	s := &Source{options: o, pool: pool}
	if err := s.prepare(ctx); err != nil {
		pool.Close()
		return nil, err
	}
	return s, nil
}

func (s *Source) prepare(ctx context.Context) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return fault.Wrap(fault.SourceUnavailable, "connect to Postgres", err)
	}
	defer conn.Release()
	if err := ensureObjects(ctx, conn.Conn(), s.options.Publication, s.options.Tables); err != nil {
		return err
	}
	if s.identity, err = identify(ctx, s.options.URL); err != nil {
		return err
	}
	// The catalog is read first: what changes between the two shows later.
	if s.catalog, err = readCatalog(ctx, conn.Conn(), s.options.Tables); err != nil {
		return err
	}
	if s.schema, err = readSchema(ctx, conn.Conn(), s.options.Tables); err != nil {
		return err
	}
	return ensurePublications(ctx, conn.Conn(), s.options.Publication, s.options.Tables)
}

// Schema is the schema that was read when the source was opened.
func (s *Source) Schema() *schema.Schema { return s.schema }

// Identity names the server and the database, for the store that is filled
// from it.
func (s *Source) Identity() string { return s.identity }

// Relations names the synced tables with Postgres's numbers of them, as they
// were when the source was opened.
func (s *Source) Relations() string { return relationsOf(s.catalog) }

// Changed is fault.SchemaMismatch when a synced table is not any more what it
// was when the source was opened.
func (s *Source) Changed(ctx context.Context) error {
	now, err := readCatalog(ctx, s.pool, s.options.Tables)
	if err != nil {
		return err
	}
	return compareCatalogs(s.catalog, now)
}

// Attach hands over the relay's store.
func (s *Source) Attach(r source.Replica) {
	roles := make(map[string]bool, len(s.options.Roles))
	for _, role := range s.options.Roles {
		roles[role] = true
	}
	s.applier = &applier{
		pool: s.pool, schema: s.schema, replica: r, roles: roles, mayWrite: s.options.MayWrite, changed: s.Changed,
		statement: s.statement(), now: s.options.Now, crash: s.options.Crash,
	}
}

func (s *Source) statement() time.Duration {
	return cmp.Or(s.options.StatementTimeout, StatementTimeout)
}

// Apply runs one client transaction exactly once. One on which the relay fails
// by itself is rejected after source.FailuresMax tries, with its data kept by
// the client; a lost connection is none.
func (s *Source) Apply(ctx context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	reply, err := s.applier.apply(ctx, who, m)
	if err != nil && fault.KindOf(err) == fault.Unknown {
		err = fault.Wrap(fault.SourceUnavailable, "apply a mutation", err)
	}
	if err != nil {
		if out, poisoned := s.failures.Failed(&who, m, err); poisoned {
			reply, err = s.applier.record(ctx, who, m, out)
		}
	}
	if err == nil {
		s.failures.Ended(&who, m)
	}
	return reply, err
}

// ApplyBatch applies transactions of one client in one of Postgres.
func (s *Source) ApplyBatch(ctx context.Context, who source.Client, ms []*mutation.Tx) int {
	return s.applier.batch(ctx, who, ms)
}

// Outcomes returns what is still known of the mids in (after, upto].
func (s *Source) Outcomes(ctx context.Context, client string, after, upto uint64) ([]mutation.Outcome, error) {
	rows, err := s.pool.Query(ctx, `SELECT outcome FROM (
		SELECT mid, outcome FROM rockpool.tx WHERE client_id = $1 UNION ALL SELECT mid, outcome FROM rockpool.outcome WHERE client_id = $1) o
		WHERE mid > $2 AND mid <= $3 ORDER BY mid`, client, int64(after), int64(upto))
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read outcomes", err)
	}
	bodies, err := pgx.CollectRows(rows, pgx.RowTo[[]byte])
	if err != nil {
		return nil, fault.Wrap(fault.SourceUnavailable, "read outcomes", err)
	}
	out := make([]mutation.Outcome, len(bodies))
	for i, body := range bodies {
		if err := out[i].Decode(body); err != nil {
			return nil, fault.In("read outcomes", err)
		}
	}
	return out, nil
}

// Health is nil when the server answers.
func (s *Source) Health(ctx context.Context) error {
	return fault.Wrap(fault.SourceUnavailable, "ping Postgres", s.pool.Ping(ctx))
}

// Load hands over a new snapshot and returns the LSN that Run continues from.
// An old slot of the same name is dropped.
func (s *Source) Load(ctx context.Context, to source.Loader) (uint64, error) {
	lsn, err := load(ctx, s.options.URL, s.options.Slot, s.schema, to)
	return uint64(lsn), err
}

// Run streams transactions after an LSN until ctx ends or the stream breaks.
func (s *Source) Run(ctx context.Context, from uint64, emit func(*source.Record) error) error {
	s.durable.Store(from)
	s.pool.Reset() // a stream that broke may have lost its server, and the pool with it
	running, stop := context.WithCancelCause(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		stop(s.watch(running))
	}()
	defer func() { stop(nil); <-done }()
	st := &stream{
		url: s.options.URL, slot: s.options.Slot, publication: s.options.Publication, identity: s.identity,
		durable: &s.durable, changed: s.Changed,
	}
	err := st.run(running, s.schema, pglogrepl.LSN(from), emit)
	if cause := context.Cause(running); ctx.Err() == nil && cause != nil {
		return cause
	}
	return err
}

// watch writes heartbeats and looks for DDL that no row has told of yet. It
// returns with ctx, or with fault.SchemaMismatch.
func (s *Source) watch(ctx context.Context) error {
	beat, look := time.NewTicker(heartbeatEvery), time.NewTicker(catalogEvery)
	defer beat.Stop()
	defer look.Stop()
	for {
		// Other failures show in the stream itself, which has the same server.
		select {
		case <-ctx.Done():
			return nil
		case <-beat.C:
			_, _ = s.pool.Exec(ctx, "SELECT pg_logical_emit_message(true, 'rockpool.heartbeat', '')")
		case <-look.C:
			if err := s.Changed(ctx); fault.KindOf(err) == fault.SchemaMismatch {
				return err
			}
		}
	}
}

// Durable tells the slot that everything up to lsn is safe on disk.
func (s *Source) Durable(lsn uint64) { s.durable.Store(lsn) }

// Close ends the pool. Run must have ended.
func (s *Source) Close() { s.pool.Close() }

// Stat is the pool's figures.
func (s *Source) Stat() *pgxpool.Stat { return s.pool.Stat() }

// Register makes a client known, or recognises it by its incarnation
// (SYNC.md §6.4). It returns its last mid. fault.Rewound when neither
// incarnation is the stored one; fault.Forbidden when it is another user's.
func (s *Source) Register(ctx context.Context, id, user, incOld, incNew string) (lastMid uint64, err error) {
	err = pgx.BeginTxFunc(ctx, s.pool, bounded(s.statement()), func(tx pgx.Tx) error {
		var storedUser, incarnation string
		var last int64
		err := tx.QueryRow(ctx, "SELECT user_id, incarnation, last_mid FROM rockpool.client WHERE id = $1 FOR UPDATE", id).Scan(&storedUser, &incarnation, &last)
		switch {
		case errors.Is(err, pgx.ErrNoRows):
			_, err = tx.Exec(ctx, "INSERT INTO rockpool.client (id, user_id, incarnation) VALUES ($1, $2, $3)", id, user, incNew)
			return err
		case err != nil:
			return err
		case storedUser != user:
			return fault.New(fault.Forbidden, "register a client", "this database belongs to another user").WithHint("sign out first, which asks about pending writes")
		case incarnation != incOld && incarnation != incNew:
			lastMid = uint64(last)
			return fault.New(fault.Rewound, "register a client", "this database is a copy, or was restored from one")
		}
		lastMid = uint64(last)
		_, err = tx.Exec(ctx, "UPDATE rockpool.client SET incarnation = $2, seen_at = now() WHERE id = $1", id, incNew)
		return err
	})
	if err != nil && fault.KindOf(err) == fault.Unknown {
		err = fault.Wrap(fault.SourceUnavailable, "register a client", err)
	}
	return lastMid, err
}
