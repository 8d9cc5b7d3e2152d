package testpg

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// startMax bounds one start, recovery after a kill included.
	startMax = 60 * time.Second
	// stopMax bounds an orderly stop; afterwards the process is killed.
	stopMax = 30 * time.Second
	// pollEvery is the pause between two looks at a server that starts.
	pollEvery = 20 * time.Millisecond
	// portTries is how many free ports are tried, since another process may
	// take one between our look and Postgres's.
	portTries = 5
)

// Server is one running Postgres. It is not safe for concurrent use, except
// that DSN may be called from anywhere.
type Server struct {
	bin    string // folder of initdb and postgres
	root   string // folder of data, log and socket
	kept   bool   // root stays when the server is closed
	user   *account
	port   int
	cmd    *exec.Cmd
	exited chan error // receives the process's end once
}

// Start makes a fresh cluster with wal_level=logical, starts it and stops it
// when the test ends. A missing Postgres fails the test: it is never skipped.
// The superuser is postgres, without a password.
func Start(t testing.TB) *Server {
	t.Helper()
	s, err := start(t.Logf)
	if err != nil {
		t.Fatalf("testpg: %v", err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("testpg: end of the server's log:\n%s", s.LogTail(4096))
		}
		if err := s.close(); err != nil {
			t.Errorf("testpg: %v", err)
		}
	})
	return s
}

// start makes a cluster in a temporary folder and starts it.
func start(logf func(string, ...any)) (*Server, error) {
	s, err := locate()
	if err != nil {
		return nil, err
	}
	if s.root, err = os.MkdirTemp("", "testpg-"); err != nil {
		return nil, err
	}
	return s, s.begin(logf)
}

// locate finds the programs and whom they run as.
func locate() (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	user, err := serverAccount()
	if err != nil {
		return nil, err
	}
	return &Server{bin: bin, user: user}, nil
}

// begin makes the cluster where it is missing, and starts it on a free port.
func (s *Server) begin(logf func(string, ...any)) error {
	if _, err := os.Stat(s.data()); errors.Is(err, os.ErrNotExist) {
		if err := s.initialise(); err != nil {
			return errors.Join(err, s.close())
		}
	}
	var err error
	for try := 1; ; try++ {
		if s.port, err = freePort(); err != nil {
			break
		}
		if err = s.launch(); err == nil {
			return nil
		}
		if try == portTries || !strings.Contains(s.LogTail(4096), "Address already in use") {
			break
		}
		logf("testpg: port %d was taken, trying another", s.port)
	}
	return errors.Join(fmt.Errorf("start Postgres: %w; its log ends:\n%s", err, s.LogTail(4096)), s.close())
}

// DSN returns a connection string for the superuser and the database
// postgres, over TCP on the loopback address. It stays the same over Restart.
func (s *Server) DSN() string {
	return "postgres://postgres@127.0.0.1:" + strconv.Itoa(s.port) + "/postgres?sslmode=disable"
}

// Port returns the TCP port on 127.0.0.1.
func (s *Server) Port() int { return s.port }

// LogTail returns at most max bytes of the end of the server's log.
func (s *Server) LogTail(max int) string {
	b, err := os.ReadFile(filepath.Join(s.root, "log"))
	if err != nil {
		return err.Error()
	}
	return string(b[len(b)-min(len(b), max):])
}

// Stop ends the server in order (SIGINT: sessions are cut, a checkpoint is
// written) and waits. Stopping a stopped server does nothing.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if err := s.halt(syscall.SIGINT); err != nil {
		t.Fatalf("testpg: stop: %v", err)
	}
}

// Kill9 kills every process of the server at once, as a power cut would as far
// as Postgres can tell: no checkpoint, no goodbye to its clients.
func (s *Server) Kill9(t testing.TB) {
	t.Helper()
	if err := s.halt(syscall.SIGKILL); err != nil {
		t.Fatalf("testpg: kill: %v", err)
	}
}

