package sqlfn_test

import (
	"strconv"
	"testing"

	"rockpool.dev/query/sqlfn"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// Equal rows have equal digests in whatever order they lie, those of value.Digest.
func TestDigest(t *testing.T) {
	t.Parallel()
	c, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	rows := []value.Row{
		{value.Int(1), value.Text("a"), value.Null},
		{value.Int(2), value.Text(""), value.Float(1.5)},
		{value.Int(3), value.Blob([]byte{0, 1}), value.Int(1)},
	}
	var want value.Digest
	for _, r := range rows {
		want.Add(r)
	}
	if err := c.Exec("CREATE TABLE t(id INTEGER PRIMARY KEY, x, y)"); err != nil {
		t.Fatal(err)
	}
	for _, r := range rows {
		if _, _, err := sqlite.OneRow(c, "INSERT INTO t VALUES (?, ?, ?) RETURNING id", r...); err != nil {
			t.Fatal(err)
		}
	}
	digest := func(rest string) string {
		t.Helper()
		row, _, err := sqlite.OneRow(c, "SELECT rockpool_digest(id, x, y) FROM t "+rest)
		if err != nil {
			t.Fatal(err)
		}
		return row[0].Str()
	}
	if got := digest(""); got != strconv.FormatUint(want.Sum64(), 16) {
		t.Errorf("digest %s, want that of value.Digest, %x", got, want.Sum64())
	}
	if a, b := digest("WHERE id IN (1, 2) ORDER BY id"), digest("WHERE id < 3 ORDER BY id DESC"); a != b {
		t.Errorf("the order counts: %s and %s", a, b)
	}
	if digest("WHERE id <> 3") == digest("") {
		t.Error("other rows have the same digest")
	}
	if got := digest("WHERE 0"); got != "0" {
		t.Errorf("digest of no rows %s, want 0", got)
	}
}
