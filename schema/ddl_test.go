package schema_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

func shop() *schema.Table {
	return &schema.Table{
		ID: 1, Name: `odd "name"`, Key: []uint32{0},
		Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true},
			{Name: "price", Type: schema.TypeDecimal, NotNull: true, Scale: 2, HasScale: true, Default: "0"},
			{Name: "state", Type: schema.TypeText, Default: "'it''s'::text"},
			{Name: "made", Type: schema.TypeTimestampTZ, Default: "now()"},
			{Name: "seq", Type: schema.TypeInt, Default: "nextval('s')"},
		},
		Unique:  []schema.Unique{{Name: "one_price", Columns: []uint32{1, 2}}},
		Foreign: []schema.ForeignKey{{Columns: []string{"id"}, Table: "other", References: []string{"id"}, OnDelete: "cascade"}},
		Checks:  []schema.Check{{Name: "paid", Expr: "price >= 0"}},
	}
}

func TestDDL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		mode schema.Mode
		want []string
	}{
		{schema.Client, []string{
			`CREATE TABLE "odd ""name""" ("id" INTEGER, "price" DECIMAL_TEXT COLLATE rockpool_decimal DEFAULT '0.00', "state" TEXT DEFAULT 'it''s', ` +
				`"made" TIMESTAMPTZ_TEXT DEFAULT (strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00'), "seq" INTEGER, PRIMARY KEY ("id"))`,
			`CREATE UNIQUE INDEX "one_price" ON "odd ""name""" ("price", "state")`,
		}},
		{schema.Replica, []string{
			`CREATE TABLE "odd ""name""" ("id" INTEGER, "price" DECIMAL_TEXT COLLATE rockpool_decimal, "state" TEXT, "made" TIMESTAMPTZ_TEXT, "seq" INTEGER, PRIMARY KEY ("id"))`,
		}},
	} {
		if got := schema.DDL(shop(), c.mode); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("mode %d:\n%s\nwant\n%s", c.mode, strings.Join(got, "\n"), strings.Join(c.want, "\n"))
		}
	}
	truth := schema.DDL(shop(), schema.Truth)[0]
	for _, part := range []string{`"price" DECIMAL_TEXT COLLATE rockpool_decimal NOT NULL`, `CONSTRAINT "paid" CHECK (price >= 0)`, `REFERENCES "other" ("id") ON DELETE CASCADE DEFERRABLE`} {
		if !strings.Contains(truth, part) {
			t.Errorf("the truth's table lacks %s: %s", part, truth)
		}
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		spoil func(s *schema.Schema)
	}{
		{"no key", func(s *schema.Schema) { s.Tables[0].Key = nil }},
		{"no ID", func(s *schema.Schema) { s.Tables[0].ID = 0 }},
		{"a reserved name", func(s *schema.Schema) { s.Tables[0].Name = "_rockpool_tx" }},
		{"two of a name", func(s *schema.Schema) { s.Tables = append(s.Tables, s.Tables[0]); s.Tables[1].ID = 2 }},
		{"two columns of a name", func(s *schema.Schema) { s.Tables[0].Columns[1].Name = "id" }},
		{"two that SQLite takes for one", func(s *schema.Schema) { s.Tables[0].Columns[1].Name = "ID" }},
		{"a key beyond the columns", func(s *schema.Schema) { s.Tables[0].Key = []uint32{9} }},
	} {
		s := &schema.Schema{Tables: []schema.Table{*shop()}}
		if err := s.Validate(); err != nil {
			t.Fatalf("a sound schema: %v", err)
		}
		c.spoil(s)
		if err := s.Validate(); fault.KindOf(err) != fault.InvalidArgument {
			t.Errorf("%s: Validate = %v, want %v", c.name, err, fault.InvalidArgument)
		}
	}
}

func TestHashIgnoresTheVersion(t *testing.T) {
	t.Parallel()
	a := &schema.Schema{Version: 1, Tables: []schema.Table{*shop()}}
	b := &schema.Schema{Version: 2, Tables: []schema.Table{*shop()}}
	if a.Hash() != b.Hash() {
		t.Error("equal tables have different hashes")
	}
	b.Tables[0].Columns[0].NotNull = false
	if a.Hash() == b.Hash() {
		t.Error("different tables have equal hashes")
	}
}
