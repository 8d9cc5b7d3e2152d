package store_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// TestOutboxTakesTheNewSchema shows which writes that were made under one
// schema are sent under the next, and what those that cannot be say when the
// relay has rejected them.
func TestOutboxTakesTheNewSchema(t *testing.T) {
	t.Parallel()
	drop := func(s *schema.Schema, table, column string) {
		x := s.Table(table)
		i := x.Index(column)
		x.Columns = append(x.Columns[:i:i], x.Columns[i+1:]...)
	}
	retype := func(table, column string, to schema.Type) func(s *schema.Schema) {
		return func(s *schema.Schema) { s.Table(table).Columns[s.Table(table).Index(column)].Type = to }
	}
	for name, test := range map[string]struct {
		write  string
		change func(s *schema.Schema)
		// why is what the rejection names; "" for a write that is taken over.
		why  []string
		cols []uint32
		vals value.Row
	}{
		"a column was added": {
			"UPDATE items SET name = 'mine' WHERE id = 1",
			func(s *schema.Schema) {
				x := s.Table("items")
				x.Columns = append([]schema.Column{x.Columns[0], {Name: "added", Type: schema.TypeText}}, x.Columns[1:]...)
			},
			nil,
			[]uint32{2},
			row("mine"),
		},
		"an increment moved": {
			"UPDATE items SET qty = qty + 3 WHERE id = 1",
			func(s *schema.Schema) {
				x := s.Table("items")
				x.Columns = append([]schema.Column{x.Columns[0], {Name: "added", Type: schema.TypeText}}, x.Columns[1:]...)
			},
			nil,
			[]uint32{3},
			row(3),
		},
		"another column was dropped": {
			"UPDATE items SET name = 'mine' WHERE id = 1",
			func(s *schema.Schema) { drop(s, "items", "at") }, nil,
			[]uint32{1},
			row("mine"),
		},
		"a deleted row lost a column": {
			"DELETE FROM items WHERE id = 1",
			func(s *schema.Schema) { drop(s, "items", "at") }, nil, nil, nil,
		},
		"its column was dropped": {
			"UPDATE items SET price = 2 WHERE id = 1",
			func(s *schema.Schema) { drop(s, "items", "price") },
			[]string{"items.price", "without that column"},
			nil, nil,
		},
		"its table is gone": {
			"UPDATE items SET price = 2 WHERE id = 1",
			func(s *schema.Schema) { s.Tables = s.Tables[1:] },
			[]string{"table items", "discard"},
			nil, nil,
		},
		"a text became an enum without it": {
			"UPDATE items SET qty = 4 WHERE id = 1; UPDATE items SET name = 'n' WHERE id = 1",
			func(s *schema.Schema) {
				s.Tables[0].Columns[1].Type, s.Tables[0].Columns[1].Enum = schema.TypeEnum, []string{"a", "b"}
			},
			[]string{"items.name", "enum"},
			nil, nil,
		},
		"an integer became text": {
			"INSERT INTO users(id, age) VALUES (5, 40)",
			retype("users", "age", schema.TypeText), nil,
			[]uint32{0, 2},
			row(5, "40"),
		},
		"a text became a number that it is not": {
			"INSERT INTO users(id, email) VALUES (5, 'a@x')",
			retype("users", "email", schema.TypeInt),
			[]string{"users.email", "integer", "of that type"},
			nil, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.follow(itemsID, usersID)
			c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
			mid := c.write(strings.Split(test.write, "; ")...)
			if err := c.db.Flush(); err != nil {
				t.Fatal(err)
			}
			s := testSchema()
			s.Version = 2
			test.change(s)
			if err := c.db.SetSchema(s); err != nil {
				t.Fatal(err)
			}
			c.reopenAt(s)
			txs := c.decoded()
			if len(txs) != 1 || txs[0].Mid != mid {
				t.Fatalf("the outbox has %+v, want the one write", txs)
			}
			if test.why == nil {
				op := txs[0].Ops[0]
				if err := txs[0].Check(s); err != nil || txs[0].Schema != 2 || !op.New.Equal(test.vals) || len(op.Cols) != len(test.cols) {
					t.Fatalf("it is sent as %+v (%v), want columns %v", txs[0], err, test.cols)
				}
				for i := range test.cols {
					if op.Cols[i] != test.cols[i] {
						t.Errorf("columns %v, want %v", op.Cols, test.cols)
					}
				}
				return
			}
			if txs[0].Schema != 1 {
				t.Fatalf("it is sent as version %d, want its own", txs[0].Schema)
			}
			a := c.frame().outcome(mutation.Outcome{
				Mid: mid, Status: mutation.Rejected, Kind: uint16(fault.SchemaMismatch), Detail: "another version",
			}).apply()
			for _, word := range test.why {
				if len(a.Outcomes) != 1 || !strings.Contains(a.Outcomes[0].Detail, word) {
					t.Errorf("told %+v, want %q in it", a.Outcomes, word)
				}
			}
			list, err := c.db.Outbox()
			if err != nil || len(list) != 1 || !strings.Contains(list[0].Detail, test.why[0]) {
				t.Errorf("Outbox = %+v, %v; want it kept, with the reason", list, err)
			}
		})
	}
}

// TestBuildWithOtherColumns shows a build that declares fewer columns than the
// one that wrote, under one version of the relay's schema: what was written is
// not read as if its columns were the other's.
func TestBuildWithOtherColumns(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(itemsID)
	c.frame().put(itemsID, 1, "base", 1, nil, nil).apply()
	c.write("UPDATE items SET at = '2026-01-02T03:04:05.000000+00:00' WHERE id = 1")
	c.write("UPDATE items SET name = 'mine' WHERE id = 1")
	s := testSchema() // of the same version
	x := s.Table("items")
	x.Columns = []schema.Column{x.Columns[0], x.Columns[2], x.Columns[1], x.Columns[3]}
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	c.reopenAt(s)
	txs := c.decoded()
	if len(txs) != 2 || txs[0].Schema == s.Version || txs[1].Schema != s.Version || txs[1].Ops[0].Cols[0] != 2 {
		t.Fatalf("the outbox has %+v, want the first under a version of its own", txs)
	}
	c.want("SELECT name FROM items", "mine")
}

// reopenAt is reopen by a build that declares s.
func (c *client) reopenAt(s *schema.Schema) {
	c.t.Helper()
	c.opt.Schema = s
	c.reopen()
}
