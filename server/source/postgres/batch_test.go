package postgres_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/fault"
	"rockpool.dev/internal/testpg"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// stockOf is a table stock of n rows with 10 units each.
func stockOf(n int) string {
	return stockTable + fmt.Sprintf("; INSERT INTO stock SELECT i, 'item ' || i, 10, NULL FROM generate_series(2, %d) i", n)
}

// all applies ms and waits until the log has told of each.
func (f *follower) all(t *testing.T, ms ...*mutation.Tx) []mutation.Outcome {
	t.Helper()
	replies, err := source.ApplyAll(t.Context(), f.src, f.client, ms)
	if err != nil || len(replies) != len(ms) {
		t.Fatalf("ApplyAll = %d of %d replies, %v", len(replies), len(ms), err)
	}
	outs := make([]mutation.Outcome, len(ms))
	for i, m := range ms {
		if replies[i].Kind != source.Accepted {
			t.Fatalf("mid %d: reply %+v, want accepted", m.Mid, replies[i])
		}
		outs[i] = f.told(t, m.Mid)
	}
	return outs
}

// ask is a query's one text value.
func ask(t *testing.T, conn *pgx.Conn, sql string) (text string) {
	t.Helper()
	if err := conn.QueryRow(t.Context(), sql).Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// A full batch is one Postgres transaction and one log record that carries every
// outcome; each row is known to be its own transaction's.
func TestBatchIsOneTransaction(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockOf(source.BatchMax))
	f := follow(t, pg.DSN(), "stock")
	var ms []*mutation.Tx
	for i := range source.BatchMax {
		ms = append(ms, f.tx(uint64(i+1), 0, add(int64(i+1), 2, 1)))
	}
	for i, out := range f.all(t, ms...) {
		if out.Mid != uint64(i+1) || out.Status != mutation.Applied {
			t.Errorf("outcome %+v, want mid %d applied", out, i+1)
		}
	}
	if got := ask(t, conn, "SELECT count(DISTINCT xmin::text) || ' ' || count(*) || ' ' || sum(units) FROM stock"); got != "1 64 704" {
		t.Errorf("transactions, rows and units in Postgres %s, want 1 64 704", got)
	}
	if n := len(f.records); n != 1 || len(f.records[0].Origins) != source.BatchMax {
		t.Errorf("%d records, the first of %d client transactions, want one of all", n, len(f.records[0].Origins))
	}
	for i := range source.BatchMax {
		if _, meta, _ := f.Row(f.schema.Tables[0].ID, value.Row{value.Int(int64(i + 1))}); meta.Mid != uint64(i+1) || meta.Actor != "c1" || !meta.Clean {
			t.Errorf("row %d was last written by %+v, want mid %d", i+1, meta, i+1)
		}
	}
}

