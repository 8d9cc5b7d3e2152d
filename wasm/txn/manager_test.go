package txn_test

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

const uuid = "018f0000-0000-7000-8000-00000000000"

func testSchema() *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{ID: 1, Name: "items", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeUUID, NotNull: true},
			{Name: "name", Type: schema.TypeText, NotNull: true},
			{Name: "qty", Type: schema.TypeInt},
			{Name: "price", Type: schema.TypeDecimal, Scale: 2, HasScale: true},
		}, Checks: []schema.Check{{Name: "qty_not_negative", Expr: "qty >= 0"}}},
		{ID: 2, Name: "lines", Key: []uint32{0, 1}, Columns: []schema.Column{
			{Name: "item", Type: schema.TypeInt, NotNull: true},
			{Name: "n", Type: schema.TypeInt, NotNull: true},
		}},
	}}
}

// rig is a manager on a memory database with a clock that the test moves.
type rig struct {
	t    testing.TB
	conn *sqlite.Conn
	db   *store.DB
	m    *txn.Manager
	now  int64
	keys int
}

func newRig(t testing.TB) *rig {
	t.Helper()
	conn, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.Collation("rockpool_decimal", schema.CompareDecimal); err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, conn: conn, now: 1000}
	clock := func() int64 { return r.now }
	if r.db, err = store.Open(conn, store.Options{NewID: func() string { return "c" }, NowMillis: clock, Schema: testSchema()}); err != nil {
		t.Fatal(err)
	}
	r.m = txn.New(r.db, txn.Options{NowMillis: clock, NewKey: func() string { r.keys++; return uuid + fmt.Sprint(r.keys) }})
	return r
}

func op(kind wire.OperationType, table string, pairs ...any) wire.Operation {
	o := wire.Operation{Type: kind, Table: table}
	for i := 0; i < len(pairs); i += 2 {
		o.Columns = append(o.Columns, pairs[i].(string))
		switch v := pairs[i+1].(type) {
		case int:
			o.Values = append(o.Values, value.Int(int64(v)))
		case string:
			o.Values = append(o.Values, value.Text(v))
		case nil:
			o.Values = append(o.Values, value.Null)
		}
	}
	return o
}

func (r *rig) rows(sql string) string {
	r.t.Helper()
	s, err := r.conn.Prepare(sql)
	if err != nil {
		r.t.Fatal(err)
	}
	defer s.Close()
	rows, err := s.Query()
	if err != nil {
		r.t.Fatal(err)
	}
	var out []string
	for rows.Next() {
		out = append(out, show(rows.Row()))
	}
	if err := rows.Close(); err != nil {
		r.t.Fatal(err)
	}
	return strings.Join(out, " ")
}

func show(row value.Row) string {
	var out []string
	for _, v := range row {
		switch v.Kind() {
		case value.KindNull:
			out = append(out, "NULL")
		case value.KindInt:
			out = append(out, fmt.Sprint(v.Int()))
		default:
			out = append(out, v.Str())
		}
	}
	return strings.Join(out, "|")
}

