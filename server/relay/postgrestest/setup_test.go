package postgrestest

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/schema"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/value"
)

// patience bounds every wait.
const patience = 60 * time.Second

// open is a rockpool.yaml that opens tables to everybody on this machine.
func open(tables ...string) string {
	text := "auth: { anonymous: true }\ntables:\n"
	for _, t := range tables {
		text += "  " + t + ": { read: true, write: true }\n"
	}
	return text
}

// bin is the command, with failpoints; TestMain builds it once.
var bin string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "rockpool-bin-")
		if err == nil {
			defer func() { _ = os.RemoveAll(dir) }()
			bin, err = relaytest.Build(dir)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		return m.Run()
	}())
}

// site is a Postgres, and a folder with a relay's file and store.
type site struct {
	dir string
	pg  *testpg.Server
	env []string
}

// newSite starts a Postgres with the tables that sql makes.
func newSite(t *testing.T, config, sql string) *site {
	t.Helper()
	s := &site{dir: t.TempDir(), pg: testpg.Start(t)}
	s.configure(t, config)
	s.exec(t, sql)
	return s
}

func (s *site) configure(t *testing.T, config string) {
	t.Helper()
	if err := os.WriteFile(s.path("rockpool.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *site) path(name string) string { return filepath.Join(s.dir, name) }

// relay starts the relay; failpoint is "" or as ROCKPOOL_FAILPOINT takes it.
func (s *site) relay(t *testing.T, failpoint string) *relaytest.Process {
	t.Helper()
	return relaytest.Launch(t, bin, append(s.env, "ROCKPOOL_FAILPOINT="+failpoint),
		"relay", "--config", s.path("rockpool.yaml"), "--database-url", s.pg.DSN(), "--store", s.path("r.db"), "--listen", "127.0.0.1:0")
}

// exec runs statements as another program than the relay does, like psql.
func (s *site) exec(t *testing.T, sql string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	if _, err := c.Exec(ctx, sql, pgx.QueryExecModeSimpleProtocol); err != nil {
		t.Fatalf("%.200s: %v", sql, err)
	}
}

// ask reads one row of Postgres as text, columns apart by a bar.
func (s *site) ask(t *testing.T, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := pgx.Connect(ctx, s.pg.DSN())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close(ctx) }()
	var text string
	if err := c.QueryRow(ctx, "SELECT concat_ws('|', VARIADIC (SELECT array_agg(v) FROM json_each_text(row_to_json(x)) AS e(k, v))) FROM ("+sql+") x").Scan(&text); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return text
}

// walSender waits until the relay streams, which may be after it serves, and
// returns the process of Postgres that sends.
func (s *site) walSender(ctx context.Context, t *testing.T) int {
	t.Helper()
	for ctx.Err() == nil {
		if pid := s.ask(t, "SELECT active_pid FROM pg_replication_slots WHERE slot_name = 'rockpool'"); pid != "" {
			n, err := strconv.Atoi(pid)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
	}
	t.Fatal("the relay does not stream")
	return 0
}

// client returns a client that knows no schema yet: the relay tells it.
func client(id string) *relaytest.Client { return relaytest.New(id, &schema.Schema{}, nil) }

// connected dials and waits until every subscription of the client is ready.
func connected(ctx context.Context, t *testing.T, p *relaytest.Process, c *relaytest.Client, subs int) *relaytest.Socket {
	t.Helper()
	socket, err := p.Dial(ctx, c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(socket.Close)
	until(ctx, t, socket, "the subscriptions", func() bool { return c.Bye != nil || len(c.Ready)+len(c.Denied) == subs })
	if c.Bye != nil || len(c.Denied) > 0 {
		t.Fatalf("the relay refused: %+v %+v", c.Bye, c.Denied)
	}
	return socket
}

// until takes frames until done.
func until(ctx context.Context, t *testing.T, socket *relaytest.Socket, what string, done func() bool) {
	t.Helper()
	if err := socket.Until(ctx, done); err != nil {
		t.Fatalf("wait for %s: %v", what, err)
	}
}

// row is a client's row by its integer key, or nil.
func row(c *relaytest.Client, sub uint32, key int64) value.Row {
	return c.Rows[sub][string(value.Row{value.Int(key)}.Append(nil))]
}

// northwind is the shop's seed.sql, made by the shop's own script.
func northwind(t *testing.T) string {
	t.Helper()
	root, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}").Output()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	script := filepath.Join(strings.TrimSpace(string(root)), "web/shop/seed/northwind.mjs")
	if out, err := exec.Command("node", script, dir).CombinedOutput(); err != nil {
		t.Fatalf("make Northwind's seed (`make setup` installs npm's packages): %v\n%s", err, out)
	}
	sql, err := os.ReadFile(filepath.Join(dir, "seed.sql"))
	if err != nil {
		t.Fatal(err)
	}
	return string(sql)
}
