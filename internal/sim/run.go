package sim

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"

	"rockpool.dev/value"
)

// Run plays one seed. The error names the invariant that was broken.
func Run(opt Options) (Stats, error) {
	dir, err := os.MkdirTemp(opt.Dir, "sim-")
	if err != nil {
		return Stats{}, err
	}
	defer os.RemoveAll(dir)
	defer disk.clear(dir)
	opt.Dir = dir
	w := &world{opt: opt, rng: rand.New(rand.NewPCG(opt.Seed, 0x726f636b)), links: map[uint32]*link{}, schema: simSchema(opt.relay() != Model), epochs: 1, bases: map[uint32]uint64{}}
	w.build = w.schema
	w.oracle = newOracle(w)
	if err := w.reopenCatalog(); err != nil {
		return Stats{}, err
	}
	if err := w.startRelays(); err != nil {
		return w.stats, fmt.Errorf("start the relay: %w", err)
	}
	defer w.closeRelays()
	first := w.relays[0].node
	if err := w.oracle.begin(w.canonical(first.Head()), first.Rows); err != nil {
		return w.stats, err
	}
	w.seen = len(w.truth.Log())
	for _, h := range w.relays {
		h.tick(0)
	}
	if err := w.startClients(); err != nil {
		return w.stats, err
	}
	defer w.closeClients()
	w.plan()
	for w.now < faultMillis && w.step() {
	}
	w.calm()
	for w.failed == nil && !w.settledAll() {
		if w.now > faultMillis+quietMillis {
			w.fail("no rest: %s", w.unsettled())
			break
		}
		if !w.step() {
			break
		}
	}
	if w.failed == nil {
		w.checkEnd()
	}
	// A log that was cut is no register's, and the model relay is not asked: it has
	// not been shown yet whether its rules or the check are at fault there.
	if w.failed == nil && w.stats.PutBacks == 0 && !w.opt.Backups && w.opt.relay() != Model {
		if err := w.oracle.accesses.check(w); err != nil {
			w.fail("I11: %v", err)
		}
	}
	return w.stats, w.failed
}

// startRelays makes the relays of the run and what decides the order.
func (w *world) startRelays() error {
	n := 1
	var db *database
	switch w.opt.relay() {
	case Model:
		f := newFakeRelay(w.addRelay())
		w.relays[0].node, w.truth = f, f
		return nil
	case Embedded:
		h := w.addRelay()
		f, err := newRealRelay(h)
		h.node, w.truth = f, f
		return err
	}
	db, err := newDatabase(w)
	if err != nil {
		return err
	}
	w.truth = db
	if w.rng.IntN(3) == 0 {
		n = 2
	}
	for range n {
		h := w.addRelay()
		f, err := newReplicaRelay(h, db)
		if err != nil {
			return err
		}
		h.node = f
		db.relays = append(db.relays, f)
	}
	return nil
}

func (w *world) addRelay() *relayHost {
	h := &relayHost{w: w, index: len(w.relays), links: map[uint32]*link{}}
	h.stopped = pause{w: w, gone: func() bool { return h.down }, first: func() { h.node.Tick() }}
	w.relays = append(w.relays, h)
	return h
}

func (w *world) closeRelays() {
	for _, h := range w.relays {
		if h.node != nil {
			h.node.Close()
		}
	}
	if c, ok := w.truth.(io.Closer); ok {
		_ = c.Close()
	}
}

func (w *world) startClients() error {
	n := int(w.between(2, clientsMax))
	for i := range n {
		c := &client{w: w, name: string(rune('A' + i)), given: map[string]bool{}}
		c.mayPause()
		c.user = c.name
		c.skew = w.between(-90_000, 90_000)
		w.clients = append(w.clients, c)
		if err := c.start(); err != nil {
			return fmt.Errorf("start client %s: %w", c.name, err)
		}
	}
	return nil
}

func (w *world) closeClients() {
	for _, c := range w.clients {
		c.freeStorage()
		if !c.dead && c.conn != nil {
			_ = c.conn.Close()
		}
	}
}

