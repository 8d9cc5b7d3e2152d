package wire

import "testing"

// A frame's fields are what old clients and relays read. When this test fails
// with a hash that the generator wrote, the protocol has changed: raise
// Version or PageVersion, say in its history what changed, and pin the new
// hash. Fields that are only added may keep VersionMin.
func TestHashesArePinned(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		protocol   string
		version    uint32
		got        string
		pinnedFor  uint32
		pinnedHash string
	}{
		{"client ⇄ relay", Version, relayHash, 6, "667e343e35ddede0e11235ce56d64ab9"},
		{"page ⇄ Worker", PageVersion, pageHash, 12, "24a2b3a9699083065b3511a23526879f"},
	} {
		if c.got != c.pinnedHash || c.version != c.pinnedFor {
			t.Errorf("%s: version %d has frames of hash %s; pinned are version %d, hash %s", c.protocol, c.version, c.got, c.pinnedFor, c.pinnedHash)
		}
	}
}
