package arch

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestDependenciesAreDocumented holds docs/dependencies.md to go.mod and to
// the npm workspaces.
func TestDependenciesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := readFile(filepath.Join("..", "..", "docs", "dependencies.md"))
	if err != nil {
		t.Fatal(err)
	}
	names := append(goRequires(t), npmRequires(t)...)
	if len(names) < 10 {
		t.Fatalf("only %d dependencies were found: %v", len(names), names)
	}
	for _, b := range checkDocumented(names, page) {
		t.Error(b)
	}
	if got := checkDocumented([]string{"example.org/new"}, page); len(got) != 1 {
		t.Errorf("an undocumented module gives %d breaches, want 1", len(got))
	}
}

// goRequires lists the modules that our packages and their tests import.
func goRequires(t *testing.T) (names []string) {
	t.Helper()
	out, err := exec.Command("go", "mod", "edit", "-json", filepath.Join("..", "..", "go.mod")).Output()
	if err != nil {
		t.Fatal(err)
	}
	var mod struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &mod); err != nil {
		t.Fatal(err)
	}
	files, err := load(filepath.Join("..", ".."))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range mod.Require {
		// The comment "indirect" lags behind while packages come and go: imports decide.
		if slices.ContainsFunc(files, func(f file) bool {
			return slices.ContainsFunc(f.imports, func(i string) bool { return i == r.Path || strings.HasPrefix(i, r.Path+"/") })
		}) {
			names = append(names, r.Path)
		}
	}
	return names
}

// npmRequires lists what the root and each workspace depend on.
func npmRequires(t *testing.T) (names []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	manifests := []string{filepath.Join(root, "package.json"), filepath.Join(root, "wasm", "engine", "build", "package.json")}
	for _, pattern := range []string{"bridge/*/package.json", "web/*/package.json", "bench/package.json"} {
		found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		manifests = append(manifests, found...)
	}
	for _, path := range manifests {
		text, err := readFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var m struct{ Dependencies, DevDependencies, PeerDependencies map[string]string }
		if err := json.Unmarshal([]byte(text), &m); err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, group := range []map[string]string{m.Dependencies, m.DevDependencies, m.PeerDependencies} {
			for name := range group {
				if !strings.HasPrefix(name, "@rockpool/") {
					names = append(names, name)
				}
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
