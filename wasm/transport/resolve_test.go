package transport_test

import (
	"testing"

	"rockpool.dev/wasm/transport"
)

// Chunks come from the relay's host over the matching scheme, and from nowhere else.
func TestChunkURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, relay, chunk, want string }{
		{"absolute path", "ws://localhost:8080/sync", "/chunk/a1", "http://localhost:8080/chunk/a1"},
		{"relative path", "wss://x.example/base/", "chunk/a1", "https://x.example/base/chunk/a1"},
		{"query of the relay is dropped", "wss://x.example/sync?v=1", "/c?k=2", "https://x.example/c?k=2"},
		{"no path", "ws://h", "/c", "http://h/c"},
		{"another host is refused", "ws://h", "https://evil.example/c", ""},
		{"scheme-relative is refused", "ws://h", "//evil.example/c", ""},
		{"no scheme", "h", "/c", ""},
	} {
		if got := transport.ChunkURL(c.relay, c.chunk); got != c.want {
			t.Errorf("%s: ChunkURL(%q, %q) = %q, want %q", c.name, c.relay, c.chunk, got, c.want)
		}
	}
}
