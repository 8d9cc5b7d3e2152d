package sim

import (
	"context"
	"path/filepath"
	"strings"

	"rockpool.dev/changelog"
	"rockpool.dev/schema"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// realRelay drives the relay's own core on its own store and the embedded
// source. A crash between COMMIT and the flush may lose what was committed;
// nothing of it was sent, as the flush comes before the frames.
type realRelay struct {
	w    *world
	out  *relayHost
	path string
	n    int

	st   *store.Store
	src  *embedded.Source
	core *relay.Core
	snap *snapshot.Cache

	durableWAL int64
	log        []changelog.Tx

	backup   string // a copy of the file, or ""
	backedUp int    // records that it holds
	putBack  bool   // the next process finds the copy
}

func newRealRelay(h *relayHost) (*realRelay, error) {
	w := h.w
	f := &realRelay{w: w, out: h, path: filepath.Join(h.w.opt.Dir, h.file(0))}
	if err := f.start(); err != nil {
		return nil, err
	}
	err := f.st.Load(seedAll(w))
	f.durableWAL = walBytes(f.path)
	return f, err
}

func (f *realRelay) start() (err error) {
	if f.st, err = store.Open(store.Options{Path: f.path, Schema: f.w.schema, Truth: true, NewEpoch: 1, Term: uint64(f.n) + 1}); err != nil {
		return err
	}
	f.durableWAL = walBytes(f.path) // what was found on the disk is on the disk
	f.src = embedded.New(embedded.Options{
		Store: f.st, NowMicros: func() int64 { return f.out.millis() * 1000 },
		MayWrite: f.w.catalog.MayWrite,
	})
	src := f.w.withBug(f.src, f.path)
	f.snap = snapshot.NewCache(f.w.secret(), 1<<20)
	f.core = relay.New(relay.Config{
		Store: f.st, Source: src, Catalog: f.w.catalog, Verifier: verifier{f.w}, Snapshots: f.snap,
		Limits: simLimits(f.w), Inline: true, NowMillis: f.out.millis(),
	})
	return nil
}

// seedAll fills a truth with the rows that a run begins with.
func seedAll(w *world) func(to source.Loader) (uint64, error) {
	return func(to source.Loader) (uint64, error) {
		for i := range w.schema.Tables {
			for _, r := range seedRows(w.schema.Tables[i].ID) {
				if err := to.Row(&w.schema.Tables[i], r); err != nil {
					return 0, err
				}
			}
		}
		return 0, nil
	}
}

// simLimits are the relay's own, with a window so small that sessions fall
// back and read on from the log.
func simLimits(w *world) relay.Limits {
	limits := relay.DefaultLimits()
	limits.PingMillis = pingMillis
	limits.WindowBytes = 600
	limits.TokenGrace = tokenGrace
	if w.opt.Bug == NoExpiry {
		limits.TokenGrace = faultMillis + quietMillis
	}
	return limits
}

// do makes a batch durable and carries its effects out. A crash may come in
// between, at every place of it.
func (f *realRelay) do(effects []relay.Effect) {
	if f.w.chance(0.0015) {
		f.w.logf("relay: dies after a commit, before the flush")
		f.out.crash()
		return
	}
	if f.w.opt.Bug != NoRelayFlush {
		if err := f.core.Durable(); err != nil {
			f.w.fail("relay: flush: %v", err)
			return
		}
		f.durableWAL = walBytes(f.path)
	}
	f.sync()
	if f.w.chance(0.0015) {
		f.w.logf("relay: dies after the flush, before the answer")
		f.out.after()
		f.out.crash()
		return
	}
	for _, e := range effects {
		switch e := e.(type) {
		case relay.Send:
			f.out.send(uint32(e.ID), e.Frame)
		case relay.CloseSession:
			f.w.logf("relay: ends %d: %s", e.ID, e.Reason)
			f.out.hangUp(uint32(e.ID))
		default:
			f.w.fail("relay: effect %T of an inline core", e)
		}
	}
}

// sync reads what the log got.
func (f *realRelay) sync() {
	after := version.Pos{Epoch: 1}
	if n := len(f.log); n > 0 {
		after = f.log[n-1].Pos
	}
	if head := f.st.Head(); head.Epoch != after.Epoch { // it was put back
		f.w.bases[head.Epoch], f.w.branch = 0, head.Epoch
		after.Epoch = head.Epoch
	}
	if f.st.Head() == after {
		return
	}
	for r, err := range f.st.Read(context.Background(), after) {
		if err != nil {
			f.w.fail("relay: read the log: %v", err)
			return
		}
		r.Pos, r.Prev = f.w.canonical(r.Pos), f.w.canonical(r.Prev)
		f.log = append(f.log, r)
	}
}

func (f *realRelay) Open(conn uint32) { f.do(f.core.Open(uint64(conn), relay.Info{})) }

func (f *realRelay) Receive(conn uint32, frame []byte) {
	f.do(f.core.Tick(f.out.millis()))
	if !f.out.down {
		f.out.shown(conn, frame, true)
		f.do(f.core.Receive(uint64(conn), frame))
	}
}
func (f *realRelay) Closed(conn uint32)  { f.do(f.core.Closed(uint64(conn))) }
func (f *realRelay) Tick()               { f.do(f.core.Tick(f.out.millis())) }
func (f *realRelay) Head() version.Pos   { return f.core.Head() }
func (f *realRelay) Log() []changelog.Tx { return f.log }

func (f *realRelay) Fetch(url string) (int, []byte) {
	b, err := f.snap.Chunk(url[strings.Index(url, snapshot.PathPrefix):])
	if err != nil {
		return 404, nil
	}
	return 200, append([]byte(nil), b...)
}

func (f *realRelay) Rows(table uint32) (map[string]value.Row, error) {
	return rowsOf(f.st, f.w.schema.ByID(table))
}

// rowsOf reads a table of a relay's store.
func rowsOf(st *store.Store, t *schema.Table) (map[string]value.Row, error) {
	v, err := st.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	out := map[string]value.Row{}
	return out, v.Scan(t.ID, nil, nil, func(r value.Row) error {
		out[keyText(t, r)] = append(value.Row(nil), r...)
		return nil
	})
}

// Write implements truth: a person at the source with SQL.
func (f *realRelay) Write(table uint32, key value.Row, change func(value.Row) value.Row) {
	rec, err := directWrite(f.w, f.st, table, key, change)
	if err != nil {
		f.w.fail("relay: write at the source: %v", err)
		return
	}
	if rec != nil {
		f.do(f.core.Ingested(rec))
	}
}

// directWrite changes a row of a truth past every client; no record when there
// is no such row, or nothing would change.
func directWrite(world *world, st *store.Store, table uint32, key value.Row, change func(value.Row) value.Row) (*changelog.Tx, error) {
	t := world.schema.ByID(table)
	w, err := st.Begin()
	if err != nil {
		return nil, err
	}
	defer w.Rollback()
	old, err := w.Get(t, key)
	if err != nil || old == nil {
		return nil, err
	}
	name := schema.Quote(t.Name)
	switch row := change(old); {
	case row == nil:
		_, err = w.Run("DELETE FROM "+name+" WHERE id = ?", key[0])
	case row.Equal(old):
		return nil, nil
	default:
		for i := range t.Columns {
			if err == nil && !row[i].Equal(old[i]) {
				_, err = w.Run("UPDATE "+name+" SET "+schema.Quote(t.Columns[i].Name)+" = ? WHERE id = ?", row[i], key[0])
			}
		}
	}
	if err != nil {
		return nil, err
	}
	return w.Commit(nil, 0, (startWall+world.now)*1000)
}

// keepWAL is how much of a killed relay's WAL is left.
func (w *world) keepWAL(durable, length int64) int64 {
	if durable < length && w.rng.IntN(3) > 0 {
		return w.between(durable, length)
	}
	return length
}

// Restart loses what a killed process loses, and opens what is left.
func (f *realRelay) Restart() {
	keep := f.w.keepWAL(f.durableWAL, walBytes(f.path))
	f.n++
	path, from := filepath.Join(f.w.opt.Dir, f.out.file(f.n)), f.path
	if f.putBack {
		from, keep, f.putBack = f.backup, walBytes(f.backup), false
		f.backup = ""
		f.undo()
	}
	err := crashCopy(from, path, keep)
	if err == nil {
		_ = f.st.Close()
		removeFiles(f.path)
		f.path = path
		err = f.start()
	}
	if err != nil {
		f.w.fail("relay: open after a crash: %v", err)
		return
	}
	if n := len(f.log); n > 0 && f.w.canonical(f.st.Head()).Less(f.log[n-1].Pos) {
		f.w.fail("I2: the relay lost %v, which it had flushed; it stands at %v", f.log[n-1].Pos, f.st.Head())
	}
	f.sync()
	f.w.logf("relay: restarts at %v", f.st.Head())
}

func (f *realRelay) Close() { _ = f.st.Close() }
