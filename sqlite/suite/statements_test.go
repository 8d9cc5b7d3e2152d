package suite

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

const versionMin = "3.53"

func TestVersion(t *testing.T) {
	if v := sqlite.Version(); v < versionMin {
		t.Errorf("Version() = %q, want at least %s", v, versionMin)
	}
}

// TestOpenSettings states how every connection is set.
func TestOpenSettings(t *testing.T) {
	c := open(t, sqlite.Options{})
	for pragma, want := range map[string]value.Value{
		"journal_mode": value.Text("wal"), "synchronous": value.Int(1), "foreign_keys": value.Int(0), "busy_timeout": value.Int(0),
		"cache_size": value.Int(-sqlite.CacheKiBDefault), "wal_autocheckpoint": value.Int(0), "encoding": value.Text("UTF-8"),
		"page_size": value.Int(4096), "trusted_schema": value.Int(0), "recursive_triggers": value.Int(0),
	} {
		if got := one(t, c, "PRAGMA "+pragma); !got.Equal(want) {
			t.Errorf("PRAGMA %s = %v, want %v", pragma, got, want)
		}
	}
}

func TestColumns(t *testing.T) {
	c := db(t, `CREATE TABLE "odd name"(id INTEGER PRIMARY KEY, price DECIMAL(10,2) NOT NULL, note)`)
	s, err := c.Prepare(`SELECT id, price AS p, note, 1+1, o."price" || 'x' AS "two words" FROM "odd name" o`)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var want []sqlite.Column
	for _, w := range [][4]string{
		{"id", "INTEGER", "odd name", "id"},
		{"p", "DECIMAL(10,2)", "odd name", "price"},
		{"note", "", "odd name", "note"},
		{"1+1", "", "", ""},
		{"two words", "", "", ""},
	} {
		want = append(want, sqlite.Column{Name: w[0], DeclType: w[1], Table: w[2], Origin: w[3]})
	}
	if got := s.Columns(); !slices.Equal(got, want) {
		t.Errorf("Columns() = %q, want %q", got, want)
	}
}

func TestStatementFacts(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	for _, tc := range []struct {
		sql               string
		params            int
		readOnly, explain bool
	}{
		{"SELECT 1", 0, true, false},
		{"INSERT INTO v VALUES (?)", 1, false, false},
		{"INSERT INTO v VALUES (?3)", 3, false, false},
		{"EXPLAIN QUERY PLAN SELECT * FROM v WHERE x = :a", 1, true, true},
		{"EXPLAIN DELETE FROM v", 0, false, true},
		{"CREATE TABLE w(x)", 0, false, false},
		{"BEGIN", 0, true, false},
	} {
		s, err := c.Prepare(tc.sql)
		if err != nil {
			t.Fatalf("Prepare(%q) = %v", tc.sql, err)
		}
		if s.Params() != tc.params || s.ReadOnly() != tc.readOnly || s.IsExplain() != tc.explain || s.SQL() != tc.sql {
			t.Errorf("%q: params %d, read only %v, explain %v, text %q; want %d, %v, %v", tc.sql, s.Params(), s.ReadOnly(), s.IsExplain(), s.SQL(), tc.params, tc.readOnly, tc.explain)
		}
		s.Close()
	}
}

func TestParameters(t *testing.T) {
	c := db(t, "CREATE TABLE v(a, b)")
	s, err := c.Prepare("SELECT ?, :name, @at, $dollar, ?2")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i, want := range []string{"", ":name", "@at", "$dollar"} {
		if got := s.ParamName(i + 1); got != want {
			t.Errorf("ParamName(%d) = %q, want %q", i+1, got, want)
		}
	}
	for n := range 8 {
		_, err := s.Query(make([]value.Value, n)...)
		if (err == nil) != (n == 4) {
			t.Errorf("Query with %d values = %v, want 4 to be right", n, err)
		}
		if err != nil {
			wantKind(t, "wrong number of values", err, fault.WrongParameters)
		}
		s.Reset()
	}
	row := value.Row{value.Int(1), value.Text("two"), value.Null, value.Float(4)}
	for cut := range row.Append(nil) {
		wantKind(t, "values cut short", s.Start(row.Append(nil)[:cut]), fault.WrongParameters)
	}
	wantKind(t, "too many bytes", s.Start(append(row.Append(nil), 0)), fault.WrongParameters)
	wantKind(t, "an unknown tag", s.Start([]byte{9, 0, 0, 0}), fault.WrongParameters)
}

