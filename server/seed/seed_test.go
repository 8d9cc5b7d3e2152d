package seed_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/seed"
	"rockpool.dev/value"
)

// folder makes one with these files.
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

const formTables = `
version: 3
tables:
  orders:
    key: [shop, id]
    conflict: manual
    columns:
      id: { type: bigint, not_null: true, identity: true }
      shop: { type: text, not_null: true }
      total: { type: "numeric(30,2)", default: "0", conflict: max }
      paid: { type: boolean }
      share: { type: double precision }
      state: { type: text, enum: [open, done] }
      details: { type: jsonb }
      at: { type: timestamptz }
    unique: [[shop, at]]
    checks: { b_total: "total >= 0", a_shop: "shop <> ''" }
    foreign:
      - { columns: [shop], table: shops, references: [name], on_delete: cascade }
  shops:
    key: [name]
    columns:
      name: { type: text, not_null: true }
`

func TestSchema(t *testing.T) {
	t.Parallel()
	s, err := seed.ParseSchema([]byte(formTables))
	if err != nil {
		t.Fatal(err)
	}
	o := s.Table("orders")
	if s.Version != 3 || len(s.Tables) != 2 || o.ID != 1 || s.Tables[1].ID != 2 {
		t.Fatalf("schema %+v, want version 3 and the tables in the file's order", s)
	}
	if len(o.Key) != 2 || o.Key[0] != 1 || o.Key[1] != 0 || o.Strategy != schema.StrategyManual {
		t.Errorf("key %v, strategy %v; want shop, id and manual", o.Key, o.Strategy)
	}
	id, total, state := &o.Columns[0], &o.Columns[2], &o.Columns[5]
	if !id.Identity || !id.NotNull || id.Type != schema.TypeInt || id.SourceType != "bigint" {
		t.Errorf("id = %+v", id)
	}
	if total.Type != schema.TypeDecimal || total.Scale != 2 || !total.HasScale || total.Default != "0" || total.Strategy != schema.StrategyMax {
		t.Errorf("total = %+v", total)
	}
	if state.Type != schema.TypeEnum || len(state.Enum) != 2 {
		t.Errorf("state = %+v", state)
	}
	if len(o.Unique) != 1 || len(o.Unique[0].Columns) != 2 || len(o.Checks) != 2 || o.Checks[0].Name != "a_shop" {
		t.Errorf("unique %+v, checks %+v; want checks by name", o.Unique, o.Checks)
	}
	if f := o.Foreign; len(f) != 1 || f[0].Name != "orders_shop_fkey" || f[0].OnDelete != "cascade" {
		t.Errorf("foreign %+v", f)
	}
}

func TestSchemaRefuses(t *testing.T) {
	t.Parallel()
	column := func(text string) string {
		return "tables:\n  a:\n    key: [id]\n    columns:\n      id: { type: integer }\n" + text
	}
	for name, test := range map[string]struct{ text, says string }{
		"no YAML":             {"tables: [", ""},
		"an unknown word":     {"tabels: {}", "tabels"},
		"a table's word":      {column("    kez: [id]"), "kez"},
		"a column's word":     {column("      b: { typ: text }"), "typ"},
		"a type":              {column("      b: { type: money }"), "money"},
		"a strategy":          {column("      b: { type: text, conflict: newest }"), "newest"},
		"a key's column":      {strings.Replace(column(""), "[id]", "[no]", 1), "no column no"},
		"a unique's column":   {column("    unique: [[no]]"), "no column no"},
		"a table without key": {strings.Replace(column(""), "    key: [id]\n", "", 1), "a"},
		"a table's name":      {"tables:\n  1: { key: [id], columns: { id: { type: integer } } }", "name"},
	} {
		_, err := seed.ParseSchema([]byte(test.text))
		if fault.KindOf(err) != fault.InvalidArgument || !strings.Contains(err.Error(), test.says) {
			t.Errorf("%s: %v, want invalid_argument that says %q", name, err, test.says)
		}
	}
	if _, err := seed.Schema(t.TempDir()); fault.KindOf(err) != fault.NotFound || !strings.Contains(err.Error(), "schema.yaml") {
		t.Errorf("a folder without schema.yaml: %v", err)
	}
}

