package generate

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"rockpool.dev/schema"
)

// TypeScript writes a module: a row, an insert and an update interface a table,
// the type Tables that open<Tables> takes, and the schema value. It is flat so
// that the compiler has nothing to infer.
func TypeScript(in Input) []byte {
	m := modelOf(in)
	w := &strings.Builder{}
	fmt.Fprintf(w, "// Made by rockpool generate from %s. Do not edit: change the source and run it again.\n\n", comment(in.From))
	fmt.Fprintf(w, "import { declareSchema, type DefinedSchema%s } from '@rockpool/client'\n", jsonImport(m))
	for _, e := range m.enums {
		fmt.Fprintf(w, "\n/** Labels of %s. */\nexport type %s = %s\n", comment(e.source), e.name, union(e.labels))
	}
	for i := range m.tables {
		t := &m.tables[i]
		fields := in.Fields[t.Table.Name]
		fmt.Fprintf(w, "\n/** A row of %s. */\nexport interface %sRow {\n", comment(t.Table.Name), t.name)
		for c := range t.Columns {
			if note := t.note(c, fields); note != "" {
				fmt.Fprintf(w, "  /** %s */\n", comment(note))
			}
			fmt.Fprintf(w, "  %s: %s\n", property(t.Columns[c].Name), tsRow(t, c))
		}
		fmt.Fprintf(w, "}\n\n/** What an insert into %s takes. */\nexport interface %sInsert {\n", comment(t.Table.Name), t.name)
		for c := range t.Columns {
			if t.Columns[c].Generated {
				continue
			}
			optional := "?"
			if t.required(c) {
				optional = ""
			}
			fmt.Fprintf(w, "  %s%s: %s\n", property(t.Columns[c].Name), optional, tsWrite(t, c))
		}
		fmt.Fprintf(w, "}\n\n/** What an update of %s takes: the key, and what changes. */\nexport interface %sUpdate {\n", comment(t.Table.Name), t.name)
		for c := range t.Columns {
			if t.Columns[c].Generated {
				continue
			}
			optional := "?"
			if t.IsKey(c) {
				optional = ""
			}
			fmt.Fprintf(w, "  %s%s: %s\n", property(t.Columns[c].Name), optional, tsWrite(t, c))
		}
		w.WriteString("}\n")
	}
	w.WriteString("\n/** The tables, for open<Tables> and Database<Tables>. */\nexport type Tables = {\n")
	for i := range m.tables {
		t := &m.tables[i]
		fmt.Fprintf(w, "  %s: { row: %sRow; insert: %sInsert; update: %sUpdate }\n", property(t.Table.Name), t.name, t.name, t.name)
	}
	w.WriteString("}\n\n/** The schema, for open({ schema }). */\nexport const schema: DefinedSchema<Tables> = declareSchema<Tables>({\n")
	for i := range m.tables {
		tsTable(w, m.tables[i].Table)
	}
	w.WriteString("})\n")
	return []byte(w.String())
}

func jsonImport(m *model) string {
	for _, t := range m.tables {
		for c := range t.Columns {
			if typ := t.Columns[c].Type; typ == schema.TypeJSON || typ == schema.TypeJSONB {
				return ", type Json"
			}
		}
	}
	return ""
}

func union(labels []string) string {
	quoted := make([]string, len(labels))
	for i, l := range labels {
		quoted[i] = quoteTS(l)
	}
	return strings.Join(quoted, " | ")
}

var identifier = regexp.MustCompile(`^[A-Za-z_$][A-Za-z0-9_$]*$`)

// property is a name as an object's key.
func property(name string) string {
	if identifier.MatchString(name) {
		return name
	}
	return quoteTS(name)
}

// quoteTS is text in single quotes, or in double ones where that spares escapes.
func quoteTS(s string) string {
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		panic("generate: text that is no JSON: " + err.Error()) // there is none
	}
	q := bytes.TrimSpace(out.Bytes())
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		return string(q)
	}
	inner := strings.ReplaceAll(string(q[1:len(q)-1]), `\"`, `"`)
	return "'" + strings.ReplaceAll(inner, "'", `\'`) + "'"
}

// is64 says whether an integer may be beyond what a number holds.
func is64(c *schema.Column) bool {
	switch plainType(c) {
	case "int8", "bigserial", "serial8":
		return true
	}
	return false
}

// tsRow is the type of a value read.
func tsRow(t *tableModel, i int) string {
	c := &t.Columns[i]
	typ := "string"
	switch c.Type {
	case schema.TypeInt:
		typ = "number"
		if is64(c) {
			typ = "number | bigint"
		}
	case schema.TypeFloat:
		typ = "number"
	case schema.TypeBool:
		typ = "boolean"
	case schema.TypeBytes:
		typ = "Uint8Array"
	case schema.TypeEnum:
		if t.enums[i] != "" {
			typ = t.enums[i]
		}
	}
	if t.nullable(i) {
		typ += " | null"
	}
	return typ
}

// tsWrite is the type of a value to write: more than comes back where it is
// brought to the stored form.
func tsWrite(t *tableModel, i int) string {
	c := &t.Columns[i]
	typ := tsRow(t, i)
	typ = strings.TrimSuffix(typ, " | null")
	switch c.Type {
	case schema.TypeTimestampTZ, schema.TypeTimestamp:
		typ = "string | Date"
	case schema.TypeDecimal:
		typ = "string | number | bigint"
	case schema.TypeJSON, schema.TypeJSONB:
		typ = "Json" // a string is JSON's text
	case schema.TypeBytes:
		typ = "Uint8Array | ArrayBuffer"
	}
	if !c.NotNull && !t.IsKey(i) {
		typ += " | null"
	}
	return typ
}
