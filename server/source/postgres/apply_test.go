package postgres_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"rockpool.dev/fault"
	"rockpool.dev/internal/testpg"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

const stockTable = `CREATE TABLE stock (id int PRIMARY KEY, name text NOT NULL, units int NOT NULL CHECK (units >= 0), note text);
	INSERT INTO stock VALUES (1, 'Chai', 10, NULL)`

// tx makes a sealed transaction of the client of these tests.
func (f *follower) tx(mid uint64, seen uint64, ops ...mutation.Op) *mutation.Tx {
	for i := range ops {
		ops[i].Table = f.schema.Tables[0].ID
	}
	m := &mutation.Tx{Mid: mid, Seen: version.Pos{Epoch: 1, Seq: seen}, HLC: version.HLC(time.Now().UnixMilli() << 16), Schema: f.schema.Version, Ops: ops}
	m.Seal()
	return m
}

func set(id int64, column uint32, old, now value.Value) mutation.Op {
	return mutation.Op{Kind: mutation.Update, Key: value.Row{value.Int(id)}, Cols: []uint32{column}, Old: value.Row{old}, New: value.Row{now}}
}

func add(id int64, column uint32, amount int64) mutation.Op {
	return mutation.Op{Kind: mutation.Update, Key: value.Row{value.Int(id)}, Cols: []uint32{column}, Old: value.Row{value.Null}, New: value.Row{value.Int(amount)}, Deltas: []uint32{0}}
}

// settle applies m and returns the outcome that the log brings.
func (f *follower) settle(t *testing.T, m *mutation.Tx) mutation.Outcome {
	t.Helper()
	reply, err := f.src.Apply(t.Context(), f.client, m)
	if err != nil || reply.Kind != source.Accepted {
		t.Fatalf("Apply(mid %d) = %+v, %v, want accepted", m.Mid, reply, err)
	}
	return f.told(t, m.Mid)
}

func TestApplyWritesAndAcknowledgesInTheLog(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	f := follow(t, pg.DSN(), "stock")
	insert := mutation.Op{Kind: mutation.Insert, Key: value.Row{value.Int(2)}, Cols: []uint32{0, 1, 2}, New: value.Row{value.Int(2), value.Text("Chang"), value.Int(4)}}
	if out := f.settle(t, f.tx(1, 0, set(1, 1, value.Text("Chai"), value.Text("Chai tea")), insert)); out.Status != mutation.Applied {
		t.Fatalf("outcome %+v, want applied", out)
	}
	f.wait(t, "both rows", func() bool { return len(f.rows[f.schema.Tables[0].ID]) == 2 })
	var name string
	if err := conn.QueryRow(t.Context(), "SELECT string_agg(name, ',' ORDER BY id) FROM stock").Scan(&name); err != nil || name != "Chai tea,Chang" {
		t.Errorf("names in Postgres %q, %v", name, err)
	}
	// The record that carries the acknowledgement carries the effect too.
	last := f.records[len(f.records)-1]
	if len(last.Origins) != 1 || len(last.Changes) != 2 || !last.Origins[0].Clean {
		t.Errorf("record has origins %+v and %d changes, want one clean origin and 2 changes", last.Origins, len(last.Changes))
	}
}

