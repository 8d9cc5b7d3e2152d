package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// bundle builds JavaScript from a source text, minified, with the bundler of
// Vite, which builds our apps. It is what a page loads at once: the chunk of the
// text and those that it imports, put together as an app's own chunk has them.
// React is the app's own.
func bundle(source string) func() ([]byte, error) {
	return func() ([]byte, error) {
		chunks, err := chunksOf(source)
		if err != nil {
			return nil, err
		}
		var first []byte
		for _, name := range chunks.needed(entryChunk) {
			first = append(first, chunks[name]...)
		}
		return first, nil
	}
}

// lazy is the chunk of a module that a page with the source text loads later, if
// ever, and those that it imports and the page does not have.
func lazy(source, module string) func() ([]byte, error) {
	return func() ([]byte, error) {
		chunks, err := chunksOf(source)
		if err != nil {
			return nil, err
		}
		first := chunks.needed(entryChunk)
		var later []byte
		for name := range chunks {
			if !strings.HasPrefix(name, module+"-") || slices.Contains(first, name) {
				continue
			}
			for _, name := range chunks.needed(name) {
				if !slices.Contains(first, name) {
					later = append(later, chunks[name]...)
				}
			}
		}
		return later, nil
	}
}

// entryChunk is the name of a source text's own chunk.
const entryChunk = "entry.js"

// chunks are a build's files by name.
type chunks map[string][]byte

// staticImport is how a chunk names another that it cannot run without.
var staticImport = regexp.MustCompile(`(?:import|export)(?:[^"'();]*from)?\s*["']\./([^"']+)["']`)

// needed is a chunk and all that it cannot run without.
func (c chunks) needed(name string) []string {
	names := []string{name}
	for i := 0; i < len(names); i++ {
		for _, found := range staticImport.FindAllSubmatch(c[names[i]], -1) {
			if other := string(found[1]); !slices.Contains(names, other) {
				names = append(names, other)
			}
		}
	}
	return names
}

func chunksOf(source string) (chunks, error) {
	if err := os.MkdirAll("build", 0o755); err != nil {
		return nil, err
	}
	// In the repository, as imports resolve from the file's folder.
	dir, err := os.MkdirTemp("build", "sizes-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	entry, out := filepath.Join(dir, "entry.ts"), filepath.Join(dir, "out")
	if err := os.WriteFile(entry, []byte(source), 0o644); err != nil {
		return nil, err
	}
	cmd := exec.Command(filepath.Join("node_modules", ".bin", "rolldown"), entry, "--dir", out,
		"--minify", "--no-comments", "--format", "esm", "--platform", "browser", "--transform.target", "es2022",
		"--external", "react", "--external", "react/jsx-runtime", "--external", "react-dom",
		"--external", "kysely", "--external", "drizzle-orm", "--external", "drizzle-orm/sqlite-core", "--external", "drizzle-orm/utils",
		"--module-types", ".css:empty")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("rolldown: %w: %s", err, text)
	}
	files, err := os.ReadDir(out)
	if err != nil {
		return nil, err
	}
	built := chunks{}
	for _, file := range files {
		if built[file.Name()], err = os.ReadFile(filepath.Join(out, file.Name())); err != nil {
			return nil, err
		}
	}
	return built, nil
}
