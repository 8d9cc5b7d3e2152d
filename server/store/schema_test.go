package store_test

import (
	"path/filepath"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/store"
)

// A replica goes on with a schema whose rows have the same form, under its
// epoch and with its log, and with no other.
func TestReplicaTakesASchemaOfTheSameRows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(s *schema.Schema)
		taken  bool
	}{
		"a default":         {func(s *schema.Schema) { s.Tables[0].Columns[2].Default = "7" }, true},
		"NOT NULL":          {func(s *schema.Schema) { s.Tables[0].Columns[1].NotNull = !s.Tables[0].Columns[1].NotNull }, true},
		"a check":           {func(s *schema.Schema) { s.Tables[0].Checks = []schema.Check{{Name: "c", Expr: "n > 0"}} }, true},
		"a strategy":        {func(s *schema.Schema) { s.Tables[0].Strategy = schema.StrategyManual }, true},
		"the same version":  {func(s *schema.Schema) { s.Version = 1; s.Tables[0].Strategy = schema.StrategyManual }, false},
		"a type":            {func(s *schema.Schema) { s.Tables[0].Columns[2].SourceType = "bigint" }, false},
		"a column's name":   {func(s *schema.Schema) { s.Tables[0].Columns[1].Name = "x" }, false},
		"a column":          {func(s *schema.Schema) { s.Tables[0].Columns = s.Tables[0].Columns[:2] }, false},
		"the key":           {func(s *schema.Schema) { s.Tables[0].Key = []uint32{1} }, false},
		"another table":     {func(s *schema.Schema) { s.Tables[0].ID = 9 }, false},
		"one table more":    {func(s *schema.Schema) { s.Tables = append(s.Tables, s.Tables[0]) }, false},
		"a label that went": {func(s *schema.Schema) { s.Tables[0].Columns[1].Enum = []string{"b"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "r.db")
			before := copied(t)
			before.Tables[0].Columns[1].Enum = []string{"a"}
			s, err := store.Open(store.Options{Path: path, Schema: before, NewEpoch: 5})
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			now := copied(t)
			now.Version = 2
			now.Tables[0].Columns[1].Enum = []string{"b", "a"}
			test.change(now)
			for range 2 { // what was taken stays
				s, err := store.Open(store.Options{Path: path, Schema: now, NewEpoch: 6})
				if !test.taken {
					if fault.KindOf(err) != fault.SchemaMismatch {
						t.Errorf("Open = %v, want schema_mismatch", err)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				if s.Head().Epoch != 5 || s.Schema() != now {
					t.Errorf("epoch %d, want the one before", s.Head().Epoch)
				}
				if err := s.Close(); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// copied is the schema of these tests, to be changed.
func copied(t *testing.T) *schema.Schema {
	t.Helper()
	out := new(schema.Schema)
	if err := out.Decode(tables.AppendTo(nil)); err != nil {
		t.Fatal(err)
	}
	return out
}
