package postgres_test

import (
	"context"
	"testing"
	"time"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/mutation"
	"rockpool.dev/server/source"
	"rockpool.dev/server/source/postgres"
	"rockpool.dev/value"
)

// BenchmarkDrain applies inserts of one client, alone and as a drained outbox
// does: go test -run - -bench Drain ./server/source/postgres
func BenchmarkDrain(b *testing.B) {
	for _, c := range []struct {
		name string
		size int
	}{{"one by one", 1}, {"in batches", source.BatchMax}} {
		b.Run(c.name, func(b *testing.B) {
			pg := testpg.Start(b)
			ctx := context.Background()
			conn := connect(b, pg.DSN())
			exec(b, conn, "CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, v float8 NOT NULL, grp int NOT NULL)")
			src, err := postgres.Open(ctx, postgres.Options{URL: pg.DSN(), Tables: []string{"t"}, Now: time.Now})
			if err != nil {
				b.Fatal(err)
			}
			defer src.Close()
			f := &follower{replica: newReplica(src.Schema()), src: src, client: source.Client{ID: "c1", User: "u1", Incarnation: "i1", ClaimsJSON: "{}"}}
			src.Attach(f.replica)
			if _, err := src.Register(ctx, "c1", "u1", "", "i1"); err != nil {
				b.Fatal(err)
			}
			mid := uint64(0)
			for b.Loop() {
				ms := make([]*mutation.Tx, c.size)
				for i := range ms {
					mid++
					id := value.Int(int64(mid))
					ms[i] = f.tx(mid, 0, mutation.Op{Kind: mutation.Insert, Key: value.Row{id}, Cols: []uint32{0, 1, 2, 3}, New: value.Row{id, value.Text("name of a row"), value.Float(1.5), value.Int(7)}})
				}
				if replies, err := source.ApplyAll(ctx, src, f.client, ms); err != nil || len(replies) != c.size {
					b.Fatalf("ApplyAll: %d replies, %v", len(replies), err)
				}
			}
			b.ReportMetric(float64(mid)/b.Elapsed().Seconds(), "tx/s")
		})
	}
}
