package main_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/seed"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// patience bounds every wait.
const patience = 60 * time.Second

// process is a relay that can be killed.
type process struct {
	cmd *exec.Cmd
	url string
}

// build makes the binary with failpoints.
func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "rockpool")
	out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", bin, ".").CombinedOutput()
	if err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

func launch(t *testing.T, bin, dir, failpoint string) *process {
	t.Helper()
	cmd := exec.Command(bin, "dev", "--listen", "127.0.0.1:0", "--store", filepath.Join(dir, "r.db"), "--seed", dir)
	cmd.Env = append(os.Environ(), "ROCKPOOL_FAILPOINT="+failpoint)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !ok {
		t.Fatalf("the relay said %q (%v), want its address", line, err)
	}
	p := &process{cmd, url}
	t.Cleanup(p.kill)
	return p
}

// kill is kill -9, and waits for the end.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// session runs a client on the relay until done, or until the relay dies.
func session(ctx context.Context, t *testing.T, p *process, c *relaytest.Client, done func() bool) (died bool) {
	t.Helper()
	c.Fetch = func(url string) ([]byte, error) {
		res, err := http.Get("http://" + p.url + url)
		if err != nil {
			return nil, err
		}
		defer func() { _ = res.Body.Close() }()
		return io.ReadAll(res.Body)
	}
	conn, _, err := websocket.Dial(ctx, "ws://"+p.url+"/sync", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return true
	}
	defer func() { _ = conn.CloseNow() }()
	conn.SetReadLimit(wire.FrameBytesMax)
	if conn.Write(ctx, websocket.MessageBinary, c.Hello()) != nil {
		return true
	}
	sent := false
	for !done() {
		_, frame, err := conn.Read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				t.Fatalf("%d of the transactions are settled, and no more come", c.Acked)
			}
			return true
		}
		answers, err := c.Take(frame)
		if err != nil {
			t.Fatal(err)
		}
		if c.Welcome != nil && !sent || c.Retry != nil {
			sent, c.Retry = true, nil
			answers = append(answers, c.Outbox()...)
		}
		for _, a := range answers {
			if conn.Write(ctx, websocket.MessageBinary, a) != nil {
				return true
			}
		}
	}
	return false
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
	dir, bin := t.TempDir(), build(t)
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
			if session(ctx, t, p, c, func() bool { return c.Acked >= until }) {
				died++
				break
			}
		}
		p.kill()
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