// One that a constraint, a policy or a person stops spoils no other: what builds
// on it is blocked, all others are applied, in order.
func TestBatchAroundWhatIsRefused(t *testing.T) {
	for _, c := range []struct {
		name string
		op   mutation.Op
		want mutation.Status
	}{
		{"a constraint", set(20, 2, value.Int(10), value.Int(-1)), mutation.Rejected},
		{"a policy", set(20, 3, value.Null, value.Text("forbidden")), mutation.Rejected},
		{"a column that is not there", set(20, 9, value.Null, value.Int(1)), mutation.Rejected},
		{"a row that is gone", set(99, 2, value.Int(1), value.Int(2)), mutation.Superseded},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			pg := testpg.Start(t)
			conn := connect(t, pg.DSN())
			exec(t, conn, stockOf(50))
			f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, MayWrite: func(_ *source.Client, _ *schema.Table, _, row value.Row) error {
				if row != nil && row[3].Str() == "forbidden" {
					return fault.New(fault.Forbidden, "write", "not here")
				}
				return nil
			}})
			const bad = 20
			var ms []*mutation.Tx
			for mid := uint64(1); mid <= 40; mid++ {
				m := f.tx(mid, 0, add(int64(mid), 2, 1))
				switch mid {
				case bad:
					m = f.tx(mid, 0, c.op)
				case bad + 5:
					m.Depends = []uint64{bad}
				case bad + 6: // the row that the blocked one would have written
					m = f.tx(mid, 0, add(bad+5, 2, 5))
				}
				ms = append(ms, m)
			}
			for i, out := range f.all(t, ms...) {
				want := mutation.Applied
				switch i + 1 {
				case bad:
					want = c.want
				case bad + 5:
					if c.want == mutation.Rejected {
						want = mutation.Blocked
					}
				}
				if out.Status != want {
					t.Errorf("mid %d ended %+v, want status %d", i+1, out, want)
				}
			}
			units := "15"
			if c.want == mutation.Superseded {
				units = "16"
			}
			if got := ask(t, conn, "SELECT (SELECT count(*) FROM stock WHERE units = 11) || ' ' || (SELECT units FROM stock WHERE id = 25)"); got != "37 "+units {
				t.Errorf("rows that were incremented and the units of row 25: %s, want 37 %s", got, units)
			}
			for i := 1; i < len(f.records); i++ {
				if a, b := f.records[i-1].Origins, f.records[i].Origins; a[len(a)-1].Outcome.Mid+1 != b[0].Outcome.Mid {
					t.Errorf("record %d begins with mid %d after %d", i, b[0].Outcome.Mid, a[len(a)-1].Outcome.Mid)
				}
			}
		})
	}
}

// The answer to a batch's commit is lost: asked again, each is a repeat.
func TestBatchAgain(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockOf(64))
	f := follow(t, pg.DSN(), "stock")
	var ms []*mutation.Tx
	for mid := uint64(1); mid <= 64; mid++ {
		m := f.tx(mid, 0, add(int64(mid), 2, 1))
		m.Identify()
		ms = append(ms, m)
	}
	f.all(t, ms[:40]...)
	replies, err := source.ApplyAll(t.Context(), f.src, f.client, ms) // of which 40 stand
	if err != nil || len(replies) != 64 {
		t.Fatalf("ApplyAll = %d replies, %v", len(replies), err)
	}
	for i, r := range replies {
		want := source.Accepted
		if i < 40 {
			want = source.Duplicate
		}
		if r.Kind != want || i < 40 && (r.Outcome == nil || r.Outcome.ID != ms[i].ID) {
			t.Errorf("mid %d: reply %+v, want kind %d", i+1, r, want)
		}
	}
	if got := ask(t, conn, "SELECT count(*) || ' ' || sum(units) || ' ' || (SELECT last_mid FROM rockpool.client) FROM stock"); got != "64 704 64" {
		t.Errorf("rows, units and last mid %s, want 64 704 64", got)
	}
	twin := *ms[50]
	twin.HLC++
	twin.Identify()
	if replies, err := source.ApplyAll(t.Context(), f.src, f.client, []*mutation.Tx{ms[49], &twin, ms[51]}); fault.KindOf(err) != fault.Duplicate || len(replies) != 1 {
		t.Errorf("a copy's write among repeats: %d replies, %v, want one and %v", len(replies), err, fault.Duplicate)
	}
}

// One that the relay itself fails on keeps its place until it is given up; what is
// before it is applied, and what is behind it afterwards.
func TestBatchWithPoison(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockOf(30))
	poison := errors.New("the policy cannot be read")
	f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, MayWrite: func(_ *source.Client, _ *schema.Table, _, row value.Row) error {
		if row != nil && row[3].Str() == "poison" {
			return poison
		}
		return nil
	}})
	var ms []*mutation.Tx
	for mid := uint64(1); mid <= 30; mid++ {
		ms = append(ms, f.tx(mid, 0, add(int64(mid), 2, 1)))
	}
	ms[11] = f.tx(12, 0, set(12, 3, value.Null, value.Text("poison")))
	for try := 1; try < source.FailuresMax; try++ {
		replies, err := source.ApplyAll(t.Context(), f.src, f.client, ms)
		if !errors.Is(err, poison) || len(replies) != 11 {
			t.Fatalf("try %d: %d replies, %v, want 11 and the error of the policy", try, len(replies), err)
		}
	}
	if out := f.all(t, ms[11:]...); out[0].Status != mutation.Rejected || fault.Kind(out[0].Kind) != fault.Internal {
		t.Errorf("the poisoned one ended %+v, want a rejection by the relay", out[0])
	}
	if got := ask(t, conn, "SELECT count(*) FILTER (WHERE units = 11) || ' ' || count(note) FROM stock"); got != "29 0" {
		t.Errorf("rows incremented and noted: %s, want 29 0", got)
	}
}

