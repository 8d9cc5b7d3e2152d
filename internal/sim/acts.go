package sim

import (
	"rockpool.dev/fault"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

// interactive holds a transaction open for a while, so that frames find the
// writer busy.
func (c *client) interactive() {
	if c.dead || c.stopped.on || c.tx != nil {
		return
	}
	w := c.w
	tx, err := c.mgr.Begin(1, 0, "")
	if err != nil {
		w.fail("%s: begin: %v", c.name, err)
		return
	}
	c.tx = tx
	w.logf("%s: begins", c.name)
	if _, err := tx.Operations(c.operations()); err != nil && !c.noRoom(err) && fault.KindOf(err) != fault.NotFound && fault.KindOf(err) != fault.Constraint {
		w.fail("%s: write in a transaction: %v", c.name, err)
	}
	life, commit := c.life, w.chance(0.7)
	w.after(w.between(1, 1500), func() {
		if c.stopped.on { // the page has gone on without its Worker
			c.stopped.end()
		}
		if c.life != life || c.dead {
			return
		}
		c.tx = nil
		if commit {
			_, err = tx.Commit()
		} else {
			err = tx.Rollback()
		}
		w.logf("%s: ends its transaction (commit %v): %v", c.name, commit, err)
		if err != nil && !c.noRoom(err) && fault.KindOf(err) != fault.Constraint {
			w.fail("%s: end a transaction: %v", c.name, err)
		}
		w.stats.Writes++
		c.register() // before the tail moves on
		c.drv.Unblock()
		c.flushLater()
	})
}

// statement writes many rows by one SQL text.
func (c *client) statement() {
	if c.dead || c.stopped.on || c.tx != nil {
		return
	}
	sql := pick(c.w, []string{
		"UPDATE items SET qty = qty + 1 WHERE qty < 7",
		"UPDATE notes SET tag = ? WHERE body LIKE '%a%'",
		"DELETE FROM notes WHERE id LIKE 'new-%' AND tag IS NOT NULL",
		"INSERT OR REPLACE INTO items(id, name, qty) SELECT id, ?, qty FROM items WHERE id < 'hotc'",
		"INSERT INTO notes(id, body) SELECT 'new-' || id || ?, body FROM docs WHERE 1 ON CONFLICT DO NOTHING",
	})
	var args value.Row
	for i := range sql {
		if sql[i] == '?' {
			args = append(args, value.Text(c.newID()))
		}
	}
	if _, err := c.mgr.SQL(sql, args, "", nil); c.noRoom(err) {
		c.after()
		return
	} else if err != nil && fault.KindOf(err) != fault.Constraint {
		c.w.fail("%s: %s: %v", c.name, sql, err)
		return
	}
	c.w.stats.Writes++
	c.register()
	c.flushLater()
}

// resubscribe drops a shape and follows it again.
func (c *client) resubscribe() {
	if c.dead || c.stopped.on || c.tx != nil {
		return
	}
	w := c.w
	shapes := c.db.Shapes()
	if len(shapes) == 0 {
		return
	}
	s := pick(w, shapes)
	w.logf("%s: unsubscribes %s", c.name, s.Name)
	c.drv.Unsubscribe(s.ID)
	c.after()
	life := c.life
	w.after(w.between(0, 500), func() {
		if c.life == life && !c.dead {
			c.subscribe(s.Name)
			c.after()
		}
	})
}

// subscribe follows a shape, later when the writer is busy.
func (c *client) subscribe(name string) {
	_, err := c.drv.Subscribe(name, nil, 0)
	switch fault.KindOf(err) {
	case fault.Busy, fault.QuotaExceeded:
		if fault.KindOf(err) == fault.QuotaExceeded && !c.noRoom(err) {
			return
		}
		life := c.life
		c.w.after(100, func() {
			if c.life == life && !c.dead {
				c.subscribe(name)
			}
		})
	default:
		if err != nil {
			c.w.fail("%s: subscribe: %v", c.name, err)
		}
		c.w.logf("%s: subscribes %s", c.name, name)
	}
}

// round asks for a forced round. It must end, and a good end means that what
// was written before is settled and what the relay had is here.
func (c *client) round() {
	if c.dead || c.stopped.on {
		return
	}
	w := c.w
	mid, head := c.db.Meta().LastMid, version.Pos{}
	if len(w.relays) == 1 && !w.relays[0].down { // with two it may end at the one that lags
		head = w.relays[0].node.Head()
	}
	c.rounds++
	life := c.life
	c.drv.SyncNow(func(r wire.SyncRound, err error) {
		if c.life != life {
			return
		}
		c.rounds--
		w.logf("%s: round ended: %+v %v", c.name, r, err)
		if err != nil {
			return
		}
		if meta := c.db.Meta(); meta.AckedMid < mid || meta.Cursor.Less(head) {
			w.fail("%s: a round ended at %v with %d settled; it began with %d written and the relay at %v", c.name, meta.Cursor, meta.AckedMid, mid, head)
		}
	})
	c.after()
}
