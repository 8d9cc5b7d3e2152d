package rig

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	// startMax bounds how long a process may take to say its address.
	startMax = 60 * time.Second
	// stopMax bounds an orderly end; afterwards the process is killed.
	stopMax = 20 * time.Second
	// saidBytesMax is how much of what a process says is kept: its end.
	saidBytesMax = 64 << 10
)

// Programs are the binaries of a run.
type Programs struct{ Relay, Client string }

// Build makes the programs in a folder. The caller must run in the module.
func Build(dir string) (Programs, error) {
	p := Programs{filepath.Join(dir, "rockpool"), filepath.Join(dir, "headless")}
	for out, pkg := range map[string]string{p.Relay: "rockpool.dev/server", p.Client: "rockpool.dev/internal/headless/cmd"} {
		if said, err := exec.Command("go", "build", "-o", out, pkg).CombinedOutput(); err != nil {
			return p, fmt.Errorf("build %s: %w\n%s", pkg, err, said)
		}
	}
	return p, nil
}

// process is a program that serves on an address of its own choice.
type process struct {
	cmd     *exec.Cmd
	said    tail
	address string        // host and port
	ended   chan struct{} // closed once the process is gone
}

// tail keeps the end of what a process says.
type tail struct {
	mu   sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if n := len(t.text) - saidBytesMax; n > 0 {
		t.text = t.text[n:]
	}
	return len(p), nil
}

func (t *tail) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return string(t.text)
}

// launch starts a program and returns once it has said "http://ADDRESS".
func launch(tasks *sync.WaitGroup, bin string, args ...string) (*process, error) {
	p := &process{cmd: exec.Command(bin, args...), ended: make(chan struct{})}
	p.cmd.Stderr = &p.said
	// Nothing outlives the rig, and a terminal's Ctrl-C reaches the rig alone.
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	out, in, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	p.cmd.Stdout = in
	if err := p.cmd.Start(); err != nil {
		_ = out.Close()
		return nil, err
	}
	tasks.Go(func() {
		_ = p.cmd.Wait()
		close(p.ended)
	})
	_ = in.Close()
	_ = out.SetReadDeadline(time.Now().Add(startMax))
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	_, rest, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !ok {
		_ = out.Close()
		p.kill()
		return nil, fmt.Errorf("%s said %q (%w) and %q, want its address", filepath.Base(bin), line, errors.Join(err), p.said.String())
	}
	_ = out.SetReadDeadline(time.Time{})
	tasks.Go(func() { // whatever else it prints
		defer func() { _ = out.Close() }()
		_, _ = lines.WriteTo(&p.said)
	})
	p.address, _, _ = strings.Cut(rest, " ")
	return p, nil
}

func (p *process) signal(s syscall.Signal) { _ = p.cmd.Process.Signal(s) }

// kill is kill -9, and waits for the end.
func (p *process) kill() {
	p.signal(syscall.SIGKILL)
	<-p.ended
}

// stop ends the process in order, and says when it did not end.
func (p *process) stop() error {
	p.signal(syscall.SIGINT)
	select {
	case <-p.ended:
		return nil
	case <-time.After(stopMax):
		p.kill()
		return fmt.Errorf("it did not end in %v after SIGINT: killed", stopMax)
	}
}
