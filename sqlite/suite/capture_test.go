package suite

import (
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// captured renders the log: one record a line, as "2/0 t (1,a) -> (1,b)".
func captured(t *testing.T, c *sqlite.Conn) string {
	t.Helper()
	var out []string
	log := c.CapturedTx()
	for len(log) > 0 {
		r, rest, ok := log.Next()
		if !ok {
			t.Fatalf("the log ends in %d bytes that are no record", len(log))
		}
		old, now, ok := r.Rows()
		if !ok {
			t.Fatalf("record %d has images that are no rows: %x", len(out), r.Images)
		}
		out = append(out, "+~-"[r.Op-1:r.Op]+strings.Repeat("'", int(r.Depth))+string(rune('a'+r.Table-1))+show(old)+show(now))
		log = rest
	}
	return strings.Join(out, " ")
}

func show(r value.Row) string {
	if r == nil {
		return ""
	}
	var s []string
	for _, v := range r {
		switch v.Kind() {
		case value.KindNull:
			s = append(s, "null")
		case value.KindInt:
			s = append(s, strconv.FormatInt(v.Int(), 10))
		case value.KindFloat:
			s = append(s, strconv.FormatFloat(v.Float(), 'g', -1, 64)+"f")
		case value.KindBlob:
			s = append(s, "x"+v.Str())
		default:
			s = append(s, v.Str())
		}
	}
	return "(" + strings.Join(s, ",") + ")"
}

// TestCapture holds which records a transaction has at its end (SYNC.md §6.1).
// Table a has a rowid, b none, c is not captured.
func TestCapture(t *testing.T) {
	const schema = `CREATE TABLE ta(id INTEGER PRIMARY KEY, x, u UNIQUE);
		CREATE TABLE tb(k TEXT, n INT, v, PRIMARY KEY(k, n)) WITHOUT ROWID;
		CREATE TABLE tc(id INTEGER PRIMARY KEY, x);
		CREATE TABLE td(id TEXT PRIMARY KEY, r REAL, g AS (r * 2) VIRTUAL, s AS (r + 1) STORED, d DEFAULT 5);
		INSERT INTO ta VALUES (1, 'a', 10), (2, 'b', 20), (3, 'c', 30);
		INSERT INTO tb VALUES ('k', 1, 'v1'), ('k', 2, 'v2');
		INSERT INTO tc VALUES (1, 'c');
		INSERT INTO td(id, r) VALUES ('one', 1)`
	for _, tc := range []struct{ name, sql, want string }{
		{"nothing", "", ""},
		{"insert", "INSERT INTO ta VALUES (4, 'd', 40), (5, NULL, NULL)", "+a(4,d,40) +a(5,null,null)"},
		{"update", "UPDATE ta SET x = 'z' WHERE id < 3", "~a(1,a,10)(1,z,10) ~a(2,b,20)(2,z,20)"},
		{"update to the same", "UPDATE ta SET x = x WHERE id = 1", "~a(1,a,10)(1,a,10)"},
		{"delete", "DELETE FROM ta WHERE id = 2", "-a(2,b,20)"},
		{"delete of the whole table", "DELETE FROM ta", "-a(1,a,10) -a(2,b,20) -a(3,c,30)"},
		{"values of each kind", "INSERT INTO ta VALUES (9, 1.5, 'text'), (10, x'41', -1)", "+a(9,1.5f,text) +a(10,xA,-1)"},
		{"key changed", "UPDATE ta SET id = 7 WHERE id = 1", "~a(1,a,10)(7,a,10)"},
		{"key changed without rowid", "UPDATE tb SET n = 9 WHERE n = 1", "~b(k,1,v1)(k,9,v1)"},
		{"without rowid", "INSERT INTO tb VALUES ('j', 0, NULL); UPDATE tb SET v = 'w' WHERE n = 2; DELETE FROM tb WHERE n = 1", "+b(j,0,null) ~b(k,2,v2)(k,2,w) -b(k,1,v1)"},
		{"table that is not captured", "INSERT INTO tc VALUES (2, 'x'); DELETE FROM tc", ""},
		{"replace by key", "REPLACE INTO ta VALUES (1, 'new', 11)", "-a(1,a,10) +a(1,new,11)"},
		{"replace displaces another key", "REPLACE INTO ta VALUES (8, 'new', 20)", "-a(2,b,20) +a(8,new,20)"},
		{"replace displaces two rows", "REPLACE INTO ta VALUES (1, 'new', 20)", "-a(1,a,10) -a(2,b,20) +a(1,new,20)"},
		{"replace without rowid", "REPLACE INTO tb VALUES ('k', 1, 'new')", "-b(k,1,v1) +b(k,1,new)"},
		{"upsert that updates", "INSERT INTO ta VALUES (1, 'n', 10) ON CONFLICT(id) DO UPDATE SET x = excluded.x", "~a(1,a,10)(1,n,10)"},
		{"upsert that does nothing", "INSERT INTO ta VALUES (1, 'n', 10) ON CONFLICT DO NOTHING", ""},
		{"insert or ignore", "INSERT OR IGNORE INTO ta VALUES (1, 'n', 1), (4, 'd', 40)", "+a(4,d,40)"},
		{"insert from select", "INSERT INTO ta SELECT id + 10, x, u + 1 FROM ta", "+a(11,a,11) +a(12,b,21) +a(13,c,31)"},
		{"same schema copied", "CREATE TABLE copy(id INTEGER PRIMARY KEY, x, u UNIQUE); INSERT INTO copy VALUES (4, 'd', 40); INSERT INTO ta SELECT * FROM copy", "+a(4,d,40)"},
		{"update from", "UPDATE ta SET x = tc.x || '!' FROM tc WHERE tc.id = ta.id", "~a(1,a,10)(1,c!,10)"},
		{"returning", "INSERT INTO ta VALUES (4, 'd', 40) RETURNING id", "+a(4,d,40)"},
		{"generated columns and defaults", "INSERT INTO td(id, r) VALUES ('two', 2)", "+d(two,2f,null,3f,5)"},
		{"real column that holds a whole number", "UPDATE td SET r = 7", "~d(one,1f,null,2f,5)(one,7f,null,8f,5)"},
		{"rolled back to", "INSERT INTO ta VALUES (4, 'd', 40); SAVEPOINT s; DELETE FROM ta; ROLLBACK TO s; INSERT INTO ta VALUES (5, 'e', 50)", "+a(4,d,40) +a(5,e,50)"},
		{"rolled back to twice", "SAVEPOINT s; DELETE FROM ta; ROLLBACK TO s; DELETE FROM tb; ROLLBACK TO s; UPDATE ta SET x = 1 WHERE id = 1", "~a(1,a,10)(1,1,10)"},
		{"released", "SAVEPOINT s; INSERT INTO ta VALUES (4, 'd', 40); RELEASE s", "+a(4,d,40)"},
		{"released, then the outer one rolled back to", "SAVEPOINT o; SAVEPOINT i; DELETE FROM ta; RELEASE i; ROLLBACK TO o", ""},
		{"names of savepoints fold case and the innermost counts", "SAVEPOINT s; INSERT INTO ta VALUES (4, 'd', 40); SAVEPOINT S; DELETE FROM ta; ROLLBACK TO s", "+a(4,d,40)"},
		{"quoted savepoint", `SAVEPOINT "a b"; DELETE FROM ta; ROLLBACK TRANSACTION TO SAVEPOINT "A B"`, ""},
		{"temporary table of the same name", "CREATE TEMP TABLE ta(id); INSERT INTO temp.ta VALUES (1)", ""},
		{"name in another case", "INSERT INTO TA VALUES (4, 'd', 40)", "+a(4,d,40)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := db(t, schema)
			if err := c.Capture(map[string]uint32{"ta": 1, "TB": 2, "td": 4}); err != nil {
				t.Fatal(err)
			}
			exec(t, c, "BEGIN IMMEDIATE;"+tc.sql)
			if got := captured(t, c); got != tc.want {
				t.Errorf("captured %s\nwant %s", got, tc.want)
			}
			exec(t, c, "COMMIT")
			if got := captured(t, c); got != "" {
				t.Errorf("after COMMIT the log holds %s", got)
			}
		})
	}
}

