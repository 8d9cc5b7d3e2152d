package store

import (
	"maps"
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// ApplyTx moves the database from t.From to t.To: rows, outcomes and cursor in
// one transaction (SYNC.md §3, rules 1 to 4). t holds the blocks of every part.
// Kinds: protocol when t does not begin at the cursor or cannot be read,
// schema_mismatch when its blocks belong to another schema, rewound when an
// outcome is a twin's (Compare), and SQLite's own; then nothing has changed.
func (db *DB) ApplyTx(t *wire.Tx) (Applied, error) {
	if t.From != db.meta.Cursor {
		return Applied{}, fault.New(fault.Protocol, "apply transaction", "it does not begin where this database stands")
	}
	if len(t.Blocks) > 0 && t.Schema != db.schema.Version {
		return Applied{}, fault.New(fault.SchemaMismatch, "apply transaction", "its rows belong to another version of the schema")
	}
	out, err := db.change(t.To, large(t.Blocks), func(c *change) error {
		if err := c.blocks(t.Blocks); err != nil {
			return err
		}
		if err := c.settle(t.Acks); err != nil {
			return err
		}
		return c.overwritten(t.Lost)
	})
	if err == nil && t.From == t.To { // a snapshot's gap (wire.Snap)
		for _, s := range db.shapes {
			s.gap = false
		}
	}
	return out, fault.In("apply transaction", err)
}

// Compare is fault.Rewound when one of the outcomes is not that of this
// database's transaction with its mid, but of what a copy of it has made under
// that number. It changes nothing.
func (db *DB) Compare(outcomes []mutation.Outcome) error {
	for i := range outcomes {
		if _, err := db.awaits(&outcomes[i]); err != nil {
			return fault.In("compare mutations", err)
		}
	}
	db.pend.trim()
	return nil
}

// Settle applies outcomes that come without their log record: those of a
// welcome. Mids that have been settled before are skipped.
func (db *DB) Settle(outcomes []mutation.Outcome) (Applied, error) {
	out, err := db.change(db.meta.Cursor, false, func(c *change) error { return c.settle(outcomes) })
	return out, fault.In("settle mutations", err)
}

// Resync starts over from a position that the log cannot lead to: every shape
// goes stale and keeps its rows until new ones are adopted; the outbox stays,
// but for what ended before pos. Its outcomes come with the same transaction,
// as the log brings none of before the cursor.
func (db *DB) Resync(pos version.Pos, outcomes []mutation.Outcome) (Applied, error) {
	out, err := db.change(pos, false, func(c *change) error {
		for _, s := range db.shapes {
			if s.State != ShapeReady {
				continue
			}
			if err := db.outdate(s); err != nil {
				return err
			}
		}
		return c.settle(outcomes)
	})
	return out, fault.In("start over from a new position", err)
}

func (db *DB) saveCursor(pos version.Pos, acked uint64) error {
	return db.run(`UPDATE _rockpool_meta SET epoch = ?, seq = ?, acked_mid = ?, hlc = ? WHERE id = 1`,
		value.Int(int64(pos.Epoch)), value.Int(int64(pos.Seq)), value.Int(int64(acked)), value.Int(int64(db.meta.HLC)))
}

// change is one remote change under way, inside one SQLite transaction.
type change struct {
	db  *DB
	out Applied
	// touched holds the newest server image of each row of the frame as tagged
	// values, nil when the row is gone; order is the order of first mention.
	touched map[rowKey][]byte
	order   []rowKey
	// refold lists rows to compute again because an operation left them.
	refold  map[rowKey]bool
	refolds []rowKey
	// left holds the operations that left each row and do not stand, in order.
	left map[rowKey][]mutation.Op
	// fold holds applied operations on rows whose new server image has not
	// come, as their shape is not at the cursor: they become part of the base.
	fold   map[rowKey][]mutation.Op
	acked  uint64
	tables map[uint32]bool
	likely map[uint64]bool
	// last, if not nil, runs before the commit.
	last func() error
}

// quietBytes is the size from which a frame is worth turning the recording of
// changes off: the log would take as much of SQLite's heap.
const quietBytes = 1 << 20

func large(blocks []wire.Block) bool {
	n := 0
	for i := range blocks {
		n += len(blocks[i].Data)
	}
	return n > quietBytes
}

// change runs f and writes what it found in one transaction that ends at pos.
func (db *DB) change(pos version.Pos, quiet bool, f func(*change) error) (Applied, error) {
	c := &change{
		db: db, touched: map[rowKey][]byte{}, refold: map[rowKey]bool{}, fold: map[rowKey][]mutation.Op{}, left: map[rowKey][]mutation.Op{},
		acked: db.meta.AckedMid, tables: map[uint32]bool{}, likely: map[uint64]bool{},
	}
	err := db.atomically(quiet, func() error {
		if err := f(c); err != nil {
			return err
		}
		if err := c.write(); err != nil {
			return err
		}
		if err := db.staleUnbound(pos); err != nil {
			return err
		}
		if err := db.saveCursor(pos, c.acked); err != nil || c.last == nil {
			return err
		}
		return c.last()
	})
	if err != nil {
		return Applied{}, err
	}
	db.meta.Cursor, db.meta.AckedMid = pos, c.acked
	db.meta.LastMid = max(db.meta.LastMid, c.acked)
	db.pend.trim()
	c.finish()
	return c.out, nil
}

// staleUnbound marks shapes that this socket does not continue, as the relay
// refused them: their rows do not move with the cursor.
func (db *DB) staleUnbound(pos version.Pos) error {
	if pos == db.meta.Cursor {
		return nil
	}
	for _, s := range db.shapes {
		if s.State != ShapeReady || db.bound[s.ID] {
			continue
		}
		if err := db.outdate(s); err != nil {
			return err
		}
	}
	return nil
}

// finish turns sets into ordered lists.
func (c *change) finish() {
	for i := range c.db.schema.Tables {
		if t := &c.db.schema.Tables[i]; c.tables[t.ID] {
			c.out.Tables = append(c.out.Tables, t.Name)
		}
	}
	c.out.Likely = slices.Sorted(maps.Keys(c.likely))
}

// touch notes the newest server image of a row; nil is gone.
func (c *change) touch(key rowKey, image []byte) {
	if _, seen := c.touched[key]; !seen {
		c.order = append(c.order, key)
	}
	c.touched[key] = image
}

// again notes that a row must be folded again.
func (c *change) again(keys ...rowKey) {
	for _, key := range keys {
		if !c.refold[key] {
			c.refold[key] = true
			c.refolds = append(c.refolds, key)
		}
	}
}
