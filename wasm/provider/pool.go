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
// so that bulk and live ones never hold them all.
type Pool struct {
	readers []*Reader
	busy    int
}

// openPool opens n readers of a database that exists.
func openPool(o sqlite.Options, n int, g *sqlite.Guard) (*Pool, error) {
	o.ReadOnly, o.CacheKiB = true, ReaderCacheKiB
	p := &Pool{}
	for range n {
		c, err := sqlite.Open(o)
		if err == nil {
			p.readers = append(p.readers, &Reader{Conn: c})
			err = sqlfn.Register(c)
		}
		if err != nil {
			_ = p.Close()
			return nil, fault.In("open reader", err)
		}
		c.SetGuard(g)
	}
	return p, nil
}

// Take lends a reader, or returns nil when none is free for that lane.
func (p *Pool) Take(lane wire.Lane) *Reader {
	if lane != wire.LaneInteractive && len(p.readers) > 1 && p.busy >= len(p.readers)-1 {
		return nil
	}
	for _, r := range p.readers {
		if !r.busy {
			r.busy = true
			p.busy++
			return r
		}
	}
	return nil
}

// Give takes a reader back. Its statements must be at rest.
func (p *Pool) Give(r *Reader) {
	if r.busy {
		r.busy = false
		p.busy--
	}
}

// Size and Busy count the readers.
func (p *Pool) Size() int { return len(p.readers) }

// Busy returns how many are lent.
func (p *Pool) Busy() int { return p.busy }

// SetGuard puts a guard on every reader.
func (p *Pool) SetGuard(g *sqlite.Guard) {
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
	p.readers, p.busy = nil, 0
	return err
}
