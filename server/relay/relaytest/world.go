package relaytest

import (
	"context"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/config"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/seed"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/snapshot"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/embedded"
	"rockpool.dev/server/store"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// Tables is the schema of the tests: products with a stock, orders of a
// customer, lines that follow their order.
const Tables = `
tables:
  products:
    key: [id]
    columns:
      id: { type: integer, not_null: true }
      name: { type: text, not_null: true }
      price: { type: "numeric(10,2)" }
      stock: { type: integer, not_null: true, default: "0", conflict: delta }
    checks: { stock_not_negative: "stock >= 0" }
    unique: [[name]]
  orders:
    key: [id]
    columns:
      id: { type: uuid, not_null: true }
      number: { type: integer, not_null: true, identity: true }
      customer: { type: text, not_null: true }
      note: { type: text }
  lines:
    key: [id]
    conflict: manual
    columns:
      id: { type: integer, not_null: true }
      order_id: { type: uuid, not_null: true }
      quantity: { type: integer, not_null: true }
    foreign:
      - { columns: [order_id], table: orders, references: [id], on_delete: cascade }
`

// Rules are the policies of the tests: lines have none.
const Rules = `
tables:
  products: { read: true, write: "auth.role = 'staff'" }
  orders: { read: "customer = auth.sub", write: "customer = auth.sub" }
shapes:
  cheap: { table: products, where: "price < 10" }
  named: { table: products, where: "name = :name" }
`

// World is a store that is the truth, with a core on it.
type World struct {
	Store   *store.Store
	Source  *embedded.Source
	Catalog *shape.Catalog
	Core    *relay.Core
	Cache   *snapshot.Cache
	Now     int64
	// Asked are the snapshots that a core which runs apart waits for, oldest
	// first: Built makes the next.
	Asked []relay.Snap

	links map[uint64]*Link
}

// Options change what a world is made of.
type Options struct {
	// Rules is a rockpool.yaml; "" opens everything.
	Rules    string
	Path     string
	Verifier relay.Verifier
	Limits   func(*relay.Limits)
	Seed     []value.Row // products
	// Term is store.Options.Term.
	Term uint64
	// Apart has the core give its calls out; snapshots wait in World.Asked.
	Apart bool
}

// StartMillis is where a world's clock begins.
const StartMillis = 1_800_000_000_000

// NewWorld makes a world, or opens what is at Options.Path.
func NewWorld(t testing.TB, o Options) *World {
	t.Helper()
	s, err := seed.ParseSchema([]byte(Tables))
	must(t, err)
	w := &World{Now: StartMillis, links: map[uint64]*Link{}}
	if o.Path == "" {
		o.Path = sqlite.MemoryName()
	}
	w.Store, err = store.Open(store.Options{Path: o.Path, Schema: s, Truth: true, NewEpoch: 7, Term: o.Term})
	must(t, err)
	t.Cleanup(func() { _ = w.Store.Close() })
	if o.Rules == "" {
		w.Catalog, err = shape.Open(s, nil)
	} else {
		c, cerr := config.Parse([]byte(o.Rules))
		must(t, cerr)
		shapes, serr := c.ShapeRules()
		must(t, serr)
		w.Catalog, err = shape.New(s, c.Rules(), shapes)
	}
	must(t, err)
	if !w.Store.Loaded() {
		must(t, w.Store.Load(func(to source.Loader) (uint64, error) {
			for _, r := range o.Seed {
				if err := to.Row(s.Table("products"), r); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}))
	}
	w.Source = embedded.New(embedded.Options{Store: w.Store, NowMicros: func() int64 { return w.Now * 1000 }, MayWrite: w.Catalog.MayWrite})
	w.Cache = snapshot.NewCache([]byte("test"), 64<<20)
	limits := relay.DefaultLimits()
	if o.Limits != nil {
		o.Limits(&limits)
	}
	if o.Verifier == nil {
		o.Verifier = auth.Anonymous{}
	}
	w.Core = relay.New(relay.Config{
		Store: w.Store, Source: w.Source, Catalog: w.Catalog, Verifier: o.Verifier, Snapshots: w.Cache,
		Limits: limits, Inline: !o.Apart, NowMillis: w.Now,
	})
	return w
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// Product is a row of products.
func Product(id int64, name, price string, stock int64) value.Row {
	return value.Row{value.Int(id), value.Text(name), value.Text(price), value.Int(stock)}
}

// AddStock is the operation stock += n on a product.
func AddStock(s *schema.Schema, id, n int64) mutation.Op {
	t := s.Table("products")
	return mutation.Op{
		Table: t.ID, Kind: mutation.Update, Key: value.Row{value.Int(id)}, Cols: []uint32{uint32(t.Index("stock"))},
		Old: value.Row{value.Int(0)}, New: value.Row{value.Int(n)}, Deltas: []uint32{0},
	}
}

// Insert is the operation that inserts columns 0… of a table.
func Insert(t *schema.Table, row value.Row) mutation.Op {
	op := mutation.Op{Table: t.ID, Kind: mutation.Insert, Key: t.KeyOf(row)}
	for i, v := range row {
		if !v.IsNull() {
			op.Cols, op.New = append(op.Cols, uint32(i)), append(op.New, v)
		}
	}
	return op
}

// Set is the operation that sets one column of a row.
func Set(t *schema.Table, row value.Row, column string, to value.Value) mutation.Op {
	c := uint32(t.Index(column))
	return mutation.Op{Table: t.ID, Kind: mutation.Update, Key: t.KeyOf(row), Cols: []uint32{c}, Old: value.Row{row[c]}, New: value.Row{to}}
}

// Delete is the operation that deletes a row.
func Delete(t *schema.Table, row value.Row) mutation.Op {
	return mutation.Op{Table: t.ID, Kind: mutation.Delete, Key: t.KeyOf(row), Old: row}
}

// Link joins a client to the core under a number. Closed is the code with
// which the core ended it.
type Link struct {
	W      *World
	C      *Client
	ID     uint64
	Closed int
}

// Connect opens a link and says hello.
func (w *World) Connect(t testing.TB, id uint64, c *Client) *Link {
	t.Helper()
	return w.ConnectWith(t, id, c, c.Hello())
}

// ConnectWith opens a link and says a hello of the caller's.
func (w *World) ConnectWith(t testing.TB, id uint64, c *Client, hello []byte) *Link {
	t.Helper()
	l := &Link{W: w, C: c, ID: id}
	w.links[id] = l
	w.Do(t, w.Core.Open(id, relay.Info{}))
	l.Send(t, hello)
	return l
}

// Send hands a message to the core, cut where it is longer than a frame, and
// carries out what follows.
func (l *Link) Send(t testing.TB, message []byte) {
	t.Helper()
	for _, frame := range wire.CutFrame(message, wire.FrameBytesMax) {
		l.W.Do(t, l.W.Core.Receive(l.ID, frame))
	}
}

// Do carries effects out, and the clients' answers, until nobody has any.
func (w *World) Do(t testing.TB, effects []relay.Effect) {
	t.Helper()
	for len(effects) > 0 {
		must(t, w.Core.Durable())
		e := effects[0]
		effects = effects[1:]
		switch e := e.(type) {
		case relay.Send:
			l := w.links[e.ID]
			if l == nil || l.Closed != 0 {
				continue
			}
			answers, err := l.C.Take(e.Frame)
			if err != nil {
				t.Fatalf("client %s: %v", l.C.ID, err)
			}
			for _, a := range answers {
				effects = append(effects, w.Core.Receive(l.ID, a)...)
			}
		case relay.CloseSession:
			if l := w.links[e.ID]; l != nil {
				l.Closed = e.Code
			}
		case relay.Admit:
			effects = append(effects, w.Core.Admitted(e.ID, w.Core.Admit(context.Background(), e.Hello))...)
		case relay.Apply:
			replies, err := source.ApplyAll(context.Background(), w.Source, e.Client, e.Txs)
			effects = append(effects, w.Core.Applied(e.ID, e.Txs, replies, err)...)
		case relay.Snap:
			w.Asked = append(w.Asked, e)
		default:
			t.Fatalf("effect %T is not carried out", e)
		}
	}
}

// Built makes the snapshot that a core which runs apart asked for first.
func (w *World) Built(t testing.TB) relay.Snapped {
	t.Helper()
	if len(w.Asked) == 0 {
		t.Fatal("the core asked for no snapshot")
	}
	e := w.Asked[0]
	w.Asked = w.Asked[1:]
	set, err := snapshot.Build(w.Store, e.Bucket.ID, e.Bucket.Spec)
	must(t, err)
	must(t, w.Cache.Put(set))
	return relay.Snapped{ID: e.ID, Sub: e.Sub, Set: set}
}

// Tick moves the clock by some milliseconds.
func (w *World) Tick(t testing.TB, millis int64) {
	t.Helper()
	w.Now += millis
	w.Do(t, w.Core.Tick(w.Now))
}

// Drop ends a link as a lost socket does.
func (l *Link) Drop(t testing.TB) {
	t.Helper()
	l.Closed = -1
	l.W.Do(t, l.W.Core.Closed(l.ID))
}

// NewClient returns a client of the world.
func (w *World) NewClient(id string) *Client {
	return New(id, w.Store.Schema(), w.Cache.Chunk)
}