func TestOperations(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows, res, err := r.m.Operations([]wire.Operation{
		op(wire.OpInsert, "items", "name", "a", "qty", 5, "price", "7.5"),
		op(wire.OpInsert, "items", "id", strings.ToUpper(uuid+"a"), "name", "b", "qty", 1),
		op(wire.OpUpdate, "items", "id", uuid+"1", "name", "A"),
		op(wire.OpIncrement, "items", "id", uuid+"1", "qty", 2),
		op(wire.OpUpsert, "items", "id", uuid+"a", "name", "B"),
		op(wire.OpUpsert, "items", "id", uuid+"c", "name", "c"),
		op(wire.OpDelete, "items", "id", uuid+"c"),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if res.Mid != 1 || fmt.Sprint(res.Tables) != "[items]" || res.Repeat {
		t.Errorf("result = %+v", res)
	}
	want := []string{uuid + "1|a|5|7.50", uuid + "a|b|1|NULL", uuid + "1|A|5|7.50", uuid + "1|A|7|7.50", uuid + "a|B|1|NULL", uuid + "c|c|NULL|NULL", uuid + "c"}
	if len(rows) != len(want) {
		t.Fatalf("%d results, want %d", len(rows), len(want))
	}
	for i, w := range want {
		if got := show(rows[i].Values); got != w {
			t.Errorf("operation %d: row %s, want %s", i+1, got, w)
		}
	}
	if fmt.Sprint(rows[0].Columns) != "[id name qty price]" || fmt.Sprint(rows[6].Columns) != "[id]" {
		t.Errorf("columns %v and %v", rows[0].Columns, rows[6].Columns)
	}
	if got := r.rows("SELECT name, qty FROM items ORDER BY id"); got != "A|7 B|1" {
		t.Errorf("rows %s", got)
	}
}

func TestOperationsRefuse(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		op   wire.Operation
		want fault.Kind
	}{
		"unknown table":      {op(wire.OpInsert, "itemz", "name", "x"), fault.UnknownTable},
		"own table":          {op(wire.OpInsert, "_rockpool_tx", "mid", 1), fault.Forbidden},
		"unknown column":     {op(wire.OpInsert, "items", "name", "x", "colour", "red"), fault.UnknownColumn},
		"column twice":       {op(wire.OpInsert, "items", "name", "x", "name", "y"), fault.InvalidArgument},
		"missing key":        {op(wire.OpUpdate, "items", "name", "x"), fault.InvalidArgument},
		"half a key":         {op(wire.OpInsert, "lines", "item", 1), fault.InvalidArgument},
		"update of nothing":  {op(wire.OpUpdate, "items", "id", uuid+"9", "name", "x"), fault.NotFound},
		"increment nothing":  {op(wire.OpIncrement, "items", "id", uuid+"9", "qty", 1), fault.NotFound},
		"increment of text":  {op(wire.OpIncrement, "items", "id", uuid+"a", "name", 1), fault.TypeMismatch},
		"text as an integer": {op(wire.OpUpdate, "items", "id", uuid+"a", "qty", "many"), fault.TypeMismatch},
		"bad uuid":           {op(wire.OpInsert, "items", "id", "nope", "name", "x"), fault.TypeMismatch},
		"check":              {op(wire.OpIncrement, "items", "id", uuid+"a", "qty", -5), fault.Constraint},
		"existing key":       {op(wire.OpInsert, "items", "id", uuid+"a", "name", "x"), fault.Constraint},
		"no such type":       {op(77, "items", "id", uuid+"a"), fault.InvalidArgument},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if _, _, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "items", "id", uuid+"a", "name", "a", "qty", 1)}, ""); err != nil {
				t.Fatal(err)
			}
			_, _, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "items", "name", "first"), k.op}, "key")
			if fault.KindOf(err) != k.want || fault.HintOf(err) == "" && k.want != fault.Constraint {
				t.Errorf("err = %v, hint %q, want kind %v and what to do", err, fault.HintOf(err), k.want)
			}
			if got := r.rows("SELECT name, qty FROM items"); got != "a|1" {
				t.Errorf("rows %s: the first operation stayed", got)
			}
			if d, err := r.m.Status("key", 0); err != nil || d.Known {
				t.Errorf("Status = %+v, %v: the key of a failed write is known", d, err)
			}
		})
	}
}