// Relays may race with the same mids: each takes effect once.
func TestApplyIsExactlyOnce(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	f := follow(t, pg.DSN(), "stock")
	const mids, relays = 40, 4
	var wg sync.WaitGroup
	replies := make([]map[source.ReplyKind]int, relays)
	for i := range relays {
		replies[i] = map[source.ReplyKind]int{}
		wg.Add(1)
		go func() {
			defer wg.Done()
			for mid := uint64(1); mid <= mids; mid++ {
				reply, err := f.src.Apply(t.Context(), f.client, f.tx(mid, 0, add(1, 2, 1)))
				if err != nil {
					t.Errorf("Apply(mid %d): %v", mid, err)
					return
				}
				replies[i][reply.Kind]++
			}
		}()
	}
	wg.Wait()
	var units, accepted, duplicates int
	for _, r := range replies {
		accepted, duplicates = accepted+r[source.Accepted], duplicates+r[source.Duplicate]
	}
	if err := conn.QueryRow(t.Context(), "SELECT units FROM stock").Scan(&units); err != nil {
		t.Fatal(err)
	}
	if units != 10+mids || accepted != mids || duplicates != mids*(relays-1) {
		t.Errorf("units %d, %d accepted, %d duplicates; want %d, %d, %d", units, accepted, duplicates, 10+mids, mids, mids*(relays-1))
	}
	if reply, err := f.src.Apply(t.Context(), f.client, f.tx(mids+5, 0, add(1, 2, 1))); err != nil || reply.Kind != source.Gap || reply.FromMid != mids+1 {
		t.Errorf("a mid beyond the next = %+v, %v, want a gap from %d", reply, err, mids+1)
	}
	if _, err := f.src.Apply(t.Context(), f.client, f.tx(1, 0, add(1, 2, 7))); fault.KindOf(err) != fault.Duplicate {
		t.Errorf("another transaction under a used mid = %v, want %v", err, fault.Duplicate)
	}
	stranger := f.client
	stranger.User = "u2"
	if reply, err := f.src.Apply(t.Context(), stranger, f.tx(mids+1, 0, add(1, 2, 1))); err != nil || reply.Kind != source.Unknown {
		t.Errorf("another user's mutation = %+v, %v, want unknown", reply, err)
	}
}

func TestOutcomes(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable+`; INSERT INTO stock SELECT i, 'row', 5, NULL FROM generate_series(2, 20) i`)
	f := follow(t, pg.DSN(), "stock")
	row := value.Text("row")
	mid := uint64(0)
	for _, c := range []struct {
		name   string
		before string // what another writer does, after the client's cursor
		op     mutation.Op
		want   mutation.Status
		code   string
		check  string // a query that must give true afterwards
	}{
		{"untouched row", "", set(2, 1, row, value.Text("mine")), mutation.Applied, "", "name = 'mine' FROM stock WHERE id = 2"},
		{"different columns merge", "UPDATE stock SET note = 'theirs' WHERE id = 3", set(3, 1, row, value.Text("mine")), mutation.Merged, "", "name = 'mine' AND note = 'theirs' FROM stock WHERE id = 3"},
		{"same column, later clock wins", "UPDATE stock SET name = 'theirs' WHERE id = 4", set(4, 1, row, value.Text("mine")), mutation.Merged, "", "name = 'mine' FROM stock WHERE id = 4"},
		{"delta never conflicts", "UPDATE stock SET units = 3 WHERE id = 5", add(5, 2, -3), mutation.Applied, "", "units = 0 FROM stock WHERE id = 5"},
		{"a check refuses", "", add(6, 2, -6), mutation.Rejected, "23514", "units = 5 FROM stock WHERE id = 6"},
		{"a deleted row is not made again", "DELETE FROM stock WHERE id = 7", set(7, 1, row, value.Text("mine")), mutation.Superseded, "", "count(*) = 0 FROM stock WHERE id = 7"},
		{"a delete that met an update: the row survives", "UPDATE stock SET name = 'theirs' WHERE id = 8", mutation.Op{Kind: mutation.Delete, Key: value.Row{value.Int(8)}, Old: value.Row{value.Int(8), row, value.Int(5), value.Null}}, mutation.Superseded, "", "name = 'theirs' FROM stock WHERE id = 8"},
		{"not null refuses", "", set(9, 1, row, value.Null), mutation.Rejected, "23502", "name = 'row' FROM stock WHERE id = 9"},
	} {
		mid++
		seen := f.seq
		if c.before != "" {
			exec(t, conn, c.before)
		}
		out := f.settle(t, f.tx(mid, seen, c.op))
		if out.Status != c.want || out.Code != c.code {
			t.Errorf("%s: outcome %+v, want status %d and code %q", c.name, out, c.want, c.code)
		}
		var ok bool
		if err := conn.QueryRow(t.Context(), "SELECT "+c.check).Scan(&ok); err != nil || !ok {
			t.Errorf("%s: %s does not hold (%v)", c.name, c.check, err)
		}
	}
	mid++
	dependent := f.tx(mid, f.seq, set(6, 1, row, value.Text("built on a rejected one")))
	dependent.Depends = []uint64{5}
	dependent.Seal()
	if out := f.settle(t, dependent); out.Status != mutation.Blocked {
		t.Errorf("a transaction that depends on a rejected one: %+v, want blocked", out)
	}
}