// Restart starts the server on the same data and port, after stopping it in
// order if it runs. It returns once it accepts connections; recovery counts.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	err := s.halt(syscall.SIGINT)
	if err == nil {
		err = s.relaunch()
	}
	if err != nil {
		t.Fatalf("testpg: restart: %v; its log ends:\n%s", err, s.LogTail(4096))
	}
}

// relaunch starts the server again. Backends are group leaders of their own, so
// a kill of the server's group leaves them until they notice; for as long as one
// holds the shared memory a new server refuses to start.
func (s *Server) relaunch() error {
	end := time.Now().Add(startMax)
	for {
		err := s.launch()
		if err == nil || time.Now().After(end) || !strings.Contains(s.LogTail(1024), "is still in use") {
			return err
		}
		time.Sleep(pollEvery)
	}
}

// initialise makes the folder and the cluster.
func (s *Server) initialise() error {
	if err := s.user.own(s.root); err != nil {
		return err
	}
	half := filepath.Join(s.root, "data.new") // a cut-off initdb must not look like a cluster
	if err := os.RemoveAll(half); err != nil {
		return err
	}
	out, err := s.command("initdb",
		"--pgdata="+half, "--username=postgres", "--auth=trust",
		"--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions",
	).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb: %w: %s", err, out)
	}
	return os.Rename(half, s.data())
}

// launch starts the process and waits until a connection is accepted.
func (s *Server) launch() error {
	logFile, err := os.OpenFile(filepath.Join(s.root, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer logFile.Close()
	cmd := s.command("postgres", "-D", s.data())
	for name, value := range settings(s.root, s.port, s.kept) {
		cmd.Args = append(cmd.Args, "-c", name+"="+value)
	}
	cmd.Stdout, cmd.Stderr = logFile, logFile
	if err := cmd.Start(); err != nil {
		return err
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // halt waits for it
	s.cmd, s.exited = cmd, exited
	return s.waitReady()
}

func (s *Server) waitReady() error {
	ctx, cancel := context.WithTimeout(context.Background(), startMax)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		err := s.ping(ctx)
		if err == nil {
			return nil
		}
		select {
		case err := <-s.exited:
			s.cmd = nil
			return fmt.Errorf("the server ended while it started: %w", errors.Join(err, errEnded))
		case <-ctx.Done():
			return errors.Join(fmt.Errorf("not ready after %v: %w", startMax, err), s.halt(syscall.SIGKILL))
		case <-tick.C:
		}
	}
}

// ping opens and closes one session: the server is up once that works.
func (s *Server) ping(ctx context.Context) error {
	c, err := pgconn.Connect(ctx, s.DSN())
	if err != nil {
		return err
	}
	return c.Close(ctx)
}

var errEnded = errors.New("no server")

// halt signals the server and waits for its end.
func (s *Server) halt(signal syscall.Signal) error {
	if s.cmd == nil {
		return nil
	}
	pid := s.cmd.Process.Pid
	if signal == syscall.SIGKILL {
		pid = -pid // the whole process group: backends too
	}
	if err := syscall.Kill(pid, signal); err != nil && !errors.Is(err, syscall.ESRCH) {
		return err
	}
	select {
	case <-s.exited:
	case <-time.After(stopMax):
		_ = syscall.Kill(-s.cmd.Process.Pid, syscall.SIGKILL)
		<-s.exited
		s.cmd = nil
		return fmt.Errorf("still alive %v after %v: killed", stopMax, signal)
	}
	s.cmd = nil
	return nil
}

// close kills the server and removes its folder; it may be called twice. One
// that keeps its folder is stopped in order.
func (s *Server) close() error {
	if s.kept {
		return s.halt(syscall.SIGINT)
	}
	return errors.Join(s.halt(syscall.SIGKILL), os.RemoveAll(s.root))
}

func (s *Server) data() string { return filepath.Join(s.root, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.root
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "TZ=UTC")
	cmd.SysProcAttr = s.user.attributes()
	return cmd
}

// freePort asks the system for a port that nobody listens on now.
func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
