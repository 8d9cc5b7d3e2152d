package testpg

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// elsewhere is where data goes that the server's account cannot reach in its
// own folder: it outlives a reboot and everybody may enter it.
const elsewhere = "/var/tmp"

// Open starts a server that is no test's, on a folder that stays: a cluster is
// made in an empty one. dir "" is a temporary folder, gone after Close. Where
// the account that runs Postgres may not enter dir (root's own folders), the
// data is kept under /var/tmp instead and logf says so.
func Open(dir string, logf func(string, ...any)) (*Server, error) {
	if dir == "" {
		return start(logf)
	}
	s, err := locate()
	if err != nil {
		return nil, err
	}
	if s.root, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	s.kept = true
	if err := s.claim(); err != nil {
		return nil, err
	}
	if !s.user.reaches(s.root) {
		h := fnv.New32a()
		_, _ = h.Write([]byte(s.root))
		near := filepath.Join(elsewhere, "rockpool-postgres-"+strconv.FormatUint(uint64(h.Sum32()), 16))
		logf("the account that runs Postgres may not enter %s: the data is in %s", s.root, near)
		s.root = near
		if err := s.claim(); err != nil {
			return nil, err
		}
		if !s.user.reaches(s.root) {
			return nil, fmt.Errorf("the account that runs Postgres may not enter %s either", s.root)
		}
	}
	return s, s.begin(logf)
}

// claim makes the folder and gives it to the server's account.
func (s *Server) claim() error {
	if err := os.MkdirAll(s.root, 0o700); err != nil {
		return err
	}
	return s.user.own(s.root)
}

// Close stops the server; its folder stays when it was given to Open.
func (s *Server) Close() error { return s.close() }

// Halt ends the server by a signal and waits: SIGINT is Postgres's fast shutdown,
// SIGQUIT the immediate one, which leaves recovery to the next start, SIGKILL a
// power cut as far as Postgres can tell. Halting a halted server does nothing.
func (s *Server) Halt(signal syscall.Signal) error { return s.halt(signal) }

// Relaunch starts a halted server on the same data and port. It returns once it
// accepts connections; recovery counts.
func (s *Server) Relaunch() error {
	if s.cmd != nil {
		return nil
	}
	return s.relaunch()
}
