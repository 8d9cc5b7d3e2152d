package relay_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/relay"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// tokens is a verifier whose tokens are users' names; "old" has expired.
type tokens struct{}

func (v tokens) Verify(token string) (auth.Identity, error) {
	switch token {
	case "":
		return auth.Identity{}, fault.New(fault.Unauthenticated, "verify", "there is none")
	case "old":
		return auth.Identity{}, fault.New(fault.TokenExpired, "verify", "it has expired")
	}
	role := "customer"
	if token == "boss" {
		role = "staff"
	}
	return auth.Identity{
		User: token, Role: role, Expires: time.UnixMilli(relaytest.StartMillis + 60_000), ClaimsJSON: "{}",
		Claims: map[string]any{"sub": token, "role": role},
	}, nil
}

func closedWorld(t *testing.T) *relaytest.World {
	return relaytest.NewWorld(t, relaytest.Options{Rules: relaytest.Rules, Verifier: tokens{}, Seed: stock(20)})
}

// What a hello can be wrong about, and what the client is told.
func TestHelloRefused(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	good := func() *wire.Hello {
		return &wire.Hello{Version: wire.Version, Token: "ann", ClientID: "c", IncarnationNew: "1"}
	}
	owner := w.NewClient("owned")
	owner.Token = "bob"
	w.Connect(t, 1, owner)
	for i, c := range []struct {
		name   string
		change func(*wire.Hello)
		want   fault.Kind
	}{
		{"older protocol than is served", func(h *wire.Hello) { h.Version = wire.VersionMin - 1 }, fault.VersionMismatch},
		{"no token", func(h *wire.Hello) { h.Token = "" }, fault.Unauthenticated},
		{"expired token", func(h *wire.Hello) { h.Token = "old" }, fault.TokenExpired},
		{"no client ID", func(h *wire.Hello) { h.ClientID = "" }, fault.Protocol},
		{"long client ID", func(h *wire.Hello) { h.ClientID = string(make([]byte, 65)) }, fault.Protocol},
		{"another user's database", func(h *wire.Hello) { h.ClientID = "owned" }, fault.Forbidden},
		{"table that is not there", func(h *wire.Hello) {
			h.Declared = &schema.Schema{Tables: []schema.Table{{Name: "ghosts"}}}
		}, fault.SchemaMismatch},
		{"column of another type", func(h *wire.Hello) {
			h.Declared = &schema.Schema{Tables: []schema.Table{{Name: "orders", Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}}}}}
		}, fault.SchemaMismatch},
		{"key left out", func(h *wire.Hello) {
			h.Declared = &schema.Schema{Tables: []schema.Table{{Name: "orders", Columns: []schema.Column{{Name: "note", Type: schema.TypeText}}}}}
		}, fault.SchemaMismatch},
	} {
		h := good()
		c.change(h)
		x := relaytest.New("x", w.Store.Schema(), nil)
		x.Hello()
		l := &relaytest.Link{W: w, C: x, ID: uint64(100 + i)}
		bye, code := refused(t, w, l.ID, relaytest.Frame(wire.FrameHello, h))
		if bye == nil || fault.Kind(bye.Kind) != c.want || code == 0 || bye.Msg == "" {
			t.Errorf("%s: bye %+v and close code %d, want kind %v", c.name, bye, code, c.want)
		}
	}
	if w.Core.Stats().Sessions != 1 {
		t.Fatalf("%d sessions are left, want the one that is good", w.Core.Stats().Sessions)
	}
}

// The welcome says the older of the two versions: a client that is ahead or
// behind is served, and the newer end knows whether it still speaks that.
func TestHelloVersions(t *testing.T) {
	t.Parallel()
	for theirs, want := range map[uint32]uint32{
		wire.VersionMin: wire.VersionMin, wire.Version - 1: wire.Version - 1, wire.Version: wire.Version, wire.Version + 1: wire.Version,
	} {
		w := closedWorld(t)
		effects := w.Core.Open(1, relay.Info{})
		effects = append(effects, w.Core.Receive(1, relaytest.Frame(wire.FrameHello, &wire.Hello{
			Version: theirs, Token: "ann", ClientID: "c", IncarnationOld: "1", IncarnationNew: "1",
		}))...)
		var got wire.Welcome
		for _, e := range effects {
			if s, ok := e.(relay.Send); ok && wire.RelayFrame(s.Frame[0]) == wire.FrameWelcome {
				if err := got.Decode(s.Frame[2:]); err != nil {
					t.Fatal(err)
				}
			}
		}
		if got.Version != want {
			t.Errorf("to a client of version %d the relay speaks %d, want %d", theirs, got.Version, want)
		}
	}
}

