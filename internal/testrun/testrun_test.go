package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
)

// TestJudge: only a suite that ran, passed everything and skipped nothing is
// well. This is what keeps an empty or skipped suite from looking green.
func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		c    counts
		err  error
		want string // a part of the verdict; empty is well
	}{
		{"all passed", counts{passed: 3}, nil, ""},
		{"one failed", counts{passed: 3, failed: 1}, nil, "1 tests failed"},
		{"one skipped", counts{passed: 3, skipped: 1}, nil, "1 tests were skipped"},
		{"nothing ran", counts{}, nil, "no test"},
		{"did not run", counts{passed: 3}, errors.New("no browser"), "no browser"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := judge(tt.c, tt.err)
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("judge(%v, %v) = %q, want %q in it", tt.c, tt.err, got, tt.want)
			}
		})
	}
}

// TestTally counts go test -json as go 1.26 writes it, also where no test says
// that it failed: a package that does not build, or that panics.
func TestTally(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, events string
		want         counts
		shown        string
	}{
		{
			"pass, fail, skip and subtests",
			`{"Action":"start","Package":"p"}
{"Action":"run","Package":"p","Test":"TestA"}
{"Action":"output","Package":"p","Test":"TestA/x","Output":"why it failed\n"}
{"Action":"fail","Package":"p","Test":"TestA/x"}
{"Action":"fail","Package":"p","Test":"TestA"}
{"Action":"pass","Package":"p","Test":"TestB"}
{"Action":"skip","Package":"p","Test":"TestC"}
{"Action":"fail","Package":"p"}`,
			counts{passed: 1, failed: 2, skipped: 1},
			"why it failed",
		},
		{
			"does not build",
			`{"ImportPath":"p [p.test]","Action":"build-output","Output":"undefined: x\n"}
{"ImportPath":"p [p.test]","Action":"build-fail"}
{"Action":"start","Package":"p"}
{"Action":"fail","Package":"p","Elapsed":0,"FailedBuild":"p [p.test]"}`,
			counts{failed: 1},
			"undefined: x",
		},
		{
			"panics outside a test",
			`{"Action":"start","Package":"p"}
{"Action":"output","Package":"p","Output":"panic: no\n"}
{"Action":"fail","Package":"p"}`,
			counts{failed: 1},
			"panic: no",
		},
		{
			"a package without tests",
			`{"Action":"start","Package":"p"}
{"Action":"skip","Package":"p"}`,
			counts{},
			"",
		},
		{
			"a line that is no event",
			"warning: something\n" + `{"Action":"pass","Package":"p","Test":"TestB"}`,
			counts{passed: 1},
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var shown strings.Builder
			tally := newTally(&shown, io.Discard)
			if err := tally.read(strings.NewReader(tt.events)); err != nil {
				t.Fatal(err)
			}
			if tally.counts != tt.want {
				t.Errorf("counts = %v, want %v", tally.counts, tt.want)
			}
			if !strings.Contains(shown.String(), tt.shown) {
				t.Errorf("shown:\n%s\nwant %q in it", &shown, tt.shown)
			}
		})
	}
}

func TestCountReports(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		count  func([]byte) (counts, error)
		report string
		want   counts
	}{
		{
			"vitest with a file that does not load", countVitest,
			`{"numPassedTests":4,"numFailedTests":1,"numPendingTests":1,"numTodoTests":1,"testResults":[
			 {"status":"failed","assertionResults":[]},{"status":"failed","assertionResults":[{"status":"failed"}]}]}`,
			counts{passed: 4, failed: 2, skipped: 2},
		},
		{
			"Playwright with a flaky test and a broken file", countPlaywright,
			`{"stats":{"expected":5,"unexpected":1,"flaky":1,"skipped":2},"errors":[{"message":"no"}]}`,
			counts{passed: 5, failed: 3, skipped: 2},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := tt.count([]byte(tt.report))
			if err != nil || got != tt.want {
				t.Errorf("count = %v, %v, want %v", got, err, tt.want)
			}
			if _, err := tt.count([]byte("not json")); err == nil {
				t.Error("a broken report is no error")
			}
		})
	}
}

// TestPick puts each package in the one suite that its imports name.
func TestPick(t *testing.T) {
	t.Parallel()
	const list = `
{"ImportPath":"rockpool.dev/fault","XTestGoFiles":["a_test.go"]}
{"ImportPath":"rockpool.dev/fault.test","Deps":["errors"]}
{"ImportPath":"rockpool.dev/fault_test [rockpool.dev/fault.test]","XTestGoFiles":["a_test.go"]}
{"ImportPath":"rockpool.dev/wasm/txn","TestGoFiles":["a_test.go"]}
{"ImportPath":"rockpool.dev/wasm/txn.test","Deps":["rockpool.dev/sqlite"]}
{"ImportPath":"rockpool.dev/wasm/untested"}
{"ImportPath":"rockpool.dev/wasm/edge","XTestGoFiles":["a_js_test.go"],"XTestImports":["rockpool.dev/internal/workertest"]}
{"ImportPath":"rockpool.dev/server/session","TestGoFiles":["a_test.go"]}
{"ImportPath":"rockpool.dev/server/source/postgres","XTestGoFiles":["a_test.go"],"XTestImports":["rockpool.dev/internal/testpg"]}
{"ImportPath":"rockpool.dev/internal/sim","TestGoFiles":["a_test.go"]}
{"ImportPath":"rockpool.dev/internal/testpg","XTestGoFiles":["a_test.go"]}`
	for _, tt := range []struct {
		kind   kind
		target target
		want   string
	}{
		{kindNative, native, "fault wasm/txn wasm/edge server/session"},
		{kindPostgres, native, "server/source/postgres internal/testpg"},
		{kindSim, native, "internal/sim"},
		{kindWasmNode, wasm, "fault"},
		{kindEngineNode, wasm, "wasm/txn"},
		{kindChromium, wasm, "wasm/edge"},
	} {
		got, err := pick([]byte(list), tt.kind, tt.target)
		if err != nil {
			t.Fatal(err)
		}
		if s := strings.ReplaceAll(strings.Join(got, " "), module+"/", ""); s != tt.want {
			t.Errorf("pick(%d) = %q, want %q", tt.kind, s, tt.want)
		}
	}
}

func TestChoose(t *testing.T) {
	t.Parallel()
	got, err := choose(suites, []string{"e2e", "go"})
	if err != nil || len(got) != 2 || got[0].name != "go" || got[1].name != "e2e" {
		t.Errorf("choose = %v, %v, want go and e2e", names(got), err)
	}
	if _, err := choose(suites, []string{"go", "gone"}); err == nil {
		t.Error("an unknown suite is no error")
	}
}

// TestRunCountsASuiteThatDidNotRun: the sum shows a failure although no test
// failed.
func TestRunCountsASuiteThatDidNotRun(t *testing.T) {
	t.Chdir(t.TempDir())
	old := suites
	t.Cleanup(func() { suites = old })
	suites = []suite{
		{name: "well", run: func(context.Context, io.Writer) (counts, error) { return counts{passed: 1}, nil }},
		{name: "broken", run: func(context.Context, io.Writer) (counts, error) { return counts{}, errors.New("no browser") }},
	}
	ok, err := run(t.Context(), nil)
	if err != nil || ok {
		t.Errorf("run = %v, %v, want false", ok, err)
	}
	if ok, err := run(t.Context(), []string{"well"}); err != nil || !ok {
		t.Errorf("run well = %v, %v, want true", ok, err)
	}
}

func names(all []suite) (s []string) {
	for _, x := range all {
		s = append(s, fmt.Sprint(x.name))
	}
	return s
}
