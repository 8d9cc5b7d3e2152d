package sqlite

// cache is the statements that Cached keeps, the last used at the end of a
// ring. A statement compiled under one guard is never lent under another.
type cache struct {
	byKey        map[cacheKey]*cached
	first, last  *cached
	lent         []*Stmt // pushed out while they were being read
	hits, misses int64
	evictions    int64
}

type cacheKey struct {
	guard *Guard
	sql   string
}

type cached struct {
	key        cacheKey
	s          *Stmt
	prev, next *cached
}

// CacheStats counts what Conn.Cached did.
type CacheStats struct {
	Hits, Misses, Evictions int64
	Statements              int
}

// CacheStats returns the counts of this connection.
func (c *Conn) CacheStats() CacheStats {
	return CacheStats{c.cache.hits, c.cache.misses, c.cache.evictions, len(c.cache.byKey)}
}

// Cached returns the prepared statement of a text, compiled before or now, of
// at most CachedStatementsMax that are kept. It stays the connection's: do not
// Close it, and use it before the next call of Cached. One that is being read
// is not lent twice: the second caller gets a statement of its own, which goes
// with the connection or at the next turnover.
func (c *Conn) Cached(sql string) (*Stmt, error) {
	if c.closed {
		return nil, closed("prepare statement")
	}
	k := cacheKey{c.guard, sql}
	if e := c.cache.byKey[k]; e != nil && !e.s.active {
		c.cache.hits++
		c.cache.unlink(e)
		c.cache.push(e)
		return e.s, nil
	}
	c.cache.misses++
	s, err := c.Prepare(sql)
	if err != nil {
		return nil, err
	}
	c.cache.add(k, s)
	return s, nil
}

func (a *cache) add(k cacheKey, s *Stmt) {
	if a.byKey == nil {
		a.byKey = make(map[cacheKey]*cached)
	}
	if old := a.byKey[k]; old != nil { // it is being read: whoever reads it closes it
		a.unlink(old)
		delete(a.byKey, k)
		a.lent = append(a.lent, old.s)
	}
	a.sweep()
	for e := a.first; e != nil && len(a.byKey) >= CachedStatementsMax; {
		next := e.next
		if !e.s.active {
			a.unlink(e)
			delete(a.byKey, e.key)
			e.s.finalize()
			a.evictions++
		}
		e = next
	}
	e := &cached{key: k, s: s}
	a.byKey[k] = e
	a.push(e)
}

// sweep closes the statements that are no longer read.
func (a *cache) sweep() {
	kept := a.lent[:0]
	for _, s := range a.lent {
		if s.active {
			kept = append(kept, s)
		} else {
			s.finalize()
		}
	}
	a.lent = kept
}

func (a *cache) push(e *cached) {
	e.prev, e.next = a.last, nil
	if a.last != nil {
		a.last.next = e
	} else {
		a.first = e
	}
	a.last = e
}

func (a *cache) unlink(e *cached) {
	if e.prev != nil {
		e.prev.next = e.next
	} else {
		a.first = e.next
	}
	if e.next != nil {
		e.next.prev = e.prev
	} else {
		a.last = e.prev
	}
	e.prev, e.next = nil, nil
}

// forget drops a statement that its user closes.
func (a *cache) forget(s *Stmt) {
	for e := a.first; e != nil; e = e.next {
		if e.s == s {
			a.unlink(e)
			delete(a.byKey, e.key)
			return
		}
	}
}

func (a *cache) clear() { a.byKey, a.first, a.last, a.lent = nil, nil, nil, nil }
