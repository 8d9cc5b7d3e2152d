package listen

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A compressed form beside a file is sent to who takes it, with the file's own
// type, and says that answers differ; one that is older than the file is not.
func TestPackedFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	now := time.Now()
	for name, age := range map[string]time.Duration{
		"core.wasm": time.Hour, "core.wasm.br": 0, "core.wasm.gz": 0, "app.js": time.Hour, "app.js.gz": 0,
		"index.html": time.Hour, "index.html.br": 0, "stale.css": 0, "stale.css.br": time.Hour, "alone.js": 0,
	} {
		p := filepath.Join(dir, name)
		if err := os.WriteFile(p, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(p, now.Add(-age), now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	const all = "gzip, deflate, br, zstd"
	for _, c := range []struct{ path, accept, body, encoding, kind, vary string }{
		{"/core.wasm", all, "core.wasm.br", "br", "application/wasm", "Accept-Encoding"},
		{"/core.wasm", "gzip", "core.wasm.gz", "gzip", "application/wasm", "Accept-Encoding"},
		{"/core.wasm", "gzip, br;q=0", "core.wasm.gz", "gzip", "application/wasm", "Accept-Encoding"},
		{"/core.wasm", "BR; q=0.5", "core.wasm.br", "br", "application/wasm", "Accept-Encoding"},
		{"/core.wasm", "brotli", "core.wasm", "", "application/wasm", "Accept-Encoding"},
		{"/core.wasm", "", "core.wasm", "", "application/wasm", "Accept-Encoding"},
		{"/app.js", all, "app.js.gz", "gzip", "text/javascript; charset=utf-8", "Accept-Encoding"},
		{"/", all, "index.html.br", "br", "text/html; charset=utf-8", "Accept-Encoding"},
		{"/orders/7", all, "index.html.br", "br", "text/html; charset=utf-8", "Accept-Encoding"},
		{"/stale.css", all, "stale.css", "", "text/css; charset=utf-8", ""},
		{"/alone.js", all, "alone.js", "", "text/javascript; charset=utf-8", ""},
	} {
		r := httptest.NewRequest(http.MethodGet, c.path, nil)
		r.Header.Set("Accept-Encoding", c.accept)
		w := httptest.NewRecorder()
		files(dir).ServeHTTP(w, r)
		h := w.Header()
		if w.Code != http.StatusOK || w.Body.String() != c.body || h.Get("Content-Encoding") != c.encoding || h.Get("Content-Type") != c.kind || h.Get("Vary") != c.vary {
			t.Errorf("%s with %q: %d %q, encoding %q, type %q, vary %q; want %q, %q, %q, %q", c.path, c.accept, w.Code, w.Body, h.Get("Content-Encoding"), h.Get("Content-Type"), h.Get("Vary"), c.body, c.encoding, c.kind, c.vary)
		}
	}
	r := httptest.NewRequest(http.MethodGet, "/core.wasm", nil)
	r.Header.Set("Accept-Encoding", all)
	r.Header.Set("If-Modified-Since", now.Add(time.Minute).UTC().Format(http.TimeFormat))
	w := httptest.NewRecorder()
	files(dir).ServeHTTP(w, r)
	if w.Code != http.StatusNotModified || w.Body.Len() != 0 {
		t.Errorf("asked again: %d with %d bytes, want 304", w.Code, w.Body.Len())
	}
}
