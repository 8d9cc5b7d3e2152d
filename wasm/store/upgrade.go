package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// keptVersionFirst numbers schemas that were replaced by another of the same
// version, as when a build declares other columns: what was made in one must
// not be read, here or by the relay, as made in the other.
const keptVersionFirst = 1 << 31

// upgradeOutbox brings pending transactions to a schema that is about to be in
// force: what an app wrote offline must not be refused because a column was
// added meanwhile. A schema changes only behind a welcome, which says what the
// source has settled; nothing else can be applied any more (its incarnation is
// the former one), so a mid may change its content here. A transaction that
// writes what the schema has no place for stays as it is.
func (db *DB) upgradeOutbox(s *schema.Schema) error {
	u := &upgrade{db: db, to: s}
	for _, mid := range slices.Clone(db.pend.mids) {
		if err := u.transaction(mid, db.pend.txs[mid].state == txPending); err != nil {
			return err
		}
	}
	return u.conflicts()
}

// upgrade is one change of the schema as the kept transactions see it.
type upgrade struct {
	db *DB
	to *schema.Schema
	// kept is the number that the schema before goes under from now on, when
	// the new one takes its own; 0 before it is needed.
	kept uint32
}

func (u *upgrade) transaction(mid uint64, pending bool) error {
	tx, old, err := u.db.stored(mid)
	if err != nil {
		return err
	}
	if !pending || unfit(old, u.to, tx.Ops) != nil {
		if tx.Schema != u.to.Version {
			return nil
		}
		tx.Schema, err = u.keep()
		if err != nil {
			return err
		}
		return u.db.rewriteBody(mid, tx)
	}
	for i := range tx.Ops {
		before := old.ByID(tx.Ops[i].Table)
		tx.Ops[i] = translateOp(before, u.to.Table(before.Name), tx.Ops[i])
	}
	tx.Schema = u.to.Version
	tx.Seal()
	return u.db.rewriteBody(mid, tx)
}

// conflicts lets kept conflicts go on naming columns by the schema that they
// were met in.
func (u *upgrade) conflicts() error {
	version := value.Int(int64(u.to.Version))
	_, found, err := u.db.one(`SELECT 1 FROM _rockpool_conflict WHERE schema = ? LIMIT 1`, version)
	if err != nil || !found || u.db.schema.Version != u.to.Version {
		return err
	}
	kept, err := u.keep()
	if err != nil {
		return err
	}
	return u.db.run(`UPDATE _rockpool_conflict SET schema = ? WHERE schema = ?`, value.Int(int64(kept)), version)
}

// keep stores the schema before under a number of its own.
func (u *upgrade) keep() (uint32, error) {
	if u.kept != 0 {
		return u.kept, nil
	}
	row, _, err := u.db.one(`SELECT max(coalesce(max(version), 0) + 1, ?) FROM _rockpool_schema`, value.Int(keptVersionFirst))
	if err != nil {
		return 0, err
	}
	u.kept = uint32(row[0].Int())
	return u.kept, u.db.run(`INSERT INTO _rockpool_schema(version, body) VALUES (?, ?)`,
		value.Int(int64(u.kept)), value.Blob(u.db.schema.AppendTo(nil)))
}

// stored reads a transaction of the outbox as it was written, and the schema
// that it was written in.
func (db *DB) stored(mid uint64) (*mutation.Tx, *schema.Schema, error) {
	body, err := db.loadBody(mid)
	if err != nil {
		return nil, nil, err
	}
	tx := new(mutation.Tx)
	if err := tx.Decode(body); err != nil {
		return nil, nil, fault.Wrap(fault.Corrupt, "read outbox", err)
	}
	old, err := db.schemaOf(tx.Schema)
	return tx, old, err
}

// rewriteBody replaces a transaction of the outbox. Memory is read again
// afterwards.
func (db *DB) rewriteBody(mid uint64, tx *mutation.Tx) error {
	if err := db.run(`DELETE FROM _rockpool_op WHERE mid = ?`, value.Int(int64(mid))); err != nil {
		return err
	}
	body := tx.AppendTo(nil)
	if err := db.saveBody(mid, body); err != nil {
		return err
	}
	return db.run(`UPDATE _rockpool_tx SET bytes = ? WHERE mid = ?`, value.Int(int64(len(body))), value.Int(int64(mid)))
}

// unfit is why operations of an older schema have no place in s:
// fault.SchemaMismatch that names table and column, or nil.
func unfit(old, s *schema.Schema, ops []mutation.Op) error {
	const op = "bring a write to the present schema"
	for i := range ops {
		o := &ops[i]
		before := old.ByID(o.Table)
		if before == nil {
			return fault.New(fault.SchemaMismatch, op, "it writes a table that is not synced any more").
				WithHint("discard it, or keep its values elsewhere")
		}
		t := s.Table(before.Name)
		if t == nil || t.LocalOnly {
			return fault.New(fault.SchemaMismatch, op, "it writes table "+before.Name+", which is not synced any more").
				WithHint("discard it, or keep its values elsewhere")
		}
		for n, col := range o.Cols {
			if int(col) >= len(before.Columns) || n >= len(o.New) {
				return fault.New(fault.Corrupt, op, "it writes a column that table "+before.Name+" never had")
			}
			c := &before.Columns[col]
			at := t.Index(c.Name)
			if at < 0 || t.Columns[at].Generated {
				return fault.New(fault.SchemaMismatch, op, "it writes column "+t.Name+"."+c.Name+", which is gone").
					WithHint("write it again without that column, or discard it")
			}
			if _, ok := converted(c, &t.Columns[at], o.New[n]); !ok {
				return fault.New(fault.SchemaMismatch, op, "it writes a value to column "+t.Name+"."+c.Name+" that does not fit its type, "+t.Columns[at].Type.String()+", any more").
					WithHint("write it again with a value of that type, or discard it")
			}
		}
	}
	return nil
}

// explain says which column a transaction was rejected for, where the relay
// could only tell that it was made in another schema.
func (db *DB) explain(l *localTx, o *mutation.Outcome) error {
	if fault.Kind(o.Kind) != fault.SchemaMismatch {
		return nil
	}
	tx, old, err := db.stored(l.mid)
	if err != nil || old == db.schema {
		return err
	}
	if why := unfit(old, db.schema, tx.Ops); why != nil {
		o.Detail = why.Error()
		if hint := fault.HintOf(why); hint != "" {
			o.Detail += "; " + hint
		}
	}
	return nil
}
