package sim

import (
	"fmt"
	"path/filepath"
	"slices"
	"strconv"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wasm/host"
	"rockpool.dev/wasm/store"
	"rockpool.dev/wasm/syncer"
	"rockpool.dev/wasm/txn"
	"rockpool.dev/wire"
)

// client is one browser profile: its files live on, its process may die.
type client struct {
	w    *world
	name string
	user string // whose token it shows
	file string
	n    int   // files made so far
	skew int64 // of its clock, ms

	// The process.
	life    int
	dead    bool
	conn    *sqlite.Conn
	db      *store.DB
	mgr     *txn.Manager
	drv     *host.SyncDriver
	screen  *screen
	socket  *link
	timer   int
	fetches map[uint32]bool
	ids     int
	offset  int64 // told by OnClock

	// What the checker knows.
	durableAt  version.Pos             // cursor of the last flush
	durableMid uint64                  // newest mid whose promise has resolved
	mids       uint64                  // newest mid registered with the oracle
	id         string                  // the client ID that mids belong to
	own        map[uint64]*mutation.Tx // what this database made, by mid
	backup     string                  // an older copy of the files
	restored   bool                    // the files are that copy, or have been copied
	mayRewind  bool                    // the relay's store was put back
	undone     map[uint64]bool         // settled mids that went with it
	gone       uint32                  // the epoch in which it follows a log that is gone, or 0
	late       *link                   // may still bring frames of that log, of behind goneAt
	goneAt     version.Pos
	cursor     version.Pos
	told       map[uint64]mutation.Status // outcomes told to the app, over all lives
	toldNow    map[uint64]bool            // in this life
	decided    map[uint64]bool            // the user has dealt with it
	recalled   map[uint64]bool            // the user has taken it back
	checked    checkedAt
	older      *older  // what it showed when all its shapes were at one position, in this life
	tx         *txn.Tx // interactive, open
	rounds     int     // asked for and not ended, in this life
	full       bool    // its storage is
	token      token
	stopped    pause
	renewals   int             // tokens given so far
	given      map[string]bool // keys of posts that a relay has told it, over all lives
}

func (c *client) now() int64 { return startWall + c.w.now + c.skew }

func (c *client) newID() string {
	c.ids++
	return fmt.Sprintf("%s-%d-%d-%08x", c.name, c.life, c.ids, c.w.rng.Uint32())
}

// start opens the files and connects.
func (c *client) start() error {
	w := c.w
	c.life++
	c.dead = false
	c.timer, c.socket, c.fetches, c.offset = 0, nil, nil, 0
	c.toldNow = map[uint64]bool{}
	c.tx, c.rounds, c.full, c.older = nil, 0, false, nil
	if c.file == "" {
		c.file = filepath.Join(w.opt.Dir, c.name+"-0.db")
	}
	conn, err := sqlite.Open(sqlite.Options{Name: c.file, CacheKiB: 512, FS: storageFS})
	if err != nil {
		return err
	}
	c.conn, c.db = conn, nil
	// One connection has the file: it need not give its locks back.
	if err := conn.Exec("PRAGMA locking_mode = EXCLUSIVE"); err != nil {
		return err
	}
	opt := store.Options{
		NewID: c.newID, NowMillis: func() int64 { return c.now() + c.offset }, Schema: w.build,
		Flushed: func() { c.flushed() },
	}
	if c.db, err = store.Open(conn, opt); err != nil {
		return err
	}
	c.mgr = txn.New(c.db, txn.Options{NewKey: c.newID, NowMillis: c.now})
	if err := c.mount(); err != nil {
		return err
	}
	net := clientNet{c, c.life}
	c.drv = host.NewSyncDriver(c.db, syncer.Config{Seed: w.rng.Uint64(), HasToken: true}, host.Links{
		Sockets: net, Fetcher: net, Timer: net, URL: "ws://relay/sync", NewID: c.newID,
		Now: func() syncer.Now { return syncer.Now{Mono: w.now + 1, Wall: c.now()} },
	}, host.SyncHooks{
		OnApplied:     c.onApplied,
		OnOutcome:     c.onOutcome,
		OnHealth:      c.onHealth,
		OnTokenWanted: c.wantsToken,
		OnClock:       func(ms int64) { c.offset = ms },
		OnSchema:      c.screen.schema,
		OnStuck:       func(mid uint64, err error) { w.fail("%s: mutation %d is stuck: %v", c.name, mid, err) },
	})
	if c.cursor = c.db.Meta().Cursor; c.cursor.Less(c.durableAt) && !c.restored {
		w.fail("I5: %s comes back at %v, and had flushed %v", c.name, c.cursor, c.durableAt)
	}
	if c.gone == c.cursor.Epoch && !c.goneAt.Less(w.canonical(c.cursor)) {
		c.gone = 0 // its storage has lost what the relay's has
	}
	for i := range w.schema.Tables {
		if _, err := c.db.AddShape(w.schema.Tables[i].Name, nil); err != nil {
			return err
		}
	}
	w.logf("%s: starts at %v, acked %d, last %d", c.name, c.cursor, c.db.Meta().AckedMid, c.db.Meta().LastMid)
	c.drv.Start()
	c.drv.Connect()
	c.after()
	return nil
}

