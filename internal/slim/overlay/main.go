// Command overlay prints the file that `go build -overlay` takes for the Go
// core: the standard library's fmt gives way to internal/slim/fmt.
//
//	go run ./internal/slim/overlay > build/overlay.json
//
// An overlay replaces files, not packages, so that modules that import fmt, as
// safejs does, stay as their authors published them.
package main

import (
	"encoding/json"
	"fmt"
	"go/build"
	"os"
	"path/filepath"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "overlay:", err)
		os.Exit(1)
	}
}

func run() error {
	std, err := build.Import("fmt", "", 0)
	if err != nil {
		return err
	}
	ours, err := filepath.Abs(filepath.Join("internal", "slim", "fmt", "fmt.go"))
	if err != nil {
		return err
	}
	if _, err := os.Stat(ours); err != nil {
		return fmt.Errorf("run it at the module's root: %w", err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{"Replace": replace(std, ours)})
}

// replace maps each file of the standard package to nothing, and its first to ours.
func replace(std *build.Package, ours string) map[string]string {
	files := make(map[string]string)
	for i, name := range std.GoFiles {
		with := ""
		if i == 0 {
			with = ours
		}
		files[filepath.Join(std.Dir, name)] = with
	}
	return files
}
