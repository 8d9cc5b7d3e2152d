package sim

import (
	"slices"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// oracle knows what should be: the tables after each record of the log, what
// each client asked for, and how it ended.
type oracle struct {
	w      *world
	schema *schema.Schema
	head   version.Pos
	// tables is the state at head; history the records that led there.
	tables  map[uint32]map[string]value.Row
	start   map[uint32]map[string]value.Row
	history []changelog.Tx
	// accesses is what clients know of the writes.
	accesses *history
	// asked holds what clients sent or will send, by client ID and Tx.ID: copies
	// of a database make different ones under one mid.
	asked map[string]map[uint64]*mutation.Tx
	// settled is the outcome in the log, by client ID and mid.
	settled map[string]map[uint64]mutation.Outcome
	// applied is where what has changed something stands, by Tx.ID: copies of a
	// database must not have one write twice under two client IDs.
	applied map[uint64]version.Pos
	// shared holds the IDs of what waited in a database when it was copied for a
	// second process: each of the two sends it, under a client ID of its own.
	shared map[uint64]bool
	// wrote is who wrote a row last, and where.
	wrote   map[string]writer
	last    map[string]uint64 // newest mid in the log, by client ID
	deleted map[string]bool   // table and key: deleted, and not inserted since
}

// writer is a client ID, or nobody's for a direct write, and a place in the log.
type writer struct {
	id string
	at version.Pos
}

func newOracle(w *world) *oracle {
	o := &oracle{
		accesses: newHistory(),
		w:        w, schema: w.schema, tables: map[uint32]map[string]value.Row{}, start: map[uint32]map[string]value.Row{},
		asked: map[string]map[uint64]*mutation.Tx{}, applied: map[uint64]version.Pos{}, shared: map[uint64]bool{}, settled: map[string]map[uint64]mutation.Outcome{},
		wrote: map[string]writer{}, last: map[string]uint64{}, deleted: map[string]bool{},
	}
	return o
}

// begin takes what the relay holds before the run as given.
func (o *oracle) begin(head version.Pos, rows func(table uint32) (map[string]value.Row, error)) error {
	o.head = head
	for i := range o.schema.Tables {
		id := o.schema.Tables[i].ID
		have, err := rows(id)
		if err != nil {
			return err
		}
		o.tables[id], o.start[id] = map[string]value.Row{}, map[string]value.Row{}
		for k, r := range have {
			o.tables[id][k], o.start[id][k] = r, r
		}
	}
	return nil
}

func rowName(table uint32, key string) string { return string(rune('0'+table)) + key }

// record checks a new record of the log (I2, I7, I9) and applies it.
func (o *oracle) record(r *changelog.Tx) {
	w := o.w
	w.stats.Records++
	if r.Prev != o.head || r.Pos != o.head.Next() && r.Pos.Epoch == o.head.Epoch {
		w.fail("I9: record %v follows %v, the log stood at %v", r.Pos, r.Prev, o.head)
		return
	}
	o.head = r.Pos
	inserts, direct := map[string]bool{}, len(r.Origins) == 0
	for i := range r.Origins {
		o.origin(r, &r.Origins[i], inserts)
	}
	for _, c := range r.Changes {
		t := o.schema.ByID(c.Table)
		o.change(r, t, c, inserts, direct)
		o.written(r, t, &c)
	}
	o.history = append(o.history, *r)
	o.accesses.accepted(w, r)
}

// written notes who has written a row.
func (o *oracle) written(r *changelog.Tx, t *schema.Table, c *changelog.Change) {
	row, id := c.New, ""
	if row == nil {
		row = c.Old
	}
	if len(r.Origins) > 0 {
		id = r.Origins[len(r.Origins)-1].Client
	}
	o.wrote[rowName(c.Table, keyText(t, row))] = writer{id, r.Pos}
}

// ask notes what a client has made.
func (o *oracle) ask(client string, tx *mutation.Tx) {
	if o.asked[client] == nil {
		o.asked[client] = map[uint64]*mutation.Tx{}
	}
	o.asked[client][tx.ID] = tx
	o.accesses.made[tx] = o.w.now
}

// origin checks that a mutation has its one effect.
func (o *oracle) origin(r *changelog.Tx, g *changelog.Origin, inserts map[string]bool) {
	w, mid := o.w, g.Outcome.Mid
	if o.settled[g.Client] == nil {
		o.settled[g.Client] = map[uint64]mutation.Outcome{}
	}
	if _, twice := o.settled[g.Client][mid]; twice {
		w.fail("I9: mutation %d of %s is in the log twice, now at %v", mid, g.Client, r.Pos)
		return
	}
	if mid != o.last[g.Client]+1 {
		w.fail("I5: mutation %d of %s follows %d in the log", mid, g.Client, o.last[g.Client])
		return
	}
	o.last[g.Client] = mid
	o.settled[g.Client][mid] = g.Outcome
	w.stats.Outcomes[g.Outcome.Status]++
	tx := o.asked[g.Client][g.Outcome.ID]
	if tx == nil || tx.Mid != mid {
		w.fail("I9: the log has mutation %d of %s, which was never made (or was lost after it was sent)", mid, g.Client)
		return
	}
	w.logf("log %v: mutation %d of %s ended with status %d %s", r.Pos, mid, g.Client, g.Outcome.Status, g.Outcome.Detail)
	if s := g.Outcome.Status; s == mutation.Applied || s == mutation.Merged {
		at, twice := o.applied[tx.ID]
		switch {
		case twice && o.shared[tx.ID]:
			w.stats.Doubled++
		case twice:
			w.fail("I9: mutation %d of %s was written at %v, and now at %v", mid, g.Client, at, r.Pos)
			return
		}
		o.applied[tx.ID] = r.Pos
	}
	if seen := w.canonical(tx.Seen); !seen.Less(r.Pos) && tx.Seen.Epoch >= w.branch {
		w.fail("I6: mutation %d of %s is at %v, and had seen %v", mid, g.Client, r.Pos, seen)
		return
	}
	if g.Outcome.Status == mutation.Merged && len(r.Origins) == 1 {
		o.mergedPage(r, g, tx)
	}
	for _, op := range tx.Ops {
		key := string(op.Key.Append(nil))
		if op.Kind == mutation.Insert {
			inserts[rowName(op.Table, key)] = true
		}
		if g.Outcome.Status == mutation.Applied && len(r.Origins) == 1 {
			o.effect(r, g, &op, key)
			o.unseen(r, g, tx, &op, key)
		}
	}
	if s := g.Outcome.Status; s == mutation.Parked || s == mutation.Rejected || s == mutation.Blocked {
		if len(r.Origins) == 1 && len(r.Changes) > 0 {
			w.fail("I3: mutation %d of %s ended with status %d and changed %d rows", mid, g.Client, s, len(r.Changes))
		}
	}
}

// effect checks that an applied operation's values are what the record leaves
// (I2). A later operation of the same transaction on the row may overrule it.
func (o *oracle) effect(r *changelog.Tx, g *changelog.Origin, op *mutation.Op, key string) {
	tx := o.asked[g.Client][g.Outcome.ID]
	for _, other := range tx.Ops {
		if other.Table == op.Table && string(other.Key.Append(nil)) == key && !sameOp(&other, op) {
			return
		}
	}
	before := o.tables[op.Table][key]
	after := before
	t := o.schema.ByID(op.Table)
	for _, c := range r.Changes {
		if c.Table == op.Table && (c.New != nil && keyText(t, c.New) == key || c.New == nil && keyText(t, c.Old) == key) {
			after = c.New
		}
	}
	if op.Kind == mutation.Delete {
		if after != nil {
			o.w.fail("I2: the delete %d of %s was applied and the row is there", g.Outcome.Mid, g.Client)
		}
		return
	}
	if after == nil {
		o.w.fail("I2: mutation %d of %s was applied and its row is not there", g.Outcome.Mid, g.Client)
		return
	}
	delta := map[uint32]bool{}
	for _, d := range op.Deltas {
		delta[d] = true
	}
	for i, c := range op.Cols {
		want := op.New[i]
		if delta[uint32(i)] {
			sum := op.New[i].Int()
			if before != nil {
				sum += before[c].Int()
			}
			want = value.Int(sum)
		}
		if !after[c].Equal(want) {
			o.w.fail("I2: mutation %d of %s was applied; column %s is %q, want %q", g.Outcome.Mid, g.Client,
				t.Columns[c].Name, show(after[c]), show(want))
		}
	}
}

func sameOp(a, b *mutation.Op) bool {
	return a.Kind == b.Kind && len(a.Cols) == len(b.Cols) && a.New.Equal(b.New)
}

// unseen checks that an update that counts as applied, and so as without a
// conflict, has not replaced what another had written behind its writer's back
// (I6).
func (o *oracle) unseen(r *changelog.Tx, g *changelog.Origin, tx *mutation.Tx, op *mutation.Op, key string) {
	last, ok := o.wrote[rowName(op.Table, key)]
	before := o.tables[op.Table][key]
	if !ok || op.Kind != mutation.Update || before == nil || last.id == g.Client || tx.Seen.Epoch < o.w.branch || !o.w.canonical(tx.Seen).Less(last.at) {
		return
	}
	for i, c := range op.Cols {
		if !slices.Contains(op.Deltas, uint32(i)) && !before[c].Equal(op.New[i]) {
			o.w.fail("I6: mutation %d of %s at %v had seen %v, and replaced a write at %v of %s/%s without a conflict", g.Outcome.Mid, g.Client, r.Pos,
				tx.Seen, last.at, o.schema.ByID(op.Table).Name, showKey(key))
			return
		}
	}
}

// change applies one row and checks that nothing comes back from the dead (I7).
func (o *oracle) change(r *changelog.Tx, t *schema.Table, c changelog.Change, inserts map[string]bool, direct bool) {
	row := c.New
	if row == nil {
		row = c.Old
	}
	key := keyText(t, row)
	have := o.tables[c.Table][key]
	if (c.Old == nil) != (have == nil) || c.Old != nil && !c.Old.Equal(have) {
		o.w.fail("I9: record %v has old image %s of %s/%s, the log says %s", r.Pos, showRow(c.Old), t.Name, showKey(key), showRow(have))
		return
	}
	if c.New == nil {
		delete(o.tables[c.Table], key)
		o.deleted[rowName(c.Table, key)] = true
		return
	}
	if have == nil && o.deleted[rowName(c.Table, key)] {
		if !direct && !inserts[rowName(c.Table, key)] {
			o.w.fail("I7: %s/%s was deleted and is there again at %v without an insert", t.Name, showKey(key), r.Pos)
			return
		}
		delete(o.deleted, rowName(c.Table, key))
	}
	o.tables[c.Table][key] = c.New
}

// at returns the tables at a position of the log.
func (o *oracle) at(p version.Pos) map[uint32]map[string]value.Row {
	if p == o.head {
		return o.tables
	}
	out := map[uint32]map[string]value.Row{}
	for id, rows := range o.start {
		m := make(map[string]value.Row, len(rows))
		for k, r := range rows {
			m[k] = r
		}
		out[id] = m
	}
	for i := range o.history {
		r := &o.history[i]
		if p.Less(r.Pos) {
			break
		}
		for _, c := range r.Changes {
			t := o.schema.ByID(c.Table)
			if c.New == nil {
				delete(out[c.Table], keyText(t, c.Old))
			} else {
				out[c.Table][keyText(t, c.New)] = c.New
			}
		}
	}
	return out
}
