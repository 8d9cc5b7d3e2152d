package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
)

// bundle builds a source text, minified, with the bundler of Vite, which builds
// our apps, and returns what a page loads at once: the entry, and what it imports
// but by a call. React is the app's own.
func bundle(source string) func() ([]byte, error) {
	return func() ([]byte, error) {
		first, _, err := parts(source)
		return first, err
	}
}

// later returns what the same page loads when it needs it.
func later(source string) func() ([]byte, error) {
	return func() ([]byte, error) {
		_, rest, err := parts(source)
		return rest, err
	}
}

// imported are the files that one imports at once: import … from './x.js', import './x.js'.
var imported = regexp.MustCompile(`(?:\bfrom|\bimport)\s*["'` + "`" + `]\./([^"'` + "`" + `]+)`)

// parts builds a source text into files and tells those that its entry imports
// at once from those that it imports by a call.
func parts(source string) (first, rest []byte, err error) {
	if err := os.MkdirAll("build", 0o755); err != nil {
		return nil, nil, err
	}
	// In the repository, as imports resolve from the file's folder.
	dir, err := os.MkdirTemp("build", "sizes-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(dir)
	entry, out := filepath.Join(dir, "entry.ts"), filepath.Join(dir, "out")
	if err := os.WriteFile(entry, []byte(source), 0o644); err != nil {
		return nil, nil, err
	}
	cmd := exec.Command(filepath.Join("node_modules", ".bin", "rolldown"), entry, "--dir", out,
		"--minify", "--no-comments", "--format", "esm", "--platform", "browser", "--transform.target", "es2022",
		"--external", "react", "--external", "react/jsx-runtime", "--external", "react-dom",
		"--external", "kysely", "--external", "drizzle-orm", "--external", "drizzle-orm/sqlite-core", "--external", "drizzle-orm/utils",
		"--module-types", ".css:empty")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, nil, fmt.Errorf("rolldown: %w: %s", err, text)
	}
	atOnce := []string{"entry.js"}
	for at := 0; at < len(atOnce); at++ {
		content, err := os.ReadFile(filepath.Join(out, atOnce[at]))
		if err != nil {
			return nil, nil, err
		}
		first = append(first, content...)
		for _, match := range imported.FindAllSubmatch(content, -1) {
			if name := string(match[1]); !slices.Contains(atOnce, name) {
				atOnce = append(atOnce, name)
			}
		}
	}
	files, err := os.ReadDir(out)
	if err != nil {
		return nil, nil, err
	}
	for _, file := range files {
		if slices.Contains(atOnce, file.Name()) {
			continue
		}
		content, err := os.ReadFile(filepath.Join(out, file.Name()))
		if err != nil {
			return nil, nil, err
		}
		rest = append(rest, content...)
	}
	return first, rest, nil
}
