package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// vitest runs the TypeScript tests.
func vitest(ctx context.Context, log io.Writer) (counts, error) {
	report := filepath.Join(logDir, "vitest.json")
	return npmSuite(ctx, log, report, nil, countVitest,
		"vitest", "run", "--reporter=default", "--reporter=json", "--outputFile.json="+report)
}

// playwright runs the browser tests.
func playwright(ctx context.Context, log io.Writer) (counts, error) {
	report := filepath.Join(logDir, "playwright.json")
	// The config names the reporters; only the report's place is ours.
	return npmSuite(ctx, log, report, []string{"ROCKPOOL_E2E_REPORT=" + rooted(report)}, countPlaywright,
		"playwright", "test", "--config=web/e2e/playwright.config.ts")
}

// npmSuite runs a program of node_modules/.bin that writes a JSON report.
func npmSuite(
	ctx context.Context, log io.Writer, report string, env []string,
	count func([]byte) (counts, error), name string, args ...string,
) (counts, error) {
	_ = os.Remove(report) // an old report must not stand for this run
	cmd := exec.CommandContext(ctx, filepath.Join("node_modules", ".bin", name), args...)
	cmd.Env = append(os.Environ(), env...)
	// Both, as the reader of CI's output has no other place to look.
	both := io.MultiWriter(os.Stdout, log)
	cmd.Stdout, cmd.Stderr = both, both
	errRun := cmd.Run()
	b, err := os.ReadFile(report)
	if err != nil {
		return counts{}, fmt.Errorf("%s wrote no report (%v): %w", name, errRun, err)
	}
	c, err := count(b)
	if err == nil && errRun != nil && c.failed == 0 {
		err = fmt.Errorf("%s: %w", name, errRun)
	}
	return c, err
}

// countVitest reads vitest's JSON report. A file that could not be loaded has
// no tests and counts as one failure.
func countVitest(report []byte) (c counts, err error) {
	var r struct {
		NumPassedTests, NumFailedTests, NumPendingTests, NumTodoTests int
		TestResults                                                   []struct {
			Status           string
			AssertionResults []struct{ Status string }
		}
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return c, fmt.Errorf("vitest's report: %w", err)
	}
	c = counts{passed: r.NumPassedTests, failed: r.NumFailedTests, skipped: r.NumPendingTests + r.NumTodoTests}
	for _, file := range r.TestResults {
		if file.Status == "failed" && len(file.AssertionResults) == 0 {
			c.failed++
		}
	}
	return c, nil
}

// countPlaywright reads Playwright's JSON report. A test that passed only when
// repeated failed.
func countPlaywright(report []byte) (c counts, err error) {
	var r struct {
		Stats struct{ Expected, Unexpected, Flaky, Skipped int }
		// Errors are those outside any test, as in a file that does not load.
		Errors []struct{ Message string }
	}
	if err := json.Unmarshal(report, &r); err != nil {
		return c, fmt.Errorf("playwright's report: %w", err)
	}
	return counts{
		passed:  r.Stats.Expected,
		failed:  r.Stats.Unexpected + r.Stats.Flaky + len(r.Errors),
		skipped: r.Stats.Skipped,
	}, nil
}

// simulate tests the simulator, then plays seeds; all the seeds are one test.
// With -race a seed takes fifteen times as long, in a program of one thread: a
// quarter of the tests' seeds are played so, and no planted bugs.
func simulate(ctx context.Context, log io.Writer) (c counts, err error) {
	for _, flags := range [][]string{{"-p=1"}, {"-p=1", "-race", "-short", "-skip=TestTheCheckersSee"}} {
		found, err := goSuite(kindSim, native, flags...)(ctx, log)
		c.add(found)
		if err != nil {
			return c, err
		}
	}
	seeds := os.Getenv("SEEDS")
	if seeds == "" {
		seeds = "200"
	}
	args := []string{"run", "./internal/sim/cmd", "-quiet", "-seeds", seeds}
	if seed := os.Getenv("SEED"); seed != "" {
		args = append(args, "-seed", seed)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	both := io.MultiWriter(os.Stdout, log)
	cmd.Stdout, cmd.Stderr = both, both
	fmt.Fprintln(both, "go", strings.Join(args, " "))
	if cmd.Run() != nil {
		c.failed++
	} else {
		c.passed++
	}
	return c, nil
}