func (c *client) flushed() {
	if c.w.opt.Bug != NoFlush {
		disk.flush(c.file)
	}
	if c.db != nil && !c.dying() {
		c.durableAt = c.db.Meta().Cursor
		c.durableMid = max(c.durableMid, c.db.Durable())
	}
}

// onHealth notices what must not happen.
func (c *client) onHealth(h wire.Health) {
	if h.LastError == nil {
		return
	}
	c.w.logf("%s: %d after %s", c.name, h.Socket, h.LastError.Msg)
	switch k := fault.Kind(h.LastError.Kind); k {
	case fault.Rewound:
		if c.restored || c.mayRewind {
			return
		}
		c.w.fail("%s: taken for a copy of itself: %s", c.name, h.LastError.Msg)
	case fault.SchemaMismatch:
		if c.w.stats.DDL == 0 {
			c.w.fail("%s: no schema has changed: %s", c.name, h.LastError.Msg)
		}
	case fault.Protocol, fault.Internal, fault.Corrupt, fault.Constraint, fault.InvalidSQL, fault.NotFound:
		c.w.fail("%s: kind %v: %s", c.name, k, h.LastError.Msg)
	}
	if h.Socket == wire.ConnRefused {
		if k := fault.Kind(h.LastError.Kind); k == fault.TokenExpired {
			c.w.stats.Expired++
			c.signIn()
			return
		}
		c.w.fail("%s: refused: %s", c.name, h.LastError.Msg)
	}
}

func (c *client) onApplied(a store.Applied) {
	if c.dying() {
		return
	}
	meta := c.db.Meta()
	if meta.Cursor.Less(c.cursor) {
		c.w.fail("I5: %s went back from %v to %v", c.name, c.cursor, meta.Cursor)
	}
	c.cursor = meta.Cursor
	if c.late != nil && c.socket == c.late && c.goneAt.Less(c.cursor) {
		c.gone = c.cursor.Epoch
	}
	for _, o := range a.Outcomes {
		c.w.logf("%s: applied to %v, outcome of %d is %d", c.name, meta.Cursor, o.Mid, o.Status)
	}
}

