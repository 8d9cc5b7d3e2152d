package snapshot

import (
	"fmt"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/version"
)

func set(key string, bucket uint32, seq uint64, chunks ...string) *Set {
	s := &Set{Bucket: bucket, Pos: version.Pos{Epoch: 1, Seq: seq}, key: key}
	for _, c := range chunks {
		s.chunks = append(s.chunks, []byte(c))
		s.Bytes += uint64(len(c))
	}
	return s
}

func put(t *testing.T, c *Cache, s *Set) *Set {
	t.Helper()
	if err := c.Put(s); err != nil {
		t.Fatal(err)
	}
	return s
}

// Whoever was told of a snapshot can fetch it while others are given newer
// ones: on a busy table nobody would ever end otherwise.
func TestOlderSetsCanStillBeFetched(t *testing.T) {
	c := NewCache([]byte("k"), 1000)
	first := put(t, c, set("b", 1, 1, "one", "two"))
	for seq := uint64(2); seq <= perBucketMax; seq++ {
		put(t, c, set("b", 1, seq, fmt.Sprint("newer ", seq)))
	}
	if b, err := c.Chunk(first.URLs[1]); err != nil || string(b) != "two" {
		t.Fatalf("Chunk = %q, %v, want two", b, err)
	}
	put(t, c, set("b", 1, perBucketMax+1, "last"))
	if _, err := c.Chunk(first.URLs[1]); fault.KindOf(err) != fault.NotFound || fault.HintOf(err) == "" {
		t.Fatalf("Chunk of the set beyond the limit = %v, want not_found with a hint", err)
	}
}

func TestFreshIsTheNewest(t *testing.T) {
	c := NewCache([]byte("k"), 1000)
	put(t, c, set("b", 1, 7, "seven"))
	put(t, c, set("b", 1, 5, "five")) // made slowly
	put(t, c, set("b", 2, 9, "another number"))
	for _, x := range []struct{ oldest, want uint64 }{{3, 7}, {7, 7}, {8, 0}} {
		got := c.Fresh("b", 1, version.Pos{Epoch: 1, Seq: x.oldest})
		if got == nil && x.want != 0 || got != nil && got.Pos.Seq != x.want {
			t.Errorf("Fresh(%d) = %+v, want position %d", x.oldest, got, x.want)
		}
	}
}

// A set that two calls made at one position is kept once; the limit holds over
// all buckets, and the least used goes.
func TestBytesAreCountedOnce(t *testing.T) {
	c := NewCache([]byte("k"), 20)
	a := put(t, c, set("a", 1, 1, "0123456789"))
	again := put(t, c, set("a", 1, 1, "0123456789"))
	if c.Bytes() != 10 || again.URLs[0] != a.URLs[0] {
		t.Fatalf("%d bytes after one set twice, want 10", c.Bytes())
	}
	b := put(t, c, set("b", 2, 1, "0123456789"))
	if _, err := c.Chunk(a.URLs[0]); err != nil {
		t.Fatal(err)
	}
	put(t, c, set("c", 3, 1, "0123456789"))
	if _, err := c.Chunk(b.URLs[0]); err == nil || c.Bytes() != 20 {
		t.Errorf("the least used set is still there, %d bytes", c.Bytes())
	}
	if _, err := c.Chunk(a.URLs[0]); err != nil {
		t.Errorf("the set that was fetched is gone: %v", err)
	}
	if err := c.Put(set("d", 4, 1, "more than the whole of it")); fault.KindOf(err) != fault.TooLarge || fault.HintOf(err) == "" {
		t.Errorf("Put of too much = %v, want too_large with a hint", err)
	}
}

// A name cannot be guessed from what it stands for.
func TestNamesNeedTheSecret(t *testing.T) {
	a, b := NewCache([]byte("k"), 100), NewCache([]byte("l"), 100)
	if x, y := put(t, a, set("s", 1, 1, "row")), put(t, b, set("s", 1, 1, "row")); x.URLs[0] == y.URLs[0] {
		t.Error("two secrets give one name")
	}
	if _, err := a.Chunk(b.sets["s"][0].set.URLs[0]); err == nil {
		t.Error("a name of another relay opens a chunk")
	}
}
