package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// playwright runs the browser tests and reads Playwright's JSON report. A test
// that passed on a second try counts as failed: it is not trusted.
func playwright() (count, error) {
	dir, err := os.MkdirTemp("", "testrun-")
	if err != nil {
		return count{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	report := filepath.Join(dir, "report.json")
	cmd := exec.Command("npx", "playwright", "test")
	cmd.Dir = filepath.Join("web", "e2e")
	cmd.Env = append(os.Environ(), "ROCKPOOL_E2E_REPORT="+report)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runErr := cmd.Run()
	body, err := os.ReadFile(report)
	if err != nil {
		return count{}, fmt.Errorf("playwright left no report: %w", err)
	}
	var r struct {
		Stats struct{ Expected, Skipped, Unexpected, Flaky int }
	}
	if err := json.Unmarshal(body, &r); err != nil {
		return count{}, err
	}
	c := count{r.Stats.Expected, r.Stats.Unexpected + r.Stats.Flaky, r.Stats.Skipped}
	if c.failed > 0 {
		return c, nil
	}
	return c, runErr
}
