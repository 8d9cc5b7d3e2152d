package store_test

import (
	"testing"

	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
)

// A column's declared type decides what SQLite makes of a literal before we
// see it (https://www.sqlite.org/datatype3.html#affinity). For each type that
// must be a value whose stored form is still the right one, and the stored form
// must come out of the column as it went in.
func TestAffinityKeepsStoredForms(t *testing.T) {
	t.Parallel()
	i, f, s, null := value.Int, value.Float, value.Text, value.Null
	literals := [...]string{"'007'", "'1e5'", "'1.0'", "7", "1.5"}
	for _, c := range []struct {
		typ  string
		want [len(literals)]value.Value // NULL: fault.TypeMismatch
	}{
		{"int8", [...]value.Value{i(7), i(100000), i(1), i(7), null}},
		{"bool", [...]value.Value{null, null, i(1), null, null}},
		{"float8", [...]value.Value{f(7), f(1e5), f(1), f(7), f(1.5)}},
		{"text", [...]value.Value{s("007"), s("1e5"), s("1.0"), s("7"), s("1.5")}},
		{"numeric", [...]value.Value{s("7"), s("100000"), s("1"), s("7"), s("1.5")}},
		{"timestamptz", [...]value.Value{null, null, null, null, null}},
		{"timestamp", [...]value.Value{null, null, null, null, null}},
		{"date", [...]value.Value{null, null, null, null, null}},
		{"time", [...]value.Value{null, null, null, null, null}},
		{"uuid", [...]value.Value{null, null, null, null, null}},
		{"json", [...]value.Value{null, s("1e5"), s("1.0"), s("7"), s("1.5")}},
		{"jsonb", [...]value.Value{null, s("100000"), s("1.0"), s("7"), s("1.5")}},
		{"bytea", [...]value.Value{value.BlobString("007"), value.BlobString("1e5"), value.BlobString("1.0"), null, null}},
		{"interval", [...]value.Value{s("007"), s("1e5"), s("1.0"), s("7"), s("1.5")}},
		{"text[]", [...]value.Value{s("007"), s("1e5"), s("1.0"), s("7"), s("1.5")}},
		{"point", [...]value.Value{s("007"), s("1e5"), s("1.0"), s("7"), s("1.5")}},
	} {
		t.Run(c.typ, func(t *testing.T) {
			t.Parallel()
			conn, err := sqlite.Open(sqlite.Options{Name: sqlite.MemoryName(), Memory: true})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			if err := conn.Collation("rockpool_decimal", schema.CompareDecimal); err != nil {
				t.Fatal(err)
			}
			table := &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
				{Name: "id", Type: schema.TypeInt}, {Name: "v", Type: schema.TypeOf(c.typ), SourceType: c.typ},
			}}
			for _, sql := range schema.DDL(table, schema.Client) {
				if err := conn.Exec(sql); err != nil {
					t.Fatal(err)
				}
			}
			for n, literal := range literals {
				row, _, err := sqlite.OneRow(conn, "INSERT OR REPLACE INTO t VALUES (1, "+literal+") RETURNING v")
				if err != nil {
					t.Fatal(err)
				}
				got, err := table.Canonical(1, row[0])
				if err != nil != c.want[n].IsNull() || !got.Equal(c.want[n]) {
					t.Errorf("%s is captured as %v %q and stored as %v %q, %v; want %v %q", literal, row[0].Kind(), row[0].Str(), got.Kind(), got.Str(), err, c.want[n].Kind(), c.want[n].Str())
				}
				if err != nil {
					continue
				}
				if _, _, err := sqlite.OneRow(conn, "UPDATE t SET v = ? WHERE id = 1", got); err != nil {
					t.Fatal(err)
				}
				if back, _, err := sqlite.OneRow(conn, "SELECT v FROM t WHERE id = 1"); err != nil || !back[0].Equal(got) {
					t.Errorf("%s: the stored form %v %q comes out as %v, %v", literal, got.Kind(), got.Str(), back, err)
				}
			}
		})
	}
}
