package sim

import (
	"slices"
	"strconv"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
)

func itoa(v uint64) string { return strconv.FormatUint(v, 10) }

// checkedAt is when a client was looked at: again is not worth the time.
type checkedAt struct {
	life        int
	cursor      version.Pos
	acked, last uint64
	shapes      int
}

// check compares what a client shows with its prefix of the log plus its own
// pending transactions (I4): nothing half, nothing missing.
func (c *client) check() {
	w, o := c.w, c.w.oracle
	meta := c.db.Meta()
	at := checkedAt{c.life, meta.Cursor, meta.AckedMid, meta.LastMid, 0}
	for _, s := range c.db.Shapes() {
		at.shapes = at.shapes*4 + int(s.State)
	}
	if at == c.checked {
		return
	}
	if c.gone != 0 && c.gone == meta.Cursor.Epoch {
		return // of a log that nobody knows any more; a crash may lead back there
	}
	c.checked = at
	w.stats.Checks++
	shapes := c.db.Shapes()
	for _, s := range shapes {
		if s.State == store.ShapeStale { // its rows are older than the cursor, and are known to be
			c.checkOlder(shapes)
			return
		}
	}
	c.whole(shapes)
	base := o.at(w.canonical(meta.Cursor))
	pending := map[uint32]map[string][]mutation.Op{}
	hidden := map[string]bool{} // rows whose pending operations depend on a failed one
	touched := map[string]uint64{}
	failed, late := map[uint64]bool{}, map[uint64]bool{}
	for mid := uint64(1); mid <= meta.LastMid; mid++ {
		if mid <= meta.AckedMid {
			s := o.settled[meta.ClientID][mid].Status
			// What was taken back too late stands; what was built on it is out of
			// view until it is answered.
			late[mid] = c.recalled[mid] || c.own[mid] != nil && slices.ContainsFunc(c.own[mid].Depends, func(d uint64) bool { return late[d] })
			failed[mid] = s == mutation.Parked || s == mutation.Rejected || s == mutation.Blocked || late[mid]
			continue
		}
		tx := c.own[mid]
		if tx == nil {
			continue
		}
		if c.recalled[mid] && !c.db.Queued(mid) {
			failed[mid] = true
			continue
		}
		out := false
		for _, d := range tx.Depends {
			out = out || failed[d]
		}
		failed[mid] = out
		for _, op := range tx.Ops {
			key := string(op.Key.Append(nil))
			touched[rowName(op.Table, key)] = mid
			if out {
				hidden[rowName(op.Table, key)] = true
				continue
			}
			if pending[op.Table] == nil {
				pending[op.Table] = map[string][]mutation.Op{}
			}
			pending[op.Table][key] = append(pending[op.Table][key], op)
		}
	}
	for _, s := range c.db.Shapes() {
		t := w.schema.ByID(s.Table)
		if t == nil || t.ID == postsID || s.State != store.ShapeReady { // which rooms the rows are of is known at rest only
			continue
		}
		have, err := c.visible(t)
		if err != nil {
			w.fail("%s: read %s: %v", c.name, t.Name, err)
			return
		}
		for key := range union(have, base[t.ID], pending[t.ID]) {
			if hidden[rowName(t.ID, key)] {
				continue
			}
			want := mutation.Show(t, widened(t, base[t.ID][key]), pending[t.ID][key])
			if !sameRow(have[key], want) {
				w.fail("I4: %s at %v shows %s/%s as %s, want %s (log %s, %d pending)", c.name, meta.Cursor, t.Name, showKey(key),
					showRow(have[key]), showRow(want), showRow(base[t.ID][key]), len(pending[t.ID][key]))
				return
			}
		}
	}
}

// widened is a row with the columns that its table has now.
func widened(t *schema.Table, row value.Row) value.Row {
	if row == nil || len(row) == len(t.Columns) {
		return row
	}
	return append(slices.Clone(row), make(value.Row, len(t.Columns)-len(row))...)
}