// Rows come in their stored form: no decimal goes through a float.
func TestRows(t *testing.T) {
	t.Parallel()
	s, err := seed.ParseSchema([]byte(formTables))
	if err != nil {
		t.Fatal(err)
	}
	dir := folder(t, map[string]string{"orders.json": `[
		{"id": 9007199254740993, "shop": "a", "total": 12345678901234567890.12, "paid": true, "share": 1.5e1,
		 "state": "done", "details": {"b": [1, null]}, "at": "2026-01-02T03:04:05Z"},
		{"id": "2", "shop": "b", "total": "7"}
	]`})
	var got []value.Row
	if err := seed.Rows(dir, s, func(table *schema.Table, row value.Row) error {
		if table.Name != "orders" {
			t.Errorf("a row of %s, which has no file", table.Name)
		}
		got = append(got, row)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	want := []value.Row{
		{
			value.Int(9007199254740993), value.Text("a"), value.Text("12345678901234567890.12"), value.Int(1), value.Float(15),
			value.Text("done"), value.Text(`{"b": [1, null]}`), value.Text("2026-01-02T03:04:05.000000+00:00"),
		},
		{value.Int(2), value.Text("b"), value.Text("7.00"), value.Null, value.Null, value.Null, value.Null, value.Null},
	}
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d", len(got), len(want))
	}
	for i := range want {
		if !got[i].Equal(want[i]) {
			t.Errorf("row %d\n got %v\nwant %v", i+1, got[i], want[i])
		}
	}
}

func TestRowsRefuse(t *testing.T) {
	t.Parallel()
	s, err := seed.ParseSchema([]byte(formTables))
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct{ text, says string }{
		"no JSON":          {"{", "orders"},
		"no array":         {`{"id": 1}`, "array"},
		"null":             {`null`, "array"},
		"a text":           {`"x"`, "array"},
		"an empty file":    {``, "array"},
		"cut short":        {`[{"id": 1, "shop": "a"}`, "too early"},
		"more behind it":   {`[] []`, "behind"},
		"a row of no kind": {`[{"id": 1, "shop": "a"}, 5]`, "row 2"},
		"no such column":   {`[{"id": 1, "shop": "a", "no": 1}]`, "no column no"},
		"a wrong value":    {`[{"id": "x", "shop": "a"}]`, "row 1"},
	} {
		n := 0
		err := seed.Rows(folder(t, map[string]string{"orders.json": test.text}), s, func(*schema.Table, value.Row) error { n++; return nil })
		if err == nil || !strings.Contains(err.Error(), test.says) || !strings.Contains(err.Error(), "orders") || strings.Contains(err.Error(), "seed's schema") {
			t.Errorf("%s: %v, want an error of orders that says %q", name, err, test.says)
		}
	}
	full := errors.New("full")
	dir := folder(t, map[string]string{"orders.json": `[{"id": 1, "shop": "a"}]`})
	if err := seed.Rows(dir, s, func(*schema.Table, value.Row) error { return full }); !errors.Is(err, full) {
		t.Errorf("an error of put: %v, want it", err)
	}
}

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

// A row that leaves a column out has its default, where that is a constant.
func TestDefaults(t *testing.T) {
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

// A required value that is missing is told before it reaches a database.
func TestRequired(t *testing.T) {
	t.Parallel()
	for name, rows := range map[string]string{
		"left out": `[{"id": "a"}]`,
		"null":     `[{"id": "a", "title": null}]`,
	} {
		dir := folder(t, map[string]string{"schema.yaml": tables, "todos.json": rows})
		s, err := seed.Schema(dir)
		if err != nil {
			t.Fatal(err)
		}
		err = seed.Rows(dir, s, func(*schema.Table, value.Row) error { return nil })
		if fault.KindOf(err) != fault.Constraint || !strings.Contains(err.Error(), "title") || !strings.Contains(err.Error(), "row 1") {
			t.Errorf("%s: %v, want a constraint on title in row 1", name, err)
		}
	}
}