// In a batch a row's last writer is known as exactly as without one: another
// client's write is compared with the clock of the transaction that wrote the
// row, also before the log has told of it.
func TestBatchTellsItsWritersApart(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockOf(3))
	src, rep, _ := loaded(t, pg.DSN(), "stock")
	src.Attach(rep) // Run is not started: the log stands still
	f := &follower{replica: rep, src: src, client: source.Client{ID: "c1", User: "u1", Incarnation: "i1", ClaimsJSON: "{}"}}
	other := source.Client{ID: "c2", User: "u1", Incarnation: "i1", ClaimsJSON: "{}"}
	for _, id := range []string{"c1", "c2"} {
		if _, err := src.Register(t.Context(), id, "u1", "", "i1"); err != nil {
			t.Fatal(err)
		}
	}
	now := time.Now().UnixMilli()
	at := func(m *mutation.Tx, millis int64) *mutation.Tx {
		m.HLC = version.At(now + millis)
		return m
	}
	ms := []*mutation.Tx{
		at(f.tx(1, 0, set(1, 3, value.Null, value.Text("early"))), 0),
		at(f.tx(2, 0, set(2, 3, value.Null, value.Text("late"))), 2000),
		at(f.tx(3, 0, set(3, 3, value.Null, value.Text("middle"))), 1000),
	}
	if n := src.ApplyBatch(t.Context(), f.client, ms); n != len(ms) {
		t.Fatalf("ApplyBatch = %d, want %d", n, len(ms))
	}
	for i := range int64(3) {
		m := at(f.tx(uint64(i+1), 0, set(i+1, 3, value.Null, value.Text("theirs"))), 1500)
		if _, err := src.Apply(t.Context(), other, m); err != nil {
			t.Fatal(err)
		}
	}
	if got := ask(t, conn, "SELECT string_agg(note, ' ' ORDER BY id) FROM stock"); got != "theirs late theirs" {
		t.Errorf("notes %q, want the later of each", got)
	}
	outs, err := src.Outcomes(t.Context(), "c2", 0, 3)
	if err != nil || len(outs) != 3 {
		t.Fatalf("Outcomes = %+v, %v", outs, err)
	}
	for i, out := range outs {
		if len(out.Conflicts) != 1 || out.Conflicts[0].Writer != "c1" || out.Conflicts[0].WriterMid != uint64(i+1) {
			t.Errorf("row %d: outcome %+v, want a conflict with mid %d", i+1, out, i+1)
		}
	}
}

// shelfTables have what makes one row's write change another's: defaults that the
// source fills in, a trigger, and deletes and updates that go on to other rows.
const shelfTables = `
CREATE TABLE shelf (id int PRIMARY KEY, code int UNIQUE NOT NULL DEFAULT 0, room int NOT NULL DEFAULT 5, items int NOT NULL DEFAULT 0, note text);
CREATE TABLE item (id int PRIMARY KEY, shelf int REFERENCES shelf ON DELETE CASCADE, weight int NOT NULL DEFAULT 3, note text);
INSERT INTO shelf SELECT i, i, 5, 0 FROM generate_series(1, 40) i;
INSERT INTO item SELECT i, 1 + i % 40 FROM generate_series(1, 240) i;
CREATE FUNCTION count_items() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
	UPDATE shelf SET items = items + 1 WHERE id = NEW.shelf; NEW.note := coalesce(NEW.note, '') || '+'; RETURN NEW; END $$;
`

const shelfTrigger = "CREATE TRIGGER count_items BEFORE INSERT OR UPDATE ON item FOR EACH ROW EXECUTE FUNCTION count_items()"

