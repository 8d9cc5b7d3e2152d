package generatetest

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/generate/sqlitefile"
	"rockpool.dev/server/store"
)

func tableNames(s *schema.Schema) (names []string) {
	for _, t := range s.Tables {
		names = append(names, t.Name)
	}
	return names
}

// TestShadowTables: what a full-text and a spatial table keep their data in is
// no table of the app's, also where their modules are not there to say so.
func TestShadowTables(t *testing.T) {
	t.Parallel()
	s, omissions, err := sqlitefile.Read(filepath.Join("testdata", "fulltext.db"))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := tableNames(s), []string{"found_by", "notes"}; !slices.Equal(got, want) {
		t.Errorf("tables are %v, want %v", got, want)
	}
	if len(omissions) != 2 || omissions[0].Table != "box" || omissions[1].Table != "found" {
		t.Errorf("omissions are %v, want box and found", omissions)
	}
}

// TestStoredSchema: a relay's store says itself what its schema is, strategies
// and source types included.
func TestStoredSchema(t *testing.T) {
	t.Parallel()
	want := &schema.Schema{Version: 3, Tables: []schema.Table{{
		ID: 7, Name: "todos", Key: []uint32{0}, Strategy: schema.StrategyLWW,
		Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt, NotNull: true, SourceType: "integer"},
			{Name: "mood", Type: schema.TypeEnum, SourceType: "mood", Enum: []string{"sad", "happy"}},
			{Name: "stars", Type: schema.TypeInt, SourceType: "integer", Strategy: schema.StrategyDelta},
		},
	}}}
	path := filepath.Join(t.TempDir(), "relay.db")
	st, err := store.Open(store.Options{Path: path, Schema: want, Truth: true, NewEpoch: 1})
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	got, omissions, err := sqlitefile.Read(path)
	if err != nil || len(omissions) > 0 {
		t.Fatalf("Read = %v, %v", omissions, err)
	}
	if got.Version != 3 || got.Hash() != want.Hash() {
		t.Errorf("Read = %+v, want %+v", got, want)
	}
}

// TestDeclaredTypesComeBack: every type that our own DDL declares is read as it
// was, with its default.
func TestDeclaredTypesComeBack(t *testing.T) {
	t.Parallel()
	of := schema.Table{Name: "all_types", Key: []uint32{0}}
	for typ := schema.TypeInt; typ <= schema.TypeJSONB; typ++ {
		of.Columns = append(of.Columns, schema.Column{Name: "c" + string(rune('a'+typ)), Type: typ})
	}
	of.Columns = append(of.Columns, schema.Column{Name: "bytes", Type: schema.TypeBytes})
	for i := range of.Columns {
		switch c := &of.Columns[i]; c.Type {
		case schema.TypeTimestamp, schema.TypeTimestampTZ:
			c.Default = "now()"
		case schema.TypeDate:
			c.Default = "CURRENT_DATE"
		case schema.TypeBool:
			c.Default = "true"
		}
	}
	statements := ""
	for _, s := range schema.DDL(&of, schema.Client) {
		statements += s + ";"
	}
	s, omissions, err := sqlitefile.Read(sqliteWith(t, statements))
	if err != nil || len(omissions) > 0 {
		t.Fatalf("Read = %v, %v", omissions, err)
	}
	for i, c := range s.Tables[0].Columns {
		if want := of.Columns[i]; c.Type != want.Type || c.Default != want.Default {
			t.Errorf("%s %v default %q came back as %v default %q", want.Name, want.Type, want.Default, c.Type, c.Default)
		}
	}
}

func TestNoDatabase(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "text.db")
	if err := os.WriteFile(path, []byte("This is no database, however long the text of it may be: it goes on for a while."), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := sqlitefile.Read(path); !errors.Is(err, &fault.Error{Kind: fault.NotADatabase}) {
		t.Errorf("Read of a text = %v, want kind not_a_database", err)
	}
}

// TestDDLRuns: every golden DDL makes its tables.
func TestDDLRuns(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/from*/schema.sql")
	if err != nil || len(files) != 6 {
		t.Fatalf("there are %v, %v, want six", files, err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		sqliteWith(t, string(text))
	}
}
