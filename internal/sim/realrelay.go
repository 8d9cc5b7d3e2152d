package sim

import (
	"context"
	"path/filepath"
	"strings"

	"rockpool.dev/changelog"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// realRelay drives the relay's own core on its own store and the embedded
// source. A crash between COMMIT and the flush may lose what was committed;
// nothing of it was sent, as the flush comes before the frames. Every other
// seed has the core's calls run apart, as with a source that is far away: the
// world moves on between a call and the core's hearing of it.
type realRelay struct {
	w    *world
	out  relayOut
	path string
	n    int

	st   *store.Store
	src  *embedded.Source
	core *relay.Core
	snap *snapshot.Cache

	durableWAL int64
	log        []changelog.Tx
}

func newRealRelay(w *world) (*realRelay, error) {
	f := &realRelay{w: w, out: w.relay, path: filepath.Join(w.opt.Dir, "relay-0.db")}
	if err := f.start(); err != nil {
		return nil, err
	}
	err := f.st.Load(func(to source.Loader) (uint64, error) {
		for i := range w.schema.Tables {
			for _, r := range seedRows(w.schema.Tables[i].ID) {
				if err := to.Row(&w.schema.Tables[i], r); err != nil {
					return 0, err
				}
			}
		}
		return 0, nil
	})
	f.durableWAL = walBytes(f.path)
	return f, err
}

func (f *realRelay) start() (err error) {
	if f.st, err = store.Open(store.Options{Path: f.path, Schema: f.w.schema, Truth: true, NewEpoch: 1}); err != nil {
		return err
	}
	f.durableWAL = walBytes(f.path) // what was found on the disk is on the disk
	catalog, err := shape.Open(f.w.schema, nil)
	if err != nil {
		return err
	}
	f.src = embedded.New(embedded.Options{
		Store: f.st, NowMicros: func() int64 { return f.out.millis() * 1000 },
		MayWrite: func(*source.Client, *schema.Table, value.Row, value.Row) error { return nil },
	})
	var src source.Source = f.src
	if f.w.opt.NoFence {
		src = &unfenced{f.src, f.st, f.w}
	}
	f.snap = snapshot.NewCache([]byte("simulated"), 1<<20)
	limits := relay.DefaultLimits()
	limits.PingMillis = pingMillis
	limits.WindowBytes = 600 // so that sessions fall back and read on from the log
	f.core = relay.New(relay.Config{
		Store: f.st, Source: src, Catalog: catalog, Verifier: auth.Anonymous{}, Snapshots: f.snap,
		Limits: limits, Inline: f.w.opt.Seed%2 == 0, NowMillis: f.out.millis(),
	})
	return nil
}

// do makes a batch durable and carries its effects out. A crash may come in
// between, at every place of it.
func (f *realRelay) do(effects []relay.Effect) {
	if f.w.chance(0.0015) {
		f.w.logf("relay: dies after a commit, before the flush")
		f.w.relay.crash()
		return
	}
	if err := f.core.Durable(); err != nil {
		f.w.fail("relay: flush: %v", err)
		return
	}
	f.durableWAL = walBytes(f.path)
	f.sync()
	if f.w.chance(0.0015) {
		f.w.logf("relay: dies after the flush, before the answer")
		f.w.relay.after()
		f.w.relay.crash()
		return
	}
	for _, e := range effects {
		switch e := e.(type) {
		case relay.Send:
			f.out.send(uint32(e.ID), e.Frame)
		case relay.CloseSession:
			f.w.logf("relay: ends %d: %s", e.ID, e.Reason)
			f.out.hangUp(uint32(e.ID))
		case relay.Admit:
			a := f.core.Admit(context.Background(), e.Hello)
			f.later(apartMillis, func() []relay.Effect { return f.core.Admitted(e.ID, a) })
		case relay.Apply:
			reply, err := f.core.Source.Apply(context.Background(), e.Client, e.Tx)
			f.later(apartMillis, func() []relay.Effect { return f.core.Applied(e.ID, e.Tx, reply, err) })
		case relay.Snap:
			set, err := snapshot.Build(f.st, e.Bucket.ID, e.Bucket.Spec)
			if err == nil {
				err = f.snap.Put(set)
			}
			f.later(apartSnapMillis, func() []relay.Effect {
				return f.core.Snapped(relay.Snapped{ID: e.ID, Sub: e.Sub, Set: set, Err: err})
			})
		default:
			f.w.fail("relay: effect %T", e)
		}
	}
}

// apartMillis and apartSnapMillis bound how long an answer to the core takes
// that runs apart, in milliseconds.
const (
	apartMillis     = 50
	apartSnapMillis = 1500
)

// later hands the core an answer after a while, if it still lives then.
func (f *realRelay) later(most int64, answer func() []relay.Effect) {
	life := f.w.relay.life
	f.w.after(f.w.between(0, most), func() {
		if f.w.relay.life == life && !f.w.relay.down {
			f.do(append(f.core.Tick(f.out.millis()), answer()...))
			f.w.relay.after()
		}
	})
}

// sync reads what the log got.
func (f *realRelay) sync() {
	after := version.Pos{Epoch: 1}
	if n := len(f.log); n > 0 {
		after = f.log[n-1].Pos
	}
	if f.st.Head() == after {
		return
	}
	for r, err := range f.st.Read(context.Background(), after) {
		if err != nil {
			f.w.fail("relay: read the log: %v", err)
			return
		}
		f.log = append(f.log, r)
	}
}

func (f *realRelay) Open(conn uint32) { f.do(f.core.Open(uint64(conn), relay.Info{})) }

func (f *realRelay) Receive(conn uint32, frame []byte) {
	f.do(f.core.Tick(f.out.millis()))
	if !f.w.relay.down {
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
	v, err := f.st.View()
	if err != nil {
		return nil, err
	}
	defer v.Close()
	out := map[string]value.Row{}
	t := f.w.schema.ByID(table)
	return out, v.Scan(table, nil, nil, func(r value.Row) error {
		out[keyText(t, r)] = append(value.Row(nil), r...)
		return nil
	})
}

// Write is a person at the source with SQL.
func (f *realRelay) Write(table uint32, key value.Row, change func(value.Row) value.Row) {
	rec, err := f.write(table, key, change)
	if err != nil {
		f.w.fail("relay: write at the source: %v", err)
		return
	}
	if rec != nil {
		f.do(f.core.Ingested(rec))
	}
}

func (f *realRelay) write(table uint32, key value.Row, change func(value.Row) value.Row) (*changelog.Tx, error) {
	t := f.w.schema.ByID(table)
	w, err := f.st.Begin()
	if err != nil {
		return nil, err
	}
	defer w.Rollback()
	old, err := w.Get(t, key)
	if err != nil || old == nil {
		return nil, err
	}
	name := schema.Quote(t.Name)
	if row := change(old); row == nil {
		_, err = w.Run("DELETE FROM "+name+" WHERE id = ?", key[0])
	} else {
		_, err = w.Run("UPDATE "+name+" SET "+schema.Quote(t.Columns[2].Name)+" = ? WHERE id = ?", row[2], key[0])
	}
	if err != nil {
		return nil, err
	}
	return w.Commit(nil, 0, f.out.millis()*1000)
}

// Restart loses what a killed process loses, and opens what is left.
func (f *realRelay) Restart() {
	length := walBytes(f.path)
	keep := length
	if f.durableWAL < length && f.w.rng.IntN(3) > 0 {
		keep = f.w.between(f.durableWAL, length)
	}
	f.n++
	path, err := crashCopy(f.w.opt.Dir, f.path, f.n, keep)
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
	if n := len(f.log); n > 0 && f.st.Head().Less(f.log[n-1].Pos) {
		f.w.fail("I2: the relay lost %v, which it had flushed; it stands at %v", f.log[n-1].Pos, f.st.Head())
	}
	f.sync()
	f.w.logf("relay: restarts at %v", f.st.Head())
}

func (f *realRelay) Close() { _ = f.st.Close() }