// A batch leaves what the same transactions leave one by one, whatever the tables
// set off.
func TestBatchIsAsOneByOne(t *testing.T) {
	const seed = 11
	t.Logf("seed %d", seed)
	for _, trigger := range []bool{false, true} {
		t.Run(fmt.Sprint("trigger ", trigger), func(t *testing.T) {
			t.Parallel()
			rng := rand.New(rand.NewPCG(seed, 0))
			var sides [2]*follower
			var conns [2]*pgx.Conn
			for i := range sides {
				pg := testpg.Start(t)
				conns[i] = connect(t, pg.DSN())
				exec(t, conns[i], shelfTables)
				if trigger {
					exec(t, conns[i], shelfTrigger)
				}
				sides[i] = follow(t, pg.DSN(), "shelf", "item")
			}
			together := 0
			for mid := uint64(1); mid <= 480; {
				var plan []func(f *follower) *mutation.Tx
				for range 2 + rng.IntN(38) {
					plan = append(plan, shelfWrite(rng, mid+uint64(len(plan))))
				}
				for i, f := range sides {
					var ms []*mutation.Tx
					for _, p := range plan {
						ms = append(ms, p(f))
					}
					if i == 1 {
						before := f.at()
						f.all(t, ms...)
						together += len(ms) - int(f.at()-before)
						continue
					}
					for _, m := range ms {
						f.settle(t, m)
					}
				}
				mid += uint64(len(plan))
			}
			const state = `SELECT (SELECT string_agg(s::text, ' ' ORDER BY id) FROM shelf s) || '|' || coalesce((SELECT string_agg(i::text, ' ' ORDER BY id) FROM item i), '')
				|| '|' || (SELECT string_agg(mid || ':' || blocks, ' ' ORDER BY mid) FROM rockpool.outcome)`
			if one, many := ask(t, conns[0], state), ask(t, conns[1], state); one != many {
				t.Errorf("one by one:\n%s\ntogether:\n%s", one, many)
			}
			t.Logf("%d of 480 shared another's commit", together)
			if together < 150 {
				t.Error("hardly any were applied together: it shows nothing")
			}
		})
	}
}

// shelfWrite is a random transaction of one or two operations, as each side makes
// it. No key comes again after a delete: whether that is a conflict depends on how
// far the log is.
func shelfWrite(rng *rand.Rand, mid uint64) func(*follower) *mutation.Tx {
	ops := 1 + rng.IntN(2)
	draw := make([]int, 6*ops)
	for i := range draw {
		draw[i] = rng.IntN(1 << 20)
	}
	return func(f *follower) *mutation.Tx {
		shelf, item := f.schema.Table("shelf"), f.schema.Table("item")
		m := f.tx(mid, 0)
		for n := range ops {
			d := draw[6*n:]
			id, key := int64(1+d[1]%40), value.Row{value.Int(int64(1 + d[1]%40))}
			some, fresh := int64(1+d[2]%240), value.Row{value.Int(241 + 2*int64(mid) + int64(n))}
			var op mutation.Op
			switch kind := d[0] % 72; {
			case kind < 1:
				op = mutation.Op{Table: shelf.ID, Kind: mutation.Delete, Key: key}
			case kind < 2:
				op = mutation.Op{Table: shelf.ID, Kind: mutation.Insert, Key: fresh, Cols: []uint32{0, 1}, New: value.Row{fresh[0], value.Int(int64(41 + d[3]%400))}}
			case kind < 10:
				op = mutation.Op{Table: item.ID, Kind: mutation.Insert, Key: fresh, Cols: []uint32{0, 1}, New: value.Row{fresh[0], value.Int(id)}}
			case kind < 24:
				op = add(some, 2, int64(d[3]%5))
				op.Table = item.ID
			case kind < 38:
				op = set(some, 3, value.Null, value.Text(strings.Repeat("x", d[3]%4)))
				op.Table = item.ID
			default:
				op = add(id, uint32(2+d[3]%2), 1)
				op.Table = shelf.ID
			}
			m.Ops = append(m.Ops, op)
		}
		m.Seal()
		return m
	}
}
