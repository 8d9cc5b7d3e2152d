package transport

import "strings"

// ChunkURL resolves a chunk's address against the relay's ws:// or wss://
// address: the same host over http:// or https://. A path that begins with a
// slash replaces the relay's path, any other is appended to it. An address
// with a scheme is refused (""): rows come from the relay alone.
func ChunkURL(relay, chunk string) string {
	scheme, rest, ok := strings.Cut(relay, "://")
	if !ok || strings.Contains(chunk, "://") || strings.HasPrefix(chunk, "//") {
		return ""
	}
	switch scheme {
	case "ws", "http":
		scheme = "http"
	case "wss", "https":
		scheme = "https"
	default:
		return ""
	}
	if i := strings.IndexAny(rest, "?#"); i >= 0 {
		rest = rest[:i]
	}
	if strings.HasPrefix(chunk, "/") {
		host, _, _ := strings.Cut(rest, "/")
		return scheme + "://" + host + chunk
	}
	return scheme + "://" + strings.TrimSuffix(rest, "/") + "/" + chunk
}