// onOutcome checks that an outcome is the log's, and told once a life (I3).
func (c *client) onOutcome(o mutation.Outcome) {
	if c.dying() || c.undone[o.Mid] && c.gone == c.cursor.Epoch {
		return
	}
	if c.toldNow[o.Mid] {
		c.w.fail("I3: %s told the outcome of mutation %d twice", c.name, o.Mid)
	}
	c.toldNow[o.Mid] = true
	if s, ok := c.told[o.Mid]; ok && s != o.Status && !c.recalled[o.Mid] { // it may have been too late
		c.w.fail("I3: %s told status %d for mutation %d, and %d before", c.name, o.Status, o.Mid, s)
	}
	c.told[o.Mid] = o.Status
	c.w.oracle.accesses.known(c.own[o.Mid], c.w.now)
	want, ok := c.w.oracle.settled[c.id][o.Mid]
	if tx := c.own[o.Mid]; tx != nil && ok && tx.ID != want.ID {
		c.w.fail("I3: %s took the outcome of another mutation %d for its own", c.name, o.Mid)
	}
	if !ok || want.Status != o.Status {
		c.w.fail("I3: %s told status %d for mutation %d, the log has %d", c.name, o.Status, o.Mid, want.Status)
	}
}

// after looks at the client when its loop has come to rest.
func (c *client) after() {
	if c.dead || c.dying() || c.w.failed != nil || c.tx != nil {
		return // an open transaction shows what it has not committed
	}
	c.register()
	c.check()
	if err := c.screen.follow(); err != nil {
		c.w.fail("I10: %s: %v", c.name, err)
	}
}

// register tells the oracle of new mutations.
func (c *client) register() {
	if c.dying() {
		return
	}
	meta := c.db.Meta()
	if meta.ClientID != c.id {
		if c.id != "" && !c.restored && !c.mayRewind {
			c.w.fail("I3: %s lost its client ID, and its outbox with it", c.name)
		}
		if c.id != "" {
			c.renamed()
		}
		c.forgetAll(meta.ClientID)
	}
	for c.mids < meta.LastMid {
		c.mids++
		tx, err := c.readTx(c.mids)
		if err != nil {
			c.w.fail("%s: read mutation %d: %v", c.name, c.mids, err)
			return
		}
		c.own[c.mids] = tx
		c.w.oracle.ask(meta.ClientID, tx)
		c.w.logf("%s: made %s", c.name, showTx(tx))
	}
}

// forgetAll starts the books over for another client ID.
func (c *client) forgetAll(id string) {
	c.id, c.mids, c.durableMid, c.older = id, 0, 0, nil
	c.undone = map[uint64]bool{}
	c.own, c.told = map[uint64]*mutation.Tx{}, map[uint64]mutation.Status{}
	c.toldNow, c.decided, c.recalled = map[uint64]bool{}, map[uint64]bool{}, map[uint64]bool{}
}

// readTx reads a mutation from the outbox's own rows.
func (c *client) readTx(mid uint64) (*mutation.Tx, error) {
	s, err := c.conn.Prepare("SELECT data FROM _rockpool_op WHERE mid = ? ORDER BY n")
	if err != nil {
		return nil, err
	}
	defer s.Close()
	rows, err := s.Query(value.Int(int64(mid)))
	if err != nil {
		return nil, err
	}
	var body []byte
	for rows.Next() {
		body = append(body, rows.Value(0).Str()...)
	}
	if err := rows.Close(); err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return nil, fault.New(fault.NotFound, "read outbox", "no entry for mutation "+strconv.FormatUint(mid, 10))
	}
	tx := new(mutation.Tx)
	return tx, tx.Decode(body)
}

// visible reads a table as the app sees it.
func (c *client) visible(t *schema.Table) (map[string]value.Row, error) {
	s, err := c.conn.Cached("SELECT * FROM " + schema.Quote(t.Name))
	if err != nil {
		return nil, err
	}
	rows, err := s.Query()
	if err != nil {
		return nil, err
	}
	out := map[string]value.Row{}
	for rows.Next() {
		r := rows.Row()
		out[keyText(t, r)] = r
	}
	err = rows.Err()
	if cerr := rows.Close(); err == nil {
		err = cerr
	}
	return out, err
}