// refused opens a socket, sends a frame, and returns the bye and close code.
func refused(t *testing.T, w *relaytest.World, id uint64, frames ...[]byte) (bye *wire.Bye, code int) {
	t.Helper()
	effects := w.Core.Open(id, relay.Info{})
	for _, f := range frames {
		effects = append(effects, w.Core.Receive(id, f)...)
	}
	for _, e := range effects {
		switch e := e.(type) {
		case relay.Send:
			if wire.RelayFrame(e.Frame[0]) == wire.FrameBye {
				bye = &wire.Bye{}
				if err := bye.Decode(e.Frame[2:]); err != nil {
					t.Fatal(err)
				}
			}
		case relay.CloseSession:
			code = e.Code
		}
	}
	return bye, code
}

// A relay that has stopped serves nobody: who comes then is told why, as those
// were who were there.
func TestStoppedRelayTurnsAway(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	here, late := w.NewClient("here"), w.NewClient("late")
	here.Token, late.Token = "ann", "bob"
	w.Connect(t, 1, here)
	w.Do(t, w.Core.Stop(fault.New(fault.SchemaMismatch, "follow the stream", "table orders was changed")))
	w.Connect(t, 2, late)
	for _, c := range []*relaytest.Client{here, late} {
		if c.Bye == nil || fault.Kind(c.Bye.Kind) != fault.SchemaMismatch || c.Bye.RetryMillis == 0 {
			t.Errorf("%s was told %+v, want why, and when to come again", c.ID, c.Bye)
		}
	}
	if n := w.Core.Stats().Sessions; n != 0 {
		t.Errorf("%d sessions are left, want none", n)
	}
}

// What the source says of itself is told to the operator, once for many
// sessions that it ends, and to no client.
func TestSourcesWordsAreTheOperators(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	var told []error
	w.Core.Told = func(err error) { told = append(told, err) }
	ann, bob := w.NewClient("a"), w.NewClient("b")
	ann.Token, bob.Token = "ann", "bob"
	w.Connect(t, 1, ann)
	w.Connect(t, 2, bob)
	why := fault.Wrap(fault.SourceUnavailable, "follow the stream", errors.New("connect to 10.0.0.7 as relay: refused"))
	w.Do(t, w.Core.Stop(why))
	for _, c := range []*relaytest.Client{ann, bob} {
		if c.Bye == nil || strings.Contains(c.Bye.Msg, "10.0.0.7") || !strings.Contains(c.Bye.Msg, "follow the stream") {
			t.Errorf("%s was told %+v", c.ID, c.Bye)
		}
	}
	if len(told) != 1 || !errors.Is(told[0], why) {
		t.Errorf("the operator was told %v, want the whole of it, once", told)
	}
}

// Frames that no client sends end the session with a kind.
func TestBadFrames(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	hello := relaytest.Frame(wire.FrameHello, &wire.Hello{Version: wire.Version, Token: "ann", ClientID: "c", IncarnationNew: "1", IncarnationOld: "1"})
	unsealed := &mutation.Tx{Mid: 1, Digest: 5}
	for i, c := range []struct {
		name   string
		frames [][]byte
		want   fault.Kind
	}{
		{"empty", [][]byte{{}}, fault.Protocol},
		{"not a hello", [][]byte{{byte(wire.FramePong), 0}}, fault.Protocol},
		{"hello of junk", [][]byte{{byte(wire.FrameHello), 0, 0xff, 0xff}}, fault.Protocol},
		{"flags", [][]byte{{byte(wire.FrameHello), 1}}, fault.Protocol},
		{"hello over its limit", [][]byte{make([]byte, wire.HelloBytesMax+1)}, fault.TooLarge},
		{"second hello", [][]byte{hello, hello}, fault.Protocol},
		{"unknown type", [][]byte{hello, {200, 0}}, fault.Protocol},
		{"frame of the relay", [][]byte{hello, {byte(wire.FrameTx), 0}}, fault.Protocol},
		{"frame over the limit", [][]byte{hello, make([]byte, wire.FrameBytesMax+1)}, fault.TooLarge},
		{"ack of the future", [][]byte{hello, relaytest.Frame(wire.FrameAck, &wire.Ack{Pos: w.Store.Head().Next()})}, fault.Protocol},
		{"mid 0", [][]byte{hello, relaytest.Frame(wire.FrameMut, &mutation.Tx{})}, fault.Protocol},
		{"wrong digest", [][]byte{hello, relaytest.Frame(wire.FrameMut, unsealed)}, fault.Protocol},
		{"another user's token", [][]byte{hello, relaytest.Frame(wire.FrameToken, &wire.Token{JWT: "bob"})}, fault.Forbidden},
		{"bad token", [][]byte{hello, relaytest.Frame(wire.FrameToken, &wire.Token{})}, fault.Unauthenticated},
	} {
		bye, code := refused(t, w, uint64(10+i), c.frames...)
		if bye == nil || fault.Kind(bye.Kind) != c.want || code == 0 {
			t.Errorf("%s: bye %+v and close code %d, want kind %v", c.name, bye, code, c.want)
		}
	}
}

