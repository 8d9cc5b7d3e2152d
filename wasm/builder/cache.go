package builder

import "rockpool.dev/wire"

// cache is a bounded map that drops in the order of arrival: what is asked
// often comes back at once, and nothing is moved on a hit.
type cache[V any] struct {
	limit                   int
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
	if _, ok := c.byKey[key]; !ok {
		if len(c.order) >= c.limit {
			delete(c.byKey, c.order[0])
			c.order = append(c.order[:0], c.order[1:]...)
			c.evictions++
		}
		c.order = append(c.order, key)
	}
	c.byKey[key] = v
}

func (c *cache[V]) clear() { c.byKey, c.order = nil, nil }

func (c *cache[V]) stats() wire.CacheStats {
	return wire.CacheStats{Entries: uint32(len(c.byKey)), Limit: uint32(c.limit), Hits: c.hits, Misses: c.misses, Evictions: c.evictions}
}
