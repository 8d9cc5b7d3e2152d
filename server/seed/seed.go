// Package seed reads the tables and rows that an embedded source starts with:
// a folder with schema.yaml and one <table>.json of row objects a table. It
// owns the format; package store owns what becomes of the rows.
//
//	version: 1                  # optional; raise it when a table changes
//	tables:
//	  products:
//	    key: [id]
//	    conflict: merge         # optional, as in rockpool.yaml
//	    columns:
//	      id: { type: integer, not_null: true }
//	      price: { type: "numeric(10,2)", not_null: true, default: "0" }
//	      stock: { type: integer, conflict: delta }
//	    unique: [[name]]
//	    checks: { stock_not_negative: "stock >= 0" }
//	    foreign:
//	      - { columns: [category_id], table: categories, references: [id], on_delete: cascade }
//
// Types are Postgres's names; identity: true and generated: true as there. A row
// that leaves a column out has its default, where that is a constant.
package seed

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/goccy/go-yaml"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/config"
	"rockpool.dev/value"
)

type file struct {
	Version uint32        `yaml:"version"`
	Tables  yaml.MapSlice `yaml:"tables"`
}

type tableSpec struct {
	Key      []string          `yaml:"key"`
	Conflict string            `yaml:"conflict"`
	Columns  yaml.MapSlice     `yaml:"columns"`
	Unique   [][]string        `yaml:"unique"`
	Checks   map[string]string `yaml:"checks"`
	Foreign  []foreignSpec     `yaml:"foreign"`
}

type foreignSpec struct {
	Columns    []string `yaml:"columns"`
	Table      string   `yaml:"table"`
	References []string `yaml:"references"`
	OnDelete   string   `yaml:"on_delete"`
}

type columnSpec struct {
	Type      string   `yaml:"type"`
	NotNull   bool     `yaml:"not_null"`
	Default   string   `yaml:"default"`
	Identity  bool     `yaml:"identity"`
	Generated bool     `yaml:"generated"`
	Conflict  string   `yaml:"conflict"`
	Enum      []string `yaml:"enum"`
}

// Schema reads schema.yaml of a folder.
func Schema(dir string) (*schema.Schema, error) {
	text, err := os.ReadFile(filepath.Join(dir, "schema.yaml"))
	if err != nil {
		return nil, fault.Wrap(fault.NotFound, "read the seed's schema", err)
	}
	s, err := ParseSchema(text)
	return s, fault.In("read "+filepath.Join(dir, "schema.yaml"), err)
}

// ParseSchema reads the text of a schema.yaml.
func ParseSchema(text []byte) (*schema.Schema, error) {
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return nil, invalid(yaml.FormatError(err, false, true))
	}
	s := &schema.Schema{Version: max(f.Version, 1)}
	for i, item := range f.Tables {
		name, _ := item.Key.(string)
		var spec tableSpec
		if err := again(item.Value, &spec); err != nil {
			return nil, fault.In("table "+name, err)
		}
		t, err := tableOf(name, uint32(i+1), &spec)
		if err != nil {
			return nil, fault.In("table "+name, err)
		}
		s.Tables = append(s.Tables, t)
	}
	return s, s.Validate()
}

// again decodes a part of a document into a form, strictly.
func again(part, into any) error {
	text, err := yaml.Marshal(part)
	if err != nil {
		return invalid(err.Error())
	}
	if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict(), yaml.UseOrderedMap()); err != nil {
		return invalid(yaml.FormatError(err, false, true))
	}
	return nil
}

func invalid(msg string) error {
	return fault.New(fault.InvalidArgument, "read the seed's schema", strings.TrimSpace(msg))
}

func tableOf(name string, id uint32, spec *tableSpec) (schema.Table, error) {
	t := schema.Table{ID: id, Name: name}
	var err error
	if t.Strategy, err = config.Strategy(spec.Conflict, false); err != nil {
		return t, err
	}
	for _, item := range spec.Columns {
		var c columnSpec
		if err := again(item.Value, &c); err != nil {
			return t, err
		}
		col, err := columnOf(item.Key.(string), &c)
		if err != nil {
			return t, err
		}
		t.Columns = append(t.Columns, col)
	}
	if t.Key, err = indexes(&t, spec.Key); err != nil {
		return t, err
	}
	for _, u := range spec.Unique {
		cols, err := indexes(&t, u)
		if err != nil {
			return t, err
		}
		t.Unique = append(t.Unique, schema.Unique{Columns: cols})
	}
	for _, n := range sorted(spec.Checks) {
		t.Checks = append(t.Checks, schema.Check{Name: n, Expr: spec.Checks[n]})
	}
	for _, f := range spec.Foreign {
		t.Foreign = append(t.Foreign, schema.ForeignKey{
			Name: name + "_" + strings.Join(f.Columns, "_") + "_fkey", Columns: f.Columns, Table: f.Table, References: f.References, OnDelete: f.OnDelete,
		})
	}
	return t, nil
}

