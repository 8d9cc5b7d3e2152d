package generate

import (
	"strings"

	"rockpool.dev/schema"
)

// Input is a schema to write out.
type Input struct {
	Schema *schema.Schema
	// From says where it came from in a few words without a path: "Postgres", "schema.prisma".
	From string
	// Models are names of tables' rows, by table; others are made from the table's name.
	Models map[string]string
	// Fields are what another client calls a column, by table and column.
	Fields map[string]map[string]string
}

// names are the identifiers of one output, each taken once.
type names struct{ taken map[string]bool }

func (n *names) take(name string) string {
	if n.taken == nil {
		n.taken = map[string]bool{}
	}
	out := name
	for i := 2; n.taken[out]; i++ {
		out = name + itoa(i)
	}
	n.taken[out] = true
	return out
}

// takeTable takes a name with those of its TypeScript interfaces.
func (n *names) takeTable(name string) string {
	out := name
	for i := 2; n.taken[out] || n.taken[out+"Row"] || n.taken[out+"Insert"] || n.taken[out+"Update"]; i++ {
		out = name + itoa(i)
	}
	for _, suffix := range []string{"", "Row", "Insert", "Update"} {
		n.taken[out+suffix] = true
	}
	return out
}

// enum is an enum type as the outputs write it.
type enum struct {
	name   string // an identifier
	source string
	labels []string
}

// model is an Input with identifiers: the same in every output.
type model struct {
	in     Input
	tables []tableModel
	enums  []enum
	taken  names
}

type tableModel struct {
	*schema.Table
	name string // an identifier, as Orders
	// enums are the enum's identifier of each column that has one.
	enums map[int]string
	// refers are the columns that a foreign key over one column leads to.
	refers map[int]string
}

func modelOf(in Input) *model {
	m := &model{in: in, taken: names{taken: map[string]bool{}}}
	taken := &m.taken
	for _, own := range []string{"Tables", "Json", "DefinedSchema", "Date", "Uint8Array", "ArrayBuffer"} {
		taken.take(own)
	}
	byShape := map[string]string{}
	for i := range in.Schema.Tables {
		t := &in.Schema.Tables[i]
		tm := tableModel{Table: t, enums: map[int]string{}, refers: map[int]string{}}
		if tm.name = in.Models[t.Name]; tm.name == "" {
			tm.name = pascal(t.Name)
		}
		tm.name = taken.takeTable(tm.name)
		m.tables = append(m.tables, tm)
	}
	for i := range m.tables {
		t := &m.tables[i]
		for c := range t.Columns {
			if col := &t.Columns[c]; len(col.Enum) > 0 {
				t.enums[c] = m.enumOf(t.Table, col, byShape, taken)
			}
		}
		for _, f := range t.Foreign {
			for n, name := range f.Columns {
				if at := t.Index(name); at >= 0 && n < len(f.References) {
					t.refers[at] = f.Table + "." + f.References[n]
				}
			}
		}
	}
	return m
}

// enumOf is the identifier of a column's enum: one for all columns of one type.
func (m *model) enumOf(t *schema.Table, c *schema.Column, byShape map[string]string, taken *names) string {
	source := strings.Trim(c.SourceType, `"`)
	if source == "" || source == "text" { // an enum of a schema.yaml has no type of its own
		source = t.Name + "_" + c.Name
	}
	shape := source + "\x00" + strings.Join(c.Enum, "\x00")
	name, ok := byShape[shape]
	if !ok {
		name = taken.take(pascal(source))
		byShape[shape] = name
		m.enums = append(m.enums, enum{name, source, c.Enum})
	}
	return name
}

// required says whether an insert must give a value.
func (t *tableModel) required(i int) bool {
	c := &t.Columns[i]
	if c.Generated {
		return false
	}
	if t.IsKey(i) {
		return !t.givenHere(i) // a device that is offline cannot ask the source for a key
	}
	return c.NotNull && c.Default == "" && !c.Identity
}

// givenHere says whether the local database itself fills the column in.
func (t *tableModel) givenHere(i int) bool {
	return !t.Columns[i].Identity && t.Columns[i].HasLocalDefault()
}

// pending says whether a column that is never NULL at the source may be NULL
// here, until the source has given its value.
func (t *tableModel) pending(i int) bool {
	c := &t.Columns[i]
	return c.NotNull && !t.IsKey(i) && !t.required(i) && !t.givenHere(i)
}

// nullable says whether a row read here may hold NULL.
func (t *tableModel) nullable(i int) bool {
	return !t.IsKey(i) && (!t.Columns[i].NotNull || t.pending(i))
}

// note is what a reader of a column's type wants to know, in sentences; "" for
// nothing.
func (t *tableModel) note(i int, fields map[string]string) string {
	c := &t.Columns[i]
	var parts []string
	if f := fields[c.Name]; f != "" && f != c.Name {
		parts = append(parts, "Prisma's "+f+".")
	}
	if to := t.refers[i]; to != "" {
		parts = append(parts, "Refers to "+to+".")
	}
	if isForeign(c.Type) {
		parts = append(parts, "Postgres's text of "+c.SourceType+".")
	}
	if c.Generated {
		parts = append(parts, "Computed by the source.")
	}
	switch {
	case t.pending(i):
		parts = append(parts, "NULL until the source has given it.")
	case t.IsKey(i) && (c.Identity || c.Default != "" && !t.givenHere(i)):
		parts = append(parts, "The source's default does not help offline: give a key.")
	}
	return strings.Join(parts, " ")
}

// isForeign says whether values are Postgres's text, which only Postgres reads.
func isForeign(t schema.Type) bool {
	return t == schema.TypeUnknown || t == schema.TypeArray || t == schema.TypeInterval
}
