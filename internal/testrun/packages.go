package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
)

const module = "rockpool.dev"

// target is a platform that tests run on.
type target int

const (
	native target = iota
	wasm
)

func (t target) env() []string {
	if t == wasm {
		return append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	}
	return os.Environ()
}

// kind is the suite that a Go package's tests belong to, on one target.
type kind int

const (
	kindNone kind = iota
	kindNative
	kindPostgres
	kindSim
	kindWasmNode
	kindEngineNode
	kindChromium
)

// shipped are the folders whose packages may be linked into the core.
var shipped = []string{
	"fault", "value", "codec", "schema", "query", "version", "mutation", "changelog", "wire", "sqlite", "wasm",
}

// listed is what go list -test says of a package that matters here.
type listed struct {
	ImportPath   string
	Name         string
	TestGoFiles  []string
	XTestGoFiles []string
	TestImports  []string
	XTestImports []string
	Deps         []string
}

func (p listed) hasTests() bool { return len(p.TestGoFiles)+len(p.XTestGoFiles) > 0 }

func (p listed) testsImport(path string) bool {
	return p.ImportPath == path || slices.Contains(p.TestImports, path) || slices.Contains(p.XTestImports, path)
}

// classify decides by the one thing that a test cannot forget: its imports.
// testDeps are the dependencies of the test binary.
func classify(p listed, testDeps []string, t target) kind {
	if !p.hasTests() {
		return kindNone
	}
	if t == native {
		switch {
		case within(p.ImportPath, "internal/sim"):
			return kindSim
		case p.testsImport(module + "/internal/testpg"):
			return kindPostgres
		}
		return kindNative
	}
	switch {
	case p.testsImport(module + "/internal/workertest"):
		return kindChromium
	case !slices.ContainsFunc(shipped, func(dir string) bool { return within(p.ImportPath, dir) }):
		return kindNone // runs natively only
	case within(p.ImportPath, "sqlite") || slices.Contains(testDeps, module+"/sqlite"):
		return kindEngineNode
	}
	return kindWasmNode
}

// within reports whether an import path is a folder of ours or below it.
func within(path, dir string) bool {
	return path == module+"/"+dir || strings.HasPrefix(path, module+"/"+dir+"/")
}

// packagesOf lists the import paths of one kind.
func packagesOf(ctx context.Context, k kind, t target) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-test",
		"-json=ImportPath,Name,TestGoFiles,XTestGoFiles,TestImports,XTestImports,Deps", "./...")
	cmd.Env = t.env()
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.Bytes())
	}
	return pick(out, k, t)
}

// pick reads go list's JSON and returns the packages of one kind.
func pick(list []byte, k kind, t target) ([]string, error) {
	var all []listed
	testDeps := map[string][]string{} // by the tested package
	for dec := json.NewDecoder(bytes.NewReader(list)); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		if tested, isTest := strings.CutSuffix(p.ImportPath, ".test"); isTest {
			testDeps[tested] = p.Deps
		} else if !strings.Contains(p.ImportPath, " [") {
			all = append(all, p)
		}
	}
	var picked []string
	for _, p := range all {
		if classify(p, testDeps[p.ImportPath], t) == k {
			picked = append(picked, p.ImportPath)
		}
	}
	return picked, nil
}
