package generate

import (
	"fmt"
	"strings"

	"rockpool.dev/schema"
)

// specTypes are the names that declareSchema has for types, with Postgres's
// name that each stands for by itself.
var specTypes = map[schema.Type][2]string{
	schema.TypeUnknown: {"unknown", ""}, schema.TypeInt: {"int", "int4"}, schema.TypeBool: {"bool", "bool"}, schema.TypeFloat: {"float", "float8"},
	schema.TypeText: {"text", "text"}, schema.TypeDecimal: {"decimal", "numeric"}, schema.TypeTimestampTZ: {"timestamptz", "timestamptz"},
	schema.TypeTimestamp: {"timestamp", "timestamp"}, schema.TypeDate: {"date", "date"}, schema.TypeTime: {"time", "time"},
	schema.TypeUUID: {"uuid", "uuid"}, schema.TypeJSON: {"json", "json"}, schema.TypeJSONB: {"jsonb", "jsonb"}, schema.TypeBytes: {"bytes", "bytea"},
	schema.TypeEnum: {"enum", ""}, schema.TypeInterval: {"interval", "interval"}, schema.TypeArray: {"array", ""},
}

// shortTypes are Postgres's own names for the standard's.
var shortTypes = map[string]string{
	"integer": "int4", "int": "int4", "serial": "int4", "smallint": "int2", "smallserial": "int2", "bigint": "int8", "bigserial": "int8",
	"boolean": "bool", "double precision": "float8", "float": "float8", "real": "float4", "decimal": "numeric",
	"timestamp with time zone": "timestamptz", "timestamp without time zone": "timestamp", "time without time zone": "time",
	"character varying": "varchar", "character": "bpchar",
}

// plainType is a column's source type under its shortest name.
func plainType(c *schema.Column) string {
	name := strings.ToLower(strings.TrimSpace(c.SourceType))
	if short := shortTypes[name]; short != "" {
		return short
	}
	return c.SourceType
}

// strategies are declareSchema's names, by number.
var strategies = [...]string{"", "merge", "lww", "manual", "delta", "max", "min", "union", "text", "json", "set"}

// tsTable writes a table of the schema value.
func tsTable(w *strings.Builder, t *schema.Table) {
	fmt.Fprintf(w, "  %s: {\n    key: %s,\n    columns: {\n", property(t.Name), listOf(t, t.Key))
	for i := range t.Columns {
		fmt.Fprintf(w, "      %s: %s,\n", property(t.Columns[i].Name), specOf(&t.Columns[i]))
	}
	w.WriteString("    },\n")
	if len(t.Unique) > 0 {
		w.WriteString("    unique: [\n")
		for i := range t.Unique {
			u := &t.Unique[i]
			fmt.Fprintf(w, "      { name: %s, columns: %s },\n", quoteTS(schema.IndexName(t, u)), listOf(t, u.Columns))
		}
		w.WriteString("    ],\n")
	}
	if len(t.Foreign) > 0 {
		w.WriteString("    foreign: [\n")
		for _, f := range t.Foreign {
			onDelete := ""
			if f.OnDelete != "" && f.OnDelete != "no action" {
				onDelete = ", onDelete: " + quoteTS(f.OnDelete)
			}
			fmt.Fprintf(w, "      { name: %s, columns: %s, table: %s, references: %s%s },\n",
				quoteTS(f.Name), list(f.Columns), quoteTS(f.Table), list(f.References), onDelete)
		}
		w.WriteString("    ],\n")
	}
	if len(t.Checks) > 0 {
		w.WriteString("    checks: {\n")
		for _, k := range t.Checks {
			fmt.Fprintf(w, "      %s: %s,\n", property(k.Name), quoteTS(k.Expr))
		}
		w.WriteString("    },\n")
	}
	if t.Strategy != schema.StrategyInherit {
		fmt.Fprintf(w, "    strategy: %s,\n", quoteTS(strategies[t.Strategy]))
	}
	if t.LocalOnly {
		w.WriteString("    localOnly: true,\n")
	}
	w.WriteString("  },\n")
}

func listOf(t *schema.Table, columns []uint32) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = t.Columns[c].Name
	}
	return list(names)
}

func list(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = quoteTS(n)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// specOf is a column as declareSchema takes it: its type's name, or the long
// form where there is more to say.
func specOf(c *schema.Column) string {
	of := specTypes[c.Type]
	name := of[0]
	plain := plainType(c)
	if c.Type == schema.TypeInt && plain == "int8" {
		name, plain = "bigint", ""
	}
	if plain == of[1] {
		plain = ""
	}
	if !c.NotNull {
		name += "?"
	}
	out := "{ type: " + quoteTS(name)
	short := true
	more := func(text string) {
		out += ", " + text
		short = false
	}
	if plain != "" {
		more("sourceType: " + quoteTS(plain))
	}
	if c.HasScale {
		more("scale: " + itoa(int(c.Scale)))
	}
	if len(c.Enum) > 0 {
		more("enum: " + list(c.Enum))
	}
	if c.Default != "" {
		more("default: " + quoteTS(c.Default))
	}
	if c.Identity {
		more("identity: true")
	}
	if c.Generated {
		more("generated: true")
	}
	if c.Strategy != schema.StrategyInherit {
		more("strategy: " + quoteTS(strategies[c.Strategy]))
	}
	if short {
		return quoteTS(name)
	}
	return out + " }"
}
