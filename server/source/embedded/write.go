package embedded

import (
	"strings"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// target is one row that a transaction touches.
type target struct {
	table *schema.Table
	key   value.Row
	// before is the row as it stood, row as the operations so far left it; nil
	// when there is none.
	before, row value.Row
	last        source.Meta
	// met says that somebody else wrote the row since the client's cursor.
	met     bool
	written bool
}

// write decides each operation and runs it. The outcome says how the
// transaction ended; clean that it met nobody.
func (a *attempt) write(w *store.Write) (out *mutation.Outcome, clean bool, err error) {
	out, clean = &mutation.Outcome{Mid: a.m.Mid}, true
	targets := map[string]*target{}
	var order []*target
	var statuses []mutation.Status
	for i := range a.m.Ops {
		op := &a.m.Ops[i]
		t, err := a.target(w, targets, op)
		if err != nil {
			return nil, false, err
		}
		if !t.written {
			t.written = true
			order = append(order, t)
		}
		d := mutation.Decide(t.table, *op, t.row, mutation.Meeting{
			Conflict: t.met, MineHLC: a.hlc, TheirsHLC: t.last.HLC, MineClient: a.who.ID, TheirsClient: t.last.Actor, TheirsMid: t.last.Mid,
		})
		statuses = append(statuses, d.Status)
		if d.Conflict != nil {
			out.Conflicts = append(out.Conflicts, *d.Conflict)
			t.met = true // an insert says itself that it had not seen the row
		}
		clean = clean && !t.met
		if d.Write == nil && !d.Delete {
			continue
		}
		if err := a.put(w, t, op, d.Write); err != nil {
			return nil, false, err
		}
		if t.row, err = w.Get(t.table, t.key); err != nil {
			return nil, false, err
		}
	}
	out.Status = mutation.StatusOf(statuses)
	for _, t := range order {
		if t.before == nil && t.row == nil || t.before != nil && t.row != nil && t.before.Equal(t.row) {
			continue
		}
		if err := a.MayWrite(a.who, t.table, t.before, t.row); err != nil {
			return nil, false, err
		}
	}
	return out, clean, nil
}

func (a *attempt) target(w *store.Write, targets map[string]*target, op *mutation.Op) (*target, error) {
	k := string(op.Key.Append([]byte{byte(op.Table >> 24), byte(op.Table >> 16), byte(op.Table >> 8), byte(op.Table)}))
	if t := targets[k]; t != nil {
		return t, nil
	}
	t := &target{table: a.Schema().ByID(op.Table), key: op.Key}
	targets[k] = t
	var err error
	if t.row, err = w.Get(t.table, t.key); err != nil {
		return nil, err
	}
	t.before = t.row
	if t.last, err = w.Last(op.Table, op.Key); err != nil {
		return nil, err
	}
	t.met = a.met(t.last)
	return t, nil
}

// met is the conflict test (SYNC.md §7), exact here: a write that the client
// has not seen and that is not its own. An own write that met somebody may
// hide a foreign one.
func (a *attempt) met(last source.Meta) bool {
	if last.Pos.Seq == 0 {
		return false
	}
	saw := a.m.Saw(a.who.ID, last.Pos.Epoch)
	if saw.Has(version.Dot{Actor: version.ActorSource, Counter: last.Pos.Seq}) {
		return false
	}
	return !last.Clean || last.Actor == "" || !saw.Has(version.Dot{Actor: last.Actor, Counter: last.Mid})
}

// put makes row stand, or deletes when it is nil. The key may change.
func (a *attempt) put(w *store.Write, t *target, op *mutation.Op, row value.Row) error {
	name := schema.Quote(t.table.Name)
	switch {
	case row == nil:
		_, err := w.Run("DELETE FROM "+name+" WHERE "+match(t.table), t.key...)
		return err
	case t.row == nil:
		return a.insert(w, t, op, row)
	}
	var set []string
	var args value.Row
	for _, col := range op.Cols {
		if t.row[col].Equal(row[col]) {
			continue
		}
		set, args = append(set, schema.Quote(t.table.Columns[col].Name)+" = ?"), append(args, row[col])
	}
	if len(set) == 0 {
		return nil
	}
	_, err := w.Run("UPDATE "+name+" SET "+strings.Join(set, ", ")+" WHERE "+match(t.table), append(args, t.key...)...)
	t.key = t.table.KeyOf(row)
	return err
}

// insert leaves out the columns that the client did not give, so that defaults
// apply, and assigns identities.
func (a *attempt) insert(w *store.Write, t *target, op *mutation.Op, row value.Row) error {
	given := map[int]bool{}
	for _, col := range op.Cols {
		given[int(col)] = true
	}
	var names []string
	var args value.Row
	for i := range t.table.Columns {
		c := &t.table.Columns[i]
		v := row[i]
		if c.Identity && (!given[i] || v.IsNull()) {
			var err error
			if v, err = w.Identity(t.table.ID, i); err != nil {
				return err
			}
		} else if !given[i] {
			continue
		}
		names, args = append(names, schema.Quote(c.Name)), append(args, v)
	}
	sql := "INSERT INTO " + schema.Quote(t.table.Name) + " DEFAULT VALUES"
	if len(names) > 0 {
		sql = "INSERT INTO " + schema.Quote(t.table.Name) + " (" + strings.Join(names, ", ") + ") VALUES (?" + strings.Repeat(", ?", len(names)-1) + ")"
	}
	_, err := w.Run(sql, args...)
	return err
}

func match(t *schema.Table) string {
	parts := make([]string, len(t.Key))
	for i, k := range t.Key {
		parts[i] = schema.Quote(t.Columns[k].Name) + " = ?"
	}
	return strings.Join(parts, " AND ")
}

// sqlState is the SQLSTATE that Postgres would give for a constraint.
func sqlState(err error) string {
	switch sqlite.ExtendedCode(err) {
	case sqlite.ConstraintUnique, sqlite.ConstraintPrimaryKey, sqlite.ConstraintRowID:
		return "23505"
	case sqlite.ConstraintNotNull:
		return "23502"
	case sqlite.ConstraintCheck:
		return "23514"
	case sqlite.ConstraintForeignKey:
		return "23503"
	}
	return "23000"
}
