package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

type suite struct {
	name, what string
	run        func() (count, error)
}

// suites in the order in which they run: cheap ones first.
var suites = []suite{
	{"go", "every package natively, with the race detector", func() (count, error) {
		packages, err := listed(func(p string) bool { return !needsPostgres(p) })
		if err != nil {
			return count{}, err
		}
		return goTest(nil, append([]string{"-race", "-p", "2"}, packages...)...)
	}},
	{"wasm-node", "the contracts as js/wasm in Node", func() (count, error) {
		exec := "-exec=" + filepath.Join(runtime.GOROOT(), "lib", "wasm", "go_js_wasm_exec")
		packages := []string{"./value", "./codec", "./fault", "./version", "./schema", "./query/...", "./mutation", "./changelog", "./wire"}
		return goTest([]string{"GOOS=js", "GOARCH=wasm"}, append([]string{exec}, packages...)...)
	}},
	{"typescript", "the npm packages, with Vitest", vitest},
	{"postgres", "what needs a real Postgres", func() (count, error) {
		packages, err := listed(needsPostgres)
		if err != nil {
			return count{}, err
		}
		return goTest(nil, append([]string{"-race", "-p", "1"}, packages...)...)
	}},
}

// needsPostgres tells the packages whose tests start a server.
func needsPostgres(path string) bool {
	return strings.HasPrefix(path, "rockpool.dev/server/source/postgres") || path == "rockpool.dev/internal/testpg"
}

// listed returns the module's packages that keep holds for.
func listed(keep func(path string) bool) ([]string, error) {
	cmd := exec.Command("go", "list", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, err
	}
	var packages []string
	for _, p := range strings.Fields(string(out)) {
		if keep(p) {
			packages = append(packages, p)
		}
	}
	return packages, nil
}
