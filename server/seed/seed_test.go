package seed_test

import (
	"os"
	"path/filepath"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/seed"
	"rockpool.dev/value"
)

const tables = `
tables:
  todos:
    key: [id]
    columns:
      id: { type: text, not_null: true }
      title: { type: text, not_null: true }
      done: { type: boolean, not_null: true, default: "false" }
      price: { type: "numeric(8,2)", default: "1.5" }
      state: { type: text, default: "'it''s new'::text" }
      made: { type: timestamptz, default: now() }
      number: { type: bigint, not_null: true, identity: true }
`

func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestRows(t *testing.T) {
	dir := folder(t, map[string]string{
		"schema.yaml": tables,
		"todos.json":  `[{"id": "a", "title": "x"}, {"id": "b", "title": "y", "done": true, "price": "2.50", "state": null, "number": 7}]`,
	})
	s, err := seed.Schema(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []value.Row
	if err := seed.Rows(dir, s, func(_ *schema.Table, row value.Row) error { got = append(got, row); return nil }); err != nil {
		t.Fatal(err)
	}
	want := []value.Row{
		{value.Text("a"), value.Text("x"), value.Int(0), value.Text("1.50"), value.Text("it's new"), value.Null, value.Null},
		{value.Text("b"), value.Text("y"), value.Int(1), value.Text("2.50"), value.Null, value.Null, value.Int(7)},
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		for c := range want[i] {
			if !got[i][c].Equal(want[i][c]) {
				t.Errorf("row %d, %s = %v, want %v", i+1, s.Tables[0].Columns[c].Name, got[i][c], want[i][c])
			}
		}
	}
}

func TestRowsRefuses(t *testing.T) {
	tests := []struct {
		name, rows string
		kind       fault.Kind
	}{
		{"a required value is left out", `[{"id": "a"}]`, fault.Constraint},
		{"null in a required column", `[{"id": "a", "title": null}]`, fault.Constraint},
		{"unknown column", `[{"id": "a", "title": "x", "titel": "y"}]`, fault.UnknownColumn},
		{"a value of another type", `[{"id": "a", "title": "x", "price": "dear"}]`, fault.TypeMismatch},
		{"no array", `7`, fault.InvalidArgument},
		{"ends early", `[{"id": "a", "title": "x"}`, fault.InvalidArgument},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t, map[string]string{"schema.yaml": tables, "todos.json": tt.rows})
			s, err := seed.Schema(dir)
			if err != nil {
				t.Fatal(err)
			}
			err = seed.Rows(dir, s, func(*schema.Table, value.Row) error { return nil })
			if fault.KindOf(err) != tt.kind {
				t.Errorf("%v, want kind %v", err, tt.kind)
			}
		})
	}
}

func TestSchemaRefuses(t *testing.T) {
	tests := []struct{ name, text string }{
		{"unknown field", "tables:\n  t: { keys: [id], columns: { id: { type: text } } }"},
		{"unknown type", "tables:\n  t: { key: [id], columns: { id: { type: texts } } }"},
		{"key of no column", "tables:\n  t: { key: [no], columns: { id: { type: text } } }"},
		{"unknown strategy", "tables:\n  t: { key: [id], conflict: perhaps, columns: { id: { type: text } } }"},
		{"no YAML", "tables: ["},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := seed.Schema(folder(t, map[string]string{"schema.yaml": tt.text})); fault.KindOf(err) == fault.Unknown {
				t.Errorf("%v, want a typed error", err)
			}
		})
	}
	if _, err := seed.Schema(t.TempDir()); fault.KindOf(err) != fault.NotFound {
		t.Errorf("no file: %v", err)
	}
}