// sameRow compares rows that may be of before and after a column was added: it
// is NULL in the shorter.
func sameRow(a, b value.Row) bool {
	if (a == nil) != (b == nil) {
		return false
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	for _, v := range b[len(a):] {
		if !v.IsNull() {
			return false
		}
	}
	return a.Equal(b[:len(a)])
}

func union(a, b map[string]value.Row, c map[string][]mutation.Op) map[string]bool {
	out := make(map[string]bool, len(a)+len(c))
	for k := range a {
		out[k] = true
	}
	for k := range b {
		out[k] = true
	}
	for k := range c {
		out[k] = true
	}
	return out
}

// settledAll reports whether the run has come to rest: every promise settled,
// every relay and client at the head.
func (w *world) settledAll() bool {
	for _, h := range w.relays {
		if h.down || w.canonical(h.node.Head()) != w.oracle.head {
			return false
		}
	}
	for _, c := range w.clients {
		if c.dead {
			return false
		}
		meta := c.db.Meta()
		if c.tx != nil || c.rounds > 0 || len(c.db.Shapes()) < len(w.schema.Tables) {
			return false
		}
		if c.db.Pending() > 0 || w.canonical(meta.Cursor) != w.oracle.head || c.mgr.NeedsFlush() {
			return false
		}
		for _, s := range c.db.Shapes() {
			if s.State != store.ShapeReady {
				return false
			}
		}
		if !c.postsShown() {
			return false
		}
	}
	return true
}

// checkEnd is what must hold when everything has come to rest (I1, I2, I3).
func (w *world) checkEnd() {
	for i := range w.schema.Tables {
		t := &w.schema.Tables[i]
		for _, h := range w.relays {
			rows, err := h.node.Rows(t.ID)
			if err != nil {
				w.fail("read the relay's %s: %v", t.Name, err)
				return
			}
			w.compare(h.name(), t.Name, rows, w.oracle.tables[t.ID])
		}
		for _, c := range w.clients {
			have, err := c.visible(t)
			if err != nil {
				w.fail("%s: read %s: %v", c.name, t.Name, err)
				return
			}
			want := w.oracle.tables[t.ID]
			if t.ID == postsID {
				want = c.opened(want)
			}
			w.compare(c.name, t.Name, have, want)
		}
	}
	for _, c := range w.clients {
		w.checkPromises(c)
	}
}

func (w *world) compare(who, table string, have, want map[string]value.Row) {
	for key := range union(have, want, nil) {
		if !sameRow(have[key], want[key]) {
			w.fail("I1: %s ends with %s/%s as %s, the source has %s", who, table, showKey(key), showRow(have[key]), showRow(want[key]))
			return
		}
	}
}

// checkPromises finds every flushed mutation in the log exactly once, and the
// data of every one that did not apply where the user can see it.
func (w *world) checkPromises(c *client) {
	id := c.db.Meta().ClientID
	kept := map[uint64]bool{}
	list, err := c.db.Outbox()
	if err != nil {
		w.fail("%s: outbox: %v", c.name, err)
		return
	}
	for _, e := range list {
		kept[e.Mid] = true
	}
	conflicts, err := c.db.Conflicts()
	if err != nil {
		w.fail("%s: conflicts: %v", c.name, err)
		return
	}
	for _, x := range conflicts {
		kept[x.Mid] = true
	}
	for mid := uint64(1); mid <= c.db.Meta().LastMid; mid++ {
		o, ok := w.oracle.settled[id][mid]
		if !ok {
			w.fail("I2: mutation %d of %s was promised and is not in the log", mid, c.name)
			return
		}
		if _, told := c.told[mid]; !told {
			w.fail("I3: the outcome of mutation %d of %s was never told", mid, c.name)
			return
		}
		if o.Status != mutation.Applied && !kept[mid] && !c.decided[mid] {
			w.fail("I3: mutation %d of %s ended with status %d and nothing of it is kept", mid, c.name, o.Status)
			return
		}
	}
}
