package store_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/wire"
)

// TestSchemaGrows adds a column in the middle and a unique constraint while
// rows and a mutation of the older version are there.
func TestSchemaGrows(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.follow(usersID, itemsID)
	c.frame().put(usersID, 1, "a@x", 30).apply()
	c.write("UPDATE users SET age = 31 WHERE id = 1")
	c.write("CREATE INDEX mine ON users(age)")
	c.frame().put(itemsID, 9, "x", 1, nil, nil).apply()
	mid := c.write("UPDATE items SET name = 'mine' WHERE id = 9")
	c.frame().put(itemsID, 9, "theirs", 1, nil, nil).ack(mid, mutation.Parked).apply()

	s := testSchema()
	s.Version = 2
	u := s.Table("users")
	u.Columns = append([]schema.Column{u.Columns[0], {Name: "nick", Type: schema.TypeText}}, u.Columns[1:]...)
	u.Unique = []schema.Unique{{Name: "users_email_key", Columns: []uint32{2}}}
	items := s.Table("items")
	items.Columns[1], items.Columns[2] = items.Columns[2], items.Columns[1]
	if err := c.db.SetSchema(s); err != nil {
		t.Fatal(err)
	}
	if list, err := c.db.Conflicts(); err != nil || len(list) != 1 || show(list[0].Mine.Values[:3]) != "9|1|mine" {
		t.Errorf("Conflicts = %+v, %v; want the row in the new order", list, err)
	}
	c.want("SELECT * FROM users", "1|NULL|a@x|31")
	c.want("SELECT count(*) FROM sqlite_master WHERE name = 'mine'", "1")
	// The older mutation folds over rows of the new form.
	c.frame().put(usersID, 1, "nick", "b@x", 40).apply()
	c.want("SELECT * FROM users", "1|nick|b@x|31")
	c.reopen()
	if got := c.db.Schema().Version; got != 2 {
		t.Errorf("after a restart with the older declaration the version is %d, want 2", got)
	}
	if err := c.db.Ready(&wire.Ready{ID: c.shapes[usersID], Bucket: c.buckets[usersID], Table: usersID}); err != nil {
		t.Fatal(err)
	}
	if txs := c.decoded(); len(txs) != 1 || txs[0].Check(s) != nil || txs[0].Schema != 2 || txs[0].Ops[0].Cols[0] != 3 {
		t.Errorf("what is sent: %+v, want version 2 and its columns", txs)
	}
	c.write("UPDATE users SET nick = 'mine' WHERE id = 1")
	c.frame().ack(1, mutation.Rejected).apply()
	c.want("SELECT * FROM users", "1|nick|b@x|40") // the second depends on the first
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(s *schema.Schema){
		"another type of key": func(s *schema.Schema) { s.Tables[1].Columns[0].Type = schema.TypeText },
		"another key":         func(s *schema.Schema) { s.Tables[1].Key = []uint32{1} },
		"name is taken": func(s *schema.Schema) {
			s.Tables = append(s.Tables, schema.Table{ID: 9, Name: "mine", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newClient(t)
			c.write("CREATE TABLE mine(a)", "INSERT INTO users VALUES (1, 'a@x', 2)")
			s := testSchema()
			s.Version = 2
			change(s)
			if err := c.db.SetSchema(s); fault.KindOf(err) != fault.SchemaMismatch {
				t.Fatalf("SetSchema = %v, want schema_mismatch", err)
			}
			if got := c.db.Schema().Version; got != 1 {
				t.Errorf("version = %d, want 1", got)
			}
			c.want("SELECT * FROM users", "1|a@x|2")
			if mid := c.write("DELETE FROM users"); mid != 2 {
				t.Errorf("mid = %d, want 2", mid)
			}
		})
	}
}

// TestGuard shows that the app's statements leave our tables alone.
func TestGuard(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for sql, want := range map[string]fault.Kind{
		"DELETE FROM _rockpool_tx":                    fault.Forbidden,
		"DELETE FROM _rockpool_op WHERE mid = ?":      fault.Forbidden,
		"ALTER TABLE items ADD COLUMN x":              fault.SchemaDDL,
		"DROP TABLE items":                            fault.SchemaDDL,
		"DROP INDEX users_email_key":                  fault.SchemaDDL,
		"ATTACH 'x' AS y":                             fault.Forbidden,
		"PRAGMA journal_mode = DELETE":                fault.Forbidden,
		"CREATE INDEX by_name ON items(name)":         fault.Unknown,
		"CREATE VIEW names AS SELECT name FROM items": fault.Unknown,
	} {
		if _, err := c.try(sql); fault.KindOf(err) != want || want == fault.Unknown && err != nil {
			t.Errorf("%s: %v, want kind %v", sql, err, want)
		}
	}
}

func TestIncarnation(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	o1, n1, err := c.db.Rotate()
	if err != nil || o1 != "" || n1 == "" {
		t.Fatalf("first Rotate = %q, %q, %v", o1, n1, err)
	}
	c.reopen()
	if o, n, _ := c.db.Rotate(); o != o1 || n != n1 {
		t.Errorf("Rotate before the answer = %q, %q; want the same pair %q, %q", o, n, o1, n1)
	}
	if err := c.db.Confirm(0); err != nil {
		t.Fatal(err)
	}
	c.reopen()
	if o, n, _ := c.db.Rotate(); o != n1 || n == n1 || n == "" {
		t.Errorf("Rotate after the answer = %q, %q; want %q and a new one", o, n, n1)
	}
}
