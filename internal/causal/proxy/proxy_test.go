package proxy_test

import (
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"rockpool.dev/internal/causal/proxy"
)

const (
	// patience bounds every wait for what is to come.
	patience = 20 * time.Second
	// silence is how long nothing must come through a black hole.
	silence = 50 * time.Millisecond
)

// pair is a connection through a proxy, both ends.
func pair(t *testing.T) (p *proxy.Proxy, near, far net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	if p, err = proxy.Listen(l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	if near, err = net.Dial("tcp", p.Address()); err != nil {
		t.Fatal(err)
	}
	if far, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = near.Close(), far.Close() })
	return p, near, far
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := c.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("got %q (%v), want %q", got, err, want)
	}
}

// quiet wants nothing to come for a while.
func quiet(t *testing.T, c net.Conn) {
	t.Helper()
	_ = c.SetReadDeadline(time.Now().Add(silence))
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("%d bytes came (%v), want silence", n, err)
	}
}

// A black hole holds one way and lets the other through; what it held arrives
// when it ends.
func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name     string
		cut      proxy.Direction
		up, down bool // get through
	}{
		{"up", proxy.Up, false, true},
		{"down", proxy.Down, true, false},
		{"both", proxy.Both, false, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p, near, far := pair(t)
			send(t, near, "a")
			expect(t, far, "a")
			p.Cut(c.cut)
			send(t, near, "b")
			send(t, far, "c")
			if c.up {
				expect(t, far, "b")
			} else {
				quiet(t, far)
			}
			if c.down {
				expect(t, near, "c")
			} else {
				quiet(t, near)
			}
			p.Heal()
			if !c.up {
				expect(t, far, "b")
			}
			if !c.down {
				expect(t, near, "c")
			}
		})
	}
}

// A reset reaches both ends as one; the next connection goes where the proxy
// leads by then.
func TestResetAndLead(t *testing.T) {
	t.Parallel()
	p, near, far := pair(t)
	send(t, near, "a")
	expect(t, far, "a")
	p.Reset()
	for name, c := range map[string]net.Conn{"near": near, "far": far} {
		_ = c.SetReadDeadline(time.Now().Add(patience))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the %s end read %v, want a reset", name, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	p.Lead(l.Addr().String())
	again, err := net.Dial("tcp", p.Address())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = again.Close() }()
	other, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Close() }()
	send(t, other, "d")
	expect(t, again, "d")
	_ = other.(*net.TCPConn).CloseWrite()
	if n, err := again.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("read %d, %v after an orderly end, want an end of file", n, err)
	}
}
