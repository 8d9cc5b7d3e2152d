package sim

import (
	"rockpool.dev/version"
	"rockpool.dev/wasm/store"
)

// older is what a client showed before its shapes went stale together.
type older struct {
	at    version.Pos // in the truth's numbers
	acked uint64      // newest mid that was settled there
	ready map[uint32]bool
	begun bool // they are stale
}

// whole notes what a client shows whose shapes all stand at its cursor.
func (c *client) whole(shapes []store.Shape) {
	meta := c.db.Meta()
	c.older = &older{at: c.w.canonical(meta.Cursor), acked: meta.AckedMid, ready: map[uint32]bool{}}
	for _, s := range shapes {
		c.older.ready[s.ID] = s.State == store.ShapeReady
	}
}

// checkOlder looks at a client some of whose shapes are stale. Where all of
// them went so at once, as it starts over from another position, it goes on to
// show that of before until it has the new rows of all: no transaction is seen
// in one table and not in the other (I4). Rows of its own writes apart.
func (c *client) checkOlder(shapes []store.Shape) {
	w, o := c.w, c.older
	if o == nil || w.branch != 0 || w.oracle.head.Less(o.at) {
		return
	}
	for _, s := range shapes {
		if !o.begun && o.ready[s.ID] && s.State == store.ShapeReady {
			c.older = nil // one alone has to come anew
			return
		}
	}
	o.begun = true
	own := map[string]bool{}
	for mid, tx := range c.own {
		for i := range tx.Ops {
			if mid > o.acked {
				own[rowName(tx.Ops[i].Table, string(tx.Ops[i].Key.Append(nil)))] = true
			}
		}
	}
	tables := w.oracle.at(o.at)
	for _, s := range shapes {
		t := w.schema.ByID(s.Table)
		if t == nil || t.ID == postsID || s.State == store.ShapeNew || !o.ready[s.ID] {
			continue
		}
		have, err := c.visible(t)
		if err != nil {
			w.fail("%s: read %s: %v", c.name, t.Name, err)
			return
		}
		w.stats.Older++
		for key := range union(have, tables[t.ID], nil) {
			if want := tables[t.ID][key]; !own[rowName(t.ID, key)] && !sameRow(have[key], want) {
				w.fail("I4: %s at %v has not all of its new rows, and shows %s/%s as %s in place of the older %s", c.name, c.db.Meta().Cursor,
					t.Name, showKey(key), showRow(have[key]), showRow(want))
				return
			}
		}
	}
}