// The relay's write policy must hold for a row before and after; nothing of a
// transaction that breaks it is written.
func TestWritePolicy(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable+`; UPDATE stock SET note = 'u1'; INSERT INTO stock VALUES (2, 'Chang', 5, 'u2'), (3, 'Syrup', 5, 'u1')`)
	mine := func(who *source.Client, _ *schema.Table, old, new value.Row) error {
		for _, row := range []value.Row{old, new} {
			if row != nil && row[3].Str() != who.User {
				return fault.New(fault.Forbidden, "write to stock", "not yours")
			}
		}
		return nil
	}
	f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, MayWrite: mine})
	insert := func(id int64, owner string) mutation.Op {
		return mutation.Op{Kind: mutation.Insert, Key: value.Row{value.Int(id)}, Cols: []uint32{0, 1, 2, 3}, New: value.Row{value.Int(id), value.Text("new"), value.Int(1), value.Text(owner)}}
	}
	remove := func(id int64, owner string) mutation.Op {
		return mutation.Op{Kind: mutation.Delete, Key: value.Row{value.Int(id)}, Old: value.Row{value.Int(id), value.Text("Chang"), value.Int(5), value.Text(owner)}}
	}
	chai := value.Text("Chai")
	for i, c := range []struct {
		name string
		ops  []mutation.Op
		want mutation.Status
	}{
		{"my row", []mutation.Op{set(1, 1, chai, value.Text("mine"))}, mutation.Applied},
		{"another's row", []mutation.Op{set(2, 1, value.Text("Chang"), value.Text("mine"))}, mutation.Rejected},
		{"an amount on another's row", []mutation.Op{add(2, 2, 1)}, mutation.Rejected},
		{"another's row, deleted", []mutation.Op{remove(2, "u2")}, mutation.Rejected},
		{"my row, given away", []mutation.Op{set(3, 3, value.Text("u1"), value.Text("u2"))}, mutation.Rejected},
		{"a row of mine, made", []mutation.Op{insert(10, "u1")}, mutation.Applied},
		{"a row of another's, made", []mutation.Op{insert(11, "u2")}, mutation.Rejected},
		{"one of two rows is not mine", []mutation.Op{set(3, 1, value.Text("Syrup"), value.Text("half")), set(2, 1, value.Text("Chang"), value.Text("half"))}, mutation.Rejected},
	} {
		out := f.settle(t, f.tx(uint64(i+1), f.at(), c.ops...))
		if out.Status != c.want || c.want == mutation.Rejected && out.Kind != uint16(fault.Forbidden) {
			t.Errorf("%s: outcome %+v, want status %d", c.name, out, c.want)
		}
	}
	var rows string
	if err := conn.QueryRow(t.Context(), "SELECT string_agg(id || name || units || note, ',' ORDER BY id) FROM stock").Scan(&rows); err != nil || rows != "1mine10u1,2Chang5u2,3Syrup5u1,10new1u1" {
		t.Errorf("rows in Postgres %q, %v", rows, err)
	}
}

// Two inserts of one key at the same moment: the later one meets the row of the
// first and is settled by rule, not refused.
func TestInsertThatLosesARace(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	f := follow(t, pg.DSN(), "stock")
	if _, err := f.src.Register(t.Context(), "c2", "u2", "", "i2"); err != nil {
		t.Fatal(err)
	}
	other := source.Client{ID: "c2", User: "u2", Incarnation: "i2", ClaimsJSON: "{}"}
	for id := int64(100); id < 130; id++ {
		mid := uint64(id - 99)
		var wg sync.WaitGroup
		for _, who := range []source.Client{f.client, other} {
			insert := mutation.Op{Kind: mutation.Insert, Key: value.Row{value.Int(id)}, Cols: []uint32{0, 1, 2}, New: value.Row{value.Int(id), value.Text(who.ID), value.Int(1)}}
			wg.Add(1)
			go func() {
				defer wg.Done()
				if reply, err := f.src.Apply(t.Context(), who, f.tx(mid, 0, insert)); err != nil || reply.Kind != source.Accepted {
					t.Errorf("Apply of %s = %+v, %v", who.ID, reply, err)
				}
			}()
		}
		wg.Wait()
		f.wait(t, "both outcomes", func() bool { return f.outcome("c1", mid) != nil && f.outcome("c2", mid) != nil })
		for _, client := range []string{"c1", "c2"} {
			if out := f.outcome(client, mid); out.Status == mutation.Rejected {
				t.Errorf("row %d of %s was rejected: %+v", id, client, out)
			}
		}
	}
}