// TestCaptureOfFailures: what SQLite undoes leaves no record.
func TestCaptureOfFailures(t *testing.T) {
	const schema = `CREATE TABLE ta(id INTEGER PRIMARY KEY, x UNIQUE); INSERT INTO ta VALUES (1, 'a'), (2, 'b');
		CREATE TABLE refuses(x); CREATE TRIGGER r AFTER INSERT ON refuses BEGIN INSERT INTO ta(x) VALUES (new.x); SELECT RAISE(ABORT, 'no') WHERE new.x = 'bad'; END`
	for _, tc := range []struct {
		name, before, sql string
		open              bool // the transaction is still open
		want              string
	}{
		{"one statement of several rows", "INSERT INTO ta VALUES (3, 'c')", "INSERT INTO ta VALUES (4, 'd'), (5, 'a')", true, "+a(3,c)"},
		{"update half way", "", "UPDATE ta SET x = 'same'", true, ""},
		{"or abort", "", "INSERT OR ABORT INTO ta VALUES (4, 'd'), (5, 'a')", true, ""},
		{"or rollback", "INSERT INTO ta VALUES (3, 'c')", "INSERT OR ROLLBACK INTO ta VALUES (4, 'd'), (5, 'a')", false, ""},
		{"trigger that raises", "INSERT INTO ta VALUES (3, 'c')", "INSERT INTO refuses VALUES ('good'), ('bad')", true, "+a(3,c)"},
		{"failure inside a savepoint", "SAVEPOINT s; INSERT INTO ta VALUES (3, 'c')", "INSERT INTO ta VALUES (4, 'd'), (5, 'a')", true, "+a(3,c)"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := db(t, schema)
			if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
				t.Fatal(err)
			}
			exec(t, c, "BEGIN;"+tc.before)
			if err := c.Exec(tc.sql); err == nil {
				t.Fatalf("%s succeeded", tc.sql)
			}
			if got := captured(t, c); got != tc.want || c.InTransaction() != tc.open {
				t.Errorf("captured %s, open %v; want %s, %v", got, c.InTransaction(), tc.want, tc.open)
			}
			if tc.open {
				exec(t, c, "ROLLBACK")
			}
			if got := captured(t, c); got != "" {
				t.Errorf("after ROLLBACK the log holds %s", got)
			}
		})
	}
}

