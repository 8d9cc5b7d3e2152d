package store

import (
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// DB is one client's tables on one writing connection. Not safe for
// concurrent use.
type DB struct {
	w      *sqlite.Conn
	opt    Options
	meta   Meta
	schema *schema.Schema
	tables map[uint32]*table
	shapes []*Shape
	bound  map[uint32]bool // IDs of shapes whose Bucket holds on this socket
	pend   pending
	// next is the incarnation of a hello that has not been answered, or "".
	next string
	// durable is the newest mid that has been flushed.
	durable uint64
	// writing is the open write, or nil.
	writing *Write
	// unchecked holds the CHECK texts that SQLite cannot evaluate.
	unchecked map[string]bool
	// onces counts the idempotency keys kept since the start.
	onces uint32
	// stmts are the statements of ours that are kept prepared.
	stmts map[string]*sqlite.Stmt
	// chunk and args are scratch of each.
	chunk sqlite.Chunk
	args  []byte
	// guard keeps the app's statements off our tables and the synced ones' shape.
	guard *sqlite.Guard
	// stale is true when memory may differ from the file; see fresh.
	stale bool
	// hook is nil outside tests; see before.
	hook func(sql string) error
	// captured is the tables whose changes SQLite records, by name.
	captured map[string]uint32
	changes  Changes
}

// Open makes or reads the sidecars of w, which must not be in a transaction.
// Kinds: corrupt, version_mismatch (a newer build wrote the file), and
// whatever SQLite says. The connection stays the caller's to close.
func Open(w *sqlite.Conn, opt Options) (*DB, error) {
	if opt.NewID == nil || opt.NowMillis == nil {
		return nil, fault.New(fault.InvalidArgument, "open store", "NewID and NowMillis are required")
	}
	if opt.OutboxBytesMax == 0 {
		opt.OutboxBytesMax = wire.OutboxBytesMax
	}
	db := &DB{w: w, opt: opt, unchecked: map[string]bool{}, bound: map[uint32]bool{}, stmts: map[string]*sqlite.Stmt{}}
	if err := db.create(); err != nil {
		return nil, fault.In("open store", err)
	}
	if err := db.load(); err != nil {
		return nil, fault.In("open store", err)
	}
	if err := db.dropStages(); err != nil {
		return nil, fault.In("open store", err)
	}
	if err := db.rejectTooLarge(); err != nil {
		return nil, fault.In("open store", err)
	}
	if opt.Schema != nil && !covers(db.schema, opt.Schema) {
		if err := db.SetSchema(opt.Schema); err != nil {
			return nil, fault.In("open store", err)
		}
	}
	if err := w.Capture(db.captured); err != nil {
		return nil, fault.In("open store", err)
	}
	w.SetGuard(db.guard)
	if err := db.Flush(); err != nil {
		return nil, fault.In("open store", err)
	}
	return db, nil
}

// create makes the sidecars when the file has none, and brings those of an
// older build up to date.
func (db *DB) create() error {
	_, found, err := db.one(`SELECT 1 FROM sqlite_master WHERE name = '_rockpool_meta'`)
	if err != nil {
		return err
	}
	if found {
		return db.migrate()
	}
	return db.atomic(func() error {
		for _, sql := range sidecarDDL {
			if err := db.exec(sql); err != nil {
				return err
			}
		}
		return db.run(`INSERT INTO _rockpool_meta VALUES (1, ?, ?, '', '', 0, 0, 0, 0, NULL, 0)`,
			value.Int(int64(wire.StorageVersion)), value.Text(db.opt.NewID()))
	})
}

// load reads everything that is kept in memory. It is also how a failed call
// returns to what the file says.
func (db *DB) load() error {
	row, found, err := db.one(`SELECT storage FROM _rockpool_meta WHERE id = 1`)
	if err != nil {
		return err
	}
	if !found {
		return fault.New(fault.Corrupt, "read store", "the bookkeeping row is missing")
	}
	if v := row[0].Int(); v != int64(wire.StorageVersion) {
		return fault.New(fault.VersionMismatch, "read store", "the database has storage version "+
			strconv.FormatInt(v, 10)+", this build has "+strconv.FormatInt(int64(wire.StorageVersion), 10)).
			WithHint("reload the page to get the newer build")
	}
	row, _, err = db.one(`SELECT term, client_id, incarnation, incarnation_next, epoch, seq, acked_mid, hlc, schema,
	  (SELECT max(mid) FROM _rockpool_tx WHERE mid < ?), (SELECT max(hlc) FROM _rockpool_tx),
	  (SELECT total(bytes) FROM _rockpool_tx) FROM _rockpool_meta WHERE id = 1`, value.Int(settledMidFirst))
	if err != nil {
		return err
	}
	db.meta = Meta{
		ClientID: row[1].Str(), Incarnation: row[2].Str(),
		Cursor:   version.Pos{Epoch: uint32(row[4].Int()), Seq: uint64(row[5].Int())},
		Term:     uint64(row[0].Int()),
		AckedMid: uint64(row[6].Int()),
		LastMid:  max(uint64(row[6].Int()), uint64(row[9].Int())),
		HLC:      version.HLC(max(uint64(row[7].Int()), uint64(row[10].Int()))),
	}
	db.pend.reset(row[11].Int())
	db.next = row[3].Str()
	s := new(schema.Schema)
	if blob := row[8]; !blob.IsNull() {
		if err := s.Decode([]byte(blob.Str())); err != nil {
			return fault.Wrap(fault.Corrupt, "read stored schema", err)
		}
	}
	db.useSchema(s)
	if err := db.loadPending(); err != nil {
		return err
	}
	return db.loadShapes()
}

// Meta returns who this database is and how far it has come.
func (db *DB) Meta() Meta { return db.meta }

// Flush makes every commit so far durable.
func (db *DB) Flush() error {
	last := db.meta.LastMid
	if err := db.w.Flush(); err != nil {
		return err
	}
	db.durable = last
	if db.opt.Flushed != nil {
		db.opt.Flushed()
	}
	return nil
}

// Durable returns the newest mid that has been flushed.
func (db *DB) Durable() uint64 { return db.durable }

// Rotate returns the incarnation before and the new one, for a hello (SYNC.md
// §6.4); both are durable. Until Confirm it returns the same pair: the relay
// may or may not have taken the new one. Bucket numbers of the last socket end.
func (db *DB) Rotate() (before, after string, err error) {
	after = db.next
	if after == "" {
		after = db.opt.NewID()
		if err := db.internal(false, func() error {
			return db.run(`UPDATE _rockpool_meta SET incarnation_next = ? WHERE id = 1`, value.Text(after))
		}); err != nil {
			return "", "", fault.In("rotate incarnation", err)
		}
		db.next = after
	}
	clear(db.bound)
	if err := db.Flush(); err != nil {
		return "", "", fault.In("rotate incarnation", err)
	}
	return db.meta.Incarnation, after, nil
}

// Confirm notes that the relay knows the newer incarnation: the next Rotate
// makes another; and in which term of its log the cursor stands from now on.
// Losing this in a crash is harmless: the term before leads to the cursor too.
func (db *DB) Confirm(term uint64) error {
	if db.next == "" && term == db.meta.Term {
		return nil
	}
	if err := db.internal(false, func() error {
		if db.next != "" {
			if err := db.run(`UPDATE _rockpool_meta SET incarnation = incarnation_next, incarnation_next = '' WHERE id = 1`); err != nil {
				return err
			}
		}
		return db.run(`UPDATE _rockpool_meta SET term = ? WHERE id = 1`, value.Int(int64(term)))
	}); err != nil {
		return fault.In("confirm incarnation", err)
	}
	if db.next != "" {
		db.meta.Incarnation, db.next = db.next, ""
	}
	db.meta.Term = term
	return nil
}
