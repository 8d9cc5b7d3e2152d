package store

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// Resolve settles a conflict. A parked mutation is written again, as a new one
// that names it, once every open conflict of it has a choice: rows chosen as
// mine with its operations, as edited with the edited values, as theirs not at
// all; its other rows with its operations. Chosen as theirs throughout, it is
// dropped. A conflict that a rule has settled already is overruled by a plain
// new write, or taken off the list by ChooseDismiss. Committed.Mid is 0 when
// nothing had to be written. Kinds: not_found, invalid_argument, conflict when
// the row is not the one that r was decided on, and those of a write.
func (db *DB) Resolve(r *wire.Resolve) (Committed, error) {
	out, err := db.resolve(r)
	return out, fault.In("resolve conflict", err)
}

func (db *DB) resolve(r *wire.Resolve) (Committed, error) {
	row, found, err := db.one(`SELECT mid, open, schema, body FROM _rockpool_conflict WHERE id = ?`, value.Int(int64(r.ID)))
	if err != nil {
		return Committed{}, err
	}
	if !found {
		return Committed{}, fault.New(fault.NotFound, "", "there is no such conflict")
	}
	x, err := db.readConflict(row[2], row[3])
	if err != nil {
		return Committed{}, err
	}
	t := db.tables[x.Table]
	if t == nil {
		return Committed{}, fault.New(fault.SchemaMismatch, "", "its table left the schema")
	}
	if err := db.stillSeen(t, x, r); err != nil {
		return Committed{}, err
	}
	var edited []mutation.Op
	if r.Choice == wire.ChooseEdited {
		if edited, err = db.editedOps(t, x, r.Edited); err != nil {
			return Committed{}, err
		}
	}
	if row[1].Int() == 0 {
		return db.overrule(r, t, x, edited, db.pend.txs[uint64(row[0].Int())])
	}
	if r.Choice == wire.ChooseDismiss {
		return Committed{}, fault.New(fault.InvalidArgument, "", "the conflict is open").
			WithHint("choose mine, theirs, or give the edited row")
	}
	return db.settleParked(r, uint64(row[0].Int()))
}

// stillSeen refuses a decision about a row that has changed since it was looked
// at: the choice would hide what nobody has seen.
func (db *DB) stillSeen(t *table, x *mutation.Conflict, r *wire.Resolve) error {
	if r.Seen == nil && !r.Gone {
		return nil
	}
	now, err := db.visible(t, x.Key)
	if err != nil {
		return err
	}
	same := (now == nil) == r.Gone
	if same && !r.Gone {
		for i, name := range r.Seen.Columns {
			col := t.Index(name)
			if col < 0 || i >= len(r.Seen.Values) {
				continue
			}
			v, err := t.Canonical(col, r.Seen.Values[i])
			same = same && err == nil && v.Equal(now[col])
		}
	}
	if same {
		return nil
	}
	return fault.New(fault.Conflict, "", "the row in "+t.Name+" has changed since it was looked at").
		WithHint("look at it again, and decide anew")
}

// overrule acts on a conflict that a rule has settled; l is its transaction
// where that was kept, as its row was gone. A choice ends it with the last of
// its conflicts; a dismissal only takes the conflict off the list.
func (db *DB) overrule(r *wire.Resolve, t *table, x *mutation.Conflict, edited []mutation.Op, l *localTx) (Committed, error) {
	ops := edited
	var err error
	switch r.Choice {
	case wire.ChooseDismiss:
	case wire.ChooseMine:
		ops, err = db.imageOps(t, x, x.Mine)
	case wire.ChooseTheirs:
		ops, err = db.imageOps(t, x, x.Theirs)
	case wire.ChooseEdited:
	default:
		return Committed{}, unknownChoice()
	}
	if err != nil {
		return Committed{}, err
	}
	var info CommitInfo
	if l != nil && l.state == txGone && len(ops) > 0 {
		info.Replaces = l.mid
	}
	return db.replay(ops, info, func(out *Committed) error {
		out.Closed = []uint64{r.ID}
		if err := db.run(`DELETE FROM _rockpool_conflict WHERE id = ?`, value.Int(int64(r.ID))); err != nil {
			return err
		}
		if l == nil || l.state != txGone || r.Choice == wire.ChooseDismiss {
			return nil
		}
		_, more, err := db.one(`SELECT 1 FROM _rockpool_conflict WHERE mid = ? LIMIT 1`, value.Int(int64(l.mid)))
		if err != nil || more {
			return err
		}
		return db.drop(l, out)
	})
}

