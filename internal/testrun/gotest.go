package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const (
	// packageMax is go test's limit on one package's tests.
	packageMax = "10m"
	// eventBytesMax is the longest line of go test -json that is read.
	eventBytesMax = 16 << 20
)

// wasmExec is the toolchain's runner of js/wasm binaries in Node.
func wasmExec() string {
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "go_js_wasm_exec" // go test then says what is wrong
	}
	return filepath.Join(strings.TrimSpace(string(out)), "lib", "wasm", "go_js_wasm_exec")
}

// rooted makes a path of the repository absolute: go test runs -exec in the
// package's folder.
func rooted(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	return filepath.Join(dir, filepath.FromSlash(path))
}

// goSuite returns a runner of go test over the packages of one kind.
func goSuite(k kind, t target, flags ...string) func(context.Context, io.Writer) (counts, error) {
	return func(ctx context.Context, log io.Writer) (counts, error) {
		packages, err := packagesOf(ctx, k, t)
		if err != nil {
			return counts{}, err
		}
		if len(packages) == 0 {
			return counts{}, nil // judged as a suite without tests
		}
		args := append([]string{"test", "-json", "-count=1", "-timeout=" + packageMax}, flags...)
		return goTest(ctx, log, t, append(args, packages...))
	}
}

// goTest runs go test -json and counts.
func goTest(ctx context.Context, log io.Writer, t target, args []string) (counts, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = t.env()
	cmd.Stderr = log
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return counts{}, err
	}
	if err := cmd.Start(); err != nil {
		return counts{}, err
	}
	tally := newTally(os.Stdout, log)
	errRead := tally.read(stdout)
	errRun := cmd.Wait()
	if ctx.Err() != nil {
		return tally.counts, fmt.Errorf("stopped: %w", context.Cause(ctx))
	}
	if errRead != nil {
		return tally.counts, errRead
	}
	if errRun != nil && tally.counts.failed == 0 {
		return tally.counts, fmt.Errorf("go test: %w", errRun)
	}
	return tally.counts, nil
}

// event is a line of go test -json (go doc test2json).
type event struct {
	Action      string
	Package     string
	ImportPath  string // of build output
	Test        string
	Elapsed     float64
	Output      string
	FailedBuild string
}

// tally counts events and shows what a reader needs: a line a package, and the
// output of what failed.
type tally struct {
	counts  counts
	show    io.Writer
	log     io.Writer
	output  map[string]*strings.Builder // of tests and packages not yet ended
	builds  map[string]*strings.Builder // compiler output by import path
	failing map[string]bool             // packages with a failed test
}

func newTally(show, log io.Writer) *tally {
	return &tally{
		show: show, log: log,
		output:  map[string]*strings.Builder{},
		builds:  map[string]*strings.Builder{},
		failing: map[string]bool{},
	}
}

func (t *tally) read(r io.Reader) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, eventBytesMax)
	for lines.Scan() {
		var e event
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			// Something printed past the test's own stdout.
			fmt.Fprintf(t.log, "%s\n", lines.Bytes())
			continue
		}
		t.event(e)
	}
	return errors.Join(lines.Err())
}

func (t *tally) event(e event) {
	switch e.Action {
	case "build-output":
		_, _ = io.WriteString(t.log, e.Output)
		buffer(t.builds, e.ImportPath).WriteString(e.Output)
	case "output":
		_, _ = io.WriteString(t.log, e.Output)
		buffer(t.output, e.Package+" "+e.Test).WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test != "" {
			t.endTest(e)
		} else {
			t.endPackage(e)
		}
	}
}

func (t *tally) endTest(e event) {
	key := e.Package + " " + e.Test
	switch e.Action {
	case "pass":
		t.counts.passed++
	case "skip":
		t.counts.skipped++
		fmt.Fprintf(t.show, "SKIP %s\n%s", key, t.text(key))
	case "fail":
		t.counts.failed++
		t.failing[e.Package] = true
		fmt.Fprintf(t.show, "FAIL %s\n%s", key, t.text(key))
	}
	delete(t.output, key)
}

// endPackage counts a package that failed without a failed test: it did not
// build, panicked or ran out of time. A package without tests counts nothing.
func (t *tally) endPackage(e event) {
	key := e.Package + " "
	if e.Action == "fail" && !t.failing[e.Package] {
		t.counts.failed++
		fmt.Fprintf(t.show, "FAIL %s did not build or did not end\n", e.Package)
		if b := t.builds[e.FailedBuild]; b != nil {
			fmt.Fprint(t.show, b.String())
		}
		for open, b := range t.output {
			if strings.HasPrefix(open, key) {
				fmt.Fprint(t.show, b.String())
			}
		}
	}
	fmt.Fprintf(t.show, "%-4s %s %.1fs\n", e.Action, e.Package, e.Elapsed)
	delete(t.output, key)
}

func (t *tally) text(key string) string {
	if b := t.output[key]; b != nil {
		return b.String()
	}
	return ""
}

func buffer(m map[string]*strings.Builder, key string) *strings.Builder {
	b := m[key]
	if b == nil {
		b = &strings.Builder{}
		m[key] = b
	}
	return b
}
