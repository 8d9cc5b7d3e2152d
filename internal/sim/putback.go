package sim

import (
	"math/rand/v2"
	"path/filepath"

	"rockpool.dev/changelog"
	"rockpool.dev/mutation"
	"rockpool.dev/version"
)

// putBackP is how likely the truth's own file is put back from a backup, once.
const putBackP = 0.3

// planPutBack copies the file of a relay that is the truth, and has the relay
// die and come back on the copy. It draws from numbers of its own: other seeds
// stay what they were.
func (w *world) planPutBack() {
	f, ok := w.relays[0].node.(*realRelay)
	rng := rand.New(rand.NewPCG(w.opt.Seed, 0x7075746261636b))
	if !ok || w.opt.Backups || w.opt.Bug == NoFence || rng.Float64() >= putBackP {
		return
	}
	w.after(rng.Int64N(faultMillis/2), f.backUp)
	w.after(faultMillis/2+rng.Int64N(faultMillis/2), func() {
		if f.backup != "" && !f.out.down {
			f.putBack = true
			f.out.crash()
		}
	})
}

// backUp copies the file as it is on disk.
func (f *realRelay) backUp() {
	if f.out.down {
		return
	}
	f.backup = filepath.Join(f.w.opt.Dir, "backup.db")
	f.backedUp = len(f.log)
	if err := crashCopy(f.path, f.backup, f.durableWAL); err != nil {
		f.w.fail("relay: back up: %v", err)
	}
}

// undo takes back what the backup lacks.
func (f *realRelay) undo() {
	w := f.w
	w.stats.PutBacks++
	f.log = f.log[:f.backedUp]
	w.seen = len(f.log)
	at := version.Pos{Epoch: 1}
	if len(f.log) > 0 {
		at = f.log[len(f.log)-1].Pos
	}
	w.logf("relay: its store is put back to %v", at)
	before := w.oracle.settled
	w.oracle.undo(at)
	for _, c := range w.clients {
		c.mayRewind, c.late, c.goneAt = true, c.socket, at
		for mid := range before[c.id] {
			if _, still := w.oracle.settled[c.id][mid]; !still {
				if !c.recalled[mid] { // what was taken back was told then
					delete(c.told, mid)
				}
				delete(c.toldNow, mid)
				c.undone[mid] = true
			}
		}
		if at.Less(w.canonical(c.cursor)) {
			c.gone = c.cursor.Epoch
		}
	}
}

// undo goes back to a position.
func (o *oracle) undo(at version.Pos) {
	o.tables = o.at(at)
	kept := o.history[:0:0]
	o.settled, o.last, o.deleted = map[string]map[uint64]mutation.Outcome{}, map[string]uint64{}, map[string]bool{}
	o.applied, o.wrote = map[uint64]version.Pos{}, map[string]writer{}
	for i := range o.history {
		if r := &o.history[i]; !at.Less(r.Pos) {
			kept = append(kept, *r)
			o.again(r)
		}
	}
	o.history, o.head = kept, at
}

// again notes what a record means that was checked before.
func (o *oracle) again(r *changelog.Tx) {
	for _, g := range r.Origins {
		if o.settled[g.Client] == nil {
			o.settled[g.Client] = map[uint64]mutation.Outcome{}
		}
		o.settled[g.Client][g.Outcome.Mid], o.last[g.Client] = g.Outcome, g.Outcome.Mid
		if s := g.Outcome.Status; s == mutation.Applied || s == mutation.Merged {
			o.applied[g.Outcome.ID] = r.Pos
		}
	}
	for _, c := range r.Changes {
		o.written(r, o.schema.ByID(c.Table), &c)
		row, gone := c.New, c.New == nil
		if gone {
			row = c.Old
		}
		if name := rowName(c.Table, keyText(o.schema.ByID(c.Table), row)); gone {
			o.deleted[name] = true
		} else if c.Old == nil {
			delete(o.deleted, name)
		}
	}
}
