package postgrestest

import (
	"context"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/internal/testpg"
	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
)

// follower returns a client of both tables.
func follower(id string) *relaytest.Client {
	c := client(id)
	c.Follow(1, "counter")
	c.Follow(2, "line")
	return c
}

// told waits for the relay's goodbye and checks its kind and its remedy.
func told(ctx context.Context, t *testing.T, socket *relaytest.Socket, c *relaytest.Client, kind fault.Kind, says string) {
	t.Helper()
	for c.Bye == nil {
		if err := socket.Take(ctx); err != nil {
			t.Fatalf("%s: the connection ended without a word: %v", c.ID, err)
		}
	}
	if fault.Kind(c.Bye.Kind) != kind || !strings.Contains(c.Bye.Msg, says) || c.Bye.Hint == "" || c.Bye.RetryMillis == 0 {
		t.Fatalf("%s was told %v %q, hint %q, retry %d; want %v that says %q, with a remedy", c.ID, fault.Kind(c.Bye.Kind), c.Bye.Msg, c.Bye.Hint, c.Bye.RetryMillis, kind, says)
	}
}

// back dials until the relay takes the client in again.
func back(ctx context.Context, t *testing.T, p *relaytest.Process, c *relaytest.Client, subs int) *relaytest.Socket {
	t.Helper()
	for {
		socket, err := p.Dial(ctx, c)
		if err == nil {
			err = socket.Until(ctx, func() bool { return c.Bye != nil || len(c.Ready)+len(c.Denied) == subs })
		}
		if err == nil && c.Bye == nil {
			t.Cleanup(socket.Close)
			return socket
		}
		if c.Wait(ctx) != nil {
			t.Fatalf("%s was not taken in again: %v, %+v", c.ID, err, c.Bye)
		}
	}
}

func increment(c *relaytest.Client) []byte {
	counter := c.Schema.Table("counter")
	return c.Mutation(mutation.Op{
		Table: counter.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{1},
		Old: value.Row{value.Int(0)}, New: value.Row{value.Int(1)}, Deltas: []uint32{0},
	})
}

// settle sends a client's outbox and waits for its outcomes.
func settle(ctx context.Context, t *testing.T, socket *relaytest.Socket, c *relaytest.Client) {
	t.Helper()
	want := c.Acked + uint64(c.Pending())
	for _, frame := range c.Outbox() {
		if err := socket.Send(ctx, frame); err != nil {
			t.Fatal(err)
		}
	}
	until(ctx, t, socket, "outcomes", func() bool { return c.Acked == want })
}

// DDL on a synced table is told to everybody, with no row behind it, and the
// relay goes on with the new schema by itself: with what was there, and with
// what is written then.
func TestDDLOnASyncedTable(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	a, b := follower("a"), follower("b")
	sa, sb := connected(ctx, t, p, a, 2), connected(ctx, t, p, b, 2)
	if err := sa.Send(ctx, increment(a)); err != nil {
		t.Fatal(err)
	}
	until(ctx, t, sa, "the outcome", func() bool { return a.Acked == 1 })

	s.exec(t, "ALTER TABLE counter ADD COLUMN note text DEFAULT 'none'")
	told(ctx, t, sa, a, fault.SchemaMismatch, "counter")
	told(ctx, t, sb, b, fault.SchemaMismatch, "note")
	for _, c := range []*relaytest.Client{a, b} {
		socket := back(ctx, t, p, c, 2)
		if r := row(c, 1, 1); c.Welcome.Resume || len(r) != 3 || r[2].Str() != "none" || c.Acked != a.Acked && c == a {
			t.Fatalf("%s has %v after the change (resumed %v), want the new column", c.ID, r, c.Welcome.Resume)
		}
		if err := socket.Send(ctx, increment(c)); err != nil {
			t.Fatal(err)
		}
		until(ctx, t, socket, "the outcome", func() bool { return c.Pending() == 0 })
	}
	if got := s.ask(t, "SELECT n, note FROM counter"); got != "3|none" {
		t.Errorf("Postgres has %s, want 3|none", got)
	}
	if !strings.Contains(p.Said(), "counter") {
		t.Errorf("the relay said %q, want what was changed", p.Said())
	}

	// While nobody looks: the next start takes it in.
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "ALTER TABLE counter DROP COLUMN note")
	p = s.relay(t, "")
	back(ctx, t, p, a, 2)
	if r := row(a, 1, 1); len(r) != 2 || r[1].Int() != 3 {
		t.Errorf("after a restart the row is %v, want n = 3 alone", r)
	}
}