// write runs one transaction of the app.
func (c *client) write() {
	if c.dead || c.stopped.on {
		return
	}
	w := c.w
	ops := c.operations()
	key := ""
	if w.chance(0.2) {
		key = c.newID()
	}
	_, res, err := c.mgr.Operations(ops, key)
	if err == nil && key != "" && w.chance(0.5) { // the page asks again
		var again txn.Result
		if _, again, err = c.mgr.Operations(ops, key); err == nil && (!again.Repeat || again.Mid != res.Mid) {
			w.fail("I9: %s ran the call with key %s again: %+v, then %+v", c.name, key, res, again)
		}
	}
	if err != nil {
		if mid := c.db.Meta().LastMid; mid != c.mids {
			w.fail("I3: %s: a write failed (%v) and left mutation %d", c.name, err, mid)
		}
		if c.noRoom(err) {
			c.after()
			return
		}
		switch fault.KindOf(err) {
		case fault.NotFound, fault.Constraint: // the row is not there (any more), or a check says no
		case fault.Busy:
			if c.tx == nil {
				w.fail("%s: write: %v", c.name, err)
			}
		default:
			w.fail("%s: write: %v", c.name, err)
		}
		return
	}
	w.stats.Writes++
	c.register()
	c.flushLater()
}

// flushLater is group commit: the flush comes a little after the commit.
func (c *client) flushLater() {
	life := c.life
	flush := func() {
		if c.life != life || c.dead || !c.mgr.NeedsFlush() {
			return
		}
		if err := c.mgr.Flush(); err != nil {
			c.w.fail("%s: flush: %v", c.name, err)
			return
		}
		c.drv.Wrote()
		c.after()
	}
	if c.w.chance(0.7) || c.w.quiet {
		flush()
	} else {
		c.w.after(c.w.between(1, 80), func() { c.stopped.run(flush) })
	}
	if c.w.chance(0.02) {
		c.crash()
	}
	c.after()
}

// operations makes one to three operations.
func (c *client) operations() (ops []wire.Operation) {
	w := c.w
	n := 1
	if w.chance(0.3) {
		n += int(w.between(1, 2))
	}
	for range n {
		t := pick(w, w.schema.Tables)
		op := wire.Operation{Table: t.Name, Columns: []string{"id"}}
		key := "hot" + string(rune('a'+w.rng.IntN(hotRows)))
		text := value.Text(c.name + strconv.Itoa(w.stats.Writes) + string(rune('a'+w.rng.IntN(26))))
		if t.ID == postsID {
			ops = append(ops, c.postOperation(op, key, text))
			continue
		}
		if t.ID == pagesID {
			ops = append(ops, c.pageOperation(op, key))
			continue
		}
		switch p := w.rng.Float64(); {
		case p < 0.25:
			op.Type = wire.OpInsert
			if w.chance(0.5) {
				key = "new-" + c.newID()
			}
			op.Columns = append(op.Columns, t.Columns[1].Name)
			op.Values = value.Row{value.Text(key), text}
			if t.ID == itemsID {
				op.Columns = append(op.Columns, "qty")
				op.Values = append(op.Values, value.Int(w.between(0, 9)))
			}
		case p < 0.35:
			op.Type = wire.OpDelete
			op.Values = value.Row{value.Text(key)}
		case p < 0.6 && t.ID == itemsID:
			op.Type = wire.OpIncrement
			op.Columns = append(op.Columns, "qty")
			op.Values = value.Row{value.Text(key), value.Int(w.between(-3, 2))}
		default:
			op.Type = wire.OpUpdate
			col := t.Columns[1+w.rng.IntN(2)].Name
			if held := c.db.Schema().ByID(t.ID); held.Columns[len(held.Columns)-1].Name == extraColumn && w.chance(0.3) {
				col = extraColumn
			}
			op.Columns = append(op.Columns, col)
			op.Values = value.Row{value.Text(key), text}
		}
		ops = append(ops, op)
	}
	return ops
}

