package postgrestest

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// TestKilledBehindTheCommitOfABatch kills the relay between Postgres's COMMIT of
// a full batch and the reply: each of its transactions has its effect once, and is
// settled with the next connection.
func TestKilledBehindTheCommitOfABatch(t *testing.T) {
	t.Parallel()
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	p := s.relay(t, "commit:2") // the first commit is of mid 1 alone
	w := client("writer")
	w.Follow(1, "counter")
	w.Follow(2, "line")
	socket := connected(ctx, t, p, w, 2)

	holder, err := pgx.Connect(ctx, s.pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Close(ctx) }()
	if _, err := holder.Exec(ctx, "BEGIN; SELECT FROM counter FOR UPDATE"); err != nil {
		t.Fatal(err)
	}
	counter, line := w.Schema.Table("counter"), w.Schema.Table("line")
	frames := [][]byte{w.Mutation(mutation.Op{
		Table: counter.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{1},
		Old: value.Row{value.Int(0)}, New: value.Row{value.Int(1)}, Deltas: []uint32{0},
	})}
	for i := range int64(source.BatchMax) {
		frames = append(frames, w.Mutation(relaytest.Insert(line, value.Row{value.Int(i), value.Text(w.ID)})))
	}
	const probe = 7
	for _, f := range append(frames, relaytest.Frame(wire.FrameAck, &wire.Ack{Pos: w.Cursor, Probe: probe})) {
		if err := socket.Send(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
	until(ctx, t, socket, "the relay to have all", func() bool { return len(w.Pings) > 0 && w.Pings[len(w.Pings)-1].Echo == probe })
	if _, err := holder.Exec(ctx, "COMMIT"); err != nil {
		t.Fatal(err)
	}
	if err := socket.Until(ctx, func() bool { return w.Acked == 1+source.BatchMax }); err == nil || ctx.Err() != nil {
		t.Fatalf("all were settled, or nothing came (%v): the relay was not killed", err)
	}
	p.Kill()
	if got := s.ask(t, "SELECT max(n) FROM (SELECT count(*) AS n FROM rockpool.tx GROUP BY xid) x"); got != "64" {
		t.Fatalf("the largest transaction of Postgres was of %s of the client's, want %d", got, source.BatchMax)
	}

	if err := s.relay(t, "").Session(ctx, w, nil, func() bool { return w.Acked == 1+source.BatchMax }); err != nil {
		t.Fatal(err)
	}
	for mid, o := range w.Outcomes {
		if o.Status != mutation.Applied {
			t.Errorf("mid %d ended %+v, want applied", mid, o)
		}
	}
	if got := s.ask(t, "SELECT (SELECT n FROM counter) AS n, (SELECT count(*) FROM line) AS lines, (SELECT last_mid FROM rockpool.client) AS mid"); got != "1|64|65" {
		t.Errorf("counter, lines and last mid are %s, want 1|64|65", got)
	}
}
