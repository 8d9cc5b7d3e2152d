package arch

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestClosure asks the toolchain what the core links for js/wasm.
func TestClosure(t *testing.T) {
	t.Parallel()
	list, err := readClosure(closureText)
	if err != nil {
		t.Fatal("closure.txt: ", err)
	}
	root := filepath.Join("..", "..")
	overlay := exec.Command("go", "run", "./internal/slim/overlay")
	overlay.Dir = root
	replaced, err := overlay.Output()
	if err != nil {
		t.Fatalf("overlay: %v", err)
	}
	overlayed := filepath.Join(t.TempDir(), "overlay.json")
	if err := os.WriteFile(overlayed, replaced, 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("go", "list", "-overlay", overlayed, "-deps", "./wasm")
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	deps := strings.Fields(string(out))
	if len(deps) < 30 {
		t.Fatalf("only %d packages are linked: %v", len(deps), deps)
	}
	for _, b := range checkClosure(deps, list) {
		t.Error(b)
	}
}

// TestClosureNotices: a package that came, one that went, a line without a
// reason.
func TestClosureNotices(t *testing.T) {
	t.Parallel()
	list, err := readClosure("# head\nruntime/... 220 the language\nfmt 22 safejs\n")
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		deps []string
		want string // the one breach; empty is none
	}{
		{"as listed", []string{"runtime", "runtime/debug", "fmt"}, ""},
		{"a heavy one came", []string{"runtime", "fmt", "encoding/json"}, "the core links encoding/json: 150"},
		{"an unknown one came", []string{"runtime", "fmt", "runtimes"}, "the core links runtimes: say"},
		{"one went", []string{"runtime"}, "no longer links fmt"},
	} {
		got := checkClosure(tt.deps, list)
		if (tt.want == "") != (len(got) == 0) || len(got) > 1 || len(got) == 1 && !strings.Contains(got[0], tt.want) {
			t.Errorf("%s: breaches %q, want %q", tt.name, got, tt.want)
		}
	}
	for _, text := range []string{"fmt 22\n", "fmt heavy safejs\n"} {
		if _, err := readClosure(text); err == nil {
			t.Errorf("readClosure(%q) accepts a line without size or reason", text)
		}
	}
}