// TestCaptureDepth: rows that a trigger wrote say so.
func TestCaptureDepth(t *testing.T) {
	c := db(t, `CREATE TABLE ta(id INTEGER PRIMARY KEY, x); CREATE TABLE tb(id INTEGER PRIMARY KEY, x);
		CREATE TRIGGER one AFTER INSERT ON ta BEGIN INSERT INTO tb(x) VALUES (new.x); END;
		CREATE TRIGGER two AFTER INSERT ON tb BEGIN UPDATE ta SET x = 'seen' WHERE x = new.x; END`)
	if err := c.Capture(map[string]uint32{"ta": 1, "tb": 2}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN; INSERT INTO ta VALUES (1, 'n')")
	if got, want := captured(t, c), "+a(1,n) +'b(1,n) ~''a(1,n)(1,seen)"; got != want {
		t.Errorf("captured %s, want %s", got, want)
	}
	exec(t, c, "ROLLBACK")
}

// TestCaptureBatch: a batch that fails leaves the records of the sets before.
func TestCaptureBatch(t *testing.T) {
	c := db(t, "CREATE TABLE ta(id INTEGER PRIMARY KEY, x)")
	if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN")
	s, err := c.Prepare("INSERT INTO ta VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var sets []byte
	for _, id := range []int64{1, 2, 1, 3} {
		sets = value.Row{value.Int(id), value.Text("x")}.Append(sets)
	}
	n, err := s.RunBatch(sets, 4)
	wantKind(t, "the third set", err, fault.Constraint)
	if got, want := captured(t, c), "+a(1,x) +a(2,x)"; n != 2 || got != want {
		t.Errorf("%d sets, captured %s, want 2 and %s", n, got, want)
	}
	exec(t, c, "ROLLBACK")
}

// TestCaptureWhileReading: a query that fails beside it takes no record along.
func TestCaptureWhileReading(t *testing.T) {
	c := db(t, "CREATE TABLE ta(id INTEGER PRIMARY KEY, x); CREATE TABLE n(x); INSERT INTO n VALUES (1), (2), ('[')")
	if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
		t.Fatal(err)
	}
	s, err := c.Prepare("SELECT json_extract(x, '$') FROM n")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	exec(t, c, "BEGIN")
	if err := s.Start(nil); err != nil {
		t.Fatal(err)
	}
	var k sqlite.Chunk
	if _, err := s.Fetch(&k, 1, 0); err != nil || k.Rows() != 1 {
		t.Fatalf("Fetch = %d rows, %v", k.Rows(), err)
	}
	exec(t, c, "INSERT INTO ta VALUES (1, 'kept')")
	if _, err := s.Fetch(&k, 10, 0); err == nil {
		t.Fatal("the query did not fail")
	}
	if got, want := captured(t, c), "+a(1,kept)"; got != want {
		t.Errorf("captured %s, want %s", got, want)
	}
	exec(t, c, "ROLLBACK")
}

// TestCaptureAppliesToOldStatements: those compiled before must not pass by.
func TestCaptureAppliesToOldStatements(t *testing.T) {
	c := db(t, "CREATE TABLE ta(id INTEGER PRIMARY KEY, x); INSERT INTO ta VALUES (1, 'a')")
	s, err := c.Prepare("DELETE FROM ta")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN")
	if err := s.Run(); err != nil {
		t.Fatal(err)
	}
	if got, want := captured(t, c), "-a(1,a)"; got != want {
		t.Errorf("captured %s, want %s", got, want)
	}
	wantKind(t, "Capture inside a transaction", c.Capture(nil), fault.InvalidArgument)
	exec(t, c, "ROLLBACK")
	if err := c.Capture(nil); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN; DELETE FROM ta")
	if got := captured(t, c); got != "" {
		t.Errorf("captured %s after capturing ended", got)
	}
	exec(t, c, "ROLLBACK")
}

// TestCaptureAfterAlter: old rows answer with the new column's default.
func TestCaptureAfterAlter(t *testing.T) {
	c := db(t, "CREATE TABLE ta(id INTEGER PRIMARY KEY, x); INSERT INTO ta VALUES (1, 'a'); ALTER TABLE ta ADD COLUMN y DEFAULT 'dflt'")
	if err := c.Capture(map[string]uint32{"ta": 1}); err != nil {
		t.Fatal(err)
	}
	exec(t, c, "BEGIN; UPDATE ta SET x = 'b'")
	if got, want := captured(t, c), "~a(1,a,dflt)(1,b,dflt)"; got != want {
		t.Errorf("captured %s, want %s", got, want)
	}
	exec(t, c, "COMMIT")
}