// TestReuse runs one statement many times, also after it failed.
func TestReuse(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x TEXT)")
	s, err := c.Prepare("INSERT INTO v VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for i := range 100 {
		if err := s.Run(value.Int(int64(i%50)), value.Text("x")); (err != nil) != (i >= 50) {
			t.Fatalf("run %d = %v", i, err)
		}
	}
	wantInt(t, c, "SELECT count(*) FROM v", 50)
	if err := s.Run(value.Int(1000), value.Null); err != nil {
		t.Errorf("a statement that failed = %v when run again", err)
	}
	if c.LastInsertID() != 1000 || c.Changes() != 1 {
		t.Errorf("LastInsertID() = %d, Changes() = %d, want 1000 and 1", c.LastInsertID(), c.Changes())
	}
	before := c.TotalChanges()
	exec(t, c, "UPDATE v SET x = 'y'")
	if c.Changes() != 51 || c.TotalChanges()-before != 51 {
		t.Errorf("Changes() = %d, TotalChanges() rose by %d, want 51", c.Changes(), c.TotalChanges()-before)
	}
}

// TestRunBatch runs sets until one fails, and says how many succeeded.
func TestRunBatch(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x TEXT)")
	s, err := c.Prepare("INSERT INTO v VALUES (?, ?)")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	var sets []byte
	for i := range 1000 {
		sets = value.Row{value.Int(int64(i)), value.Text("row " + strconv.Itoa(i))}.Append(sets)
	}
	exec(t, c, "BEGIN")
	if n, err := s.RunBatch(sets, 1000); n != 1000 || err != nil {
		t.Fatalf("RunBatch = %d, %v, want 1000", n, err)
	}
	exec(t, c, "COMMIT")
	wantInt(t, c, "SELECT count(DISTINCT x) FROM v", 1000)
	bad := value.Row{value.Int(2000), value.Null}.Append(nil)
	bad = value.Row{value.Int(5), value.Null}.Append(bad)
	bad = value.Row{value.Int(2001), value.Null}.Append(bad)
	n, err := s.RunBatch(bad, 3)
	if n != 1 {
		t.Errorf("RunBatch with a bad second set: done %d, want 1", n)
	}
	wantKind(t, "RunBatch with a bad second set", err, fault.Constraint)
	wantInt(t, c, "SELECT count(*) FROM v WHERE id >= 2000", 1)
	if n, err := s.RunBatch(bad, 2); n != 0 || fault.KindOf(err) != fault.WrongParameters {
		t.Errorf("RunBatch with three sets told as two = %d, %v, want none run", n, err)
	}
	if n, err := s.RunBatch(nil, 0); n != 0 || err != nil {
		t.Errorf("RunBatch of nothing = %d, %v", n, err)
	}
	d, err := c.Prepare("DELETE FROM v")
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if n, err := d.RunBatch(nil, 2); n != 2 || err != nil {
		t.Errorf("RunBatch of a statement without parameters = %d, %v, want 2", n, err)
	}
}

func TestPrepareFirst(t *testing.T) {
	c := db(t, "")
	const text = "SELECT 1; -- one\n /* two */ SELECT 2 ;\n;; -- end"
	at, got := 0, []string{}
	for {
		s, tail, err := c.PrepareFirst(text[at:])
		if err != nil {
			t.Fatal(err)
		}
		if s == nil {
			break
		}
		at += tail
		got = append(got, strings.TrimSpace(s.SQL()))
		s.Close()
	}
	if want := []string{"SELECT 1;", "-- one\n /* two */ SELECT 2 ;"}; !slices.Equal(got, want) {
		t.Errorf("statements %q, want %q", got, want)
	}
	for _, sql := range []string{"", "  ", "-- nothing", ";"} {
		_, err := c.Prepare(sql)
		wantKind(t, "Prepare("+sql+")", err, fault.InvalidSQL)
	}
	for _, sql := range []string{"SELECT 1; SELECT 2", "SELECT 1; x"} {
		_, err := c.Prepare(sql)
		wantKind(t, "Prepare("+sql+")", err, fault.InvalidSQL)
	}
	for _, sql := range []string{"SELECT 1;", "SELECT 1 ; -- x", "SELECT 1;;\n"} {
		s, err := c.Prepare(sql)
		if err != nil {
			t.Errorf("Prepare(%q) = %v", sql, err)
			continue
		}
		s.Close()
	}
}

func TestExecRunsUpToTheFault(t *testing.T) {
	c := db(t, "CREATE TABLE v(x)")
	const sql = "INSERT INTO v VALUES (1); INSERT INTO nowhere VALUES (2); INSERT INTO v VALUES (3)"
	err := c.Exec(sql)
	wantKind(t, "Exec", err, fault.UnknownTable)
	wantInt(t, c, "SELECT count(*) FROM v", 1)
}

