// Command gen writes what the contract packages imply: Go encoders and
// decoders, their fuzz targets, and the TypeScript twins. The Go structs with
// `wire:"N"` tags are the one source; nothing generated is edited by hand.
//
//	go run ./internal/gen           write the files
//	go run ./internal/gen -check    say which files are stale, and fail
//
// It works on the module that holds the working folder.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
)

// packages are the contract packages, in the order of their imports.
var packages = []string{"version", "schema", "mutation", "changelog", "query", "wire"}

// Where the TypeScript twins go, and the tables that a Worker brings its pages.
const (
	typescript   = "bridge/client/src/gen"
	workerTables = "bridge/worker/src/gen/tables.ts"
)

func main() {
	check := flag.Bool("check", false, "compare instead of writing")
	flag.Parse()
	err := enterRoot()
	var files map[string][]byte
	if err == nil {
		files, err = generate(".")
	}
	if err == nil {
		err = put(files, *check)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// enterRoot changes to the nearest folder upwards with a go.mod.
func enterRoot() error {
	dir, err := os.Getwd()
	if err != nil {
		return err
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return os.Chdir(dir)
		}
		if filepath.Dir(dir) == dir {
			return fmt.Errorf("no go.mod in this folder or above it")
		}
		dir = filepath.Dir(dir)
	}
}

// generate returns the content of every generated file by its path below root.
func generate(root string) (map[string][]byte, error) {
	c, err := parse(root, packages)
	if err != nil {
		return nil, err
	}
	files := map[string][]byte{}
	n, err := number(c)
	if err != nil {
		return nil, err
	}
	for _, p := range c.packages {
		if len(p.messages) == 0 {
			continue
		}
		if files[p.name+"/codec_gen.go"], err = goCodec(c, p); err != nil {
			return nil, err
		}
		if files[p.name+"/fuzz_gen_test.go"], err = goFuzz(p); err != nil {
			return nil, err
		}
		files[typescript+"/"+p.name+".ts"] = tsPackage(p, n)
	}
	if files["wire/hash_gen.go"], err = goHashes(c); err != nil {
		return nil, err
	}
	if files["internal/gen/messages_gen_test.go"], err = goRegistry(c); err != nil {
		return nil, err
	}
	files[typescript+"/fault.ts"] = tsFaults()
	files[typescript+"/hello-tables.ts"] = tsHelloTables(c, n)
	files[workerTables] = tsWorkerTables(c, n)
	return files, nil
}

func put(files map[string][]byte, check bool) error {
	names := make([]string, 0, len(files))
	for name := range files {
		names = append(names, name)
	}
	sort.Strings(names)
	stale := 0
	for _, name := range names {
		old, err := os.ReadFile(name)
		if err == nil && bytes.Equal(old, files[name]) {
			continue
		}
		if check {
			fmt.Fprintln(os.Stderr, "stale:", name)
			stale++
			continue
		}
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(name, files[name], 0o644); err != nil {
			return err
		}
	}
	if stale > 0 {
		return fmt.Errorf("%d generated files are stale: run go run ./internal/gen", stale)
	}
	return nil
}
