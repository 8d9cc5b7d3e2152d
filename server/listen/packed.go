package listen

import (
	"mime"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
)

// packings are the compressed forms that may lie beside a file, the smallest
// first: what `node web/pack.mjs` writes.
var packings = []struct{ encoding, suffix string }{{"br", ".br"}, {"gzip", ".gz"}}

// packed answers with the compressed form that lies beside a file, if the client
// takes it and it is not older than the file. It reports whether it has
// answered. The type is the file's own, so that a browser still compiles
// application/wasm while it arrives.
func packed(dir, clean string, w http.ResponseWriter, r *http.Request) bool {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return false
	}
	name := filepath.Join(dir, filepath.FromSlash(clean))
	plain, err := os.Stat(name)
	if err != nil || !plain.Mode().IsRegular() {
		return false
	}
	for _, p := range packings {
		f, err := os.Open(name + p.suffix)
		if err != nil {
			continue
		}
		served := func() bool {
			defer func() { _ = f.Close() }()
			info, err := f.Stat()
			if err != nil || !info.Mode().IsRegular() || info.ModTime().Before(plain.ModTime()) {
				return false
			}
			h := w.Header()
			if h.Get("Vary") == "" {
				h.Set("Vary", "Accept-Encoding") // of the plain form too
			}
			if !accepts(r.Header.Get("Accept-Encoding"), p.encoding) {
				return false
			}
			if h.Get("Content-Type") == "" {
				kind := mime.TypeByExtension(path.Ext(clean))
				if kind == "" {
					return false
				}
				h.Set("Content-Type", kind)
			}
			h.Set("Content-Encoding", p.encoding)
			if r.Header.Get("Range") == "" { // http.ServeContent leaves it out beside an encoding
				h.Set("Content-Length", strconv.FormatInt(info.Size(), 10))
			}
			http.ServeContent(w, r, "", info.ModTime(), f)
			return true
		}()
		if served {
			return true
		}
	}
	return false
}

// accepts reads an Accept-Encoding header: a coding that is named, and not with
// a weight of 0.
func accepts(header, coding string) bool {
	for _, item := range strings.Split(header, ",") {
		name, params, _ := strings.Cut(item, ";")
		if !strings.EqualFold(strings.TrimSpace(name), coding) {
			continue
		}
		key, q, ok := strings.Cut(strings.TrimSpace(params), "=")
		if !ok || !strings.EqualFold(strings.TrimSpace(key), "q") {
			return true
		}
		weight, err := strconv.ParseFloat(strings.TrimSpace(q), 64)
		return err == nil && weight > 0
	}
	return false
}