// Each subscription gets what its caller may read, or a reason.
func TestSubscriptions(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	c := w.NewClient("c")
	c.Token = "ann"
	w.Connect(t, 1, c)
	arg := func(name string, v value.Value) wire.ShapeArg { return wire.ShapeArg{Name: name, Value: v} }
	for i, k := range []struct {
		name  string
		shape string
		args  []wire.ShapeArg
		deny  fault.Kind
		rows  int
	}{
		{"whole table", "products", nil, 0, 20},
		{"a shape with a condition", "cheap", nil, 0, 9},
		{"a shape with an argument", "named", []wire.ShapeArg{arg("name", value.Text("p7"))}, 0, 1},
		{"no row has it", "named", []wire.ShapeArg{arg("name", value.Text("nobody"))}, 0, 0},
		{"NULL equals nothing", "named", []wire.ShapeArg{arg("name", value.Null)}, 0, 0},
		{"argument missing", "named", nil, fault.InvalidArgument, 0},
		{"argument too many", "cheap", []wire.ShapeArg{arg("x", value.Int(1))}, fault.InvalidArgument, 0},
		{"argument of another name", "named", []wire.ShapeArg{arg("nam", value.Text("p7"))}, fault.InvalidArgument, 0},
		{"no such table", "ghosts", nil, fault.UnknownTable, 0},
		{"our own table", "_rockpool_client", nil, fault.UnknownTable, 0},
		{"table without a policy", "lines", nil, fault.NoPolicy, 0},
		{"nobody's rows yet", "orders", nil, 0, 0},
	} {
		id := uint32(i + 1)
		w.Do(t, w.Core.Receive(1, c.Follow(id, k.shape, k.args...)))
		d := c.Denied[id]
		switch {
		case k.deny != 0 && (d == nil || fault.Kind(d.Kind) != k.deny):
			t.Errorf("%s: %+v, want to be denied with %v", k.name, d, k.deny)
		case k.deny == 0 && (d != nil || len(c.Rows[id]) != k.rows):
			t.Errorf("%s: %d rows, deny %+v, want %d rows", k.name, len(c.Rows[id]), d, k.rows)
		}
	}
}

const orderA, orderB = "0198c0de-0000-7000-8000-00000000000a", "0198c0de-0000-7000-8000-00000000000b"

// Rows move in and out of what each may read; nothing of a row that was never
// readable is sent, not even its key (I8).
func TestReadPolicyInTheTail(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	ann, bob := w.NewClient("ann"), w.NewClient("bob")
	ann.Token, bob.Token = "ann", "bob"
	ann.Follow(1, "orders")
	bob.Follow(1, "orders")
	la := w.Connect(t, 1, ann)
	w.Connect(t, 2, bob)
	orders := w.Store.Schema().Table("orders")
	la.Send(t, ann.Mutation(relaytest.Insert(orders, value.Row{value.Text(orderA), value.Null, value.Text("ann"), value.Text("secret")})))
	if ann.Outcomes[1].Status != mutation.Applied || len(ann.Rows[1]) != 1 || len(bob.Rows[1]) != 0 || bob.Frames[wire.FrameTx] != 0 {
		t.Fatalf("ann %v with %d rows, bob %d rows in %d frames", ann.Outcomes[1], len(ann.Rows[1]), len(bob.Rows[1]), bob.Frames[wire.FrameTx])
	}
	row := ann.Rows[1][string(value.Row{value.Text(orderA)}.Append(nil))]
	if row[1].Int() != 1 {
		t.Fatalf("number = %v, want the identity 1", row[1])
	}
	move := func(to string) {
		t.Helper()
		tx, err := w.Store.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.Run("UPDATE orders SET customer = ? WHERE id = ?", value.Text(to), value.Text(orderA)); err != nil {
			t.Fatal(err)
		}
		rec, err := tx.Commit(nil, 0, w.Now*1000)
		if err != nil {
			t.Fatal(err)
		}
		w.Do(t, w.Core.Ingested(rec))
	}
	move("bob")
	if len(ann.Rows[1]) != 0 || len(bob.Rows[1]) != 1 {
		t.Fatalf("after the move ann has %d rows and bob %d, want 0 and 1", len(ann.Rows[1]), len(bob.Rows[1]))
	}
	n := ann.Frames[wire.FrameTx]
	move("carl")
	if len(bob.Rows[1]) != 0 || ann.Frames[wire.FrameTx] != n {
		t.Fatal("a row of nobody here was sent, or not taken away")
	}
}

