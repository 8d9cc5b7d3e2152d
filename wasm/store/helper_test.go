package store_test

import (
	"fmt"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wire"
)

// The tables of these tests: an amount under delta, a unique text, a composite
// key with a reference, and one that never leaves the device.
const (
	itemsID = 1
	usersID = 2
	linesID = 3
	draftID = 4
)

func testSchema() *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: itemsID, Name: "items", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "name", Type: schema.TypeText, NotNull: true},
			{Name: "qty", Type: schema.TypeInt, Strategy: schema.StrategyDelta},
			{Name: "price", Type: schema.TypeDecimal, Scale: 2, HasScale: true},
			{Name: "at", Type: schema.TypeTimestampTZ},
		}, Checks: []schema.Check{{Name: "qty_not_negative", Expr: "qty >= 0"}}},
		{ID: usersID, Name: "users", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "email", Type: schema.TypeText},
			{Name: "age", Type: schema.TypeInt},
		}, Unique: []schema.Unique{{Name: "users_email_key", Columns: []uint32{1}}}},
		{ID: linesID, Name: "lines", Key: []uint32{0, 1}, Columns: []schema.Column{
			{Name: "item", Type: schema.TypeInt, NotNull: true},
			{Name: "n", Type: schema.TypeInt, NotNull: true},
			{Name: "note", Type: schema.TypeText},
		}, Foreign: []schema.ForeignKey{{Name: "lines_item_fkey", Columns: []string{"item"}, Table: "items", References: []string{"id"}}}},
		{ID: draftID, Name: "drafts", Key: []uint32{0}, LocalOnly: true, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "body", Type: schema.TypeText},
		}},
	}}
}

// tb is what testing.T and rapid.T have in common.
type tb interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// client is a store on a memory database with a clock that the test moves.
type client struct {
	t    tb
	conn *sqlite.Conn
	db   *store.DB
	opt  store.Options
	now  int64
	ids  int
	// buckets is the bucket of each table's shape.
	buckets map[uint32]uint32
	shapes  map[uint32]uint32
}