func TestReturning(t *testing.T) {
	c := db(t, "CREATE TABLE v(id INTEGER PRIMARY KEY, x)")
	got := rows(t, c, "INSERT INTO v(x) VALUES ('a'), ('b') RETURNING id, x")
	wantRows(t, "RETURNING", got, []value.Row{{value.Int(1), value.Text("a")}, {value.Int(2), value.Text("b")}})
	row, ok, err := sqlite.OneRow(c, "UPDATE v SET x = x || '!' RETURNING x")
	if err != nil || !ok || !row[0].Equal(value.Text("a!")) {
		t.Errorf("OneRow of UPDATE RETURNING = %v, %v, %v", row, ok, err)
	}
	wantInt(t, c, "SELECT count(*) FROM v WHERE x LIKE '%!'", 2)
	if c.InTransaction() {
		t.Error("a transaction is open after RETURNING was left early")
	}
}

// TestCached counts hits, keeps to its limit, and never lends one statement twice.
func TestCached(t *testing.T) {
	c := db(t, "CREATE TABLE v(x); INSERT INTO v VALUES (1), (2), (3)")
	base := c.CacheStats()
	for range 3 {
		one(t, c, "SELECT max(x) FROM v")
	}
	if got := c.CacheStats(); got.Hits-base.Hits != 2 || got.Misses-base.Misses != 1 {
		t.Errorf("CacheStats() = %+v after %+v, want 2 hits and 1 miss more", got, base)
	}
	s, err := c.Cached("SELECT x FROM v ORDER BY x")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Query()
	if err != nil || !r.Next() {
		t.Fatal(err)
	}
	if again := one(t, c, "SELECT x FROM v ORDER BY x"); !again.Equal(value.Int(1)) {
		t.Errorf("a second reader sees %v, want the first row", again)
	}
	for want := int64(2); want <= 3; want++ {
		if !r.Next() || r.Value(0).Int() != want {
			t.Fatalf("the first reader lost its place at %d: %v", want, r.Err())
		}
	}
	r.Close()
	for i := range sqlite.CachedStatementsMax * 2 {
		one(t, c, "SELECT "+strconv.Itoa(i))
	}
	if n := c.CacheStats().Statements; n > sqlite.CachedStatementsMax {
		t.Errorf("the cache keeps %d statements, want at most %d", n, sqlite.CachedStatementsMax)
	}
	// A schema change makes cached statements compile themselves anew.
	exec(t, c, "ALTER TABLE v ADD COLUMN y DEFAULT 7")
	wantInt(t, c, "SELECT max(y) FROM v", 7)
	exec(t, c, "DROP TABLE v; CREATE TABLE v(x); INSERT INTO v VALUES (9)")
	wantInt(t, c, "SELECT max(x) FROM v", 9)
}

func TestClosed(t *testing.T) {
	c := open(t, sqlite.Options{})
	s, err := c.Prepare("SELECT 1")
	if err != nil {
		t.Fatal(err)
	}
	r, err := s.Query()
	if err != nil || !r.Next() {
		t.Fatalf("Query = %v", err)
	}
	exec(t, c, "BEGIN; CREATE TABLE half(x)")
	for range 2 {
		if err := c.Close(); err != nil {
			t.Errorf("Close = %v", err)
		}
	}
	if err := r.Close(); err != nil {
		t.Errorf("Rows.Close after Conn.Close = %v", err)
	}
	if err := s.Close(); err != nil {
		t.Errorf("Stmt.Close after Conn.Close = %v", err)
	}
	_, err = c.Prepare("SELECT 1")
	wantKind(t, "Prepare on a closed connection", err, fault.Closed)
	wantKind(t, "Exec on a closed connection", c.Exec("SELECT 1"), fault.Closed)
	wantKind(t, "Run on a closed connection", s.Run(), fault.Closed)
	wantKind(t, "Flush on a closed connection", c.Flush(), fault.Closed)
	again := open(t, sqlite.Options{Name: c.Name()})
	wantInt(t, again, "SELECT count(*) FROM sqlite_schema", 0)
}

// TestLargeResult reads more rows than one chunk, of every kind, and stops early.
func TestLargeResult(t *testing.T) {
	c := db(t, "")
	const n = 100000
	s, err := c.Prepare("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n WHERE i < ?) SELECT i, 'row ' || i, i*1.5, CASE i%3 WHEN 0 THEN x'00ff' END FROM n")
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r, err := s.Query(value.Int(n))
	if err != nil {
		t.Fatal(err)
	}
	var i int64
	for r.Next() {
		i++
		if r.Value(0).Int() != i || r.Value(1).Str() != "row "+strconv.FormatInt(i, 10) || r.Value(2).Float() != float64(i)*1.5 || r.Value(3).IsNull() == (i%3 == 0) {
			t.Fatalf("row %d = %v", i, r.Row())
		}
	}
	if r.Close() != nil || i != n {
		t.Fatalf("%d rows, %v, want %d", i, r.Err(), n)
	}
	r, err = s.Query(value.Int(n))
	if err != nil || !r.Next() || r.Close() != nil || r.Next() {
		t.Errorf("a result left early: %v", err)
	}
}
