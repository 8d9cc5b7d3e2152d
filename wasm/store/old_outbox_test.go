package store_test

import (
	"bytes"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// TestOutboxOfABuildWithoutTheLimit shows that a transaction which no relay
// takes holds up nothing: it is rejected here with its data, its mid goes as a
// placeholder, and what depends on it leaves the view with it.
func TestOutboxOfABuildWithoutTheLimit(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	first := c.write("INSERT INTO items(id, name) VALUES (1, 'large')")
	second := c.write("UPDATE items SET qty = 1 WHERE id = 1")
	third := c.write("INSERT INTO items(id, name) VALUES (2, 'free')")
	if err := c.db.Flush(); err != nil {
		t.Fatal(err)
	}
	c.enlarge(first, wire.MutationBytesMax)
	c.reopen()
	c.want("SELECT id FROM items", "2")
	out, err := c.db.ReadOutbox(first, 10)
	if err != nil || len(out) != 3 {
		t.Fatalf("ReadOutbox = %d transactions, %v; want all three mids", len(out), err)
	}
	var tx mutation.Tx
	if err := tx.Decode(out[0].Body); err != nil || tx.Mid != first || tx.Schema != 0 || len(tx.Ops) != 0 || tx.Digest != mutation.Digest(nil) {
		t.Errorf("in its place goes %+v, %v; want nothing of no version", tx, err)
	}
	list, err := c.db.Outbox()
	if err != nil || len(list) != 3 || list[0].State != wire.TxRejected || fault.Kind(list[0].Kind) != fault.TooLarge || !strings.Contains(list[0].Detail, "several transactions") || len(list[0].Ops) != 1 {
		t.Errorf("Outbox = %+v, %v; want the first rejected as too_large with its data and a remedy", list, err)
	}
	if done, err := c.db.Discard(first); err != nil || done.Ended != first {
		t.Errorf("Discard before its place was sent = %+v, %v", done, err)
	}
	c.reopen()
	if out, err := c.db.ReadOutbox(first, 10); err != nil || len(out) != 3 || len(out[0].Body) > 100 {
		t.Errorf("ReadOutbox = %d transactions, %v; want its place still to be sent", len(out), err)
	}
	c.frame().ack(first, mutation.Rejected).ack(second, mutation.Blocked).ack(third, mutation.Applied).put(itemsID, 2, "free", nil, nil, nil).apply()
	c.want("SELECT mid FROM _rockpool_tx", "2") // the blocked one
	c.reopen()
	if m := c.db.Meta(); m.AckedMid != third || m.LastMid != third {
		t.Errorf("meta = %+v, want all settled", m)
	}
}

// Alone in the outbox, its mid is not given out again.
func TestLargeLastMidIsNotUsedAgain(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	mid := c.write("INSERT INTO items(id, name) VALUES (1, 'large')")
	c.enlarge(mid, wire.MutationBytesMax)
	c.reopen()
	c.reopen()
	if next := c.write("INSERT INTO items(id, name) VALUES (2, 'next')"); next != mid+1 {
		t.Errorf("the next mid is %d, want %d", next, mid+1)
	}
}

// enlarge has a transaction of the outbox hold a value of more than so many
// bytes, which no call of the store makes.
func (c *client) enlarge(mid uint64, size int) {
	c.t.Helper()
	c.conn.SetGuard(nil)
	var body []byte
	read, err := c.conn.Prepare("SELECT data FROM _rockpool_op WHERE mid = ?")
	if err != nil {
		c.t.Fatal(err)
	}
	rows, err := read.Query(value.Int(int64(mid)))
	if err != nil {
		c.t.Fatal(err)
	}
	for rows.Next() {
		body = append(body, rows.Row()[0].Str()...)
	}
	if err := rows.Close(); err != nil {
		c.t.Fatal(err)
	}
	if err := read.Close(); err != nil {
		c.t.Fatal(err)
	}
	var tx mutation.Tx
	if err := tx.Decode(body); err != nil {
		c.t.Fatal(err)
	}
	tx.Ops[0].New[1] = value.Text(string(bytes.Repeat([]byte("x"), size)))
	tx.Seal()
	body = tx.AppendTo(nil)
	for sql, args := range map[string]value.Row{
		"UPDATE _rockpool_op SET data = ? WHERE mid = ?":  {value.Blob(body), value.Int(int64(mid))},
		"UPDATE _rockpool_tx SET bytes = ? WHERE mid = ?": {value.Int(int64(len(body))), value.Int(int64(mid))},
	} {
		if err := run(c.conn, sql, args); err != nil {
			c.t.Fatal(err)
		}
	}
}

func run(conn *sqlite.Conn, sql string, args value.Row) error {
	s, err := conn.Prepare(sql)
	if err != nil {
		return err
	}
	defer s.Close()
	return s.Run(args...)
}