// A write must satisfy the policy on the old and on the new image; a refusal
// is an outcome, and the next transaction goes on.
func TestWritePolicy(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	ann, boss := w.NewClient("ann"), w.NewClient("boss")
	ann.Token, boss.Token = "ann", "boss"
	ann.Follow(1, "products")
	la, lb := w.Connect(t, 1, ann), w.Connect(t, 2, boss)
	orders, lines := w.Store.Schema().Table("orders"), w.Store.Schema().Table("lines")
	for i, c := range []struct {
		name string
		op   mutation.Op
		want mutation.Status
		kind fault.Kind
	}{
		{"not staff", relaytest.AddStock(ann.Schema, 1, 1), mutation.Rejected, fault.Forbidden},
		{"own order", relaytest.Insert(orders, value.Row{value.Text(orderA), value.Null, value.Text("ann")}), mutation.Applied, 0},
		{"order for somebody else", relaytest.Insert(orders, value.Row{value.Text(orderB), value.Null, value.Text("bob")}), mutation.Rejected, fault.Forbidden},
		{"giving an order away", relaytest.Set(orders, value.Row{value.Text(orderA), value.Int(1), value.Text("ann"), value.Null}, "customer", value.Text("bob")), mutation.Rejected, fault.Forbidden},
		{"no write policy", relaytest.Insert(lines, value.Row{value.Int(1), value.Text(orderA), value.Int(1)}), mutation.Rejected, fault.NoPolicy},
		{"own order again", relaytest.Set(orders, value.Row{value.Text(orderA), value.Int(1), value.Text("ann"), value.Null}, "note", value.Text("hi")), mutation.Applied, 0},
	} {
		la.Send(t, ann.Mutation(c.op))
		o := ann.Outcomes[uint64(i+1)]
		if o.Status != c.want || fault.Kind(o.Kind) != c.kind {
			t.Errorf("%s: outcome %+v, want status %d, kind %v", c.name, o, c.want, c.kind)
		}
	}
	lb.Send(t, boss.Mutation(relaytest.AddStock(ann.Schema, 1, 1)))
	if boss.Outcomes[1].Status != mutation.Applied {
		t.Fatalf("staff: outcome %+v, want applied", boss.Outcomes[1])
	}
	same(t, w, ann, 1, "products")
}

// A token ends: the session ends with it after the grace, unless renewed.
func TestTokenExpires(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	a := w.NewClient("a")
	a.Token = "ann"
	l := w.Connect(t, 1, a)
	for range 9 { // to 90 s: the token's 60 s and its grace
		w.Tick(t, 10_000)
	}
	if l.Closed != 0 {
		t.Fatal("closed within the grace")
	}
	w.Tick(t, 10_000)
	if l.Closed == 0 || a.Bye == nil || fault.Kind(a.Bye.Kind) != fault.TokenExpired {
		t.Fatalf("closed %d with %+v, want token_expired", l.Closed, a.Bye)
	}
}

// A copied profile presents an incarnation that is gone: it is told to take a
// new name.
func TestRewound(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	a := w.NewClient("a")
	a.Token = "ann"
	copied := *a
	w.Connect(t, 1, a).Drop(t)
	w.Connect(t, 2, a).Drop(t)
	w.Connect(t, 3, &copied)
	if copied.Welcome == nil || !copied.Welcome.Rewound {
		t.Fatalf("welcome %+v, want rewound", copied.Welcome)
	}
	w.Connect(t, 4, a)
	if a.Welcome == nil || a.Welcome.Rewound {
		t.Fatal("the original was refused after its copy was")
	}
}