// TestIncrementsTravelAsAmounts whatever the column's strategy is, unless the
// same transaction also sets the column.
func TestIncrementsTravelAsAmounts(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct {
		ops  []wire.Operation
		want string
	}{
		"two increments": {[]wire.Operation{op(wire.OpIncrement, "items", "id", uuid+"a", "qty", 2), op(wire.OpIncrement, "items", "id", uuid+"a", "qty", 3)}, "[0] 5"},
		"set afterwards": {[]wire.Operation{op(wire.OpIncrement, "items", "id", uuid+"a", "qty", 2), op(wire.OpUpdate, "items", "id", uuid+"a", "qty", 9)}, "[] 9"},
		"other column":   {[]wire.Operation{op(wire.OpIncrement, "items", "id", uuid+"a", "qty", 2), op(wire.OpUpdate, "items", "id", uuid+"a", "price", "1")}, "[0] 2"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			if _, _, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "items", "id", uuid+"a", "name", "a", "qty", 1)}, ""); err != nil {
				t.Fatal(err)
			}
			_, res, err := r.m.Operations(k.ops, "")
			if err != nil {
				t.Fatal(err)
			}
			if err := r.m.Flush(); err != nil {
				t.Fatal(err)
			}
			out, err := r.db.ReadOutbox(res.Mid, 1)
			if err != nil || len(out) != 1 {
				t.Fatalf("ReadOutbox = %v, %v", out, err)
			}
			var tx mutation.Tx
			if err := tx.Decode(out[0].Body); err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(tx.Ops[0].Deltas, " ", tx.Ops[0].New[0].Int()); got != k.want {
				t.Errorf("op = %+v: deltas and value %q, want %q", tx.Ops[0], got, k.want)
			}
		})
	}
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ops := []wire.Operation{op(wire.OpInsert, "items", "name", "a")}
	first, res, err := r.m.Operations(ops, "k")
	if err != nil {
		t.Fatal(err)
	}
	again, res2, err := r.m.Operations(ops, "k")
	if err != nil || !res2.Repeat || res2.Mid != res.Mid || len(again) != 1 || show(again[0].Values) != show(first[0].Values) {
		t.Errorf("again = %+v, %+v, %v; want the first call's", again, res2, err)
	}
	if got := r.rows("SELECT count(*) FROM items"); got != "1" {
		t.Errorf("%s rows, want 1", got)
	}
	if _, err := r.m.Begin(1, 0, "k"); fault.KindOf(err) != fault.Duplicate {
		t.Errorf("Begin with a used key: %v, want duplicate", err)
	}
	if d, err := r.m.Status("k", 0); err != nil || !d.Known || d.Mid != res.Mid {
		t.Errorf("Status = %+v, %v", d, err)
	}
	if d, err := r.m.Status("other", 0); err != nil || d.Known {
		t.Errorf("Status of an unknown key = %+v, %v", d, err)
	}
}

func TestSQL(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	res, err := r.m.SQL("INSERT INTO items(id, name) VALUES (?, ?)", value.Row{value.Text(uuid + "1"), value.Text("a")}, "", nil)
	if err != nil || res.Mid != 1 || res.Changes != 1 {
		t.Fatalf("SQL = %+v, %v", res, err)
	}
	var got string
	if _, err := r.m.SQL("UPDATE items SET name = 'b' RETURNING name", nil, "", func(s *sqlite.Stmt) error {
		rows, err := s.Query()
		if err != nil {
			return err
		}
		for rows.Next() {
			got += show(rows.Row())
		}
		return rows.Close()
	}); err != nil || got != "b" {
		t.Errorf("RETURNING gave %q, %v", got, err)
	}
	for sql, want := range map[string]fault.Kind{
		"INSERT OR FAIL INTO items(id, name) VALUES ('x', 'y')": fault.Forbidden,
		"BEGIN":                       fault.InvalidArgument,
		"":                            fault.InvalidSQL,
		"DELETE FROM items; SELECT 1": fault.InvalidSQL,
		"DELETE FROM _rockpool_tx":    fault.Forbidden,
		"DELETE FROM nowhere":         fault.UnknownTable,
	} {
		if _, err := r.m.SQL(sql, nil, "", nil); fault.KindOf(err) != want {
			t.Errorf("%q: %v, want kind %v", sql, err, want)
		}
		if r.conn.InTransaction() {
			t.Fatalf("%q left a transaction open", sql)
		}
	}
	if _, err := r.m.SQL("CREATE TABLE mine(id INTEGER PRIMARY KEY, a)", nil, "", nil); err != nil {
		t.Fatal(err)
	}
	if _, err := r.m.SQL("INSERT OR FAIL INTO mine VALUES (1, 2)", nil, "", nil); err != nil {
		t.Errorf("OR FAIL on a local table: %v", err)
	}
	rows, res, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "mine", "a", "x")}, "")
	if err != nil || res.Mid != 0 || show(rows[0].Values) != "2|x" {
		t.Errorf("insert into a local table: %+v, %+v, %v", rows, res, err)
	}
}