// plan spreads writes, decisions, direct writes and crashes over the time of faults.
func (w *world) plan() {
	for range writesTarget {
		c := pick(w, w.clients)
		w.after(w.between(0, faultMillis), c.write)
	}
	for range writesTarget / 4 {
		c := pick(w, w.clients)
		w.after(w.between(faultMillis/4, faultMillis), c.decide)
	}
	for range w.between(0, 6) {
		w.after(w.between(0, faultMillis), pick(w, w.clients).interactive)
		w.after(w.between(0, faultMillis), pick(w, w.clients).statement)
		w.after(w.between(0, faultMillis), pick(w, w.clients).round)
	}
	for range w.between(0, 3) {
		w.after(w.between(0, faultMillis), pick(w, w.clients).resubscribe)
	}
	for range writesTarget / 8 {
		w.after(w.between(0, faultMillis), w.directWrite)
	}
	for range w.between(0, 4) {
		c := pick(w, w.clients)
		w.after(w.between(0, faultMillis), c.crash)
	}
	for range w.between(0, 2) {
		c, h := pick(w, w.clients), w.pickRelay()
		w.after(w.between(0, faultMillis), func() { c.stopped.begin(c.name) })
		w.after(w.between(0, faultMillis), func() { h.stopped.begin(h.name()) })
		w.after(w.between(0, faultMillis), pick(w, w.clients).jump)
		w.after(w.between(0, faultMillis), pick(w, w.clients).handOver)
	}
	for range w.between(0, 4) {
		w.after(w.between(0, faultMillis), pick(w, w.clients).fuse)
		w.after(w.between(0, faultMillis), pick(w, w.clients).checkpoint)
	}
	if w.opt.Backups {
		for _, c := range w.clients {
			w.after(w.between(faultMillis/8, faultMillis/2), c.keepBackup)
			w.after(w.between(faultMillis/2, faultMillis), c.crash)
			if w.chance(twinP) {
				w.after(w.between(faultMillis/8, faultMillis), c.twin)
			}
		}
	}
	w.planFaults()
	w.planPutBack()
	for range w.between(0, 2) {
		w.after(w.between(0, faultMillis), w.pickRelay().crash)
	}
	for range w.between(0, 6) {
		c := pick(w, w.clients)
		from := w.between(0, faultMillis)
		w.after(from, func() { c.offline(true) })
		w.after(from+w.between(100, 12_000), func() { c.offline(false) })
	}
}

// offline turns a client's connection off or on, as an app may.
func (c *client) offline(on bool) {
	if c.stopped.on {
		c.stopped.run(func() { c.offline(on) })
		return
	}
	if c.dead {
		return
	}
	c.w.logf("%s: offline %v", c.name, on)
	if on {
		c.drv.Disconnect()
	} else {
		c.drv.Connect()
	}
	c.after()
}

// directWrite is somebody else's write at the source.
func (w *world) directWrite() {
	if h := w.relays[0]; len(w.relays) == 1 && (h.down || h.stopped.on) {
		return
	}
	t := pick(w, w.schema.Tables)
	key := value.Row{value.Text("hot" + string(rune('a'+w.rng.IntN(hotRows))))}
	n := w.rng.IntN(1000)
	w.truth.Write(t.ID, key, func(old value.Row) value.Row {
		if old == nil || w.chance(0.1) {
			return nil
		}
		row := append(value.Row(nil), old...)
		if t.ID == postsID && w.chance(0.5) { // it comes into view here, and leaves it there
			row[1] = value.Text(pick(w, rooms))
		}
		if t.ID == pagesID {
			col, v := w.editPage(row, fmt.Sprint("direct", n))
			row[col], _ = t.Canonical(col, v)
			return row
		}
		row[2] = value.Text(fmt.Sprint("direct", n))
		w.logf("direct write of %s/%s behind %v", t.Name, showKey(string(key.Append(nil))), w.oracle.head)
		return row
	})
	w.observe()
}

// calm ends the faults: everything that is down comes up, and stays.
func (w *world) calm() {
	w.quiet = true
	w.logf("calm")
	for _, h := range w.relays {
		h.stopped.end()
	}
	for _, c := range w.clients {
		c.stopped.end()
		if db := disk.database(c.file); db != nil {
			db.fuse = 0
		}
		if c.dead {
			c.restart()
			if w.failed != nil {
				return
			}
		}
		c.freeStorage()
		c.giveToken()
		c.offline(false)
		for i := range w.schema.Tables {
			c.subscribe(w.schema.Tables[i].Name)
		}
		if c.mgr.NeedsFlush() {
			c.flushLater()
		}
	}
}

func (w *world) unsettled() string {
	s := ""
	for _, c := range w.clients {
		if c.dead {
			s += c.name + " is dead; "
			continue
		}
		m := c.db.Meta()
		s += fmt.Sprintf("%s at %v of %v, %d pending, acked %d of %d, %d rounds, health %+v; ", c.name, m.Cursor, w.oracle.head, c.db.Pending(), m.AckedMid, m.LastMid, c.rounds, c.drv.Health())
		if !c.postsShown() {
			have, _ := c.visible(w.schema.ByID(postsID))
			s += "its posts are:"
			for k, r := range union(have, c.opened(w.oracle.tables[postsID]), nil) {
				s += fmt.Sprint(" ", showKey(k), r, showRow(have[k]))
			}
			s += " with " + c.token.text() + "; "
		}
		for _, x := range c.db.Shapes() {
			if x.State != 2 {
				s += fmt.Sprintf("shape %s state %d; ", x.Name, x.State)
			}
		}
	}
	return s
}
