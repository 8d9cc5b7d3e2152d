package headless

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/wasm/host"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wire"
)

// Options say what a client opens.
type Options struct {
	// Name is the database's file in the working folder.
	Name string
	// RelayURL is ws:// or wss://.
	RelayURL string
	// Shapes are followed from the start: names of the relay's shapes or tables.
	Shapes []string
	// Log, if not nil, is told what the core would tell a browser's console.
	Log func(msg string)
}

// Client is one client. Safe for concurrent use.
type Client struct {
	opt  Options
	loop *loop
	host *host.Host
	page *page

	sockets *sockets
	fetcher *fetcher
	files   *files
	// due is what the core's own calls have made due; it belongs to the loop.
	due []func()
}

// Open starts a client on its files and waits until the rows of its shapes are
// there: for ever, or until ctx ends, on the first start without a relay; not at
// all on a later one, with or without. Kinds: those of storage.
func Open(ctx context.Context, opt Options) (*Client, error) {
	c := &Client{opt: opt, loop: newLoop()}
	c.page = newPage(c)
	c.sockets = &sockets{c, map[uint32]*socket{}}
	c.fetcher = &fetcher{c, map[uint32]context.CancelFunc{}}
	c.files = &files{c, map[string]*os.File{}}
	began := time.Now()
	micros := func() int64 { return time.Since(began).Microseconds() }
	c.host = host.New(host.Env{
		Post: c.page.post, Yield: func() { c.loop.yielded = true }, Log: c.log,
		Files: c.files, Sockets: c.sockets, Fetcher: c.fetcher, Timer: timer{c.loop},
		Now:    func() syncer.Now { return syncer.Now{Mono: micros() / 1000, Wall: time.Now().UnixMilli()} },
		Micros: micros, Revoked: func(string) bool { return false },
		Random:  func(b []byte) { _, _ = rand.Read(b) },
		HasOPFS: true,
	})
	c.loop.tasks.Go(func() {
		c.loop.run(c.host.Timer, c.host.Run, c.settle)
	})
	if err := c.begin(ctx); err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// timer implements transport.Timer.
type timer struct{ loop *loop }

// Set arms it.
func (t timer) Set(delay int64) { t.loop.arm(delay) }

// later runs f once the core has come back from the call that it is in.
func (c *Client) later(f func()) { c.due = append(c.due, f) }

// settle is the end of every event.
func (c *Client) settle() {
	for len(c.due) > 0 {
		f := c.due[0]
		c.due = c.due[1:]
		f()
	}
}

func (c *Client) log(level host.LogLevel, msg string) {
	if c.opt.Log != nil && level > host.LogInfo {
		c.opt.Log(msg)
	}
}

// begin says hello, opens the database and follows the shapes.
func (c *Client) begin(ctx context.Context) error {
	c.loop.post(func() { c.host.PortOpen(pagePort) })
	if _, err := c.page.ask(ctx, wire.PageHello, (&wire.TabHello{Version: wire.PageVersion, Build: 1, Storage: wire.StorageVersion, Tab: "headless", Visible: true}).AppendTo); err != nil {
		return err
	}
	open := wire.OpenDatabase{Name: c.opt.Name, RelayURL: c.opt.RelayURL, Build: "headless"}
	if _, err := c.page.ask(ctx, wire.PageOpen, open.AppendTo); err != nil {
		return err
	}
	for _, shape := range c.opt.Shapes {
		if _, err := c.page.ask(ctx, wire.PageSubscribe, (&wire.Subscribe{Shape: shape}).AppendTo); err != nil {
			return fault.In(fmt.Sprintf("follow shape %q", shape), err)
		}
	}
	return nil
}

// Connect turns the connection to the relay on or off.
func (c *Client) Connect(ctx context.Context, on bool) error {
	_, err := c.page.ask(ctx, wire.PageConnect, (&wire.Connect{On: on}).AppendTo)
	return err
}

// Close flushes, closes the files and ends every goroutine. Calls that pend
// fail with fault.Closed. It is idempotent.
func (c *Client) Close() {
	c.loop.do(func() {
		c.host.Freeze()
		c.sockets.closeAll()
		c.fetcher.cancelAll()
		c.page.closeAll()
	})
	c.loop.stop()
}