func newClient(t testing.TB) *client {
	t.Helper()
	return openClient(t, sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
}

func openClient(t testing.TB, o sqlite.Options) *client {
	t.Helper()
	conn, err := sqlite.Open(o)
	if err != nil {
		t.Fatalf("open connection: %v", err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Collation("rockpool_decimal", schema.CompareDecimal); err != nil {
		t.Fatal(err)
	}
	c := &client{t: t, conn: conn, now: 1_700_000_000_000, buckets: map[uint32]uint32{}, shapes: map[uint32]uint32{}}
	c.opt = store.Options{
		NewID:     func() string { c.ids++; return fmt.Sprintf("id-%d", c.ids) },
		NowMillis: func() int64 { c.now++; return c.now },
		Schema:    testSchema(),
	}
	c.reopen()
	return c
}

// reopen builds the store again on the same connection, as after a restart.
func (c *client) reopen() {
	c.t.Helper()
	db, err := store.Open(c.conn, c.opt)
	if err != nil {
		c.t.Fatalf("open store: %v", err)
	}
	c.db = db
}

// write runs statements as one transaction and returns its mid.
func (c *client) write(sql ...string) uint64 {
	c.t.Helper()
	done, err := c.try(sql...)
	if err != nil {
		c.t.Fatalf("write %q: %v", sql, err)
	}
	return done.Mid
}

func (c *client) try(sql ...string) (store.Committed, error) {
	return c.tryInfo(store.CommitInfo{}, sql...)
}

func (c *client) tryInfo(info store.CommitInfo, sql ...string) (store.Committed, error) {
	w, err := c.db.BeginWrite()
	if err != nil {
		return store.Committed{}, err
	}
	for _, s := range sql {
		if err := w.Conn().Exec(s); err != nil {
			if rerr := w.Rollback(); rerr != nil {
				return store.Committed{}, rerr
			}
			return store.Committed{}, err
		}
	}
	return w.Commit(info)
}

// rows returns a query's rows as text, one string a row.
func (c *client) rows(sql string) []string {
	c.t.Helper()
	return rowsOf(c.t, c.conn, sql)
}

func rowsOf(t tb, conn *sqlite.Conn, sql string) []string {
	t.Helper()
	s, err := conn.Prepare(sql)
	if err != nil {
		t.Fatalf("prepare %q: %v", sql, err)
	}
	defer s.Close()
	rows, err := s.Query()
	if err != nil {
		t.Fatalf("query %q: %v", sql, err)
	}
	out := []string{}
	for rows.Next() {
		out = append(out, show(rows.Row()))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("query %q: %v", sql, err)
	}
	if err := rows.Close(); err != nil {
		t.Fatal(err)
	}
	return out
}

func show(row value.Row) string {
	s := ""
	for i, v := range row {
		if i > 0 {
			s += "|"
		}
		switch v.Kind() {
		case value.KindNull:
			s += "NULL"
		case value.KindInt:
			s += fmt.Sprint(v.Int())
		case value.KindFloat:
			s += fmt.Sprint(v.Float())
		default:
			s += v.Str()
		}
	}
	return s
}

// want compares a query's rows.
func (c *client) want(sql string, rows ...string) {
	c.t.Helper()
	if got := c.rows(sql); fmt.Sprint(got) != fmt.Sprint(rows) {
		c.t.Errorf("%s\n got %v\nwant %v", sql, got, rows)
	}
}

// frame builds one wire.Tx from the cursor on.
type frame struct {
	c *client
	t wire.Tx
}

func (c *client) frame() *frame {
	cur := c.db.Meta().Cursor
	return &frame{c, wire.Tx{From: cur, To: version.Pos{Epoch: max(cur.Epoch, 1), Seq: cur.Seq + 1}, Last: true, Schema: c.db.Schema().Version}}
}

func (f *frame) block(table uint32, data []byte) *frame {
	return f.bucket(f.c.buckets[table], table, data)
}

func (f *frame) bucket(bucket, table uint32, data []byte) *frame {
	f.t.Blocks = append(f.t.Blocks, wire.Block{Bucket: bucket, Table: table, Data: data})
	return f
}

func (f *frame) put(table uint32, vals ...any) *frame {
	return f.block(table, row(vals...).Append([]byte{wire.BlockPut}))
}

func (f *frame) out(table uint32, key ...any) *frame {
	return f.block(table, row(key...).Append([]byte{wire.BlockOut}))
}

func (f *frame) ack(mid uint64, status mutation.Status) *frame {
	return f.outcome(mutation.Outcome{Mid: mid, Status: status})
}

func (f *frame) outcome(o mutation.Outcome) *frame {
	f.t.Acks = append(f.t.Acks, o)
	return f
}

func (f *frame) apply() store.Applied {
	f.c.t.Helper()
	out, err := f.c.db.ApplyTx(&f.t)
	if err != nil {
		f.c.t.Fatalf("ApplyTx: %v", err)
	}
	return out
}

func row(vals ...any) value.Row {
	var r value.Row
	for _, v := range vals {
		switch v := v.(type) {
		case nil:
			r = append(r, value.Null)
		case int:
			r = append(r, value.Int(int64(v)))
		case string:
			r = append(r, value.Text(v))
		case value.Value:
			r = append(r, v)
		default:
			panic(fmt.Sprintf("row: %T", v))
		}
	}
	return r
}

// follow subscribes to whole tables and takes an empty snapshot of each.
func (c *client) follow(tables ...uint32) {
	c.t.Helper()
	for _, id := range tables {
		c.snapshot(id)
		if _, err := c.db.Adopt(c.shapes[id]); err != nil {
			c.t.Fatalf("adopt: %v", err)
		}
	}
}

// snapshot stages rows of a table at the cursor and does not adopt them.
func (c *client) snapshot(id uint32, rows ...value.Row) {
	c.t.Helper()
	t := c.db.Schema().ByID(id)
	s, err := c.db.AddShape(t.Name, nil)
	if err != nil {
		c.t.Fatalf("follow %s: %v", t.Name, err)
	}
	c.shapes[id], c.buckets[id] = s.ID, id*10
	if err := c.db.StartStage(&wire.Snap{ID: s.ID, Pos: c.db.Meta().Cursor, Bucket: id * 10, Table: id, Stamp: uint64(id) << 60}); err != nil {
		c.t.Fatalf("stage %s: %v", t.Name, err)
	}
	if len(rows) > 0 {
		c.chunk(id, rows...)
	}
}

func (c *client) chunk(id uint32, rows ...value.Row) {
	c.t.Helper()
	if _, err := c.db.Stage(c.shapes[id], chunkOf(c.db.Schema(), id, rows)); err != nil {
		c.t.Fatalf("stage chunk: %v", err)
	}
}

func chunkOf(s *schema.Schema, id uint32, rows []value.Row) []byte {
	h := wire.ChunkHeader{Table: id, Schema: s.Version, Rows: uint32(len(rows)), Columns: uint32(len(s.ByID(id).Columns)), Bucket: id * 10}
	b := h.AppendTo(nil)
	for _, r := range rows {
		b = r.Append(b)
	}
	return b
}
