package sim

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/anishathalye/porcupine"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// history is what clients know of the writes that the relay has accepted: when
// each was made and when it was told, and what it was. Each row must be a
// register on which they are atomic: an accepted write without a conflict is a
// compare-and-set, as its writer had seen what it replaced. The log's own order
// is not asked.
type history struct {
	rows map[string][]*access
	made map[*mutation.Tx]int64
	told map[*mutation.Tx][]*access // wait for the outcome to be told
	mine map[string][]value.Value   // by client and row
}

// access is what one transaction did to one row.
type access struct {
	row      string
	t        *schema.Table
	from, to int64 // to is 0 until its writer knows
	ops      []mutation.Op
	// after is what the row became, where the ops do not say it: after a merge,
	// a direct write, and for a read.
	after       value.Row
	blind, read bool
	// mine are the values that its writer has written there before: one that was
	// taken back too late stands, and is none that the next has seen; one that
	// lost covered in its writer's view what had won.
	mine []value.Value
}

// accessMillis bounds the search for an order of one row's writes.
const accessMillis = 5_000

func newHistory() *history {
	return &history{rows: map[string][]*access{}, made: map[*mutation.Tx]int64{}, mine: map[string][]value.Value{}, told: map[*mutation.Tx][]*access{}}
}

// accepted notes a record's writes: of a client's, or of somebody at the source.
func (h *history) accepted(w *world, r *changelog.Tx) {
	var tx *mutation.Tx
	merged := false
	switch len(r.Origins) {
	case 0:
	case 1:
		g := &r.Origins[0]
		merged = g.Outcome.Status == mutation.Merged || len(g.Outcome.Conflicts) > 0
		if tx = w.oracle.asked[g.Client][g.Outcome.ID]; tx == nil || !merged && g.Outcome.Status != mutation.Applied {
			return
		}
	default:
		return // the rows say nothing about which of several wrote them
	}
	byRow := map[string]*access{}
	at := func(table uint32, key string) *access {
		name := rowName(table, key)
		if byRow[name] == nil {
			a := &access{row: name, t: w.schema.ByID(table), from: w.now, to: w.now, blind: tx == nil || merged, after: w.oracle.tables[table][key]}
			if tx != nil {
				a.from, a.to = h.made[tx], 0
				h.told[tx] = append(h.told[tx], a)
			}
			byRow[name], h.rows[name] = a, append(h.rows[name], a)
		}
		return byRow[name]
	}
	if tx != nil {
		for _, op := range tx.Ops {
			a := at(op.Table, string(op.Key.Append(nil)))
			a.ops = append(a.ops, op)
			who := r.Origins[0].Client + a.row
			a.mine = h.mine[who]
			h.mine[who] = append(a.mine, op.New...)
		}
	}
	for i := range r.Changes {
		c := &r.Changes[i]
		row := c.New
		if row == nil {
			row = c.Old
		}
		t := w.schema.ByID(c.Table)
		at(c.Table, keyText(t, row)).after = c.New
	}
}

// known notes that a write's outcome has reached its writer.
func (h *history) known(tx *mutation.Tx, now int64) {
	for _, a := range h.told[tx] {
		if a.to == 0 {
			a.to = now
		}
	}
}

// check looks for an order of each row's writes in which every one is possible,
// and after which its last state is what everybody shows.
func (h *history) check(w *world) error {
	for _, row := range slices.Sorted(maps.Keys(h.rows)) {
		list := h.rows[row]
		var ops []porcupine.Operation
		for _, a := range list {
			if a.to == 0 {
				a.to = w.now
			}
			ops = append(ops, porcupine.Operation{Input: a, Call: a.from, Return: a.to})
		}
		t := list[0].t
		last := &access{row: row, t: t, read: true, after: w.oracle.tables[t.ID][row[1:]]}
		ops = append(ops, porcupine.Operation{Input: last, Call: w.now + 1, Return: w.now + 1})
		start := w.oracle.start[t.ID][row[1:]]
		switch porcupine.CheckOperationsTimeout(registers(start), ops, accessMillis*time.Millisecond) {
		case porcupine.Illegal:
			for _, a := range list {
				w.logf("%s/%s, %d to %d: %s, blind %v to %s", t.Name, showKey(row[1:]), a.from, a.to, showTx(&mutation.Tx{Ops: a.ops}), a.blind, showRow(a.after))
			}
			return fmt.Errorf("the %d accepted writes of %s/%s have no order", len(list), t.Name, showKey(row[1:]))
		case porcupine.Unknown:
			w.stats.Undecided++
		}
		w.stats.Linear += len(list)
	}
	return nil
}

// registers is the model: a row, nil when it is not there.
func registers(start value.Row) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return start },
		Step: func(state, input, _ any) (bool, any) {
			row, a := state.(value.Row), input.(*access)
			switch {
			case a.read:
				return sameRow(row, a.after), row
			case a.blind:
				return true, a.after
			}
			for i := range a.ops {
				ok := false
				if ok, row = a.set(row, &a.ops[i]); !ok {
					return false, state
				}
			}
			return true, row
		},
		Equal: func(a, b any) bool { return sameRow(a.(value.Row), b.(value.Row)) },
	}
}

// saw reports whether its writer saw row as old: as it was, but for what its own
// writes covered in its view.
func (a *access) saw(row, old value.Row) bool {
	if len(row) != len(old) {
		return false
	}
	for i := range row {
		if !row[i].Equal(old[i]) && !slices.ContainsFunc(a.mine, old[i].Equal) {
			return false
		}
	}
	return true
}

// set is one operation as its writer meant it; false where the row is not what
// it had seen.
func (a *access) set(row value.Row, op *mutation.Op) (bool, value.Row) {
	switch op.Kind {
	case mutation.Delete:
		return row == nil || len(op.Old) == 0 || sameRow(row, op.Old) || a.saw(row, op.Old), nil
	case mutation.Insert:
		made := make(value.Row, len(a.t.Columns))
		if a.t.ID == itemsID {
			made[3] = value.Int(0)
		}
		for i, c := range op.Cols {
			made[c] = op.New[i]
		}
		return row == nil || sameRow(row, made), made
	}
	if row == nil {
		return false, nil
	}
	after := slices.Clone(row)
	for i, c := range op.Cols {
		if int(c) >= len(after) {
			after = append(after, make(value.Row, int(c)+1-len(after))...)
		}
		switch {
		case slices.Contains(op.Deltas, uint32(i)):
			after[c] = value.Int(after[c].Int() + op.New[i].Int())
		case after[c].Equal(op.Old[i]) || after[c].Equal(op.New[i]) || slices.ContainsFunc(a.mine, after[c].Equal) || slices.ContainsFunc(a.mine, op.Old[i].Equal):
			after[c] = op.New[i]
		default:
			return false, nil
		}
	}
	return true, after
}
