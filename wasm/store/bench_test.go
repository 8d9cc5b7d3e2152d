package store_test

import (
	"fmt"
	"testing"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wasm/store"
)

const benchRows = 100_000

func bulk(b *testing.B, c *client, table string) {
	b.Helper()
	w, err := c.db.BeginWrite()
	if err != nil {
		b.Fatal(err)
	}
	s, err := w.Conn().Cached("INSERT INTO " + table + " VALUES (?, ?, ?)")
	if err != nil {
		b.Fatal(err)
	}
	var sets []byte
	for i := range benchRows {
		sets = value.Row{value.Int(int64(i)), value.Text(fmt.Sprint("user", i, "@example.org")), value.Int(int64(i % 90))}.Append(sets)
	}
	b.StartTimer()
	if _, err := s.RunBatch(sets, benchRows); err != nil {
		b.Fatal(err)
	}
	if _, err := w.Commit(store.CommitInfo{}); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
}

// BenchmarkBulkInsert is 100,000 rows in one transaction, in a table without
// an outbox and in a synced one.
func BenchmarkBulkInsert(b *testing.B) {
	for _, k := range []struct{ name, table string }{{"local", "mine"}, {"synced", "users"}} {
		b.Run(k.name, func(b *testing.B) {
			for range b.N {
				b.StopTimer()
				c := newClient(b)
				if _, err := c.try("CREATE TABLE mine(id INTEGER, email TEXT, age INTEGER, PRIMARY KEY(id))", "CREATE UNIQUE INDEX mine_email ON mine(email)"); err != nil {
					b.Fatal(err)
				}
				bulk(b, c, k.table)
				c.conn.Close()
				b.StartTimer()
			}
		})
	}
}

// BenchmarkAckBulk settles that transaction: its rows come back from the server.
func BenchmarkAckBulk(b *testing.B) {
	for range b.N {
		b.StopTimer()
		c := newClient(b)
		c.follow(usersID)
		bulk(b, c, "users")
		f := c.frame().ack(1, mutation.Applied)
		for i := range benchRows {
			f.put(usersID, i, fmt.Sprint("user", i, "@example.org"), i%90)
		}
		b.StartTimer()
		f.apply()
		b.StopTimer()
		c.conn.Close()
		b.StartTimer()
	}
}

// BenchmarkApply is server transactions of one row, and of 10,000.
func BenchmarkApply(b *testing.B) {
	for _, n := range []int{1, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			c := newClient(b)
			c.follow(itemsID)
			for i := range b.N {
				f := c.frame()
				for k := range n {
					f.put(itemsID, k, fmt.Sprint("n", i), 1, nil, nil)
				}
				f.apply()
			}
		})
	}
}

// BenchmarkWrite is small transactions one by one, without a flush.
func BenchmarkWrite(b *testing.B) {
	c := newClient(b)
	for i := range b.N {
		c.write(fmt.Sprintf("INSERT INTO items(id, name) VALUES (%d, 'x')", i))
	}
}

// BenchmarkAdopt is a snapshot of 50,000 rows into an empty table.
func BenchmarkAdopt(b *testing.B) {
	for range b.N {
		b.StopTimer()
		c := newClient(b)
		var rows []value.Row
		for i := range 50_000 {
			rows = append(rows, row(i, fmt.Sprint("item", i), i, nil, nil))
		}
		chunk := chunkOf(c.db.Schema(), itemsID, rows)
		b.StartTimer()
		c.snapshot(itemsID)
		if _, err := c.db.Stage(c.shapes[itemsID], chunk); err != nil {
			b.Fatal(err)
		}
		if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
			b.Fatal(err)
		}
		b.StopTimer()
		c.conn.Close()
		b.StartTimer()
	}
}
