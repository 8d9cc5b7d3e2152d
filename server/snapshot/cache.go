package snapshot

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"sync"

	"rockpool.dev/fault"
	"rockpool.dev/version"
)

// PathPrefix precedes a chunk's capability in its URL.
const PathPrefix = "/chunk/"

// BytesMax is how many bytes of chunks a relay holds, unless told otherwise.
const BytesMax = 512 << 20

// Cache holds the sets whose chunks may still be fetched. Over its limit the
// set that was asked for least recently goes; a client that is late asks for a
// new one. Safe for concurrent use.
type Cache struct {
	secret   []byte
	bytesMax uint64

	mu    sync.Mutex // guards what follows
	clock uint64
	bytes uint64
	sets  map[string]*entry // by bucket key
	names map[string]chunkRef
}

type entry struct {
	set  *Set
	used uint64
}

type chunkRef struct {
	set *Set
	i   int
}

// NewCache returns an empty cache. The secret makes the capabilities.
func NewCache(secret []byte, bytesMax uint64) *Cache {
	return &Cache{secret: secret, bytesMax: bytesMax, sets: map[string]*entry{}, names: map[string]chunkRef{}}
}

// Put names a set's chunks and keeps them. An older set of the bucket goes.
func (c *Cache) Put(s *Set) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s.Bytes > c.bytesMax {
		return fault.New(fault.TooLarge, "keep a snapshot", "it is larger than all that the relay may hold").
			WithHint("subscribe to a smaller shape, or raise limits.snapshot_bytes")
	}
	if old := c.sets[s.key]; old != nil && old.set.Pos != s.Pos {
		c.remove(s.key)
	}
	for c.bytes+s.Bytes > c.bytesMax {
		c.evict()
	}
	s.URLs = make([]string, len(s.chunks))
	for i := range s.chunks {
		name := c.name(s, i)
		c.names[name] = chunkRef{s, i}
		s.URLs[i] = PathPrefix + name
	}
	c.bytes += s.Bytes
	c.clock++
	c.sets[s.key] = &entry{s, c.clock}
	return nil
}

// Fresh returns the kept set of a bucket if it is at pos, or later.
func (c *Cache) Fresh(key string, bucket uint32, pos version.Pos) *Set {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.sets[key]
	if e == nil || e.set.Pos.Less(pos) || e.set.Bucket != bucket {
		return nil
	}
	c.clock++
	e.used = c.clock
	return e.set
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
	if e := c.sets[ref.set.key]; e != nil && e.set == ref.set {
		c.clock++
		e.used = c.clock
	}
	return ref.set.chunks[ref.i], nil
}

// Bytes is how much the cache holds.
func (c *Cache) Bytes() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.bytes
}

func (c *Cache) evict() {
	oldest := ""
	for k, e := range c.sets {
		if oldest == "" || e.used < c.sets[oldest].used {
			oldest = k
		}
	}
	c.remove(oldest)
}

func (c *Cache) remove(key string) {
	e := c.sets[key]
	if e == nil {
		return
	}
	delete(c.sets, key)
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
