package snapshot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"sync"

	"rockpool.dev/fault"
	"rockpool.dev/version"
)

// PathPrefix precedes a chunk's capability in its URL.
const PathPrefix = "/chunk/"

// BytesMax is how many bytes of chunks a relay holds, unless told otherwise.
const BytesMax = 512 << 20

// perBucketMax is how many sets of one bucket are kept: whoever began to fetch
// one may end, while others were given newer ones.
const perBucketMax = 4

// Cache holds the sets whose chunks may still be fetched. Over its limit the
// set that was asked for least recently goes; a client that is late asks for a
// new one. Safe for concurrent use.
type Cache struct {
	secret   []byte
	bytesMax uint64

	mu    sync.Mutex // guards what follows
	clock uint64
	bytes uint64
	sets  map[string][]*entry // by bucket key, in the order they came
	names map[string]chunkRef
}

type entry struct {
	set  *Set
	used uint64
}

type chunkRef struct {
	of *entry
	i  int
}

// NewCache returns an empty cache. The secret makes the capabilities.
func NewCache(secret []byte, bytesMax uint64) *Cache {
	return &Cache{secret: secret, bytesMax: bytesMax, sets: map[string][]*entry{}, names: map[string]chunkRef{}}
}

// Put names a set's chunks and keeps them. The oldest of too many sets of the
// bucket goes.
func (c *Cache) Put(s *Set) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Bytes > c.bytesMax {
		return fault.New(fault.TooLarge, "keep a snapshot", "it is larger than all that the relay may hold").
			WithHint("subscribe to a smaller shape, or raise limits.snapshot_bytes")
	}
	for _, e := range c.sets[s.key] {
		if e.set.Pos == s.Pos && e.set.Bucket == s.Bucket { // made twice at once
			s.URLs = e.set.URLs
			c.touch(e)
			return nil
		}
	}
	for len(c.sets[s.key]) >= perBucketMax {
		c.remove(c.sets[s.key][0])
	}
	for c.bytes+s.Bytes > c.bytesMax {
		c.evict()
	}
	e := &entry{set: s}
	c.touch(e)
	s.URLs = make([]string, len(s.chunks))
	for i := range s.chunks {
		name := c.name(s, i)
		c.names[name] = chunkRef{e, i}
		s.URLs[i] = PathPrefix + name
	}
	c.bytes += s.Bytes
	c.sets[s.key] = append(c.sets[s.key], e)
	return nil
}

func (c *Cache) touch(e *entry) {
	c.clock++
	e.used = c.clock
}

// Fresh returns the newest kept set of a bucket if it is at pos, or later.
func (c *Cache) Fresh(key string, bucket uint32, pos version.Pos) *Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	var newest *entry
	for _, e := range c.sets[key] {
		if e.set.Bucket == bucket && !e.set.Pos.Less(pos) && (newest == nil || newest.set.Pos.Less(e.set.Pos)) {
			newest = e
		}
	}
	if newest == nil {
		return nil
	}
	c.touch(newest)
	return newest.set
}

// Chunk returns the bytes behind a URL, which nobody may change.
// fault.NotFound when there is no such chunk, or no more.
func (c *Cache) Chunk(url string) ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	ref, ok := c.names[strings.TrimPrefix(url, PathPrefix)]
	if !ok {
		return nil, fault.New(fault.NotFound, "fetch a snapshot", "there is no such chunk, or no more").
			WithHint("subscribe again")
	}
	c.touch(ref.of)
	return ref.of.set.chunks[ref.i], nil
}

// Bytes is how much the cache holds.
func (c *Cache) Bytes() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

// evict drops the set that was used least recently. There must be one.
func (c *Cache) evict() {
	var oldest *entry
	for _, sets := range c.sets {
		for _, e := range sets {
			if oldest == nil || e.used < oldest.used {
				oldest = e
			}
		}
	}
	c.remove(oldest)
}

func (c *Cache) remove(e *entry) {
	key := e.set.key
	c.sets[key] = slices.DeleteFunc(c.sets[key], func(o *entry) bool { return o == e })
	if len(c.sets[key]) == 0 {
		delete(c.sets, key)
	}
	c.bytes -= e.set.Bytes
	for _, url := range e.set.URLs {
		delete(c.names, strings.TrimPrefix(url, PathPrefix))
	}
}

// name is the capability of chunk i: HMAC-SHA256 of what it is.
func (c *Cache) name(s *Set, i int) string {
	mac := hmac.New(sha256.New, c.secret)
	for _, n := range []uint64{uint64(s.Pos.Epoch), s.Pos.Seq, uint64(s.Bucket), uint64(i)} {
		mac.Write(binary.LittleEndian.AppendUint64(nil, n))
	}
	mac.Write([]byte(s.key))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}