// A conflict is noticed although the store has not seen the other write yet.
func TestConflictWithAWriteThatIsNotInTheLog(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	src, rep, _ := loaded(t, pg.DSN(), "stock")
	src.Attach(rep) // Run is not started: the log stands still
	f := &follower{replica: rep, src: src, client: source.Client{ID: "c1", User: "u1", Incarnation: "i1", ClaimsJSON: "{}"}}
	if _, err := src.Register(t.Context(), "c1", "u1", "", "i1"); err != nil {
		t.Fatal(err)
	}
	exec(t, conn, "UPDATE stock SET note = 'theirs'")
	if _, err := src.Apply(t.Context(), f.client, f.tx(1, 0, set(1, 1, value.Text("Chai"), value.Text("mine")))); err != nil {
		t.Fatal(err)
	}
	outs, err := src.Outcomes(t.Context(), "c1", 0, 1)
	if err != nil || len(outs) != 1 || outs[0].Status != mutation.Merged {
		t.Errorf("Outcomes = %+v, %v, want one that merged", outs, err)
	}
}

// Whoever inserts over a row has not seen it, wherever his cursor stands: what
// he then writes over a value of it is a conflict, also in the same transaction.
func TestInsertOverARowHasNotSeenIt(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	exec(t, conn, "INSERT INTO stock VALUES (2, 'Chang', 5, 'theirs'), (3, 'Aniseed', 5, 'theirs')")
	f := follow(t, pg.DSN(), "stock")
	insert := func(id int64) mutation.Op {
		return mutation.Op{Kind: mutation.Insert, Key: value.Row{value.Int(id)}, Cols: []uint32{0, 1, 2}, New: value.Row{value.Int(id), value.Text("mine"), value.Int(1)}}
	}
	note := func(id int64) mutation.Op { return set(id, 3, value.Null, value.Text("mine")) }
	seen := f.at()
	if out := f.settle(t, f.tx(1, seen, insert(2))); out.Status != mutation.Merged {
		t.Fatalf("the insert: %+v, want merged", out)
	}
	for _, m := range []*mutation.Tx{f.tx(2, seen, note(2)), f.tx(3, seen, insert(3), note(3))} {
		out := f.settle(t, m)
		if n := len(out.Conflicts); n == 0 || out.Conflicts[n-1].Rule != mutation.RuleLWWMine || len(out.Conflicts[n-1].Cols) != 1 {
			t.Errorf("mid %d: %+v, want a conflict about the note", m.Mid, out)
		}
	}
}

func TestRegisterTellsCopiesApart(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	f := follow(t, pg.DSN(), "stock") // registered with i1
	for _, c := range []struct {
		name, user, old, now string
		last                 uint64
		kind                 fault.Kind
	}{
		{"the next start", "u1", "i1", "i2", 3, fault.Unknown},
		{"the same hello again", "u1", "i1", "i2", 3, fault.Unknown},
		{"a restored copy", "u1", "i0", "i9", 3, fault.Rewound},
		{"another user", "u2", "i2", "i3", 0, fault.Forbidden},
	} {
		exec(t, conn, "UPDATE rockpool.client SET last_mid = 3")
		if last, err := f.src.Register(t.Context(), "c1", c.user, c.old, c.now); fault.KindOf(err) != c.kind || last != c.last {
			t.Errorf("%s: Register = %d, %v (%v), want %d and %v", c.name, last, err, fault.KindOf(err), c.last, c.kind)
		}
	}
}

