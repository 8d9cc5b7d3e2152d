package builder

import "rockpool.dev/wire"

// cache is a bounded map that drops in the order of arrival: what is asked
// often comes back at once, and nothing is moved on a hit.
type cache[V any] struct {
	limit int
	// size measures an entry beside its key, in bytes; bytes is the sum of all.
	size                    func(V) int
	bytes                   int
	byKey                   map[string]V
	order                   []string
	hits, misses, evictions uint64
}

func (c *cache[V]) get(key string) (V, bool) {
	v, ok := c.byKey[key]
	if ok {
		c.hits++
	} else {
		c.misses++
	}
	return v, ok
}

func (c *cache[V]) put(key string, v V) {
	if c.byKey == nil {
		c.byKey = map[string]V{}
	}
	n := len(key) + c.size(v)
	if old, ok := c.byKey[key]; ok {
		c.bytes -= len(key) + c.size(old)
	} else {
		for len(c.order) > 0 && (len(c.order) >= c.limit || c.bytes+n > CacheBytesMax) {
			c.evict()
		}
		c.order = append(c.order, key)
	}
	c.byKey[key] = v
	c.bytes += n
}

// evict drops what came first.
func (c *cache[V]) evict() {
	key := c.order[0]
	c.bytes -= len(key) + c.size(c.byKey[key])
	delete(c.byKey, key)
	c.order = append(c.order[:0], c.order[1:]...)
	c.evictions++
}

func (c *cache[V]) clear() { c.byKey, c.order, c.bytes = nil, nil, 0 }

func (c *cache[V]) stats() wire.CacheStats {
	return wire.CacheStats{
		Entries: uint32(len(c.byKey)), Limit: uint32(c.limit), Hits: c.hits, Misses: c.misses, Evictions: c.evictions,
		Bytes: uint64(c.bytes), BytesMax: CacheBytesMax,
	}
}
