package sim

import (
	"path/filepath"
	"time"

	"rockpool.dev/fault"
	"rockpool.dev/server/store"
	"rockpool.dev/version"
)

// How often the rarer faults are in a run: each is drawn from the seed between
// none and so many, unless it says otherwise.
const (
	trimsMax   = 3   // a relay forgets the older part of its log
	fullMax    = 4   // a client's storage is full for a while
	rebuildP   = 0.3 // a relay that follows a database loses its slot, once
	ddlP       = 0.3 // a table of the database gets a column, once
	trimKeep   = 12  // records that a trim leaves, at most
	fullMillis = 4_000
	fuseMax    = 60 // writes and flushes until an armed client dies, at most
)

// planFaults spreads the rarer faults over the time of faults.
func (w *world) planFaults() {
	for range w.between(0, trimsMax) {
		w.after(w.between(faultMillis/8, faultMillis), w.pickRelay().trim)
	}
	for range w.between(0, fullMax) {
		w.after(w.between(0, faultMillis), pick(w, w.clients).fillStorage)
	}
	if d, ok := w.truth.(*database); ok && len(w.relays) == 1 { // two would not agree on the new epoch
		if w.chance(rebuildP) {
			w.after(w.between(faultMillis/4, faultMillis), w.relays[0].rebuild)
		}
		if w.chance(ddlP) {
			table := pick(w, []uint32{itemsID, notesID, docsID})
			w.after(w.between(faultMillis/4, faultMillis), func() { d.ddl(table) })
		}
	}
}

// trimmer is a relay whose log may be cut.
type trimmer interface{ Trim(r store.Retention) error }

// trim cuts a relay's log: a client from before what is left gets its rows
// anew, and one that reads on from there is told to come again.
func (h *relayHost) trim() {
	t, ok := h.node.(trimmer)
	if h.down || !ok {
		return
	}
	r := store.Retention{Log: 365 * 24 * time.Hour, Records: uint64(h.w.between(1, trimKeep)), Tombstones: 365 * 24 * time.Hour}
	h.w.stats.Trims++
	h.w.logf("%s: keeps %d records of its log", h.name(), r.Records)
	if err := t.Trim(r); err != nil {
		h.w.fail("%s: trim the log: %v", h.name(), err)
	}
}

// Trim implements trimmer.
func (f *realRelay) Trim(r store.Retention) error { return f.st.Trim(r, f.out.millis()*1000) }

// Trim implements trimmer.
func (f *replicaRelay) Trim(r store.Retention) error { return f.st.Trim(r, f.out.millis()*1000) }

// rebuild has a relay's slot be lost: the process ends, and the next one loads
// its store anew, under a new epoch.
func (h *relayHost) rebuild() {
	f, ok := h.node.(*replicaRelay)
	if h.down || !ok {
		return
	}
	h.w.stats.Rebuilds++
	h.w.logf("%s: its slot is lost", h.name())
	f.anew = true
	h.crash()
}

// renew begins a store that is built anew.
func (f *replicaRelay) renew() error {
	f.anew = false
	f.n++
	_ = f.st.Close()
	removeFiles(f.path)
	f.path = filepath.Join(f.w.opt.Dir, f.out.file(f.n))
	if f.w.opt.Bug != SameEpoch {
		f.w.epochs++
	}
	f.epoch = f.w.epochs
	f.w.bases[f.epoch] = f.db.st.Head().Seq
	return f.start()
}

// canonical is a relay's position in the numbers of the truth.
func (w *world) canonical(p version.Pos) version.Pos {
	if base, anew := w.bases[p.Epoch]; anew {
		return version.Pos{Epoch: 1, Seq: base + p.Seq}
	}
	return p
}

// fillStorage lets a client's database grow no further for a while. What does
// not fit must fail as a whole, with the kind that says so.
func (c *client) fillStorage() {
	if c.dead || c.full {
		return
	}
	w := c.w
	c.full = true
	disk.database(c.file).full = true
	w.stats.Full++
	w.logf("%s: its storage is full", c.name)
	life := c.life
	w.after(w.between(100, fullMillis), func() {
		if c.life == life && !c.dead {
			c.freeStorage()
		}
	})
}

func (c *client) freeStorage() {
	if c.full {
		c.full = false
		disk.database(c.file).full = false
		c.w.logf("%s: its storage has room again", c.name)
	}
}

// noRoom reports whether an error is that of a full storage, and is to be
// expected now.
func (c *client) noRoom(err error) bool {
	if fault.KindOf(err) != fault.QuotaExceeded {
		return false
	}
	c.w.stats.NoRoom++
	c.w.logf("%s: no room: %v", c.name, err)
	if !c.full {
		c.w.fail("%s: its storage has room: %v", c.name, err)
	}
	return true
}
