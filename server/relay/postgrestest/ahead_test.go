package postgrestest

import (
	"context"
	"syscall"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// While the stream stands still, Postgres knows of a write that the relay's
// rows do not hold. A client that starts over in that time is not told the
// outcome before the row.
func TestOutcomeWaitsForTheStream(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	p := s.relay(t, "")
	c := follower("c")
	socket := connected(ctx, t, p, c, 2)

	sender := s.walSender(ctx, t)
	if err := syscall.Kill(sender, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Kill(sender, syscall.SIGCONT) }()
	line := c.Schema.Table("line")
	if err := socket.Send(ctx, c.Mutation(relaytest.Insert(line, value.Row{value.Int(7), value.Text("mine")}))); err != nil {
		t.Fatal(err)
	}
	until(ctx, t, socket, "the word that it was received", func() bool { return c.Received == 1 })
	if got := s.ask(t, "SELECT writer FROM line WHERE id = 7"); got != "mine" {
		t.Fatalf("Postgres has %q, want the write", got)
	}
	socket.Close()
	c.Cursor, c.Ready = version.Pos{}, nil // as a client that was away over a rebuild
	socket = connected(ctx, t, p, c, 2)
	if c.Welcome.Resume || c.Welcome.LastMid != 1 || c.Acked != 0 || row(c, 2, 7) != nil {
		t.Fatalf("welcome %+v, acknowledged %d with row %v: want neither outcome nor row", c.Welcome, c.Acked, row(c, 2, 7))
	}
	if err := syscall.Kill(sender, syscall.SIGCONT); err != nil {
		t.Fatal(err)
	}
	until(ctx, t, socket, "the outcome", func() bool { return c.Acked == 1 })
	if o := c.Outcomes[1]; o.Status != mutation.Applied || row(c, 2, 7) == nil {
		t.Errorf("outcome %+v with row %v, want both at once", o, row(c, 2, 7))
	}
	socket.Close()

	// A store that is built anew holds the write, and says so.
	if err := p.Stop(); err != nil {
		t.Fatal(err)
	}
	s.exec(t, "SELECT pg_drop_replication_slot('rockpool')")
	p = s.relay(t, "")
	c.Cursor, c.Ready, c.Acked = version.Pos{}, nil, 0
	for c.Acked == 0 { // the relay may serve before it finds out
		if err := p.Session(ctx, c, nil, func() bool { return c.Acked == 1 && row(c, 2, 7) != nil }); err != nil && c.Wait(ctx) != nil {
			t.Fatal(err)
		}
	}
}
