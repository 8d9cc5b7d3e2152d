// Package builder turns what the page asks into something to run: a built
// query into SQL text, either into a prepared statement, and a statement into
// columnar chunks. It knows which tables a statement reads and writes, and
// says what is wrong with a query without running it. Texts and plans are
// cached by value, with counters; prepared statements are each connection's.
// It owns no connection and no transaction.
//
// Not safe for concurrent use: its owner is the Worker's one loop.
package builder

import (
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/wire"
)

// Limits.
const (
	// SelectsMax is how many built queries keep their text.
	SelectsMax = 256
	// PlansMax is how many texts keep what is known of them.
	PlansMax = 512
	// CacheBytesMax bounds the texts of each of the two caches.
	CacheBytesMax = 4 << 20
	// ChunkRowsMax and ChunkBytesMax bound one chunk of a result; a single
	// larger row makes a larger chunk.
	ChunkRowsMax  = 4096
	ChunkBytesMax = 512 << 10
	// SQLBytesMax bounds a statement's text.
	SQLBytesMax = 1 << 20
)

// Builder is the caches of one database.
type Builder struct {
	schema  *schema.Schema
	selects cache[sqlgen.Statement]
	plans   cache[*Plan]
	// locals are the tables beside the schema, by name; nil before they are read.
	locals map[string]bool
}

// New returns empty caches over a schema, which is shared.
func New(s *schema.Schema) *Builder {
	b := &Builder{schema: s}
	b.selects.limit, b.plans.limit = SelectsMax, PlansMax
	b.selects.size = func(s sqlgen.Statement) int { return len(s.SQL) }
	b.plans.size = func(p *Plan) int { return len(p.SQL) + len(p.Head) }
	return b
}

// SetSchema forgets everything: another schema, or DDL by the app.
func (b *Builder) SetSchema(s *schema.Schema) {
	b.schema, b.locals = s, nil
	b.selects.clear()
	b.plans.clear()
}

// Schema returns the schema in force.
func (b *Builder) Schema() *schema.Schema { return b.schema }

// Select returns the text and the values of a built query. Kinds: those of
// query.Validate for the form of the tree; names are SQLite's to judge, see Explain.
func (b *Builder) Select(q *query.Select) (sqlgen.Statement, error) {
	key := string(q.AppendTo(nil))
	if s, ok := b.selects.get(key); ok {
		return s, nil
	}
	s, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: b.schema})
	if err != nil {
		return s, err
	}
	b.selects.put(key, s)
	return s, nil
}

// Stats returns the figures of the caches of texts and of plans.
func (b *Builder) Stats() (texts, plans wire.CacheStats) { return b.selects.stats(), b.plans.stats() }