// A table that was dropped and made again in the same form while no relay
// looked has other rows, which nobody is told of by the stream.
func TestTableMadeAgain(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c := follower("c")
	socket := connected(ctx, t, p, c, 2)
	increment(c)
	settle(ctx, t, socket, c)
	socket.Close()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	p = s.relay(t, "") // nothing was done: it goes on
	back(ctx, t, p, c, 2).Close()
	if !c.Welcome.Resume {
		t.Errorf("after a plain restart: %+v, want the client to go on", c.Welcome)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "CREATE TABLE again (LIKE counter INCLUDING ALL); INSERT INTO again SELECT id, 70 FROM counter; DROP TABLE counter; ALTER TABLE again RENAME TO counter")
	p = s.relay(t, "")
	back(ctx, t, p, c, 2)
	if r := row(c, 1, 1); c.Welcome.Resume || len(r) < 2 || r[1].Int() != 70 {
		t.Errorf("the row is %v (resumed %v), want that of the new table", r, c.Welcome.Resume)
	}
	if !strings.Contains(p.Said(), "made again") {
		t.Errorf("the relay said %q, want why it loads its store again", p.Said())
	}
}

// DDL that leaves every row as it is brings the new schema and no rows: the
// store goes on, and so do its clients, from where they stood.
func TestDDLThatLeavesTheRows(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c, away := follower("c"), follower("away")
	connected(ctx, t, p, away, 2).Close()
	socket := connected(ctx, t, p, c, 2)
	increment(c)
	settle(ctx, t, socket, c)
	epoch := c.Cursor.Epoch
	s.exec(t, "ALTER TABLE counter ADD CONSTRAINT low CHECK (n < 3)")
	told(ctx, t, socket, c, fault.SchemaMismatch, "low")
	for _, c := range []*relaytest.Client{c, away} { // one has the log from before to read
		socket = back(ctx, t, p, c, 2)
		until(ctx, t, socket, "the increment", func() bool { return row(c, 1, 1)[1].Int() >= 1 })
		if !c.Welcome.Resume || len(c.Snaps) != 0 || c.Cursor.Epoch != epoch || len(c.Schema.Table("counter").Checks) == 0 {
			t.Fatalf("%s: resumed %v with %d snapshots, epoch %d after %d, checks %v", c.ID, c.Welcome.Resume, len(c.Snaps), c.Cursor.Epoch, epoch, c.Schema.Table("counter").Checks)
		}
		increment(c)
		settle(ctx, t, socket, c)
	}
	if o := away.Outcomes[1]; o.Kind != uint16(fault.Constraint) {
		t.Errorf("the third increment ended %+v, want the new constraint", o)
	}
	if got := s.ask(t, "SELECT n FROM counter"); got != "2" {
		t.Errorf("Postgres has %s, want 2", got)
	}
}

// A table that is dropped stops the relay as long as it is gone; who comes is
// told so, on the socket and by HTTP.
func TestDroppedTableIsTold(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c := follower("c")
	socket := connected(ctx, t, p, c, 2)
	s.exec(t, "DROP TABLE line")
	told(ctx, t, socket, c, fault.SchemaMismatch, "line")
	for c.Bye == nil || fault.Kind(c.Bye.Kind) != fault.UnknownTable {
		if socket, err := p.Dial(ctx, c); err == nil {
			_ = socket.Until(ctx, func() bool { return c.Bye != nil })
			socket.Close()
		}
		if ctx.Err() != nil {
			t.Fatalf("nobody says that the table is gone: %+v", c.Bye)
		}
	}
	if !strings.Contains(c.Bye.Msg, "public.line") || c.Bye.Hint == "" || c.Bye.RetryMillis == 0 {
		t.Errorf("told %+v, want the table's name and a remedy", c.Bye)
	}
	res, err := http.Get("http://" + p.Address + "/health")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("health is %s, want 503", res.Status)
	}
	s.exec(t, "CREATE TABLE line (id int PRIMARY KEY, writer text NOT NULL); INSERT INTO line VALUES (5, 'again')")
	back(ctx, t, p, c, 2)
	if r := row(c, 2, 5); r == nil {
		t.Error("the table that was made again has no row")
	}
}

