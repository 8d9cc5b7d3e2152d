//go:build failpoints

package main

import (
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// failpoint kills the process, as kill -9 would, the nth time that the point
// is passed: ROCKPOOL_FAILPOINT=name:n. Only builds with the tag have it.
func failpoint(name string) func() {
	at, n, _ := strings.Cut(os.Getenv("ROCKPOOL_FAILPOINT"), ":")
	if at != name {
		return nil
	}
	nth, err := strconv.ParseInt(n, 10, 64)
	if err != nil || nth < 1 {
		nth = 1
	}
	var passed atomic.Int64
	return func() {
		if passed.Add(1) == nth {
			_ = syscall.Kill(syscall.Getpid(), syscall.SIGKILL)
			select {}
		}
	}
}
