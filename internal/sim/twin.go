package sim

import (
	"maps"
	"path/filepath"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
)

// twinP is how likely a client's files are copied to a second machine, where a
// run has copies.
const twinP = 0.4

// twinWrites is how often a twin writes after it has come to life.
const twinWrites = 12

// twin copies a client's files as they are on disk now, and starts them as a
// second process of the same client ID, while the first goes on.
func (c *client) twin() {
	if c.dead || c.restored || c.w.quiet {
		return
	}
	w := c.w
	d := &client{
		w: w, name: c.name + "'", user: c.user, skew: c.skew, restored: true, id: c.id, mids: c.mids, own: maps.Clone(c.own),
		told: maps.Clone(c.told), decided: maps.Clone(c.decided), recalled: maps.Clone(c.recalled), given: maps.Clone(c.given),
	}
	d.mayPause()
	d.file = filepath.Join(w.opt.Dir, d.name+"-0.db")
	disk.crash(c.file, d.file, nil)
	for mid := c.db.Meta().AckedMid + 1; mid <= c.mids; mid++ {
		w.oracle.shared[c.own[mid].ID] = true
	}
	c.restored = true // whichever shows itself second is told
	w.stats.Twins++
	w.logf("%s: its files are copied to %s", c.name, d.name)
	w.clients = append(w.clients, d)
	if err := d.start(); err != nil {
		w.fail("%s: start: %v", d.name, err)
		return
	}
	if d.db.Meta().ClientID == d.id {
		d.takeStock()
	}
	for range twinWrites {
		w.after(w.between(0, max(1, faultMillis-w.now)), d.write)
	}
}

// takeStock notes what a copy holds of the writes of its client ID.
func (c *client) takeStock() {
	c.own = map[uint64]*mutation.Tx{}
	meta := c.db.Meta()
	for mid := meta.AckedMid + 1; mid <= meta.LastMid; mid++ {
		tx, err := c.readTx(mid)
		if err != nil {
			c.w.fail("%s: read mutation %d: %v", c.name, mid, err)
			return
		}
		c.own[mid] = tx
	}
	c.mids = meta.LastMid
}

// renamed checks that a copy that has taken another client ID has every write
// of its own: what the source has of it is settled, the rest is kept (I3); and
// that nothing is queued that the source has (I9).
func (c *client) renamed() {
	s, err := c.conn.Prepare("SELECT mid, state FROM _rockpool_tx ORDER BY mid")
	if err != nil {
		c.w.fail("%s: read the outbox: %v", c.name, err)
		return
	}
	defer s.Close()
	rows, err := s.Query()
	if err != nil {
		c.w.fail("%s: read the outbox: %v", c.name, err)
		return
	}
	var list []value.Row
	for rows.Next() {
		list = append(list, rows.Row())
	}
	if err := rows.Close(); err != nil {
		c.w.fail("%s: read the outbox: %v", c.name, err)
		return
	}
	const pending = 1
	have := map[uint64]bool{}
	for _, row := range list {
		tx, err := c.readTx(uint64(row[0].Int()))
		if err != nil {
			c.w.fail("%s: read mutation %d: %v", c.name, row[0].Int(), err)
			return
		}
		have[tx.ID] = true
		if at, done := c.w.oracle.applied[tx.ID]; done && row[1].Int() == pending && !c.w.oracle.shared[tx.ID] {
			c.w.fail("I9: %s would send mutation %d again, which was written at %v", c.name, tx.Mid, at)
		}
	}
	for mid := uint64(1); mid <= c.mids; mid++ {
		tx := c.own[mid]
		if tx == nil || have[tx.ID] || c.undone[mid] || c.decided[mid] && c.recalled[mid] {
			continue
		}
		if o, ok := c.w.oracle.settled[c.id][mid]; !ok || o.ID != tx.ID {
			c.w.fail("I3: %s took another client ID and lost mutation %d: %s", c.name, mid, showTx(tx))
		}
	}
}