// A slot that is gone, and then another server under the same address, are
// told; the relay loads its store again, nobody's writes are lost, and none is
// applied twice.
func TestLostSlot(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c := follower("c")
	socket := connected(ctx, t, p, c, 2)
	increment(c)
	settle(ctx, t, socket, c)
	s.exec(t, `SELECT pg_terminate_backend(active_pid) FROM pg_replication_slots WHERE slot_name = 'rockpool';
		DO $$ BEGIN LOOP BEGIN PERFORM pg_drop_replication_slot('rockpool'); RETURN; EXCEPTION WHEN object_in_use THEN NULL; END; END LOOP; END $$;
		INSERT INTO line VALUES (1, 'unseen')`)
	told(ctx, t, socket, c, fault.SlotLost, "rockpool")
	increment(c)
	socket = back(ctx, t, p, c, 2)
	settle(ctx, t, socket, c)
	if row(c, 2, 1) == nil || row(c, 1, 1)[1].Int() != 2 {
		t.Errorf("after the slot was lost: line %v, counter %v, want what was written meanwhile and 2", row(c, 2, 1), row(c, 1, 1))
	}
	if got := s.ask(t, "SELECT n FROM counter"); got != "2" {
		t.Errorf("counter in Postgres %s, want 2", got)
	}
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}

	other := testpg.Start(t)
	s.pg = other
	s.exec(t, counterTable+"INSERT INTO line VALUES (9, 'other')")
	p = s.relay(t, "")
	d := follower("d")
	connected(ctx, t, p, d, 2)
	if row(d, 2, 9) == nil || len(d.Rows[2]) != 1 {
		t.Errorf("the relay serves %d lines of another database", len(d.Rows[2]))
	}
	if !strings.Contains(p.Said(), "another database") {
		t.Errorf("the relay said %q, want that the database is another", p.Said())
	}
}

// A store that is the truth is never taken for a replica and thrown away.
func TestEmbeddedStoreIsNotReplaced(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	if err := os.WriteFile(s.path("schema.yaml"), []byte(relaytest.Tables), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(s.path("products.json"), []byte(`[{"id": 1, "name": "tea", "price": "1.00", "stock": 0}]`), 0o600); err != nil {
		t.Fatal(err)
	}
	p := relaytest.Launch(t, bin, nil, "dev", "--listen", "127.0.0.1:0", "--store", s.path("r.db"), "--seed", s.dir)
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, bin, "relay", "--config", s.path("rockpool.yaml"), "--database-url", s.pg.DSN(), "--store", s.path("r.db"), "--listen", "127.0.0.1:0").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "embedded database") || !strings.Contains(string(out), "--store") {
		t.Errorf("the relay on an embedded store: %v, %s; want a refusal that names it and --store", err, out)
	}
	if out, err := exec.Command(bin, "sql", "--store", s.path("r.db"), "SELECT name FROM products").CombinedOutput(); err != nil || !strings.Contains(string(out), "tea") {
		t.Errorf("the embedded store holds %s (%v), want its row", out, err)
	}
}

// A write that was made before the store was built anew meets what somebody
// else wrote in between: nobody can say any more when, so it counts as a meeting.
func TestConflictOverANewEpoch(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable+"INSERT INTO line VALUES (1, 'first');")
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c := follower("c")
	socket := connected(ctx, t, p, c, 2)
	c.Mutation(relaytest.Set(c.Schema.Table("line"), row(c, 2, 1), "writer", value.Text("mine"))) // offline
	socket.Close()
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "UPDATE line SET writer = 'theirs'")
	s.exec(t, "SELECT pg_drop_replication_slot('rockpool')")
	p = s.relay(t, "")
	epoch := c.Cursor.Epoch
	for c.Acked == 0 { // the relay may serve before it finds out
		if err := p.Session(ctx, c, nil, func() bool { return c.Acked == 1 }); err != nil && c.Wait(ctx) != nil {
			t.Fatal(err)
		}
	}
	if o := c.Outcomes[1]; len(o.Conflicts) != 1 || o.Conflicts[0].Theirs[1].Str() != "theirs" {
		t.Errorf("the write ended %+v, want a conflict with theirs", o)
	}
	if c.Cursor.Epoch <= epoch {
		t.Errorf("epoch %d after %d, want a greater one", c.Cursor.Epoch, epoch)
	}
}
