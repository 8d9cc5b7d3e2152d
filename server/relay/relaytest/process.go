package relaytest

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"

	"rockpool.dev/wire"
)

// Build makes the command rockpool with failpoints in a folder and returns its
// path. The caller must run in the module.
func Build(dir string) (string, error) {
	bin := filepath.Join(dir, "rockpool")
	if out, err := exec.Command("go", "build", "-tags", "failpoints", "-o", bin, "rockpool.dev/server").CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the relay: %w\n%s", err, out)
	}
	return bin, nil
}

// Process is a relay that can be killed.
type Process struct {
	// Address is the host and port that it serves on.
	Address string

	cmd *exec.Cmd
	err lines
}

// lines keeps what a process says.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// Launch starts the command with more environment, and returns once it has
// said its address. It is killed when the test ends.
func Launch(t testing.TB, bin string, env []string, args ...string) *Process {
	t.Helper()
	p, err := launch(bin, env, args)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.Kill()
		if t.Failed() {
			t.Logf("the relay said:\n%s", p.Said())
		}
	})
	return p
}

func launch(bin string, env, args []string) (*Process, error) {
	p := &Process{cmd: exec.Command(bin, args...)}
	p.cmd.Env = append(os.Environ(), env...)
	p.cmd.Stderr = &p.err
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	_, rest, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !ok {
		p.Kill()
		return nil, fmt.Errorf("the relay said %q (%w) and %q, want its address", line, errors.Join(err), p.Said())
	}
	p.Address, _, _ = strings.Cut(rest, " ")
	return p, nil
}

// Said is what the process has written to its standard error.
func (p *Process) Said() string { return p.err.String() }

// Kill is kill -9, and waits for the end.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill()
	_ = p.cmd.Wait()
}

// Stop is an orderly end (SIGINT), and waits for it.
func (p *Process) Stop() error {
	_ = p.cmd.Process.Signal(os.Interrupt)
	return p.cmd.Wait()
}

// Get reads a page of the relay.
func (p *Process) Get(path string) ([]byte, error) {
	res, err := http.Get("http://" + p.Address + path)
	if err != nil {
		return nil, lost{err}
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return nil, lost{err}
	case res.StatusCode != http.StatusOK:
		return nil, fmt.Errorf("GET %s: %s: %s", path, res.Status, body)
	}
	return body, nil
}

// lost is a request that failed because the relay is gone.
type lost struct{ error }

// Socket is a client's WebSocket to a process.
type Socket struct {
	c    *Client
	conn *websocket.Conn
}

// Dial connects a client and says its hello.
func (p *Process) Dial(ctx context.Context, c *Client) (*Socket, error) {
	c.Fetch = p.Get
	conn, _, err := websocket.Dial(ctx, "ws://"+p.Address+"/sync", &websocket.DialOptions{Subprotocols: []string{wire.Subprotocol}})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(wire.FrameBytesMax)
	s := &Socket{c, conn}
	if err := s.Send(ctx, c.Hello()); err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Send sends a frame.
func (s *Socket) Send(ctx context.Context, frame []byte) error {
	return s.conn.Write(ctx, websocket.MessageBinary, frame)
}

// Broken wraps what a client says of a relay that breaks the protocol.
type Broken struct{ Err error }

func (b Broken) Error() string { return "the relay broke the protocol: " + b.Err.Error() }

// Take takes the next frame and answers it. Broken is the relay's fault;
// anything else is the connection's end.
func (s *Socket) Take(ctx context.Context) error {
	_, frame, err := s.conn.Read(ctx)
	if err != nil {
		return err
	}
	answers, err := s.c.Take(frame)
	if errors.As(err, &lost{}) {
		return err
	}
	if err != nil {
		return Broken{err}
	}
	for _, a := range answers {
		if err := s.Send(ctx, a); err != nil {
			return err
		}
	}
	return nil
}

// Until takes frames until done, or until an error as Take's.
func (s *Socket) Until(ctx context.Context, done func() bool) error {
	for !done() {
		if err := s.Take(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Close drops the connection.
func (s *Socket) Close() { _ = s.conn.CloseNow() }

// Session connects c, sends its outbox, also when the relay asks for it again,
// and what more returns, until done. An error is as Take's, and more may be nil.
func (p *Process) Session(ctx context.Context, c *Client, more func() [][]byte, done func() bool) error {
	s, err := p.Dial(ctx, c)
	if err != nil {
		return err
	}
	defer s.Close()
	begun := false
	for !done() {
		if err := s.Take(ctx); err != nil {
			return err
		}
		var frames [][]byte
		switch {
		case c.Welcome == nil:
		case c.Retry != nil:
			if err := pause(ctx, c.Retry.AfterMillis); err != nil {
				return err
			}
			c.Retry = nil
			frames = c.Outbox()
		case !begun:
			begun = true
			frames = c.Outbox()
		case more != nil:
			frames = more()
		}
		for _, frame := range frames {
			if err := s.Send(ctx, frame); err != nil {
				return err
			}
		}
	}
	return nil
}

// Wait waits as long as the relay's last word asks for.
func (c *Client) Wait(ctx context.Context) error {
	if c.Bye == nil {
		return nil
	}
	return pause(ctx, c.Bye.RetryMillis)
}

func pause(ctx context.Context, millis uint32) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(time.Duration(millis) * time.Millisecond):
		return nil
	}
}