// settleParked keeps the choice, and when it was the last one that the parked
// transaction waited for, writes that transaction again.
func (db *DB) settleParked(r *wire.Resolve, mid uint64) (Committed, error) {
	switch r.Choice {
	case wire.ChooseMine, wire.ChooseTheirs, wire.ChooseEdited:
	default:
		return Committed{}, unknownChoice()
	}
	l := db.pend.txs[mid]
	if l == nil {
		return Committed{}, fault.New(fault.NotFound, "", "the transaction of this conflict is gone")
	}
	rows, err := db.all(`SELECT id, choice, edited, schema, body FROM _rockpool_conflict WHERE mid = ? AND open = 1 ORDER BY id`, value.Int(int64(mid)))
	if err != nil {
		return Committed{}, err
	}
	edit := value.Null
	if r.Edited != nil {
		edit = value.Blob(r.Edited.AppendTo(nil))
	}
	choices := map[rowKey]choice{}
	waiting, theirs := 0, true
	for _, row := range rows {
		x, err := db.readConflict(row[3], row[4])
		if err != nil {
			return Committed{}, err
		}
		one := choice{wire.Choice(row[1].Int()), row[2], x}
		if uint64(row[0].Int()) == r.ID {
			one.choice, one.edited = r.Choice, edit
		}
		if one.choice == 0 {
			waiting++
		}
		theirs = theirs && one.choice == wire.ChooseTheirs
		choices[rowKey{one.conflict.Table, encodeKey(one.conflict.Key)}] = one
	}
	if waiting > 0 {
		return Committed{}, db.atomic(func() error {
			return db.run(`UPDATE _rockpool_conflict SET choice = ?, edited = ? WHERE id = ?`,
				value.Int(int64(r.Choice)), edit, value.Int(int64(r.ID)))
		})
	}
	if theirs {
		return db.Discard(mid)
	}
	ops, err := db.ops(l)
	if err != nil {
		return Committed{}, err
	}
	return db.rewrite(l, ops, choices)
}

// choice is what a person chose for one row of a parked transaction.
type choice struct {
	choice   wire.Choice
	edited   value.Value // an encoded wire.NamedRow, or NULL
	conflict *mutation.Conflict
}

// rewrite makes a new mutation of a failed one and drops the old.
func (db *DB) rewrite(l *localTx, ops []mutation.Op, choices map[rowKey]choice) (Committed, error) {
	var again []mutation.Op
	used := map[rowKey]bool{}
	for i := range ops {
		key := rowKey{ops[i].Table, encodeKey(ops[i].Key)}
		one, chosen := choices[key]
		mine := chosen && one.choice == wire.ChooseMine
		gone := false
		if mine && ops[i].Kind == mutation.Update {
			now, err := db.visible(db.tables[key.table], ops[i].Key)
			if err != nil {
				return Committed{}, err
			}
			gone = now == nil
		}
		switch {
		case gone && used[key]:
		case gone: // to keep mine is to make the row anew
			image, err := db.imageOps(db.tables[key.table], one.conflict, one.conflict.Mine)
			if err != nil {
				return Committed{}, err
			}
			again = append(again, image...)
		case !chosen || mine:
			again = append(again, ops[i])
		case one.choice == wire.ChooseEdited && !used[key]:
			var row wire.NamedRow
			if err := row.Decode([]byte(one.edited.Str())); err != nil {
				return Committed{}, fault.Wrap(fault.Corrupt, "read edited row", err)
			}
			edited, err := db.editedOps(db.tables[key.table], one.conflict, &row)
			if err != nil {
				return Committed{}, err
			}
			again = append(again, edited...)
		}
		used[key] = true
	}
	resolves := uint64(0)
	if l.state == txParked {
		resolves = l.mid
	}
	return db.replay(again, CommitInfo{Resolves: resolves, Replaces: l.mid}, func(out *Committed) error { return db.drop(l, out) })
}

// replay writes operations over the rows as they are now, as one mutation,
// and runs with in the same transaction, which notes what it ends. info is for its commit.
func (db *DB) replay(ops []mutation.Op, info CommitInfo, with func(*Committed) error) (Committed, error) {
	w, err := db.BeginWrite()
	if err != nil {
		return Committed{}, err
	}
	db.w.SetGuard(nil)
	for i := range ops {
		if err = db.perform(&ops[i]); err != nil {
			break
		}
	}
	var ended Committed
	if err == nil {
		err = with(&ended)
	}
	return db.finish(w, info, ended, err)
}

