package listen

import (
	"compress/gzip"
	"net"
	"net/http"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"rockpool.dev/fault"
	"rockpool.dev/server/snapshot"
)

// gzipBytesMin is the least size that is worth compressing.
const gzipBytesMin = 4 << 10

func (s *Server) mux() http.Handler {
	m := http.NewServeMux()
	m.HandleFunc("GET /sync", s.serve)
	m.HandleFunc(snapshot.PathPrefix, s.chunk)
	for pattern, h := range s.options.Pages {
		m.Handle(pattern, h)
	}
	if s.options.Web != "" {
		m.Handle("/", files(s.options.Web))
	}
	return m
}

// Loopback lets only this machine see a page.
func Loopback(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.RemoteAddr)
		if err != nil {
			host = r.RemoteAddr
		}
		if !isLoopback(host) {
			http.Error(w, "only from this machine", http.StatusForbidden)
			return
		}
		h.ServeHTTP(w, r)
	})
}

var zippers = sync.Pool{New: func() any {
	z, _ := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	return z
}}

// chunk serves a snapshot chunk. Its name is the permission; it never changes.
func (s *Server) chunk(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !s.options.originAllowed(origin, r.Host) {
		problem(w, http.StatusForbidden, fault.ForbiddenOrigin, "pages of this origin may not use this relay")
		return
	}
	if origin != "" {
		w.Header().Set("Access-Control-Allow-Origin", origin)
		w.Header().Set("Access-Control-Allow-Headers", "Authorization")
		w.Header().Add("Vary", "Origin")
	}
	switch r.Method {
	case http.MethodOptions:
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return
	case http.MethodGet, http.MethodHead:
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
		return
	}
	body, err := s.options.Core.Snapshots.Chunk(r.URL.Path)
	if err != nil {
		problem(w, http.StatusGone, fault.KindOf(err), err.Error())
		return
	}
	h := w.Header()
	h.Set("Content-Type", "application/octet-stream")
	h.Set("Cache-Control", "private, max-age=86400, immutable")
	h.Add("Vary", "Accept-Encoding")
	if len(body) < gzipBytesMin || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Length", strconv.Itoa(len(body)))
		_, _ = w.Write(body)
		return
	}
	h.Set("Content-Encoding", "gzip")
	z := zippers.Get().(*gzip.Writer)
	defer zippers.Put(z)
	z.Reset(w)
	_, _ = z.Write(body)
	_ = z.Close()
}

// problem answers with a kind that a client can switch on.
func problem(w http.ResponseWriter, status int, kind fault.Kind, msg string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(`{"kind":` + strconv.Quote(kind.String()) + `,"message":` + strconv.Quote(msg) + "}\n"))
}

// hashed matches what bundlers name by its content, as /assets/core-Dw20_FRw.wasm.
var hashed = regexp.MustCompile(`/assets/[^/]+-[0-9A-Za-z_-]{8,}\.[0-9a-z]+$`)

// files serves a folder: for ever what is named by its content, compressed where
// a compressed form lies beside it. A path without a file is the nearest
// index.html above it, so that an app's own routes can be reloaded.
func files(dir string) http.Handler {
	plain := http.FileServer(http.Dir(dir))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		if strings.HasSuffix(r.URL.Path, ".wasm") {
			w.Header().Set("Content-Type", "application/wasm")
		}
		clean := path.Clean("/" + r.URL.Path)
		if hashed.MatchString(clean) {
			w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
		} else {
			w.Header().Set("Cache-Control", "no-cache") // kept, and asked for again before it is used
		}
		if path.Ext(clean) == "" {
			if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(clean))); err != nil {
				for at := path.Dir(clean); ; at = path.Dir(at) {
					index := filepath.Join(dir, filepath.FromSlash(at), "index.html")
					if _, err := os.Stat(index); err == nil {
						if !packed(dir, path.Join(at, "index.html"), w, r) {
							http.ServeFile(w, r, index)
						}
						return
					}
					if at == "/" {
						break
					}
				}
			}
		}
		name := clean
		if strings.HasSuffix(r.URL.Path, "/") {
			name = path.Join(clean, "index.html")
		}
		if !packed(dir, name, w, r) {
			plain.ServeHTTP(w, r)
		}
	})
}