// postOperation writes a post, now and then one of a room that is not open.
func (c *client) postOperation(op wire.Operation, key string, text value.Value) wire.Operation {
	w := c.w
	room := pick(w, rooms)
	if len(c.token.rooms) > 0 && w.chance(0.7) {
		room = pick(w, c.token.rooms)
	}
	switch p := w.rng.Float64(); {
	case p < 0.4:
		op.Type = wire.OpInsert
		if w.chance(0.6) {
			key = "new-" + c.newID()
		}
		op.Columns = append(op.Columns, "room", "body")
		op.Values = value.Row{value.Text(key), value.Text(room), text}
	case p < 0.5:
		op.Type = wire.OpDelete
		op.Values = value.Row{value.Text(key)}
	case p < 0.6:
		op.Type = wire.OpUpdate
		op.Columns = append(op.Columns, "room")
		op.Values = value.Row{value.Text(key), value.Text(room)}
	default:
		op.Type = wire.OpUpdate
		op.Columns = append(op.Columns, "body")
		op.Values = value.Row{value.Text(key), text}
	}
	return op
}

// decide settles something that waits for a person.
func (c *client) decide() {
	if c.dead || c.stopped.on || c.tx != nil {
		return
	}
	list, err := c.mgr.Outbox()
	if err != nil {
		c.w.fail("%s: outbox: %v", c.name, err)
		return
	}
	for _, e := range list {
		if c.db.Queued(e.Mid) && !c.drv.Took(e.Mid) && c.w.chance(0.2) {
			c.recall(e.Mid)
			return
		}
		switch e.State {
		case wire.TxRejected, wire.TxBlocked:
			_, err := c.mgr.Act(wire.OutboxAct{Mid: e.Mid, Discard: c.w.chance(0.6)})
			if c.noRoom(err) {
				return
			}
			switch fault.KindOf(err) {
			case fault.Forbidden: // blocked already, and still to be answered
				continue
			case fault.NotFound, fault.Constraint: // cannot be written over what stands now
			default:
				if err != nil {
					c.w.fail("%s: act on mutation %d: %v", c.name, e.Mid, err)
				}
				c.decided[e.Mid] = true
			}
			c.flushLater()
			return
		}
	}
	conflicts, err := c.db.Conflicts()
	if err != nil {
		c.w.fail("%s: conflicts: %v", c.name, err)
		return
	}
	conflicts = slices.DeleteFunc(conflicts, func(x wire.ConflictInfo) bool { return !x.Open })
	if len(conflicts) > 0 {
		x := pick(c.w, conflicts) // one mutation may have several, which settle together
		r := &wire.Resolve{ID: x.ID, Choice: pick(c.w, []wire.Choice{wire.ChooseMine, wire.ChooseTheirs})}
		_, err := c.mgr.Resolve(r)
		if c.noRoom(err) {
			return
		}
		c.decided[x.Mid] = true
		if err != nil && fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Constraint {
			c.w.fail("%s: resolve conflict %d of mutation %d: %v", c.name, x.ID, x.Mid, err)
		}
		c.w.logf("%s: resolves conflict %d of mutation %d with %d: %v", c.name, x.ID, x.Mid, r.Choice, err)
		c.flushLater()
		return
	}
}

// fuse has the process die at its nth write or flush from now on.
func (c *client) fuse() {
	db := disk.database(c.file)
	if c.dead || db == nil || c.w.quiet {
		return
	}
	db.fuse = int(c.w.between(1, fuseMax))
	db.died = func() {
		c.w.stats.Fuses++
		c.w.logf("%s: dies at a write", c.name)
		c.w.dying = c
	}
}

// dying reports whether the process has died in the middle of what it seems to
// do: nothing of it is seen any more.
func (c *client) dying() bool { return c.w.dying == c }

// checkpoint moves the WAL into the database, as the Worker does when idle.
func (c *client) checkpoint() {
	if c.dead || c.stopped.on || c.tx != nil || c.full {
		return
	}
	frames, done, err := c.conn.Checkpoint(sqlite.CheckpointPassive)
	c.w.stats.Checkpoints++
	c.w.logf("%s: checkpoint of %d frames moves %d: %v", c.name, frames, done, err)
	if err != nil {
		c.w.fail("%s: checkpoint: %v", c.name, err)
	}
}

