package provider

import (
	"rockpool.dev/fault"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/sqlite"
	"rockpool.dev/wire"
)

// Reader is one snapshot reader.
type Reader struct {
	Conn *sqlite.Conn
	busy bool
}

// Pool is the snapshot readers. One of several is kept for interactive calls,
// so that bulk and live ones never hold them all. The first is opened with the
// pool, the others when they are needed: the first row of a page waits for one.
type Pool struct {
	opt     sqlite.Options
	guard   *sqlite.Guard
	warn    func(error)
	readers []*Reader
	size    int
	busy    int
}

// openPool opens a pool of n readers of a database that exists. A reader that
// cannot be opened later is told to warn, and the pool goes on without it.
func openPool(o sqlite.Options, n int, g *sqlite.Guard, warn func(error)) (*Pool, error) {
	o.ReadOnly, o.CacheKiB = true, ReaderCacheKiB
	p := &Pool{opt: o, guard: g, warn: warn, size: n}
	if _, err := p.add(); err != nil {
		return nil, err
	}
	return p, nil
}

// add opens one more reader.
func (p *Pool) add() (*Reader, error) {
	c, err := sqlite.Open(p.opt)
	if err != nil {
		return nil, fault.In("open reader", err)
	}
	if err := sqlfn.Register(c); err != nil {
		_ = c.Close()
		return nil, fault.In("open reader", err)
	}
	c.SetGuard(p.guard)
	r := &Reader{Conn: c}
	p.readers = append(p.readers, r)
	return r, nil
}

// Take lends a reader, or returns nil when none is free for that lane.
func (p *Pool) Take(lane wire.Lane) *Reader {
	if p.busy >= p.size || lane != wire.LaneInteractive && p.size > 1 && p.busy >= p.size-1 {
		return nil
	}
	for _, r := range p.readers {
		if !r.busy {
			return p.lend(r)
		}
	}
	r, err := p.add()
	if err != nil {
		p.size = len(p.readers)
		p.warn(err)
		return nil
	}
	return p.lend(r)
}

func (p *Pool) lend(r *Reader) *Reader {
	r.busy = true
	p.busy++
	return r
}

// Give takes a reader back. Its statements must be at rest.
func (p *Pool) Give(r *Reader) {
	if r.busy {
		r.busy = false
		p.busy--
	}
}

// Size is how many readers the pool lends at most.
func (p *Pool) Size() int { return p.size }

// Busy returns how many are lent.
func (p *Pool) Busy() int { return p.busy }

// SetGuard puts a guard on every reader, also on those to come.
func (p *Pool) SetGuard(g *sqlite.Guard) {
	p.guard = g
	for _, r := range p.readers {
		r.Conn.SetGuard(g)
	}
}

// CacheStats adds up the prepared statements of the readers.
func (p *Pool) CacheStats() (s sqlite.CacheStats) {
	for _, r := range p.readers {
		one := r.Conn.CacheStats()
		s.Hits += one.Hits
		s.Misses += one.Misses
		s.Evictions += one.Evictions
		s.Statements += one.Statements
	}
	return s
}

// Close closes every reader and returns the first error.
func (p *Pool) Close() (err error) {
	for _, r := range p.readers {
		if cerr := r.Conn.Close(); err == nil {
			err = cerr
		}
	}
	p.readers, p.size, p.busy = nil, 0, 0
	return err
}
