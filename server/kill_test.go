package main_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/seed"
	"rockpool.dev/value"
)

// patience bounds every wait.
const patience = 60 * time.Second

// launch starts rockpool dev on the test's database.
func launch(t *testing.T, bin, dir, failpoint string) *relaytest.Process {
	t.Helper()
	return relaytest.Launch(t, bin, []string{"ROCKPOOL_FAILPOINT=" + failpoint},
		"dev", "--listen", "127.0.0.1:0", "--store", filepath.Join(dir, "r.db"), "--seed", dir)
}

// 200 increments of one row and 200 inserts, while the relay is killed with -9
// at seeded moments, and once between its COMMIT and its answer: each has one
// effect, each is settled, and the log has no hole.
func TestExactlyOnceUnderKill(t *testing.T) {
	const (
		each  = 200
		kills = 5
		rseed = 41
	)
	t.Logf("seed %d", rseed)
	rng := rand.New(rand.NewPCG(rseed, 0))
	dir := t.TempDir()
	bin, err := relaytest.Build(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("schema.yaml", relaytest.Tables)
	write("products.json", `[{"id": 1, "name": "tea", "price": "1.00", "stock": 0}]`)
	s, err := seed.Schema(dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c := relaytest.New("writer", s, nil)
	c.Follow(1, "products")
	products := s.Table("products")

	died := 0
	made := 0
	for round := 0; round <= kills; round++ {
		// Waves, so that no more are in flight than the relay grants.
		failpoint := ""
		if round == 2 {
			failpoint = fmt.Sprintf("commit:%d", 5+rng.IntN(20))
		}
		p := launch(t, bin, dir, failpoint)
		stopAt := c.Acked + 20 + rng.Uint64N(30)
		if round == kills {
			stopAt = 2 * each
		}
		for c.Acked < min(stopAt, 2*each) {
			for n := 0; n < 30 && made < 2*each; n++ {
				if made%2 == 0 {
					c.Mutation(relaytest.AddStock(s, 1, 1))
				} else {
					c.Mutation(relaytest.Insert(products, relaytest.Product(int64(1000+made), fmt.Sprint("n", made), "1.00", 0)))
				}
				made++
				if c.Pending() >= 60 {
					break
				}
			}
			until := c.Acked + uint64(min(c.Pending(), 10+rng.IntN(20)))
			err := p.Session(ctx, c, nil, func() bool { return c.Acked >= until })
			switch {
			case errors.As(err, &relaytest.Broken{}):
				t.Fatal(err)
			case ctx.Err() != nil:
				t.Fatalf("%d of the transactions are settled, and no more come", c.Acked)
			}
			if err != nil {
				died++
				break
			}
		}
		p.Kill()
		if round < kills {
			died++
		}
	}
	if c.Acked != 2*each || c.Pending() != 0 || made != 2*each {
		t.Fatalf("%d of %d transactions are settled, %d pending", c.Acked, made, c.Pending())
	}
	if died < kills {
		t.Fatalf("the relay died %d times, want %d", died, kills)
	}
	for mid, o := range c.Outcomes {
		if o.Status != 1 {
			t.Errorf("mid %d ended %+v, want applied", mid, o)
		}
	}
	verify(t, bin, filepath.Join(dir, "r.db"), each)
	row := c.Rows[1][string(value.Row{value.Int(1)}.Append(nil))]
	if row[3].Int() != each || len(c.Rows[1]) != each+1 {
		t.Fatalf("the client has stock %v and %d rows, want %d and %d", row[3], len(c.Rows[1]), each, each+1)
	}
}

// verify asks the store itself, with rockpool sql.
func verify(t *testing.T, bin, path string, each int) {
	t.Helper()
	sql := "SELECT (SELECT stock FROM products WHERE id = 1), (SELECT count(*) FROM products), (SELECT count(*) FROM _rockpool_log), (SELECT max(seq) FROM _rockpool_log), (SELECT last_mid FROM _rockpool_client)"
	out, err := exec.Command(bin, "sql", "--store", path, sql).CombinedOutput()
	if err != nil {
		t.Fatalf("rockpool sql: %v\n%s", err, out)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	want := fmt.Sprintf("%d\t%d\t%d\t%d\t%d", each, each+1, 2*each, 2*each, 2*each)
	if got := lines[len(lines)-1]; got != want {
		t.Fatalf("the store says %q, want %q", got, want)
	}
}
