package store

import (
	"sync"

	"rockpool.dev/fault"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/version"
)

const (
	// readersMax bounds the reading connections.
	readersMax = 8
	// checkpointPages is the WAL's size from which a commit checkpoints, in pages.
	checkpointPages = 4000
	// cacheKiB is the page cache of the writing connection.
	cacheKiB = 64 << 10
)

// Options are what a store is opened with.
type Options struct {
	// Path is the file, or a name from sqlite.MemoryName.
	Path string
	// Schema is what the source publishes.
	Schema *schema.Schema
	// Truth makes the store the source itself: constraints are enforced.
	Truth bool
	// Source names the database that a replica is of; unused for the truth.
	Source string
	// Relations names the source's tables by numbers of its own, which a table
	// that was dropped and made again does not keep; "" where there are none.
	Relations string
	// NewEpoch is the epoch of a store that is built anew. It must be greater
	// than any that clients may hold; seconds since 1970 do.
	NewEpoch uint32
	// Term names the stretch of a truth's log that this process writes: a random
	// number, or 0 to remember none. See Branched.
	Term uint64
}

// Store is an open store. Safe for concurrent use.
type Store struct {
	opt    Options
	schema *schema.Schema
	tables map[uint32]*table

	// mu guards the writing connection and a transaction on it.
	mu    sync.Mutex
	w     *sqlite.Conn
	dirty bool // committed since the last flush

	// state guards what follows.
	state   sync.Mutex
	meta    meta
	reached chan struct{} // closed when the head moves
	readers []*sqlite.Conn
	lent    int
	freed   *sync.Cond
	closed  bool
	// branched says that this process has begun the epoch.
	branched bool
}

// Open opens or creates a store. fault.SchemaMismatch and fault.SlotLost mean
// that the file was built for another schema, or from another database, and
// must be built anew (Discard). fault.InvalidArgument: it is a truth that was to
// become a replica, or the other way round.
func Open(o Options) (*Store, error) {
	if o.Schema == nil || len(o.Schema.Tables) == 0 || o.NewEpoch == 0 {
		return nil, fault.New(fault.InvalidArgument, "open store", "it needs a schema with a table, and an epoch")
	}
	w, err := connect(o.Path, cacheKiB)
	if err != nil {
		return nil, fault.In("open store", err)
	}
	s := &Store{opt: o, schema: o.Schema, w: w, tables: map[uint32]*table{}, reached: make(chan struct{})}
	s.freed = sync.NewCond(&s.state)
	for i := range o.Schema.Tables {
		t := &o.Schema.Tables[i]
		s.tables[t.ID] = newTable(t)
	}
	if err := s.prepare(); err != nil {
		_ = w.Close()
		return nil, fault.In("open store "+o.Path, err)
	}
	return s, nil
}

// connect opens a connection with our functions on it.
func connect(path string, cache int) (*sqlite.Conn, error) {
	c, err := sqlite.Open(sqlite.Options{Name: path, CacheKiB: cache, AutoCheckpoint: checkpointPages})
	if err != nil {
		return nil, err
	}
	if err := sqlfn.Register(c); err != nil {
		_ = c.Close()
		return nil, err
	}
	return c, nil
}

func (s *Store) prepare() error {
	if err := s.checkSettled(); err != nil {
		return err
	}
	if err := s.w.Exec(sidecars); err != nil {
		return err
	}
	if s.opt.Truth {
		if err := s.w.Exec("PRAGMA foreign_keys=ON"); err != nil {
			return err
		}
	}
	if err := s.checkOrigin(); err != nil { // before all that says "build it anew"
		return err
	}
	if err := s.checkRelations(); err != nil {
		return err
	}
	found, err := s.readMeta()
	if err != nil {
		return err
	}
	s.dirty = true // who wrote the file before may have died before its flush
	if !found {
		if err := s.build(); err != nil {
			return err
		}
	}
	if !s.opt.Truth {
		return nil
	}
	if err := s.startTerm(); err != nil {
		return err
	}
	return s.capture()
}

// capture records what statements change, cascades of foreign keys included.
func (s *Store) capture() error {
	ids := map[string]uint32{}
	for id, t := range s.tables {
		ids[t.Name] = id
	}
	return s.w.Capture(ids)
}

// build creates the tables in one transaction; the store is then empty and
// waits for Load.
func (s *Store) build() error {
	if err := s.w.Exec("BEGIN IMMEDIATE"); err != nil {
		return err
	}
	err := s.createTables()
	if err == nil {
		s.meta = meta{pos: version.Pos{Epoch: s.opt.NewEpoch}, first: 1}
		err = s.writeMeta(s.meta)
	}
	return s.end(err)
}

func (s *Store) createTables() error {
	mode := schema.Replica
	if s.opt.Truth {
		mode = schema.Truth
	}
	for i := range s.schema.Tables {
		for _, sql := range schema.DDL(&s.schema.Tables[i], mode) {
			if err := s.w.Exec(sql); err != nil {
				return fault.In("create table "+s.schema.Tables[i].Name, err)
			}
		}
	}
	return nil
}

// end commits, or rolls back when err is not nil, and returns the first error.
func (s *Store) end(err error) error {
	if err == nil {
		if err = s.w.Exec("COMMIT"); err == nil {
			s.dirty = true
			return nil
		}
	}
	if s.w.InTransaction() {
		if rerr := s.w.Exec("ROLLBACK"); rerr != nil {
			return fault.In("roll back after: "+err.Error(), rerr)
		}
	}
	return err
}

// Schema is what the store holds.
func (s *Store) Schema() *schema.Schema { return s.schema }

// Truth says whether the store is the source itself.
func (s *Store) Truth() bool { return s.opt.Truth }

// Flush makes every committed transaction durable. It costs nothing when there
// was none since the last.
func (s *Store) Flush() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.dirty {
		return nil
	}
	if err := s.w.Flush(); err != nil {
		return fault.In("flush the store", err)
	}
	s.dirty = false
	return nil
}

// Close flushes and closes every connection. Views must have been closed.
func (s *Store) Close() error {
	s.state.Lock()
	if s.closed {
		s.state.Unlock()
		return nil
	}
	s.closed = true
	readers := s.readers
	s.readers = nil
	s.state.Unlock()
	for _, r := range readers {
		_ = r.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.w.Flush()
	if cerr := s.w.Close(); err == nil {
		err = cerr
	}
	return err
}

func (s *Store) table(id uint32) (*table, error) {
	if t := s.tables[id]; t != nil {
		return t, nil
	}
	return nil, fault.New(fault.UnknownTable, "read the store", "there is no table with number "+valueText(id))
}

func valueText(id uint32) string { return itoa(uint64(id)) }