func TestInteractive(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	tx, err := r.m.Begin(7, 0, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.m.Begin(8, 0, ""); fault.KindOf(err) != fault.Busy {
		t.Errorf("second Begin: %v, want busy", err)
	}
	if _, err := r.m.SQL("DELETE FROM items", nil, "", nil); fault.KindOf(err) != fault.Busy {
		t.Errorf("a write meanwhile: %v, want busy", err)
	}
	if _, err := r.m.Tx(tx.ID, 8); fault.KindOf(err) != fault.NotFound {
		t.Errorf("another owner: %v, want not_found", err)
	}
	steps := []string{
		"INSERT INTO items(id, name) VALUES ('" + uuid + "e', 'a')", "SAVEPOINT s", "INSERT INTO items(id, name) VALUES ('" + uuid + "f', 'b')",
		"ROLLBACK TO s", "RELEASE s",
	}
	for _, sql := range steps {
		if err := tx.SQL(sql, nil, nil); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	if err := tx.SQL("INSERT INTO nowhere VALUES (1)", nil, nil); fault.KindOf(err) != fault.UnknownTable {
		t.Errorf("bad statement: %v", err)
	}
	if err := tx.SQL("BEGIN", nil, nil); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("BEGIN inside: %v, want invalid_argument", err)
	}
	// Operations are all or none, also inside.
	if _, err := tx.Operations([]wire.Operation{op(wire.OpInsert, "items", "name", "c"), op(wire.OpUpdate, "items", "name", "x")}); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("operations: %v, want invalid_argument", err)
	}
	if _, err := tx.Operations([]wire.Operation{op(wire.OpInsert, "items", "name", "d")}); err != nil {
		t.Fatal(err)
	}
	res, err := tx.Commit()
	if err != nil || res.Mid != 1 {
		t.Fatalf("Commit = %+v, %v", res, err)
	}
	if got := r.rows("SELECT name FROM items ORDER BY name"); got != "a d" {
		t.Errorf("rows %s, want a d", got)
	}
	if err := tx.SQL("DELETE FROM items", nil, nil); fault.KindOf(err) != fault.Closed {
		t.Errorf("after the end: %v, want closed", err)
	}
	if err := tx.Rollback(); err != nil {
		t.Errorf("Rollback after Commit: %v", err)
	}
}

func TestInteractiveEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(r *rig, tx *txn.Tx) error{
		"rollback":    func(r *rig, tx *txn.Tx) error { return tx.Rollback() },
		"ROLLBACK":    func(r *rig, tx *txn.Tx) error { return tx.SQL("ROLLBACK", nil, nil) },
		"tab is gone": func(r *rig, tx *txn.Tx) error { return r.m.CloseOwner(7) },
		"time is over": func(r *rig, tx *txn.Tx) error {
			if x, err := r.m.Expire(); x != nil || err != nil {
				return fmt.Errorf("Expire before the time = %v, %v", x, err)
			}
			at, ok := r.m.Deadline()
			if !ok || at != r.now+50 {
				return fmt.Errorf("Deadline = %d, %v", at, ok)
			}
			r.now = at
			x, err := r.m.Expire()
			if x != tx {
				return errors.New("Expire returned another transaction")
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t)
			tx, err := r.m.Begin(7, 50, "k")
			if err != nil {
				t.Fatal(err)
			}
			if err := tx.SQL("INSERT INTO items(id, name) VALUES ('"+uuid+"1', 'a')", nil, nil); err != nil {
				t.Fatal(err)
			}
			if err := end(r, tx); err != nil {
				t.Fatal(err)
			}
			if got := r.rows("SELECT name FROM items"); got != "" {
				t.Errorf("rows %s stayed", got)
			}
			if r.m.Busy() || r.db.Meta().LastMid != 0 {
				t.Errorf("busy %v, last mid %d", r.m.Busy(), r.db.Meta().LastMid)
			}
			h := r.m.History()
			if len(h) != 1 || h[0].State != wire.TxRolledBack || h[0].Millis[wire.TxDraft] == 0 {
				t.Errorf("history = %+v, want one rolled back", h)
			}
			if _, err := r.m.SQL("INSERT INTO items(id, name) VALUES ('"+uuid+"1', 'a')", nil, "k", nil); err != nil {
				t.Errorf("the key of a transaction that was rolled back: %v", err)
			}
		})
	}
	r := newRig(t)
	if _, err := r.m.Begin(7, txn.TimeoutMillisMax+1, ""); fault.KindOf(err) != fault.InvalidArgument {
		t.Errorf("too long a timeout: %v, want invalid_argument", err)
	}
	if _, err := r.m.Begin(7, txn.TimeoutMillisMax, ""); err != nil {
		t.Errorf("the longest timeout: %v", err)
	}
}