// finish commits a write that has ended what ended says, or rolls it back for err.
func (db *DB) finish(w *Write, info CommitInfo, ended Committed, err error) (Committed, error) {
	if err != nil {
		if rerr := w.Rollback(); rerr != nil {
			return Committed{}, rerr
		}
		db.reload()
		return Committed{}, err
	}
	out, err := w.Commit(info)
	if err == nil {
		out.Closed, out.Ended = ended.Closed, ended.Ended
	}
	return out, err
}

// perform writes one operation to the view: an insert of a row that is there
// updates it. fault.NotFound for an update of a row that is gone: passing it
// over would lose it.
func (db *DB) perform(op *mutation.Op) error {
	x, err := db.table("write again", op.Table)
	if err != nil {
		return err
	}
	before, err := db.visible(x, op.Key)
	if err != nil {
		return err
	}
	if op.Kind == mutation.Delete {
		return db.run(x.del, op.Key...)
	}
	again := *op
	if op.Kind == mutation.Insert && before != nil {
		again.Kind = mutation.Update
	}
	after := mutation.Fold(x.Table, before, []mutation.Op{again})
	if after == nil {
		return fault.New(fault.NotFound, "write to "+x.Name+" again", "the row was deleted meanwhile").
			WithHint("insert the row anew with the values of the outbox's entry, then discard that")
	}
	return db.run(x.put, after...)
}

// imageOps makes a row what an image says: where it stands, in the columns on
// which two values met, as others may have moved on since.
func (db *DB) imageOps(t *table, x *mutation.Conflict, image value.Row) ([]mutation.Op, error) {
	op := mutation.Op{Table: t.ID, Key: x.Key, Kind: mutation.Delete}
	if len(image) == 0 {
		return []mutation.Op{op}, nil
	}
	now, err := db.visible(t, x.Key)
	if err != nil {
		return nil, err
	}
	op.Kind = mutation.Insert
	met := x.Cols
	if now == nil {
		met = nil
	} else if len(met) > 0 {
		op.Kind = mutation.Update
	}
	for i := range t.Columns {
		switch {
		case i >= len(image) || t.Columns[i].Generated:
		case len(met) > 0 && (!slices.Contains(met, uint32(i)) || slices.Contains(t.Key, uint32(i))):
		default:
			op.Cols, op.New = append(op.Cols, uint32(i)), append(op.New, image[i])
		}
	}
	return []mutation.Op{op}, nil
}

// editedOps makes a row what a person typed. Columns that were not named keep
// the value they have; a row that is gone takes the others from theirs, or mine.
func (db *DB) editedOps(t *table, x *mutation.Conflict, edited *wire.NamedRow) ([]mutation.Op, error) {
	if edited == nil || len(edited.Columns) != len(edited.Values) || len(edited.Columns) == 0 {
		return nil, fault.New(fault.InvalidArgument, "", "the edited row is missing")
	}
	row, err := db.visible(t, x.Key)
	if err != nil {
		return nil, err
	}
	op := mutation.Op{Table: t.ID, Key: x.Key, Kind: mutation.Update}
	if row == nil {
		from := x.Theirs
		if len(from) == 0 {
			from = x.Mine
		}
		row, op.Kind = make(value.Row, len(t.Columns)), mutation.Insert
		copy(row, from)
		for i, k := range t.Key {
			if i < len(x.Key) {
				row[k] = x.Key[i]
			}
		}
	}
	named := make([]bool, len(t.Columns))
	for i, name := range edited.Columns {
		col := t.Index(name)
		if col < 0 {
			return nil, fault.New(fault.UnknownColumn, "", "table "+t.Name+" has no column "+name)
		}
		if slices.Contains(t.Key, uint32(col)) && !row[col].Equal(edited.Values[i]) {
			return nil, fault.New(fault.InvalidArgument, "", "the key of a conflicting row cannot be edited")
		}
		row[col], named[col] = edited.Values[i], true
	}
	for i := range t.Columns {
		if op.Kind == mutation.Insert || named[i] && !slices.Contains(t.Key, uint32(i)) {
			op.Cols, op.New = append(op.Cols, uint32(i)), append(op.New, row[i])
		}
	}
	return []mutation.Op{op}, nil
}

func unknownChoice() error {
	return fault.New(fault.InvalidArgument, "", "that is no choice").WithHint(`choose "mine", "theirs" or give the edited row`)
}
