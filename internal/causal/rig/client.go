package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"syscall"

	"rockpool.dev/internal/causal"
	"rockpool.dev/internal/causal/proxy"
)

// client is one client process with its way to the relay.
type client struct {
	name   string
	daemon *daemon
	proxy  *proxy.Proxy
	url    atomic.Value // string; "" before the first start
}

// newClient makes a client; its process is not started.
func newClient(bin, dir, name, relay string) (*client, error) {
	p, err := proxy.Listen(relay)
	if err != nil {
		return nil, err
	}
	c := &client{name: name, proxy: p}
	c.url.Store("")
	c.daemon = newDaemon(name, bin, func(address string) { c.url.Store("http://" + address) },
		"-dir", filepath.Join(dir, name), "-relay", "ws://"+p.Address()+"/sync", "-shapes", "mww,account,transfer", "-listen", "127.0.0.1:0")
	return c, nil
}

func (c *client) close() {
	c.daemon.close()
	c.proxy.Close()
}

// part is one step of a transaction: internal/headless's Part.
type part struct {
	F string          `json:"f"`
	V json.RawMessage `json:"v,omitempty"`
}

// transaction is the body of POST /sql-txn, and its answer.
type transaction struct {
	Type  string `json:"type"`
	F     string `json:"f"`
	Value []part `json:"value"`
	Error string `json:"error,omitempty"`
}

// status is the answer of GET /status.
type status struct {
	Epoch     uint32 `json:"epoch"`
	Seq       uint64 `json:"seq"`
	Pending   int    `json:"pending"`
	Parked    int    `json:"parked"`
	Failed    int    `json:"failed"`
	Socket    int    `json:"socket"`
	Loading   bool   `json:"loading"`
	LastError string `json:"last_error"`
}

func (s status) String() string {
	return fmt.Sprintf("%d pending, %d parked, %d failed, at %d/%d, socket %d, loading %v: %s", s.Pending, s.Parked, s.Failed, s.Epoch, s.Seq, s.Socket, s.Loading, s.LastError)
}

// transact runs one transaction. An error is causal.Unknown, unless the status
// says that nothing was done.
func (c *client) transact(ctx context.Context, parts ...part) ([]part, causal.Status, error) {
	body, err := json.Marshal(transaction{Type: "invoke", F: "txn", Value: parts})
	if err != nil {
		return nil, causal.Failed, err
	}
	var done transaction
	if err := c.call(ctx, http.MethodPost, "/sql-txn", body, &done); err != nil {
		if errors.Is(err, syscall.ECONNREFUSED) {
			return nil, causal.Failed, err
		}
		return nil, causal.Unknown, err
	}
	if done.Type != "ok" {
		return nil, causal.Failed, errors.New(done.Error)
	}
	return done.Value, causal.OK, nil
}

// act is GET /db-api/action.
func (c *client) act(ctx context.Context, action string) error {
	var out any
	return c.call(ctx, http.MethodGet, "/db-api/"+action, nil, &out)
}

func (c *client) status(ctx context.Context) (s status, err error) {
	err = c.call(ctx, http.MethodGet, "/status", nil, &s)
	return s, err
}

func (c *client) call(ctx context.Context, method, path string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, c.url.Load().(string)+path, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode != http.StatusOK:
		return fmt.Errorf("%s %s: %s: %s", method, path, res.Status, bytes.TrimSpace(text))
	}
	return json.Unmarshal(text, into)
}