// TestGroupCommit shows that one flush serves every write before it.
func TestGroupCommit(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	var tickets []uint64
	for i := range 3 {
		_, res, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "items", "name", fmt.Sprint(i))}, "")
		if err != nil {
			t.Fatal(err)
		}
		tickets = append(tickets, res.Ticket)
	}
	if !r.m.NeedsFlush() || r.m.Flushed() >= tickets[0] {
		t.Errorf("needs flush %v, flushed %d, tickets %v", r.m.NeedsFlush(), r.m.Flushed(), tickets)
	}
	if err := r.m.Flush(); err != nil {
		t.Fatal(err)
	}
	if r.m.NeedsFlush() || r.m.Flushed() < tickets[2] || r.db.Durable() != 3 {
		t.Errorf("after the flush: needs %v, flushed %d, durable mid %d", r.m.NeedsFlush(), r.m.Flushed(), r.db.Durable())
	}
}

// TestStates follows transactions through their states.
func TestStates(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	state := func(mid uint64) wire.TxState {
		tr, _ := r.m.Track(mid)
		return tr.State
	}
	for i := range 3 {
		r.now++
		if _, _, err := r.m.Operations([]wire.Operation{op(wire.OpInsert, "items", "name", fmt.Sprint(i))}, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := state(1); got != wire.TxApplied {
		t.Errorf("state = %v, want applied", got)
	}
	r.m.Sent(1)
	if got := state(1); got != wire.TxApplied {
		t.Errorf("state = %v: sent before it was durable", got)
	}
	r.now++
	if err := r.m.Flush(); err != nil {
		t.Fatal(err)
	}
	if got := state(1); got != wire.TxDurable {
		t.Errorf("state = %v, want durable", got)
	}
	r.m.Sent(1)
	if list, err := r.m.Outbox(); err != nil || len(list) != 3 || list[0].State != wire.TxSent || list[1].State != wire.TxDurable {
		t.Errorf("Outbox = %+v, %v", list, err)
	}
	r.m.Unsent()
	if got := state(1); got != wire.TxDurable {
		t.Errorf("state = %v after the socket closed, want durable", got)
	}
	a, err := r.db.ApplyTx(&wire.Tx{To: version.Pos{Epoch: 1, Seq: 1}, Last: true, Schema: 1, Acks: []mutation.Outcome{
		{Mid: 1, Status: mutation.Applied}, {Mid: 2, Status: mutation.Rejected, Kind: uint16(fault.Constraint)}, {Mid: 3, Status: mutation.Parked},
	}})
	if err != nil {
		t.Fatal(err)
	}
	r.now++
	if got := r.m.Applied(a); len(got) != 3 {
		t.Errorf("Applied = %+v, want 3 tracks", got)
	}
	for mid, want := range map[uint64]wire.TxState{1: wire.TxAccepted, 2: wire.TxRejected, 3: wire.TxConflicted} {
		tr, ok := r.m.Track(mid)
		if !ok || tr.State != want || tr.Outcome == nil || tr.Millis[wire.TxApplied] == 0 || tr.Millis[want] != r.now {
			t.Errorf("track %d = %+v, want state %v", mid, tr, want)
		}
	}
	if d, err := r.m.Status("", 2); err != nil || !d.Known || d.Outcome == nil || d.Outcome.Status != mutation.Rejected {
		t.Errorf("Status = %+v, %v", d, err)
	}
	res, err := r.m.Act(wire.OutboxAct{Mid: 2})
	if err != nil || res.Mid != 4 || !r.m.NeedsFlush() {
		t.Errorf("retry = %+v, %v", res, err)
	}
	if _, err := r.m.Act(wire.OutboxAct{Mid: 3, Discard: true}); err != nil {
		t.Error(err)
	}
	if list, _ := r.m.Outbox(); len(list) != 1 || list[0].Mid != 4 {
		t.Errorf("Outbox = %+v, want mid 4 alone", list)
	}
}

func TestHistoryIsBounded(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for range 300 {
		tx, err := r.m.Begin(1, 0, "")
		if err != nil {
			t.Fatal(err)
		}
		if err := tx.Rollback(); err != nil {
			t.Fatal(err)
		}
	}
	h := r.m.History()
	if len(h) != 256 || h[0].Local != 45 || h[255].Local != 300 {
		t.Errorf("%d tracks, from %d", len(h), h[0].Local)
	}
}

// TestRecall: a queued transaction is discarded or replaced, unless a socket has
// it; a replacement that fails leaves it as a failed one.
func TestRecall(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	key := func(n int) value.Value { return value.Text("00000000-0000-4000-8000-00000000000" + strconv.Itoa(n)) }
	for n := range 3 {
		if _, err := r.m.SQL("INSERT INTO items(id, name) VALUES (?, 'a')", value.Row{key(n)}, "", nil); err != nil {
			t.Fatal(err)
		}
	}
	if err := r.m.Flush(); err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]struct {
		act  wire.OutboxAct
		sent bool
	}{
		"sent":    {wire.OutboxAct{Mid: 1, Discard: true}, true},
		"retried": {wire.OutboxAct{Mid: 1}, false},
	} {
		if _, err := r.m.Recall(k.act, k.sent); fault.KindOf(err) != fault.Forbidden || fault.HintOf(err) == "" {
			t.Errorf("%s: %v, want forbidden and a remedy", name, err)
		}
	}
	discard := wire.OutboxAct{Mid: 1, Discard: true}
	a, err := r.m.Recall(discard, false)
	if err != nil || len(a.Outcomes) != 1 || !r.m.NeedsFlush() {
		t.Fatalf("Recall = %+v, %v; want its end, to be flushed", a, err)
	}
	if res, err := r.m.Act(discard); err != nil || res.Ended != 1 {
		t.Fatalf("Act = %+v, %v", res, err)
	}
	insert := func(n int, name string) wire.OutboxAct {
		return wire.OutboxAct{Mid: 2, Ops: []wire.Operation{
			{Type: wire.OpInsert, Table: "items", Columns: []string{"id", "name"}, Values: value.Row{key(n), value.Text(name)}},
		}}
	}
	if _, err := r.m.Recall(insert(1, "b"), false); err != nil {
		t.Fatal(err)
	}
	if _, err := r.m.Act(insert(2, "taken")); fault.KindOf(err) != fault.Constraint {
		t.Fatalf("a replacement that cannot be: %v, want constraint", err)
	}
	if list, _ := r.m.Outbox(); len(list) != 2 || list[0].Mid != 2 || list[0].State != wire.TxRejected || fault.Kind(list[0].Kind) != fault.Cancelled {
		t.Fatalf("Outbox = %+v, want it kept as cancelled", list)
	}
	if a, err := r.m.Recall(insert(1, "b"), false); err != nil || len(a.Outcomes) != 0 {
		t.Errorf("Recall of what was taken back = %+v, %v; want nothing", a, err)
	}
	if res, err := r.m.Act(insert(1, "b")); err != nil || res.Mid != 4 || res.Ended != 2 {
		t.Errorf("Act = %+v, %v; want mid 4 in its place", res, err)
	}
}
