package suite

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestGuard holds what an app's SQL may do and what is refused, by name.
func TestGuard(t *testing.T) {
	const schema = `CREATE TABLE orders(id INTEGER PRIMARY KEY, x); CREATE UNIQUE INDEX orders_x ON orders(x);
		CREATE TABLE local(id INTEGER PRIMARY KEY, x); CREATE TABLE _rockpool_cursor(x); INSERT INTO _rockpool_cursor VALUES (1)`
	guard := &sqlite.Guard{Synced: []string{"orders"}, Indexes: []string{"orders_x"}}
	for _, tc := range []struct {
		sql   string
		kind  fault.Kind // Unknown: allowed
		names string     // what the message must name
	}{
		{"INSERT INTO orders VALUES (1, 'a')", 0, ""},
		{"UPDATE orders SET x = 1", 0, ""},
		{"SELECT * FROM _rockpool_cursor", 0, ""},
		{"CREATE TABLE mine(x)", 0, ""},
		{"CREATE TEMP TABLE scratch(x)", 0, ""},
		{"ALTER TABLE local ADD COLUMN y", 0, ""},
		{"DROP TABLE local", 0, ""},
		{"CREATE INDEX fast ON orders(x); DROP INDEX fast", 0, ""},
		{"CREATE UNIQUE INDEX u ON local(x)", 0, ""},
		{"CREATE VIEW open_orders AS SELECT * FROM orders; DROP VIEW open_orders", 0, ""},
		{"CREATE TRIGGER t AFTER INSERT ON local BEGIN INSERT INTO orders(x) VALUES (new.x); END", 0, ""},
		{"BEGIN; SAVEPOINT s; RELEASE s; COMMIT", 0, ""},
		{"PRAGMA table_info(orders)", 0, ""},
		{"PRAGMA journal_mode", 0, ""},
		{"PRAGMA user_version", 0, ""},
		{"ANALYZE", 0, ""},
		{"REINDEX", 0, ""},

		{"DROP TABLE orders", fault.SchemaDDL, "orders"},
		{"DROP TABLE main.Orders", fault.SchemaDDL, "orders"},
		{"ALTER TABLE orders ADD COLUMN y", fault.SchemaDDL, "orders"},
		{"ALTER TABLE orders RENAME TO o", fault.SchemaDDL, "orders"},
		{"ALTER TABLE orders DROP COLUMN x", fault.SchemaDDL, "orders"},
		{"CREATE TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END", fault.SchemaDDL, "orders"},
		{"CREATE TEMP TRIGGER t AFTER INSERT ON orders BEGIN SELECT 1; END", fault.SchemaDDL, "orders"},
		{"CREATE TEMP TABLE orders(x)", fault.SchemaDDL, "orders"},
		{"CREATE TEMP VIEW orders AS SELECT 1", fault.SchemaDDL, "orders"},
		{"CREATE UNIQUE INDEX u ON orders(x)", fault.SchemaDDL, "orders"},
		{"/* c */ create -- x\n unique index u on orders(x)", fault.SchemaDDL, "orders"},
		{"DROP INDEX orders_x", fault.SchemaDDL, "orders_x"},
		{"INSERT INTO _rockpool_cursor VALUES (2)", fault.Forbidden, "_rockpool_cursor"},
		{"UPDATE _ROCKPOOL_CURSOR SET x = 2", fault.Forbidden, "_rockpool_cursor"},
		{"DELETE FROM _rockpool_cursor", fault.Forbidden, "_rockpool_cursor"},
		{"REPLACE INTO _rockpool_cursor VALUES (2)", fault.Forbidden, "_rockpool_cursor"},
		{"DROP TABLE _rockpool_cursor", fault.Forbidden, "_rockpool_"},
		{"ALTER TABLE _rockpool_cursor ADD COLUMN y", fault.Forbidden, "_rockpool_"},
		{"CREATE TABLE _rockpool_mine(x)", fault.Forbidden, "_rockpool_mine"},
		{"CREATE VIRTUAL TABLE _rockpool_v USING json_each", fault.Forbidden, "_rockpool_v"},
		{"CREATE TRIGGER t AFTER INSERT ON local BEGIN DELETE FROM _rockpool_cursor; END; INSERT INTO local VALUES (9, 9)", fault.Forbidden, "_rockpool_cursor"},
		{"ATTACH 'other.db' AS other", fault.Forbidden, "ATTACH"},
		{"ATTACH ':memory:' AS other", fault.Forbidden, "ATTACH"},
		{"DETACH main", fault.Forbidden, "DETACH"},
		{"VACUUM INTO 'copy.db'", fault.Forbidden, "VACUUM"},
		{"PRAGMA journal_mode = DELETE", fault.Forbidden, "journal_mode"},
		{"PRAGMA locking_mode", fault.Forbidden, "locking_mode"},
		{"PRAGMA locking_mode = EXCLUSIVE", fault.Forbidden, "locking_mode"},
		{"PRAGMA writable_schema = ON", fault.Forbidden, "writable_schema"},
		{"PRAGMA key = 'x'", fault.Forbidden, "key"},
		{"PRAGMA rekey = 'x'", fault.Forbidden, "rekey"},
		{"PRAGMA user_version = 3", fault.Forbidden, "user_version"},
		{"PRAGMA foreign_keys = ON", fault.Forbidden, "foreign_keys"},
		{"PRAGMA synchronous = OFF", fault.Forbidden, "synchronous"},
		{"SELECT * FROM pragma_locking_mode", fault.Forbidden, "locking_mode"},
	} {
		t.Run(tc.sql, func(t *testing.T) {
			c := db(t, schema)
			c.SetGuard(guard)
			err := c.Exec(tc.sql)
			if tc.kind == fault.Unknown {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			wantKind(t, tc.sql, err, tc.kind)
			if !strings.Contains(strings.ToLower(err.Error()), strings.ToLower(tc.names)) {
				t.Errorf("%v does not name %s", err, tc.names)
			}
			c.SetGuard(nil)
			wantInt(t, c, "SELECT x FROM _rockpool_cursor", 1)
		})
	}
}

func TestGuardTransactions(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	exec(t, c, "BEGIN")
	c.SetGuard(&sqlite.Guard{NoTransactions: true})
	for _, sql := range []string{"BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT s", "RELEASE s", "ROLLBACK TO s"} {
		wantKind(t, sql, c.Exec(sql), fault.Forbidden)
	}
	if !c.InTransaction() {
		t.Error("the transaction has ended")
	}
	c.SetGuard(nil)
	exec(t, c, "ROLLBACK")
}

// TestGuardStaysWithItsStatement: what was compiled without one runs under one,
// and the cache does not lend it to guarded callers.
func TestGuardStaysWithItsStatement(t *testing.T) {
	c := db(t, "CREATE TABLE _rockpool_v(x)")
	const sql = "INSERT INTO _rockpool_v VALUES (1)"
	own, err := c.Cached(sql)
	if err != nil {
		t.Fatal(err)
	}
	c.SetGuard(&sqlite.Guard{})
	if err := own.Run(); err != nil {
		t.Errorf("our own statement under a guard = %v", err)
	}
	_, err = c.Cached(sql)
	wantKind(t, "the same text from the app", err, fault.Forbidden)
	// SQLite compiles it again after a schema change, still as ours.
	exec(t, c, "CREATE TABLE mine(x)")
	if err := own.Run(); err != nil {
		t.Errorf("our own statement, compiled anew under a guard = %v", err)
	}
	guarded, err := c.Prepare("INSERT INTO mine VALUES (1)")
	if err != nil {
		t.Fatal(err)
	}
	defer guarded.Close()
	c.SetGuard(nil)
	exec(t, c, "DROP TABLE mine; CREATE VIEW mine AS SELECT 1 AS x; CREATE TRIGGER sly INSTEAD OF INSERT ON mine BEGIN DELETE FROM _rockpool_v; END")
	wantKind(t, "the app's statement, compiled anew without its guard being set", guarded.Run(), fault.Forbidden)
	wantInt(t, c, "SELECT count(*) FROM _rockpool_v", 2)
}

// TestNoSQLDamagesTheFile: not even ours, without a guard.
func TestNoSQLDamagesTheFile(t *testing.T) {
	c := db(t, "CREATE TABLE v(x); INSERT INTO v VALUES (1)")
	for _, sql := range []string{
		"PRAGMA writable_schema=ON; DELETE FROM sqlite_schema",
		"PRAGMA writable_schema=ON; UPDATE sqlite_schema SET rootpage = 9",
		"UPDATE sqlite_dbpage SET data = zeroblob(4096) WHERE pgno = 2", // natively there is no such table
	} {
		if err := c.Exec(sql); err == nil {
			t.Errorf("%s was allowed", sql)
		}
	}
	exec(t, c, "PRAGMA writable_schema=OFF; PRAGMA journal_mode=OFF")
	if got := one(t, c, "PRAGMA journal_mode"); !got.Equal(value.Text("wal")) {
		t.Errorf("the journal mode is now %v", got)
	}
	wantInt(t, c, "SELECT x FROM v", 1)
}
