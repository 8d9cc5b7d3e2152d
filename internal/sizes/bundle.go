package main

import (
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// bundle builds one module of JavaScript from a source text, minified, as an
// app's bundler would. React is the app's own.
func bundle(source string) func() ([]byte, error) {
	return func() ([]byte, error) {
		cmd := exec.Command(filepath.Join("node_modules", ".bin", "esbuild"),
			"--bundle", "--minify", "--format=esm", "--platform=browser", "--target=es2022", "--log-level=error",
			"--external:react", "--external:react-dom", "--external:react/*", "--external:*.wasm", "--loader:.css=empty",
			"--sourcefile=sizes.ts", "--loader=ts") // imports resolve from the working folder, the root
		cmd.Stdin = strings.NewReader(source)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			return nil, fmt.Errorf("esbuild: %w: %s", err, stderr.Bytes())
		}
		return out, nil
	}
}
