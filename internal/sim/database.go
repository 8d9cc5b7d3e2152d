package sim

import (
	"path/filepath"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// database is a model of Postgres: the truth that relays follow. Its conflict
// test is that of the embedded source, on a store of its own; what it has in
// common with Postgres is its behaviour towards a relay. What it commits is
// durable, each relay hears of it later, in commit order and at least once,
// and an answer to a commit may be lost.
type database struct {
	w      *world
	path   string
	st     *store.Store
	src    source.Source
	log    []changelog.Tx
	relays []*replicaRelay
}

func newDatabase(w *world) (*database, error) {
	path := filepath.Join(w.opt.Dir, "database.db")
	st, err := store.Open(store.Options{Path: path, Schema: w.schema, Truth: true, NewEpoch: 1})
	if err != nil {
		return nil, err
	}
	d := &database{w: w, path: path, st: st}
	d.serve()
	return d, st.Load(seedAll(w))
}

// serve takes writes to the file that is open.
func (d *database) serve() {
	w := d.w
	d.src = embedded.New(embedded.Options{
		Store: d.st, NowMicros: func() int64 { return (startWall + w.now) * 1000 },
		MayWrite: func(who *source.Client, t *schema.Table, old, row value.Row) error {
			return w.catalog.MayWrite(who, t, old, row)
		},
	})
	d.src = w.withBug(d.src, d.path)
}

// commit takes a record that the database has committed.
func (d *database) commit(rec *changelog.Tx) {
	d.log = append(d.log, *rec)
	d.w.observe()
	for _, r := range d.relays {
		r.streamLater()
	}
}

// Log implements truth.
func (d *database) Log() []changelog.Tx { return d.log }

// Close closes the file.
func (d *database) Close() error { return d.st.Close() }

// Write implements truth: a person at the database with SQL.
func (d *database) Write(table uint32, key value.Row, change func(value.Row) value.Row) {
	rec, err := directWrite(d.w, d.st, table, key, change)
	if err != nil {
		d.w.fail("database: direct write: %v", err)
	} else if rec != nil {
		d.commit(rec)
	}
}

// settled hands over each client's newest mid.
func (d *database) settled(to source.Loader) error {
	r, err := store.OpenReader(d.path)
	if err != nil {
		return err
	}
	defer r.Close()
	return r.Query("SELECT id, last_mid FROM _rockpool_client ORDER BY id", func(_ []string, row value.Row) error {
		return to.Settled(row[0].Str(), uint64(row[1].Int()))
	})
}

// apply runs a client's transaction. seen is where its client stood, in the
// database's own numbers.
func (d *database) apply(who source.Client, m *mutation.Tx, seen version.Pos) (source.Reply, error) {
	own := *m
	own.Seen = seen
	reply, err := d.src.Apply(background, who, &own)
	if reply.Record != nil {
		d.commit(reply.Record)
		reply = source.Reply{Kind: source.Accepted}
	}
	return reply, err
}

// lsnOf is the place of the database's own record in its stream.
func lsnOf(seq uint64) uint64 { return 1000 + 8*seq }

func seqOf(lsn uint64) uint64 { return (lsn - 1000) / 8 }

// streamed is a record as the replication stream has it: new images only.
func streamed(w *world, rec *changelog.Tx) *source.Record {
	out := &source.Record{LSN: lsnOf(rec.Pos.Seq), CommitMicros: rec.CommitMicros, Origins: rec.Origins, Schema: rec.Schema}
	for _, c := range rec.Changes {
		row := c.Old
		if row == nil {
			row = c.New
		}
		t := w.schema.ByID(c.Table)
		key := make(value.Row, len(t.Key))
		for i, k := range t.Key {
			key[i] = row[k]
		}
		out.Changes = append(out.Changes, source.Change{Table: c.Table, Key: key, New: append(value.Row(nil), c.New...)})
	}
	return out
}
