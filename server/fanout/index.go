// Package fanout says which buckets a transaction changes and encodes each
// bucket's changes once for all who follow it (SYNC.md §5, §8). It owns the
// buckets and their numbers; it knows no socket.
package fanout

import (
	"slices"

	"rockpool.dev/changelog"
	"rockpool.dev/server/shape"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// Bucket is one set of rows that somebody follows.
type Bucket struct {
	// ID is the number in frames; it is never used again.
	ID   uint32
	Spec *shape.Spec
	// Changed is the newest position at which Route saw a change of it.
	Changed version.Pos
	refs    int
}

// Index finds buckets by the rows in them. For one goroutine.
type Index struct {
	last   uint32
	byKey  map[string]*Bucket
	tables map[uint32][]*group
}

// group is the buckets of one table that are routed by the same columns.
type group struct {
	cols    []uint32
	buckets map[string][]*Bucket
}

// NewIndex returns an index without buckets.
func NewIndex() *Index {
	return &Index{byKey: map[string]*Bucket{}, tables: map[uint32][]*group{}}
}

// Len is the number of buckets.
func (x *Index) Len() int { return len(x.byKey) }

// Acquire returns the bucket of a spec, made when it is new. Release it.
func (x *Index) Acquire(s *shape.Spec) *Bucket {
	b := x.byKey[s.Key]
	if b == nil {
		x.last++
		b = &Bucket{ID: x.last, Spec: s}
		x.byKey[s.Key] = b
		if !s.Empty {
			g := x.group(s)
			k := string(s.Vals.Append(nil))
			g.buckets[k] = append(g.buckets[k], b)
		}
	}
	b.refs++
	return b
}

// Release gives a bucket back; the last one removes it.
func (x *Index) Release(b *Bucket) {
	if b.refs--; b.refs > 0 {
		return
	}
	delete(x.byKey, b.Spec.Key)
	if b.Spec.Empty {
		return
	}
	g := x.group(b.Spec)
	k := string(b.Spec.Vals.Append(nil))
	left := slices.DeleteFunc(g.buckets[k], func(o *Bucket) bool { return o == b })
	if len(left) > 0 {
		g.buckets[k] = left
		return
	}
	delete(g.buckets, k)
	if len(g.buckets) == 0 {
		t := b.Spec.Table.ID
		x.tables[t] = slices.DeleteFunc(x.tables[t], func(o *group) bool { return o == g })
	}
}

func (x *Index) group(s *shape.Spec) *group {
	for _, g := range x.tables[s.Table.ID] {
		if slices.Equal(g.cols, s.Cols) {
			return g
		}
	}
	g := &group{cols: s.Cols, buckets: map[string][]*Bucket{}}
	x.tables[s.Table.ID] = append(x.tables[s.Table.ID], g)
	return g
}

// Hit is what a transaction does to one bucket.
type Hit struct {
	Bucket *Bucket
	Blocks Blocks
}

// Route returns the buckets that a transaction changes, in the order in which
// it first touches them.
func (x *Index) Route(rec *changelog.Tx) []Hit {
	var hits []*hit
	at := map[*Bucket]*hit{}
	var scratch []byte
	for i := range rec.Changes {
		c := &rec.Changes[i]
		for _, g := range x.tables[c.Table] {
			var before []*Bucket
			if c.Old != nil {
				scratch = tuple(scratch[:0], c.Old, g.cols)
				before = g.buckets[string(scratch)]
				for _, b := range before {
					hits = change(hits, at, b, c)
				}
			}
			if c.New == nil {
				continue
			}
			scratch = tuple(scratch[:0], c.New, g.cols)
			for _, b := range g.buckets[string(scratch)] {
				if !slices.Contains(before, b) {
					hits = change(hits, at, b, c)
				}
			}
		}
	}
	out := make([]Hit, 0, len(hits))
	for _, h := range hits {
		h.bucket.Changed = rec.Pos
		out = append(out, Hit{h.bucket, h.enc.done()})
	}
	return out
}

type hit struct {
	bucket *Bucket
	enc    encoder
}

func change(hits []*hit, at map[*Bucket]*hit, b *Bucket, c *changelog.Change) []*hit {
	h := at[b]
	if h == nil {
		h = &hit{bucket: b, enc: encoder{b: b}}
		if !h.enc.change(c) {
			return hits
		}
		at[b] = h
		return append(hits, h)
	}
	h.enc.change(c)
	return hits
}

// Of returns what a transaction does to one bucket.
func Of(b *Bucket, rec *changelog.Tx) Blocks {
	enc := encoder{b: b}
	for i := range rec.Changes {
		if rec.Changes[i].Table == b.Spec.Table.ID {
			enc.change(&rec.Changes[i])
		}
	}
	return enc.done()
}

func tuple(dst []byte, row value.Row, cols []uint32) []byte {
	for _, c := range cols {
		dst = row[c].Append(dst)
	}
	return dst
}
