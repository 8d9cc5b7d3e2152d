package txn_test

import (
	"testing"

	"rockpool.dev/wasm/txn"
)

func TestClassify(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		sql  string
		want txn.Statement
	}{
		"nothing":             {"", txn.Statement{Verb: txn.Empty, Tail: -1}},
		"comments only":       {" -- a\n/* b ; */ ;", txn.Statement{Verb: txn.Empty, Tail: -1}},
		"begin":               {"BEGIN", txn.Statement{Verb: txn.Begin, Tail: -1}},
		"begin immediate":     {"  begin immediate transaction ; ", txn.Statement{Verb: txn.Begin, Tail: -1}},
		"commit":              {"/* x */COMMIT;", txn.Statement{Verb: txn.Commit, Tail: -1}},
		"end":                 {"END TRANSACTION", txn.Statement{Verb: txn.Commit, Tail: -1}},
		"rollback":            {"rollback;", txn.Statement{Verb: txn.Rollback, Tail: -1}},
		"rollback to":         {"ROLLBACK TO sp1", txn.Statement{Verb: txn.RollbackTo, Name: "sp1", Tail: -1}},
		"rollback to quoted":  {`ROLLBACK TRANSACTION TO SAVEPOINT "a""b"`, txn.Statement{Verb: txn.RollbackTo, Name: `a"b`, Tail: -1}},
		"savepoint":           {"SAVEPOINT [a b]", txn.Statement{Verb: txn.Savepoint, Name: "a b", Tail: -1}},
		"release":             {"RELEASE SAVEPOINT s", txn.Statement{Verb: txn.Release, Name: "s", Tail: -1}},
		"two statements":      {"BEGIN; DELETE FROM t", txn.Statement{Verb: txn.Begin, Tail: 7}},
		"tail after rollback": {"ROLLBACK;x", txn.Statement{Verb: txn.Rollback, Tail: 9}},
		"insert":              {"INSERT INTO t(a) VALUES (1)", txn.Statement{Table: "t", Tail: -1}},
		"insert or fail":      {"insert or fail into main.\"My T\" values (1)", txn.Statement{Table: "My T", OrFail: true, Tail: -1}},
		"insert or ignore":    {"INSERT OR IGNORE INTO t VALUES (1)", txn.Statement{Table: "t", Tail: -1}},
		"update or fail":      {"UPDATE OR FAIL t SET a = 1", txn.Statement{Table: "t", OrFail: true, Tail: -1}},
		"with insert or fail": {"WITH x AS (SELECT 1 AS update_me) INSERT OR FAIL INTO t SELECT * FROM x", txn.Statement{Table: "t", OrFail: true, Tail: -1}},
		"fail in a string":    {"INSERT INTO t VALUES ('OR FAIL; BEGIN')", txn.Statement{Table: "t", Tail: -1}},
		"comment between":     {"INSERT/* x */OR--y\nFAIL INTO t VALUES(1)", txn.Statement{Table: "t", OrFail: true, Tail: -1}},
		"select":              {"SELECT 'BEGIN'", txn.Statement{Tail: -1}},
		"delete":              {"DELETE FROM `t` WHERE a = ';'", txn.Statement{Table: "t", Tail: -1}},
		"unclosed string":     {"SELECT 'abc", txn.Statement{Tail: -1}},
		"trigger":             {"CREATE TRIGGER x AFTER INSERT ON t BEGIN SELECT 1; END", txn.Statement{Tail: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := txn.Classify(c.sql); got != c.want {
				t.Errorf("Classify(%q) = %+v, want %+v", c.sql, got, c.want)
			}
		})
	}
}

// FuzzClassify shows that no text makes it panic or run out of the text.
func FuzzClassify(f *testing.F) {
	for _, s := range []string{"BEGIN;x", "'", "[", "--", "/*", "INSERT OR FAIL INTO", "\"\"\"", "ROLLBACK TO"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, sql string) {
		if s := txn.Classify(sql); s.Tail >= len(sql) {
			t.Errorf("Classify(%q).Tail = %d, beyond the text", sql, s.Tail)
		}
	})
}