// A mid that is sent again is told from one that a copy of the database has used
// for another write, also where the operations are the same, or where they were
// brought to another schema; outcomes carry the ID.
func TestTwinIsNoRepeat(t *testing.T) {
	pg := testpg.Start(t)
	exec(t, connect(t, pg.DSN()), stockTable)
	f := follow(t, pg.DSN(), "stock")
	sent := f.tx(1, 0, add(1, 2, -1))
	sent.Identify()
	refused := f.tx(2, 0, add(1, 2, -1000))
	refused.Identify()
	for _, m := range []*mutation.Tx{sent, refused} {
		if _, err := f.src.Apply(t.Context(), f.client, m); err != nil {
			t.Fatal(err)
		}
	}
	repeat, twin, translated := *sent, *sent, *sent
	twin.HLC++
	twin.Identify()
	translated.Digest++
	for _, c := range []struct {
		name string
		m    mutation.Tx
		kind fault.Kind
	}{{"a repeat", repeat, fault.Unknown}, {"a twin's", twin, fault.Duplicate}, {"a repeat in another schema", translated, fault.Unknown}} {
		reply, err := f.src.Apply(t.Context(), f.client, &c.m)
		if fault.KindOf(err) != c.kind || err == nil && (reply.Kind != source.Duplicate || reply.Outcome.ID != sent.ID) {
			t.Errorf("%s: Apply = %+v, %v; want kind %v", c.name, reply, err, c.kind)
		}
	}
	outs, err := f.src.Outcomes(t.Context(), "c1", 0, 2)
	if err != nil || len(outs) != 2 || outs[0].ID != sent.ID || outs[1].ID != refused.ID || outs[1].Status != mutation.Rejected {
		t.Errorf("Outcomes = %+v, %v; want both with their IDs", outs, err)
	}
}

// Postgres goes down and comes back in the middle: nothing is lost or doubled.
func TestSourceComesBackAfterAKill(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable)
	src, rep, from := loaded(t, pg.DSN(), "stock")
	rep.lsn = from
	ended := make(chan error, 1)
	go func() { ended <- src.Run(context.Background(), from, rep.apply) }()
	exec(t, conn, "UPDATE stock SET units = units + 1")
	f := &follower{replica: rep}
	f.wait(t, "the first change", func() bool { return rep.seq == 1 })
	pg.Kill9(t)
	if err := <-ended; fault.KindOf(err) != fault.SourceUnavailable || !fault.Retryable(err) {
		t.Fatalf("Run ended with %v (%v), want a retryable %v", err, fault.KindOf(err), fault.SourceUnavailable)
	}
	pg.Restart(t)
	again := connect(t, pg.DSN())
	exec(t, again, "UPDATE stock SET units = units + 1")
	ctx, stop := context.WithCancel(context.Background())
	go func() { ended <- src.Run(ctx, rep.lsn, rep.apply) }()
	f.wait(t, "the second change", func() bool { return rep.seq >= 2 })
	stop()
	<-ended
	if row, _, _ := rep.Row(rep.schema.Tables[0].ID, value.Row{value.Int(1)}); rep.seq != 2 || row[2].Int() != 12 {
		t.Errorf("%d records and row %v, want 2 and 12 units", rep.seq, row)
	}
}

// A transaction that always runs into the time limit is rejected after a few
// tries; what depends on it is blocked, and what does not is applied.
func TestApplyGivesUpOnTimeouts(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable+`; INSERT INTO stock VALUES (2, 'Chang', 5, NULL);
		CREATE SEQUENCE tries;
		CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF NEW.note = 'slow' OR NEW.note = 'slow once' AND nextval('tries') = 1 THEN PERFORM pg_sleep(60); END IF; RETURN NEW; END $$;
		CREATE TRIGGER slow BEFORE UPDATE ON stock FOR EACH ROW EXECUTE FUNCTION slow()`)
	f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, StatementTimeout: 200 * time.Millisecond})
	out := f.settle(t, f.tx(1, 0, set(1, 3, value.Null, value.Text("slow"))))
	if out.Status != mutation.Rejected || fault.Kind(out.Kind) != fault.Timeout || out.Code != "57014" || !strings.Contains(out.Detail, "200ms") {
		t.Errorf("outcome %+v, want a rejection by timeout that names the limit", out)
	}
	after := f.tx(2, 0, set(1, 1, value.Text("Chai"), value.Text("Tea")))
	after.Depends = []uint64{1}
	if out := f.settle(t, after); out.Status != mutation.Blocked {
		t.Errorf("what depends on it ended %+v, want blocked", out)
	}
	if out := f.settle(t, f.tx(3, 0, set(2, 3, value.Null, value.Text("slow once")))); out.Status != mutation.Applied {
		t.Errorf("one that is slow once ended %+v, want applied", out)
	}
	var note string
	if err := conn.QueryRow(t.Context(), "SELECT string_agg(id || coalesce(note, '-'), ',' ORDER BY id) FROM stock").Scan(&note); err != nil || note != "1-,2slow once" {
		t.Errorf("Postgres has %q, %v, want the second alone", note, err)
	}
}

