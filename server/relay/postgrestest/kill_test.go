package postgrestest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
)

const (
	// writers share the work below.
	writers = 4
	// each is how many increments, and how many inserts, all of them make.
	each = 1000
	// inFlightMax is how many transactions of one writer are not settled.
	inFlightMax = 40
)

const counterTable = `
CREATE TABLE counter (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO counter VALUES (1, 0);
CREATE TABLE line (id int PRIMARY KEY, writer text NOT NULL);`

const counterRules = `
auth: { anonymous: true }
limits: { mutations_per_second: 1000, mutations_burst: 2000 }
tables:
  counter: { read: true, write: true, conflict: { columns: { n: delta } } }
  line: { read: true, write: true }
`

// crowd is writers that make increments of one row and inserts, by turns.
type crowd struct {
	clients []*relaytest.Client
	made    []int
	acked   atomic.Int64
	moved   chan struct{} // acked has grown since it was looked at
}

func newCrowd() *crowd {
	c := &crowd{made: make([]int, writers), moved: make(chan struct{}, 1)}
	for i := range writers {
		w := client(fmt.Sprint("writer-", i))
		w.Follow(1, "counter")
		w.Follow(2, "line")
		c.clients = append(c.clients, w)
	}
	return c
}

// share is how many transactions one writer makes.
const share = 2 * each / writers

// more makes a writer's next transactions, as far as they may be in flight.
func (c *crowd) more(i int) (frames [][]byte) {
	w := c.clients[i]
	for c.made[i] < share && w.Pending() < inFlightMax {
		counter, line := w.Schema.Table("counter"), w.Schema.Table("line")
		if c.made[i]%2 == 0 {
			frames = append(frames, w.Mutation(mutation.Op{
				Table: counter.ID, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{1},
				Old: value.Row{value.Int(0)}, New: value.Row{value.Int(1)}, Deltas: []uint32{0},
			}))
		} else {
			frames = append(frames, w.Mutation(relaytest.Insert(line, value.Row{value.Int(int64(1000*i + c.made[i])), value.Text(w.ID)})))
		}
		c.made[i]++
	}
	return frames
}

// work runs every writer on a relay until it has settled all, or the relay
// ends its connection. again says that a lost connection is dialled again.
func (c *crowd) work(ctx context.Context, t *testing.T, p *relaytest.Process, again bool) {
	t.Helper()
	errs := make([]error, writers)
	var wg sync.WaitGroup
	for i, w := range c.clients {
		wg.Go(func() {
			for {
				seen := w.Acked
				errs[i] = p.Session(ctx, w, func() [][]byte { return c.more(i) }, func() bool {
					c.settled(int64(w.Acked - seen))
					seen = w.Acked
					return w.Acked == share
				})
				if errs[i] == nil || !again || errors.As(errs[i], &relaytest.Broken{}) || w.Wait(ctx) != nil {
					return
				}
			}
		})
	}
	wg.Wait()
	for i, err := range errs {
		if errors.As(err, &relaytest.Broken{}) || ctx.Err() != nil {
			t.Fatalf("writer %d, %d of %d settled: %v", i, c.clients[i].Acked, share, err)
		}
	}
}

// until waits for a number of settled transactions, or for stop.
func (c *crowd) until(n int64, stop <-chan struct{}) {
	for c.acked.Load() < n {
		select {
		case <-stop:
			return
		case <-c.moved:
		}
	}
}

func (c *crowd) settled(n int64) {
	c.acked.Add(n)
	select {
	case c.moved <- struct{}{}:
	default:
	}
}

// check asks Postgres, the relay's store and the clients.
func (c *crowd) check(t *testing.T, s *site) {
	t.Helper()
	for i, w := range c.clients {
		if w.Acked != share || w.Pending() != 0 {
			t.Errorf("writer %d: %d of %d settled, %d pending", i, w.Acked, share, w.Pending())
		}
		for mid, o := range w.Outcomes {
			if o.Status != mutation.Applied && o.Status != mutation.Merged {
				t.Errorf("writer %d: mid %d ended %+v, want applied", i, mid, o)
			}
		}
	}
	want := fmt.Sprintf("%d|%d|%d", each, each, 2*each)
	if got := s.ask(t, "SELECT (SELECT n FROM counter) AS n, (SELECT count(*) FROM line) AS lines, (SELECT count(*) FROM rockpool.tx) AS txs"); got != want {
		t.Errorf("Postgres has counter, lines and transactions %s, want %s", got, want)
	}
	sql := fmt.Sprintf("SELECT (SELECT n FROM counter), (SELECT count(*) FROM line), (SELECT count(*) = max(seq) FROM _rockpool_log), (SELECT count(*) <= %d FROM _rockpool_log), (SELECT min(seq) FROM _rockpool_log), (SELECT count(*) FROM _rockpool_outcome)", 2*each)
	out, err := exec.Command(bin, "sql", "--store", s.path("r.db"), sql).CombinedOutput()
	if err != nil {
		t.Fatalf("rockpool sql: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	if got, want := lines[len(lines)-1], fmt.Sprintf("%d\t%d\t1\t1\t1\t%d", each, each, 2*each); got != want {
		t.Errorf("the store has counter, lines, a log without a hole, no longer than its transactions, from, outcomes %q, want %q", got, want)
	}
}

// TestExactlyOnceUnderKill kills the relay with -9 at seeded moments, and once
// between Postgres's COMMIT and the reply: each transaction has one effect, each
// is settled, and the log has no hole.
func TestExactlyOnceUnderKill(t *testing.T) {
	t.Parallel()
	const (
		kills = 6
		seed  = 43
	)
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	c := newCrowd()
	for round := range kills {
		failpoint, killAt := "", c.acked.Load()+20+rng.Int64N(30)
		if round == 2 {
			failpoint, killAt = fmt.Sprintf("commit:%d", 5+rng.IntN(10)), 2*each
		}
		p := s.relay(t, failpoint)
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			c.work(ctx, t, p, false)
		}()
		c.until(killAt, ended)
		p.Kill()
		<-ended
	}
	if n := c.acked.Load(); n >= 2*each {
		t.Fatalf("all %d were settled before the last kill: they show nothing", n)
	}
	c.work(ctx, t, s.relay(t, ""), true)
	c.check(t, s)
}

// TestPostgresRestarts kills Postgres, and stops it in order, in the middle of
// the writes: the relay goes on by itself.
func TestPostgresRestarts(t *testing.T) {
	t.Parallel()
	const seed = 44
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	s := newSite(t, counterRules, counterTable)
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()
	c := newCrowd()
	p := s.relay(t, "")
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		c.work(ctx, t, p, true)
	}()
	for _, crash := range []bool{true, false} {
		c.until(c.acked.Load()+50+rng.Int64N(50), ended)
		if n := c.acked.Load(); n >= 2*each {
			t.Fatalf("all %d were settled before Postgres went away: it shows nothing", n)
		}
		if crash {
			s.pg.Kill9(t)
		}
		s.pg.Restart(t)
	}
	<-ended
	c.check(t, s)
}
