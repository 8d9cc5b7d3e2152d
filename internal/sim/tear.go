package sim

import (
	"rockpool.dev/sqlite"
)

// tear plays a store that is built wrong, for the tests that show that the
// checkers see it: after a crash it leaves what two transactions in place of
// one would have left.
func (c *client) tear() error {
	switch c.w.opt.Bug {
	case TornCursor, TornOutbox, SetBack, NotKept:
	default:
		return nil
	}
	conn, err := sqlite.Open(sqlite.Options{Name: c.file, FS: storageFS})
	if err != nil {
		return err
	}
	defer conn.Close()
	if c.w.opt.Bug == TornOutbox {
		// The rows were committed, their outbox entry was to follow.
		const newest = " WHERE mid = (SELECT max(mid) FROM _rockpool_tx WHERE state = 1)"
		row, _, err := sqlite.OneRow(conn, "SELECT ifnull(max(mid), 0) FROM _rockpool_tx WHERE state = 1")
		if err != nil || uint64(row[0].Int()) <= c.durableMid {
			return err // a flushed write's second transaction was flushed as well
		}
		if err := conn.Exec("DELETE FROM _rockpool_op" + newest + "; DELETE FROM _rockpool_tx" + newest); err != nil {
			return err
		}
	}
	if c.w.opt.Bug == TornCursor {
		// The cursor was committed, the rows of its transaction were to follow.
		if err := conn.Exec("UPDATE _rockpool_meta SET seq = seq + 1 WHERE seq > 0 AND seq < " +
			itoa(c.w.oracle.head.Seq)); err != nil {
			return err
		}
	}
	switch c.w.opt.Bug {
	case SetBack:
		return conn.Exec("UPDATE _rockpool_meta SET seq = max(seq - 2, 0)")
	case NotKept:
		// What was taken back here is still to be sent.
		const refused = "state <> 1 AND mid <= (SELECT acked_mid FROM _rockpool_meta)"
		return conn.Exec("DELETE FROM _rockpool_op WHERE mid IN (SELECT mid FROM _rockpool_tx WHERE " + refused + ");" +
			" DELETE FROM _rockpool_tx WHERE " + refused + "; DELETE FROM _rockpool_rejected; DELETE FROM _rockpool_conflict")
	}
	return nil
}
