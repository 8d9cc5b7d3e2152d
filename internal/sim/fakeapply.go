package sim

import (
	"slices"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// fakeApply is the fake relay's run of one client transaction: all of it, or
// nothing.
type fakeApply struct {
	f       *fakeRelay
	who     string
	cl      *fakeClient
	m       *mutation.Tx
	rows    map[string]value.Row // after the operations so far; nil is gone
	order   []fakeRow
	outcome mutation.Outcome
}

type fakeRow struct {
	table uint32
	key   string
}

func (a *fakeApply) run() {
	if a.m.Schema != a.f.w.schema.Version { // a place without a transaction
		a.end(mutation.Rejected, fault.SchemaMismatch, "the transaction was made for another version of the schema")
		return
	}
	for _, d := range a.m.Depends {
		switch a.cl.outcomes[d].Status {
		case mutation.Parked, mutation.Rejected, mutation.Blocked:
			a.end(mutation.Blocked, fault.Blocked, "it depends on a mutation that did not apply")
			return
		}
	}
	for i := range a.m.Ops {
		if !a.op(&a.m.Ops[i]) {
			return
		}
	}
	for _, r := range a.order {
		if row := a.rows[rowName(r.table, r.key)]; r.table == itemsID && row != nil && row[3].Int() < 0 {
			a.end(mutation.Rejected, fault.Constraint, "items_qty_check")
			return
		}
	}
}

// end gives the whole transaction up.
func (a *fakeApply) end(status mutation.Status, kind fault.Kind, why string) bool {
	a.rows, a.order = map[string]value.Row{}, nil
	a.outcome.Status, a.outcome.Detail = status, why
	if status == mutation.Rejected || status == mutation.Blocked {
		a.outcome.Kind = uint16(kind)
	}
	return false
}

func (a *fakeApply) row(table uint32, key string) value.Row {
	if r, ok := a.rows[rowName(table, key)]; ok {
		return r
	}
	return a.f.tables[table][key]
}

func (a *fakeApply) set(table uint32, key string, row value.Row) {
	name := rowName(table, key)
	if _, ok := a.rows[name]; !ok {
		a.order = append(a.order, fakeRow{table, key})
	}
	a.rows[name] = row
}

// foreign reports whether somebody else wrote the row after what the writer had seen.
func (a *fakeApply) foreign(table uint32, key string) bool {
	if _, mine := a.rows[rowName(table, key)]; mine {
		return false
	}
	last := a.f.written[rowName(table, key)]
	return last.seq > a.m.Seen.Seq && (last.actor != a.who || !last.clean)
}

func (a *fakeApply) op(op *mutation.Op) bool {
	t := a.f.w.schema.ByID(op.Table)
	key := string(op.Key.Append(nil))
	cur := a.row(op.Table, key)
	switch op.Kind {
	case mutation.Insert:
		return a.insert(t, op, key, cur)
	case mutation.Delete:
		if cur == nil {
			return true
		}
		if a.foreign(op.Table, key) {
			if t.Strategy == schema.StrategyManual {
				return a.conflict(t, op, mutation.Parked, mutation.RuleManual, cur)
			}
			return a.conflict(t, op, mutation.Superseded, mutation.RuleSurvives, cur)
		}
		a.set(op.Table, key, nil)
	default:
		return a.update(t, op, key, cur)
	}
	return true
}

func (a *fakeApply) insert(t *schema.Table, op *mutation.Op, key string, cur value.Row) bool {
	row := make(value.Row, len(t.Columns))
	for i, c := range op.Cols {
		row[c] = op.New[i]
	}
	if t.ID == itemsID && row[3].IsNull() {
		row[3] = value.Int(0)
	}
	if cur != nil && !cur.Equal(row) {
		if t.Strategy == schema.StrategyManual {
			return a.conflict(t, op, mutation.Parked, mutation.RuleManual, cur)
		}
		return a.conflict(t, op, mutation.Superseded, mutation.RuleExists, cur)
	}
	a.set(op.Table, key, row)
	return true
}

func (a *fakeApply) update(t *schema.Table, op *mutation.Op, key string, cur value.Row) bool {
	if cur == nil {
		if t.Strategy == schema.StrategyManual {
			return a.conflict(t, op, mutation.Parked, mutation.RuleManual, nil)
		}
		return a.conflict(t, op, mutation.Superseded, mutation.RuleGone, nil)
	}
	row := append(value.Row(nil), cur...)
	met := false
	for i, c := range op.Cols {
		if slices.Contains(op.Deltas, uint32(i)) {
			row[c] = value.Int(cur[c].Int() + op.New[i].Int())
			continue
		}
		met = met || !cur[c].Equal(op.Old[i]) && !cur[c].Equal(op.New[i])
		row[c] = op.New[i]
	}
	if a.foreign(op.Table, key) && len(op.Deltas) < len(op.Cols) {
		last := a.f.written[rowName(op.Table, key)]
		switch {
		case t.Strategy == schema.StrategyManual:
			return a.conflict(t, op, mutation.Parked, mutation.RuleManual, cur)
		case (met || t.Strategy == schema.StrategyLWW) && a.m.HLC < last.hlc:
			return a.conflict(t, op, mutation.Superseded, mutation.RuleLWWTheirs, cur)
		default:
			a.outcome.Status = mutation.Merged
			a.note(t, op, mutation.RuleMerged, cur, row)
		}
	}
	a.set(op.Table, key, row)
	return true
}

// conflict ends the whole transaction over one row.
func (a *fakeApply) conflict(t *schema.Table, op *mutation.Op, status mutation.Status, rule mutation.Rule, theirs value.Row) bool {
	a.end(status, fault.Conflict, "")
	a.outcome.Conflicts = nil
	a.note(t, op, rule, theirs, theirs)
	return false
}

func (a *fakeApply) note(t *schema.Table, op *mutation.Op, rule mutation.Rule, theirs, chosen value.Row) {
	c := mutation.Conflict{Table: t.ID, Key: op.Key, Theirs: theirs, Chosen: chosen, Rule: rule}
	if rule == mutation.RuleManual {
		c.Chosen = nil
	}
	if theirs != nil && op.Kind == mutation.Update {
		c.Base, c.Mine = append(value.Row(nil), theirs...), append(value.Row(nil), theirs...)
		for i, col := range op.Cols {
			if !slices.Contains(op.Deltas, uint32(i)) {
				c.Base[col], c.Mine[col] = op.Old[i], op.New[i]
				c.Cols = append(c.Cols, col)
			}
		}
	}
	if op.Kind == mutation.Delete {
		c.Base = op.Old
	}
	a.outcome.Conflicts = append(a.outcome.Conflicts, c)
}

// changes is what the record holds: rows that differ.
func (a *fakeApply) changes() (out []changelog.Change) {
	for _, r := range a.order {
		old, row := a.f.tables[r.table][r.key], a.rows[rowName(r.table, r.key)]
		if sameRow(old, row) {
			continue
		}
		out = append(out, changelog.Change{Table: r.table, Old: old, New: row})
	}
	return out
}