// recall takes a queued mutation back; what becomes of it is decided later.
func (c *client) recall(mid uint64) {
	a, err := c.db.Recall(mid)
	if c.noRoom(err) {
		return
	}
	if err != nil {
		c.w.fail("%s: take mutation %d back: %v", c.name, mid, err)
		return
	}
	c.w.logf("%s: takes mutation %d back", c.name, mid)
	c.w.stats.Recalls++
	c.recalled[mid], c.told[mid] = true, mutation.Rejected
	c.mgr.Applied(a)
	c.drv.Recalled()
	c.flushLater()
}

// crash kills the process. Each write behind the last flush may be kept, lost,
// or cut.
func (c *client) crash() {
	if c.dead {
		return
	}
	w := c.w
	w.stats.Crashes++
	c.freeStorage()
	c.dead = true
	c.stopped.kill()
	c.n++
	from := c.file
	if c.backup != "" && !c.restored && w.chance(0.5) {
		from, c.restored = c.backup, true
		w.logf("%s: its files are replaced by a backup", c.name)
	}
	file := c.nextFile()
	kept, lost, torn := disk.crash(from, file, w.rng)
	w.stats.LostWrites += lost
	w.stats.TornWrites += torn
	w.logf("%s: killed; of the writes behind the last flush %d are there, %d lost, %d torn", c.name, kept, lost, torn)
	_ = c.conn.Close()
	disk.remove(c.file)
	c.file = file
	if c.restored {
		c.toldNow = map[uint64]bool{}
	}
	c.leaveSocket()
	w.after(w.between(1, 2000), c.restart)
}

// leaveSocket ends a process's end of its socket; the relay may not be told.
func (c *client) leaveSocket() {
	w, l := c.w, c.socket
	if l == nil {
		return
	}
	c.socket = nil
	l.downOpen = false
	if w.chance(0.5) {
		l.silent = true
	} else if !l.silent {
		l.upAt = max(l.upAt, w.now+w.delay())
		w.after(l.upAt-w.now, func() { l.relay.close(l) })
	}
}

// nextFile names the client's nth file.
func (c *client) nextFile() string {
	return filepath.Join(c.w.opt.Dir, c.name+"-"+strconv.Itoa(c.n)+".db")
}

// keepBackup copies the files as they are on disk now.
func (c *client) keepBackup() {
	if c.dead || c.backup != "" {
		return
	}
	c.n++
	c.backup = c.nextFile()
	disk.crash(c.file, c.backup, nil)
}

// restart opens what the crash left, and checks that nothing that was
// promised is missing.
func (c *client) restart() {
	if !c.dead {
		return
	}
	w := c.w
	if err := c.tear(); err != nil {
		w.fail("%s: tear: %v", c.name, err)
		return
	}
	id, lastAcked := c.id, c.durableMid
	if err := c.start(); err != nil {
		w.fail("%s: open after a crash: %v", c.name, err)
		return
	}
	if c.id != id {
		lastAcked = 0 // it died as it took another name, under which mids begin anew
	}
	meta := c.db.Meta()
	if c.restored && meta.ClientID == c.id {
		c.takeStock()
		return // what it lost, it lost with the newer files
	}
	if meta.LastMid < lastAcked {
		w.fail("I3: %s lost mutation %d, whose promise had resolved; the newest is %d", c.name, lastAcked, meta.LastMid)
		return
	}
	for mid := meta.LastMid + 1; mid <= c.mids; mid++ {
		if _, sent := w.oracle.settled[meta.ClientID][mid]; sent {
			w.fail("I3: %s lost mutation %d after it was sent", c.name, mid)
		}
		delete(w.oracle.asked[meta.ClientID], c.own[mid].ID)
		delete(c.own, mid)
	}
	c.mids = min(c.mids, meta.LastMid)
	c.after()
}
