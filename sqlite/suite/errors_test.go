package suite

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// TestErrors holds kind, extended code, message and offset of what SQLite refuses.
func TestErrors(t *testing.T) {
	c := db(t, `CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT UNIQUE, age INT CHECK (age > 0), n INTEGER) STRICT;
		CREATE TABLE w(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID;
		INSERT INTO p VALUES (1, 'a', 'a@b', 1, 1); INSERT INTO w VALUES (1, 2);
		CREATE TRIGGER stop BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, 'not this one'); END`)
	for _, tc := range []struct {
		name, sql string
		kind      fault.Kind
		code      int
		msg       string
		offset    int
	}{
		{"syntax", "SELECT 1 FORM p", fault.InvalidSQL, 1, `near "p": syntax error`, 14},
		{"syntax after astral text", "SELECT '🐚' FORM p", fault.InvalidSQL, 1, `near "p"`, 19},
		{"incomplete", "SELECT (", fault.InvalidSQL, 1, "incomplete input", -1},
		{"unknown token", "SELECT #", fault.InvalidSQL, 1, "unrecognized token", 7},
		{"unknown table", "SELECT * FROM nowhere", fault.UnknownTable, 1, "no such table: nowhere", -1},
		{"unknown column", "SELECT id, missing FROM p", fault.UnknownColumn, 1, "no such column: missing", 11},
		{"unknown column of insert", "INSERT INTO p(missing) VALUES (1)", fault.UnknownColumn, 1, "no column named missing", -1},
		{"unknown function", "SELECT frobnicate(1)", fault.InvalidSQL, 1, "no such function: frobnicate", 7},
		{"a name in double quotes is no string", `SELECT "hello"`, fault.UnknownColumn, 1, "no such column", 7},
		{"duplicate key", "INSERT INTO p VALUES (1, 'b', 'c', 1, 1)", fault.Constraint, sqlite.ConstraintPrimaryKey, "UNIQUE constraint failed: p.id", -1},
		{"unique", "INSERT INTO p VALUES (2, 'b', 'a@b', 1, 1)", fault.Constraint, sqlite.ConstraintUnique, "UNIQUE constraint failed: p.email", -1},
		{"composite key", "INSERT INTO w VALUES (1, 2)", fault.Constraint, sqlite.ConstraintPrimaryKey, "UNIQUE constraint failed: w.a, w.b", -1},
		{"not null", "INSERT INTO p VALUES (2, NULL, 'x', 1, 1)", fault.Constraint, sqlite.ConstraintNotNull, "NOT NULL constraint failed: p.name", -1},
		{"check", "INSERT INTO p VALUES (2, 'b', 'x', -1, 1)", fault.Constraint, sqlite.ConstraintCheck, "CHECK constraint failed", -1},
		{"strict type", "INSERT INTO p VALUES (2, 'b', 'x', 1, 'many')", fault.Constraint, sqlite.ConstraintDatatype, "cannot store TEXT value in INTEGER column p.n", -1},
		{"trigger", "DELETE FROM p", fault.Constraint, sqlite.ConstraintTrigger, "not this one", -1},
		{"key that is no integer", "INSERT INTO p VALUES ('x', 'b', 'x', 1, 1)", fault.TypeMismatch, 20, "datatype mismatch", -1},
		{"integer overflow", "SELECT sum(x) FROM (SELECT 9223372036854775807 AS x UNION ALL SELECT 1)", fault.InvalidSQL, 1, "integer overflow", -1},
		{"table that exists", "CREATE TABLE p(x)", fault.InvalidSQL, 1, "table p already exists", 13},
		{"commit without begin", "COMMIT", fault.InvalidSQL, 1, "no transaction is active", -1},
	} {
		t.Run(tc.name, func(t *testing.T) {
			err := c.Exec(tc.sql)
			var e *sqlite.Error
			if !errors.As(err, &e) {
				t.Fatalf("Exec(%q) = %v, want a sqlite.Error", tc.sql, err)
			}
			if fault.KindOf(err) != tc.kind || e.ExtendedCode() != tc.code || sqlite.ExtendedCode(err) != tc.code || e.Code() != tc.code&0xff {
				t.Errorf("%v: kind %v code %d, want %v %d", err, fault.KindOf(err), e.ExtendedCode(), tc.kind, tc.code)
			}
			if !strings.Contains(e.Message, tc.msg) {
				t.Errorf("message %q, want %q", e.Message, tc.msg)
			}
			if got := fault.OffsetOf(err); got != tc.offset {
				t.Errorf("offset %d, want %d", got, tc.offset)
			}
		})
	}
	if c.InTransaction() {
		t.Error("a failed statement left a transaction open")
	}
}

