package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// bundle builds one module of JavaScript from a source text, minified, with the
// bundler of Vite, which builds our apps. React is the app's own.
func bundle(source string) func() ([]byte, error) {
	return func() ([]byte, error) {
		if err := os.MkdirAll("build", 0o755); err != nil {
			return nil, err
		}
		// In the repository, as imports resolve from the file's folder.
		dir, err := os.MkdirTemp("build", "sizes-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		entry, out := filepath.Join(dir, "entry.ts"), filepath.Join(dir, "out.js")
		if err := os.WriteFile(entry, []byte(source), 0o644); err != nil {
			return nil, err
		}
		cmd := exec.Command(filepath.Join("node_modules", ".bin", "rolldown"), entry, "--file", out,
			"--minify", "--no-comments", "--format", "esm", "--platform", "browser", "--transform.target", "es2022",
			"--external", "react", "--external", "react/jsx-runtime", "--external", "react-dom",
			"--external", "kysely", "--external", "drizzle-orm", "--external", "drizzle-orm/sqlite-core", "--external", "drizzle-orm/utils",
			"--module-types", ".css:empty")
		if text, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("rolldown: %w: %s", err, text)
		}
		return os.ReadFile(out)
	}
}
