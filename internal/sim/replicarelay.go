package sim

import (
	"context"
	"path/filepath"
	"strconv"
	"strings"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// background is the context of calls that do not wait.
var background = context.Background()

// replicaRelay drives the relay's core as package listen does for Postgres:
// every question to the source is an effect whose answer comes later, if at
// all, and what is committed comes with the stream. Its store is a replica
// that may lose what was not flushed, and gets it again.
type replicaRelay struct {
	w     *world
	out   *relayHost
	db    *database
	path  string
	n     int
	epoch uint32 // of its store
	anew  bool   // its slot is lost: the next process builds the store anew

	st   *store.Store
	core *relay.Core
	snap *snapshot.Cache

	durableWAL int64
	flushed    int64 // when the store was last flushed
	streaming  bool  // the next record is on its way
	stalled    int64 // the stream rests until then
}

func newReplicaRelay(h *relayHost, db *database) (*replicaRelay, error) {
	f := &replicaRelay{w: h.w, out: h, db: db, path: filepath.Join(h.w.opt.Dir, h.file(0)), epoch: 1}
	return f, f.start()
}

func (f *replicaRelay) start() (err error) {
	if f.st, err = store.Open(store.Options{Path: f.path, Schema: f.w.schema, NewEpoch: f.epoch, Source: "simulated"}); err != nil {
		return err
	}
	if !f.st.Loaded() {
		if err := f.st.Load(f.load); err != nil {
			return err
		}
	}
	f.durableWAL = walBytes(f.path)
	f.snap = snapshot.NewCache(f.w.secret(), 1<<20)
	f.core = relay.New(relay.Config{
		Store: f.st, Source: replicaSource{f}, Catalog: f.w.catalog, Verifier: verifier{f.w}, Snapshots: f.snap,
		Limits: simLimits(f.w), NowMillis: f.out.millis(),
	})
	f.streaming = false
	f.streamLater()
	return nil
}

// load copies the database as it stands.
func (f *replicaRelay) load(to source.Loader) (uint64, error) {
	v, err := f.db.st.View()
	if err != nil {
		return 0, err
	}
	defer v.Close()
	for i := range f.w.schema.Tables {
		t := &f.w.schema.Tables[i]
		if err := v.Scan(t.ID, nil, nil, func(row value.Row) error { return to.Row(t, row) }); err != nil {
			return 0, err
		}
	}
	return lsnOf(v.Pos().Seq), f.db.settled(to)
}

// streamLater has the next record arrive, when there is one.
func (f *replicaRelay) streamLater() {
	if f.streaming || seqOf(f.st.LSN()) >= f.db.st.Head().Seq {
		return
	}
	f.streaming = true
	if f.w.chance(0.01) {
		f.w.stats.Stalls++
		f.stalled = f.w.now + f.w.between(100, 3000)
	}
	life := f.out.life
	f.w.after(max(f.w.delay(), f.stalled-f.w.now), func() {
		if f.out.life != life {
			return
		}
		f.out.stopped.run(func() {
			f.streaming = false
			if !f.out.down { // else Tick goes on
				f.stream()
				f.streamLater()
			}
		})
	})
}

// stream takes the next record in, or one again: a stream repeats.
func (f *replicaRelay) stream() {
	at := seqOf(f.st.LSN())
	if at > 0 && f.w.chance(0.05) {
		at--
	}
	if f.w.opt.Bug == Skipped && at+1 < f.db.st.Head().Seq && f.w.chance(0.1) {
		at++
	}
	recs, err := f.db.st.ReadBatch(version.Pos{Epoch: 1, Seq: at}, 1)
	if err != nil || len(recs) == 0 {
		f.w.fail("database: read the log after %d: %d records, %v", at, len(recs), err)
		return
	}
	tx, err := f.st.Ingest(streamed(f.w, &recs[0]))
	if err != nil {
		f.w.fail("%s: ingest: %v", f.out.name(), err)
		return
	}
	if tx == nil {
		return // it had it
	}
	if at := f.w.canonical(tx.Pos); at != recs[0].Pos {
		f.w.fail("I9: %s gave %v the position %v, the database's is %v", f.out.name(), tx.Pos, at, recs[0].Pos)
	}
	f.do(f.core.Ingested(tx))
}

// do carries effects out. The process may die between any two.
func (f *replicaRelay) do(effects []relay.Effect) {
	for _, e := range effects {
		if f.out.down {
			return
		}
		if f.w.chance(0.0005) {
			f.out.crash()
			return
		}
		f.effect(e)
	}
}

func (f *replicaRelay) effect(e relay.Effect) {
	switch e := e.(type) {
	case relay.Send:
		f.out.send(uint32(e.ID), e.Frame)
	case relay.CloseSession:
		f.w.logf("%s: ends %d: %s", f.out.name(), e.ID, e.Reason)
		f.out.hangUp(uint32(e.ID))
	case relay.Admit:
		f.ask(func() func() {
			a := f.core.Admit(background, e.Hello)
			return func() { f.do(f.core.Admitted(e.ID, a)) }
		})
	case relay.Verify:
		f.ask(func() func() {
			id, err := f.core.Verifier.Verify(e.Token)
			return func() {
				if err == nil {
					f.out.presented(uint32(e.ID), e.Token)
				}
				f.do(f.core.Verified(e.ID, relay.Admission{Identity: id, Err: err}))
			}
		})
	case relay.Apply:
		f.ask(func() func() {
			replies, err := source.ApplyAll(background, f.core.Source, e.Client, e.Txs)
			return func() { f.do(f.core.Applied(e.ID, e.Txs, replies, err)) }
		})
	case relay.Snap:
		life := f.out.life
		f.ask(func() func() {
			if f.out.life != life { // a snapshot is the process's own, it dies with it
				return func() {}
			}
			set, err := snapshot.Build(f.st, e.Bucket.ID, e.Bucket.Spec)
			if err == nil {
				err = f.snap.Put(set)
			}
			return func() {
				f.do(f.core.Snapped(relay.Snapped{ID: e.ID, Sub: e.Sub, Set: set, Err: err}))
			}
		})
	}
}

// answerMillis bounds how long an answer to the core takes.
const answerMillis = 1500

// ask puts a question that is answered later. What is on its way when the
// process dies may still reach the database; its answer reaches nobody.
func (f *replicaRelay) ask(question func() (answer func())) {
	life := f.out.life
	f.w.after(f.w.delay(), func() {
		if f.out.life != life && f.w.rng.IntN(2) == 0 {
			return
		}
		answer := question()
		late := f.w.delay()
		if f.w.chance(0.1) { // the log moves on meanwhile
			late = f.w.between(0, answerMillis)
		}
		f.w.after(late, func() {
			f.out.stopped.run(func() {
				if f.out.life == life && !f.out.down {
					answer()
					f.out.after()
				}
			})
		})
	})
}

func (f *replicaRelay) Open(conn uint32) { f.do(f.core.Open(uint64(conn), relay.Info{})) }

func (f *replicaRelay) Receive(conn uint32, frame []byte) {
	f.do(f.core.Tick(f.out.millis()))
	if !f.out.down {
		f.out.shown(conn, frame, false)
		f.do(f.core.Receive(uint64(conn), frame))
	}
}

func (f *replicaRelay) Closed(conn uint32) { f.do(f.core.Closed(uint64(conn))) }
func (f *replicaRelay) Head() version.Pos  { return f.core.Head() }

// Tick implements node; each second the store is flushed.
func (f *replicaRelay) Tick() {
	f.streamLater()
	f.do(f.core.Tick(f.out.millis()))
	if f.out.down || f.w.now < f.flushed+1000 {
		return
	}
	f.flushed = f.w.now
	if err := f.st.Flush(); err != nil {
		f.w.fail("%s: flush: %v", f.out.name(), err)
		return
	}
	f.durableWAL = walBytes(f.path)
}

func (f *replicaRelay) Fetch(url string) (int, []byte) {
	b, err := f.snap.Chunk(url[strings.Index(url, snapshot.PathPrefix):])
	if err != nil {
		return 404, nil
	}
	return 200, append([]byte(nil), b...)
}

func (f *replicaRelay) Rows(table uint32) (map[string]value.Row, error) {
	return rowsOf(f.st, f.w.schema.ByID(table))
}

// Restart loses what a killed process loses, and opens what is left.
func (f *replicaRelay) Restart() {
	if f.anew {
		if err := f.renew(); err != nil {
			f.w.fail("%s: build the store anew: %v", f.out.name(), err)
		}
		return
	}
	keep := f.w.keepWAL(f.durableWAL, walBytes(f.path))
	f.n++
	path := filepath.Join(f.w.opt.Dir, f.out.file(f.n))
	err := crashCopy(f.path, path, keep)
	if err == nil {
		_ = f.st.Close()
		removeFiles(f.path)
		f.path = path
		err = f.start()
	}
	if err != nil {
		f.w.fail("%s: open after a crash: %v", f.out.name(), err)
		return
	}
	f.w.logf("%s: restarts at %v", f.out.name(), f.st.Head())
}

func (f *replicaRelay) Close() {
	if f.st != nil { // it did not open again: the run has failed of it
		_ = f.st.Close()
	}
}

// replicaSource is the database as one relay process sees it.
type replicaSource struct{ f *replicaRelay }

var _ source.Source = replicaSource{}

// Schema implements source.Source.
func (s replicaSource) Schema() *schema.Schema { return s.f.w.schema }

// Attach implements source.Source.
func (s replicaSource) Attach(source.Replica) {}

// Load implements source.Source; the relay's driver loads by itself.
func (s replicaSource) Load(context.Context, source.Loader) (uint64, error) {
	return 0, fault.New(fault.Internal, "load", "the driver does it")
}

// Run implements source.Source; the relay's driver streams by itself.
func (s replicaSource) Run(context.Context, uint64, func(*source.Record) error) error {
	return fault.New(fault.Internal, "stream", "the driver does it")
}

// Durable implements source.Source.
func (s replicaSource) Durable(uint64) {}

// Register implements source.Source.
func (s replicaSource) Register(ctx context.Context, id, user, incOld, incNew string) (uint64, error) {
	if s.f.w.chance(0.02) {
		return 0, unreachable("register")
	}
	return s.f.db.src.Register(ctx, id, user, incOld, incNew)
}

// Apply implements source.Source: it waits for what the writer has seen, and
// the answer to its commit may be lost.
func (s replicaSource) Apply(_ context.Context, who source.Client, m *mutation.Tx) (source.Reply, error) {
	f := s.f
	if f.st.Head().Less(m.Seen) {
		return source.Reply{}, fault.New(fault.Timeout, "wait for the store", "it did not reach the position in time")
	}
	if f.w.chance(0.02) {
		return source.Reply{}, unreachable("apply")
	}
	reply, err := f.db.apply(who, m, f.w.canonical(m.Seen))
	if err == nil && f.w.chance(0.03) {
		f.w.stats.LostReplies++
		f.w.logf("%s: the answer to mutation %d of %s is lost", f.out.name(), m.Mid, who.ID)
		return source.Reply{}, unreachable("apply")
	}
	return reply, err
}

func unreachable(op string) error {
	return fault.New(fault.SourceUnavailable, op, "the connection to the database was lost")
}

// Outcomes implements source.Source.
func (s replicaSource) Outcomes(ctx context.Context, client string, after, upto uint64) ([]mutation.Outcome, error) {
	return s.f.db.src.Outcomes(ctx, client, after, upto)
}

// Health implements source.Source.
func (s replicaSource) Health(context.Context) error { return nil }

// Close implements source.Source.
func (s replicaSource) Close() {}

// file is the name of the nth file of a relay's store.
func (h *relayHost) file(n int) string {
	return "relay" + strconv.Itoa(h.index+1) + "-" + strconv.Itoa(n) + ".db"
}