// TestRules holds what a broken constraint says of itself.
func TestRules(t *testing.T) {
	c := db(t, `CREATE TABLE p(id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT, age INT CONSTRAINT adult CHECK (age > 17), UNIQUE(email, age));
		CREATE TABLE w(a, b, PRIMARY KEY(a, b)) WITHOUT ROWID; CREATE UNIQUE INDEX "by name" ON p(lower(name));
		INSERT INTO p VALUES (1, 'a', 'a@b', 20); INSERT INTO w VALUES (1, 2);
		CREATE TRIGGER stop BEFORE DELETE ON p BEGIN SELECT RAISE(ABORT, 'not this one'); END`)
	for name, tc := range map[string]struct {
		sql  string
		want fault.Rule
	}{
		"key":              {"INSERT INTO p VALUES (1, 'b', 'c', 20)", fault.Rule{Code: sqlite.ConstraintPrimaryKey, Table: "p", Columns: []string{"id"}}},
		"key of two":       {"INSERT INTO w VALUES (1, 2)", fault.Rule{Code: sqlite.ConstraintPrimaryKey, Table: "w", Columns: []string{"a", "b"}}},
		"unique":           {"INSERT INTO p VALUES (2, 'b', 'a@b', 20)", fault.Rule{Code: sqlite.ConstraintUnique, Table: "p", Columns: []string{"email", "age"}}},
		"unique of a term": {"INSERT INTO p VALUES (2, 'A', 'x', 20)", fault.Rule{Code: sqlite.ConstraintUnique, Name: "by name"}},
		"not null":         {"INSERT INTO p VALUES (2, NULL, 'x', 20)", fault.Rule{Code: sqlite.ConstraintNotNull, Table: "p", Columns: []string{"name"}}},
		"check":            {"INSERT INTO p VALUES (2, 'b', 'x', 1)", fault.Rule{Code: sqlite.ConstraintCheck, Name: "adult"}},
		"trigger":          {"DELETE FROM p", fault.Rule{Code: sqlite.ConstraintTrigger}},
	} {
		err := c.Exec(tc.sql)
		if got := fault.RuleOf(err); got == nil || !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("%s: %v breaks %+v, want %+v", name, err, got, tc.want)
		}
	}
	if got := fault.RuleOf(c.Exec("SELECT nothing")); got != nil {
		t.Errorf("an error that is no constraint's breaks %+v", got)
	}
}

// TestOffsetCountsFromTheWholeText: Exec's statements share one text.
func TestOffsetCountsFromTheWholeText(t *testing.T) {
	c := db(t, "")
	const sql = "SELECT 1; SELECT 2; SELEC 3"
	if got, want := fault.OffsetOf(c.Exec(sql)), strings.Index(sql, "SELEC 3"); got != want {
		t.Errorf("offset %d, want %d", got, want)
	}
}

// TestInterrupt stops a statement in its middle; the connection works on.
func TestInterrupt(t *testing.T) {
	c := db(t, "CREATE TABLE v(x); INSERT INTO v VALUES (1)")
	const endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
	asked := 0
	c.SetProgress(10000, func() bool { asked++; return asked >= 5 })
	_, _, err := sqlite.OneRow(c, endless)
	wantKind(t, "an endless query", err, fault.Cancelled)
	if asked != 5 {
		t.Errorf("asked %d times, want 5", asked)
	}
	c.SetProgress(0, nil)
	wantInt(t, c, "SELECT count(*) FROM v", 1)

	// Inside a transaction a write undoes itself; what was before stays.
	exec(t, c, "BEGIN; INSERT INTO v VALUES (2)")
	c.SetProgress(10000, func() bool { return true })
	err = c.Exec("INSERT INTO v SELECT i FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 1000000) SELECT i FROM n)")
	wantKind(t, "a long insert", err, fault.Cancelled)
	c.SetProgress(0, nil)
	if c.InTransaction() {
		wantInt(t, c, "SELECT count(*) FROM v", 2)
		exec(t, c, "ROLLBACK")
	}
	wantInt(t, c, "SELECT count(*) FROM v", 1)

	// One that answers no lets the statement end.
	c.SetProgress(1000, func() bool { return false })
	wantInt(t, c, "SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < 50000) SELECT i FROM n)", 50000)
}

func TestReadOnly(t *testing.T) {
	name := fresh(t)
	w := open(t, sqlite.Options{Name: name})
	exec(t, w, "CREATE TABLE v(x); INSERT INTO v VALUES (1)")
	r := open(t, sqlite.Options{Name: name, ReadOnly: true})
	wantInt(t, r, "SELECT x FROM v", 1)
	wantKind(t, "a write on a read-only connection", r.Exec("INSERT INTO v VALUES (2)"), fault.ReadOnly)
	exec(t, w, "INSERT INTO v VALUES (3)")
	wantInt(t, r, "SELECT count(*) FROM v", 2)
}

func TestOpenArguments(t *testing.T) {
	for name, o := range map[string]sqlite.Options{
		"no name": {}, "negative cache": {Name: "x", CacheKiB: -1}, "FS of a wrong kind": {Name: "x", FS: 7},
		"memory with a key": {Name: sqlite.MemoryName(), Key: []byte("k")},
	} {
		c, err := sqlite.Open(o)
		if err == nil {
			c.Close()
		}
		wantKind(t, name, err, fault.InvalidArgument)
	}
}

func TestMemoryDatabases(t *testing.T) {
	private, other := open(t, sqlite.Options{Memory: true, Name: "label"}), open(t, sqlite.Options{Memory: true, Name: "label"})
	exec(t, private, "CREATE TABLE v(x)")
	wantInt(t, other, "SELECT count(*) FROM sqlite_schema", 0)
	name := sqlite.MemoryName()
	a, b := open(t, sqlite.Options{Name: name}), open(t, sqlite.Options{Name: name})
	exec(t, a, "CREATE TABLE v(x); INSERT INTO v VALUES (5)")
	wantInt(t, b, "SELECT x FROM v", 5)
	if err := a.Flush(); err != nil {
		t.Errorf("Flush of a database in memory = %v", err)
	}
	if _, err := b.Prepare("SELECT ?"); err != nil || one(t, b, "SELECT ?", value.Int(3)).Int() != 3 {
		t.Error(err)
	}
}