// A transaction on which the relay fails by itself is rejected at the third
// time, and what comes behind it goes on. A connection that is lost is no try.
func TestApplyGivesUpOnPoison(t *testing.T) {
	pg := testpg.Start(t)
	conn := connect(t, pg.DSN())
	exec(t, conn, stockTable+`; INSERT INTO stock VALUES (2, 'Chang', 5, NULL)`)
	poison, cut := errors.New("the policy cannot be read"), 0
	f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, MayWrite: func(_ *source.Client, _ *schema.Table, _, row value.Row) error {
		switch row[3].Str() {
		case "poison":
			return poison
		case "cut":
			if cut > 0 {
				cut--
				exec(t, conn, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()`)
			}
		}
		return nil
	}})
	bad := f.tx(1, 0, set(1, 3, value.Null, value.Text("poison")))
	for try := 1; try < source.FailuresMax; try++ {
		if reply, err := f.src.Apply(t.Context(), f.client, bad); !errors.Is(err, poison) {
			t.Fatalf("try %d: %+v, %v, want the error of the policy", try, reply, err)
		}
	}
	if out := f.settle(t, bad); out.Status != mutation.Rejected || fault.Kind(out.Kind) != fault.Internal || !strings.Contains(out.Detail, poison.Error()) {
		t.Errorf("outcome %+v, want a rejection that says why", out)
	}
	lost := f.tx(2, 0, set(2, 3, value.Null, value.Text("cut")))
	for cut = 5 * source.FailuresMax; cut > 0; {
		if reply, err := f.src.Apply(t.Context(), f.client, lost); fault.KindOf(err) != fault.SourceUnavailable {
			t.Fatalf("with its connections cut: %+v, %v, want %v", reply, err, fault.SourceUnavailable)
		}
	}
	if out := f.settle(t, lost); out.Status != mutation.Applied {
		t.Errorf("outcome %+v, want applied", out)
	}
}

// A row that somebody holds, the client's own or one of the fence, is waited for
// as long as the limit says and no longer: the mutation is not refused for it,
// and goes through once the row is free.
func TestHeldRowsAreNotWaitedForEver(t *testing.T) {
	pg := testpg.Start(t)
	holder := connect(t, pg.DSN())
	exec(t, holder, stockTable)
	f := followWith(t, postgres.Options{URL: pg.DSN(), Tables: []string{"stock"}, Now: time.Now, StatementTimeout: 400 * time.Millisecond})
	for i, hold := range []string{"SELECT FROM stock FOR UPDATE", "SELECT FROM rockpool.client FOR UPDATE"} {
		exec(t, holder, "BEGIN; "+hold)
		m := f.tx(uint64(i+1), uint64(i), add(1, 2, 1))
		ctx, stop := context.WithTimeout(t.Context(), 30*time.Second)
		_, err := f.src.Apply(ctx, f.client, m)
		stop()
		var pgErr *pgconn.PgError
		if !errors.As(err, &pgErr) || pgErr.Code != "55P03" || !fault.Retryable(err) {
			t.Errorf("%s: Apply = %v (%v), want lock_not_available, to be tried again", hold, err, fault.KindOf(err))
		}
		exec(t, holder, "ROLLBACK")
		if out := f.settle(t, m); out.Status != mutation.Applied {
			t.Errorf("%s: once it is free the mutation ended %+v, want applied", hold, out)
		}
	}
}