// A copy hears what was settled under its mids, whether it is turned away or
// not, and of no more than it has used: the IDs say which of them are its own.
func TestCopyHearsOutcomes(t *testing.T) {
	t.Parallel()
	for _, rewound := range []bool{false, true} {
		w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
		a := w.NewClient("a")
		l := w.Connect(t, 1, a)
		copied := *a
		shared := a.Mutation(relaytest.AddStock(a.Schema, 1, 1))
		copied.Mutation(relaytest.AddStock(a.Schema, 1, 1))
		l.Send(t, shared)
		l.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
		l.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
		copied.Outcomes = map[uint64]mutation.Outcome{}
		l.Drop(t)
		if rewound { // the copy's incarnations are gone
			w.Connect(t, 2, a).Drop(t)
			w.Connect(t, 2, a).Drop(t)
		}
		copied.Mutation(relaytest.AddStock(a.Schema, 1, 1))
		w.Connect(t, 3, &copied)
		x := copied.Welcome
		if x == nil || x.Rewound != rewound || x.LastMid != 3 {
			t.Fatalf("welcome %+v, want rewound %v and mid 3", x, rewound)
		}
		known := slices.Concat(x.Outcomes, x.Coming)
		if len(known) != 2 || known[0].ID != a.Outcomes[1].ID || known[1].ID != a.Outcomes[2].ID || known[0].ID == 0 {
			t.Errorf("rewound %v: it hears %+v, want the outcomes of mids 1 and 2", rewound, known)
		}
	}
}

// A second socket of one client replaces the first.
func TestReplaced(t *testing.T) {
	t.Parallel()
	w := closedWorld(t)
	a := w.NewClient("a")
	a.Token = "ann"
	l := w.Connect(t, 1, a)
	w.Connect(t, 2, a)
	if l.Closed != relay.CodeNormal || w.Core.Stats().Sessions != 1 {
		t.Fatalf("the first closed with %d and %d sessions are left, want 1000 and 1", l.Closed, w.Core.Stats().Sessions)
	}
}

// Mutations out of order are asked for again; too many at once are held back.
func TestMutationOrderAndRate(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3), Limits: func(l *relay.Limits) { l.PerSecond, l.Burst = 1, 3 }})
	a := w.NewClient("a")
	l := w.Connect(t, 1, a)
	first := a.Mutation(relaytest.AddStock(a.Schema, 1, 1))
	l.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
	if a.Retry == nil || a.Retry.FromMid != 1 || w.Store.Head().Seq != 0 {
		t.Fatalf("retry %+v, want from mid 1", a.Retry)
	}
	l.Send(t, first)
	l.Send(t, a.Outbox()[0])
	l.Send(t, a.Mutation(relaytest.AddStock(a.Schema, 1, 1)))
	if a.Retry.FromMid != 3 || a.Retry.AfterMillis == 0 || a.Acked != 2 {
		t.Fatalf("retry %+v with %d settled, want mid 3 later", a.Retry, a.Acked)
	}
	w.Tick(t, 5000)
	l.Send(t, a.Outbox()[0])
	if a.Acked != 3 || w.Store.Head().Seq != 3 {
		t.Fatalf("%d settled, head %v, want 3", a.Acked, w.Store.Head())
	}
}

// A build that declares fewer columns gets those, and its writes land in them.
func TestDeclaredColumns(t *testing.T) {
	t.Parallel()
	w := relaytest.NewWorld(t, relaytest.Options{Seed: stock(3)})
	full := w.Store.Schema().Table("products")
	narrow := &schema.Schema{Version: 1, Tables: []schema.Table{{
		ID: full.ID, Name: "products", Columns: []schema.Column{full.Columns[0], full.Columns[3]}, Key: []uint32{0},
	}}}
	c := relaytest.New("c", narrow, w.Cache.Chunk)
	c.Follow(1, "products")
	h := wire.Hello{Version: wire.Version, ClientID: "c", IncarnationNew: "1", Declared: narrow, SchemaVersion: 1, Subs: []wire.Sub{{ID: 1, Shape: "products"}}}
	c.Hello()
	w.ConnectWith(t, 1, c, relaytest.Frame(wire.FrameHello, &h))
	if len(c.Rows[1]) != 3 || len(c.Schema.Tables) != 1 || len(c.Schema.Tables[0].Columns) != 2 {
		t.Fatalf("%d rows under %+v, want 3 of two columns", len(c.Rows[1]), c.Schema)
	}
	op := mutation.Op{Table: full.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{1}, Old: value.Row{value.Int(10)}, New: value.Row{value.Int(4)}, Deltas: []uint32{0}}
	w.Do(t, w.Core.Receive(1, c.Mutation(op)))
	row := c.Rows[1][string(value.Row{value.Int(1)}.Append(nil))]
	if c.Outcomes[1].Status != mutation.Applied || row[1].Int() != 14 {
		t.Fatalf("outcome %+v, row %v, want stock 14", c.Outcomes[1], row)
	}
}
