package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// vitest runs the npm packages' tests and reads Vitest's JSON report.
func vitest() (count, error) {
	dir, err := os.MkdirTemp("", "testrun-")
	if err != nil {
		return count{}, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	report := filepath.Join(dir, "report.json")
	cmd := exec.Command("npx", "vitest", "run", "--reporter=default", "--reporter=json", "--outputFile.json="+report)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	runErr := cmd.Run()
	body, err := os.ReadFile(report)
	if err != nil {
		return count{}, fmt.Errorf("vitest left no report: %w", err)
	}
	var r struct{ NumPassedTests, NumFailedTests, NumPendingTests, NumFailedTestSuites int }
	if err := json.Unmarshal(body, &r); err != nil {
		return count{}, err
	}
	c := count{r.NumPassedTests, r.NumFailedTests, r.NumPendingTests}
	if c.failed > 0 {
		return c, nil
	}
	return c, runErr
}