func columnOf(name string, c *columnSpec) (schema.Column, error) {
	out := schema.Column{
		Name: name, Type: schema.TypeOf(c.Type), NotNull: c.NotNull, Default: c.Default,
		Identity: c.Identity, Generated: c.Generated, SourceType: c.Type, Enum: c.Enum,
	}
	if len(c.Enum) > 0 {
		out.Type = schema.TypeEnum
	}
	if out.Type == schema.TypeUnknown {
		return out, invalid("column " + name + " has type " + strconv.Quote(c.Type) + ", which is not one of Postgres's that Rockpool knows")
	}
	if out.Type == schema.TypeDecimal {
		out.Scale, out.HasScale = scaleOf(c.Type)
	}
	var err error
	if out.Strategy, err = config.Strategy(c.Conflict, true); err != nil {
		return out, err
	}
	return out, config.Fits(&out)
}

// scaleOf reads the scale of numeric(p,s).
func scaleOf(name string) (uint32, bool) {
	_, inner, ok := strings.Cut(name, "(")
	if !ok {
		return 0, false
	}
	_, scale, _ := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	n, err := strconv.ParseUint(strings.TrimSpace(scale), 10, 8)
	return uint32(n), err == nil || scale == ""
}

func indexes(t *schema.Table, names []string) ([]uint32, error) {
	out := make([]uint32, len(names))
	for i, n := range names {
		at := t.Index(n)
		if at < 0 {
			return nil, invalid("there is no column " + n)
		}
		out[i] = uint32(at)
	}
	return out, nil
}

// Rows reads every table's rows, brought to their stored form. A table without
// a file is empty.
func Rows(dir string, s *schema.Schema, put func(t *schema.Table, row value.Row) error) error {
	for i := range s.Tables {
		t := &s.Tables[i]
		if err := tableRows(filepath.Join(dir, t.Name+".json"), t, put); err != nil {
			return fault.In("read the rows of "+t.Name, err)
		}
	}
	return nil
}

func tableRows(path string, t *schema.Table, put func(*schema.Table, value.Row) error) error {
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fault.Wrap(fault.IO, "read "+path, err)
	}
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('[') {
		return badRows("it is no JSON array of row objects")
	}
	for n := 1; dec.More(); n++ {
		var object map[string]any
		if err := dec.Decode(&object); err != nil {
			return badRows("row " + strconv.Itoa(n) + ": " + err.Error())
		}
		row, err := rowOf(t, object)
		if err == nil {
			err = put(t, row)
		}
		if err != nil {
			return fault.In("row "+strconv.Itoa(n), err)
		}
	}
	if end, err := dec.Token(); err != nil || end != json.Delim(']') {
		return badRows("it ends too early")
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return badRows("there is more behind its array")
	}
	return nil
}

func badRows(msg string) error {
	return fault.New(fault.InvalidArgument, "read a file of rows", msg).
		WithHint("it looks like [{\"id\": 1, \"name\": \"a\"}]")
}

func rowOf(t *schema.Table, object map[string]any) (value.Row, error) {
	row := make(value.Row, len(t.Columns))
	for i := range t.Columns {
		if v, ok := t.Columns[i].ConstantDefault(); ok {
			row[i] = v
		}
	}
	for name, v := range object {
		at := t.Index(name)
		if at < 0 {
			return nil, fault.New(fault.UnknownColumn, "read a row", "there is no column "+name)
		}
		plain, err := valueOf(v)
		if err != nil {
			return nil, err
		}
		if row[at], err = t.Columns[at].Canonical(plain); err != nil {
			return nil, err
		}
	}
	for i := range t.Columns {
		if c := &t.Columns[i]; c.NotNull && !c.Identity && !c.Generated && row[i].IsNull() {
			return nil, fault.New(fault.Constraint, "read a row", "column "+c.Name+" must not be NULL").
				WithHint("give it a value; of defaults only constants fill in a seed")
		}
	}
	return row, nil
}

func valueOf(v any) (value.Value, error) {
	switch v := v.(type) {
	case nil:
		return value.Null, nil
	case bool:
		return value.Bool(v), nil
	case string:
		return value.Text(v), nil
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return value.Int(n), nil
		}
		return value.Text(v.String()), nil // its column says what it is: a decimal is no float
	}
	text, err := json.Marshal(v)
	return value.Text(string(text)), err
}

func sorted(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
