package headless_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rockpool.dev/server/relay/relaytest"
)

// patience bounds every wait.
const patience = 60 * time.Second

const tables = `
tables:
  mww:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      k: { type: int, not_null: true }
      v: { type: int, not_null: true }
`

// process is one client.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

func start(t *testing.T, bin, dir, relay string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.Command(bin, "-dir", dir, "-relay", relay, "-listen", "127.0.0.1:0")}
	p.cmd.Stderr = os.Stderr
	out, err := p.cmd.StdoutPipe()
	if err == nil {
		err = p.cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	line, err := bufio.NewReader(out).ReadString('\n')
	_, url, ok := strings.Cut(strings.TrimSpace(line), "headless: ")
	if err != nil || !ok {
		t.Fatalf("the client said %q (%v), want its address", line, err)
	}
	p.url = url
	return p
}

// kill is kill -9.
func (p *process) kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// call makes a request and decodes its answer.
func (p *process) call(method, path, body string, into any) {
	p.t.Helper()
	req, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		p.t.Fatalf("%s %s: %s %v: %s", method, path, res.Status, err, text)
	}
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(into); err != nil {
		p.t.Fatalf("%s %s: %v: %s", method, path, err, text)
	}
}

type part struct {
	F string           `json:"f"`
	V map[string]int64 `json:"v"`
}

type transaction struct {
	Type, Error string
	Value       []part
}

// read makes a transaction that reads all.
func (p *process) read() map[string]int64 {
	p.t.Helper()
	var done transaction
	p.call(http.MethodPost, "/sql-txn", `{"type": "invoke", "f": "txn", "value": [{"f": "readAll", "k": null, "v": {}}]}`, &done)
	if done.Type != "ok" {
		p.t.Fatalf("read: %+v", done)
	}
	return done.Value[0].V
}

// until waits for what is read to be want.
func (p *process) until(want map[string]int64) {
	p.t.Helper()
	end := time.Now().Add(patience)
	for {
		got := p.read()
		if maps.Equal(got, want) {
			return
		}
		if time.Now().After(end) {
			p.t.Fatalf("read %v, want %v", got, want)
		}
	}
}

// TestContract: two client processes at a real relay. What one writes the other
// reads; a transaction writes only what is no smaller than what it read; one that
// is rolled back leaves nothing; what was written while disconnected survives
// kill -9 and goes out after.
func TestContract(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	relayBin, err := relaytest.Build(dir)
	if err != nil {
		t.Fatal(err)
	}
	bin := filepath.Join(dir, "headless")
	if out, err := exec.Command("go", "build", "-o", bin, "rockpool.dev/internal/headless/cmd").CombinedOutput(); err != nil {
		t.Fatalf("build the client: %v\n%s", err, out)
	}
	for name, text := range map[string]string{
		"schema.yaml": tables,
		"mww.json":    `[{"id": "0", "k": 0, "v": -1}, {"id": "1", "k": 1, "v": -1}]`,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	relay := relaytest.Launch(t, relayBin, nil, "dev", "--listen", "127.0.0.1:0", "--store", filepath.Join(dir, "r.db"), "--seed", dir)
	address := "ws://" + relay.Address + "/sync"
	a, b := start(t, bin, filepath.Join(dir, "a"), address), start(t, bin, filepath.Join(dir, "b"), address)

	write := func(p *process, parts string) transaction {
		var done transaction
		p.call(http.MethodPost, "/sql-txn", fmt.Sprintf(`{"type": "invoke", "f": "txn", "value": [{"f": "readAll", "v": {}}, %s]}`, parts), &done)
		return done
	}
	if done := write(a, `{"f": "writeSome", "v": {"0": 5, "1": -7}}`); done.Type != "ok" || !maps.Equal(done.Value[1].V, map[string]int64{"0": 5}) {
		t.Fatalf("write: %+v", done)
	}
	b.until(map[string]int64{"0": 5, "1": -1})
	if done := write(a, `{"f": "writeSome", "v": {"0": 6}}, {"f": "rollback"}`); done.Type != "fail" || done.Error == "" {
		t.Fatalf("rollback: %+v", done)
	}

	var said map[string]any
	a.call(http.MethodGet, "/db-api/disconnect", "", &said)
	if done := write(a, `{"f": "writeSome", "v": {"1": 9}}`); done.Type != "ok" {
		t.Fatalf("write while disconnected: %+v", done)
	}
	a.call(http.MethodGet, "/db-api/uploadQueueCount", "", &said)
	if said["db.uploadQueueStats.count"] != 1.0 {
		t.Fatalf("the queue has %v, want 1", said)
	}
	a.kill()
	a = start(t, bin, filepath.Join(dir, "a"), address)
	want := map[string]int64{"0": 5, "1": 9}
	if got := a.read(); !maps.Equal(got, want) {
		t.Fatalf("after kill -9 the client reads %v, want %v", got, want)
	}
	b.until(want)
	a.call(http.MethodGet, "/db-api/uploadQueueWait", "", &said)
	var status struct {
		Seq     uint64
		Pending int
		Socket  int
	}
	a.call(http.MethodGet, "/status", "", &status)
	if status.Seq == 0 || status.Pending != 0 || status.Socket != 2 {
		t.Fatalf("status = %+v", status)
	}
}
