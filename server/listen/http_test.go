package listen

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
)

// What is named by its content is kept for ever, the rest is asked for again,
// and what is missing is never kept.
func TestFilesAreCached(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "assets"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"index.html", "sw.js", "assets/core-Dw20_FRw.wasm", "assets/logo.svg"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const forEver, again = "public, max-age=31536000, immutable", "no-cache"
	for path, want := range map[string]struct {
		status int
		cache  string
	}{
		"/":                          {http.StatusOK, again},
		"/orders/7":                  {http.StatusOK, again},
		"/sw.js":                     {http.StatusOK, again},
		"/assets/logo.svg":           {http.StatusOK, again},
		"/assets/core-Dw20_FRw.wasm": {http.StatusOK, forEver},
		"/assets/core-gone1234.wasm": {http.StatusNotFound, ""},
	} {
		w := httptest.NewRecorder()
		files(dir).ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != want.status || w.Header().Get("Cache-Control") != want.cache {
			t.Errorf("%s: %d, Cache-Control %q; want %d, %q", path, w.Code, w.Header().Get("Cache-Control"), want.status, want.cache)
		}
	}
}
