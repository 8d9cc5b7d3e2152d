package schema

import "strings"

// Mode says what a table's DDL is for.
type Mode uint8

// The modes.
const (
	// Client tables carry the primary key and unique indexes, and constant
	// defaults; the transaction manager checks the rest (SYNC.md §3).
	Client Mode = 1
	// Truth tables enforce everything: they are the source.
	Truth Mode = 2
	// Replica tables carry the primary key: what is legal in Postgres within
	// one transaction may not be row by row.
	Replica Mode = 3
)

// DDL returns the SQLite statements that make a table: CREATE TABLE, then its
// indexes.
func DDL(t *Table, mode Mode) []string {
	parts := make([]string, 0, len(t.Columns)+4)
	for i := range t.Columns {
		parts = append(parts, columnDDL(t, i, mode))
	}
	parts = append(parts, "PRIMARY KEY ("+columnList(t, t.Key)+")")
	if mode == Truth {
		parts = append(parts, truthDDL(t)...)
	}
	out := []string{"CREATE TABLE " + Quote(t.Name) + " (" + strings.Join(parts, ", ") + ")"}
	if mode != Replica {
		for i := range t.Unique {
			u := &t.Unique[i]
			out = append(out, "CREATE UNIQUE INDEX "+Quote(IndexName(t, u))+" ON "+Quote(t.Name)+" ("+columnList(t, u.Columns)+")")
		}
	}
	return out
}

// ImageDDL returns the statement that makes a table of images of a table's
// rows: columns that compare and sort as the table's own, then more; no key, no
// defaults.
func ImageDDL(t *Table, more ...string) string {
	parts := make([]string, 0, len(t.Columns)+len(more))
	for i := range t.Columns {
		parts = append(parts, columnDDL(t, i, Replica))
	}
	return "CREATE TABLE " + Quote(t.Name) + " (" + strings.Join(append(parts, more...), ", ") + ")"
}

// IndexName is the name of a unique constraint's index.
func IndexName(t *Table, u *Unique) string {
	if u.Name != "" {
		return u.Name
	}
	return t.Name + "_unique_" + strings.ReplaceAll(columnList(t, u.Columns), `"`, "")
}

func columnDDL(t *Table, i int, mode Mode) string {
	c := &t.Columns[i]
	out := Quote(c.Name) + " " + c.Type.declared()
	if c.Type == TypeDecimal {
		out += " COLLATE rockpool_decimal"
	}
	if mode == Truth && c.NotNull && !c.Identity && !c.Generated {
		out += " NOT NULL"
	}
	if mode != Replica && c.Default != "" {
		if expr, ok := portableDefault(c); ok {
			out += " DEFAULT " + expr
		}
	}
	return out
}

func truthDDL(t *Table) []string {
	var parts []string
	for _, k := range t.Checks {
		parts = append(parts, "CONSTRAINT "+Quote(k.Name)+" CHECK ("+k.Expr+")")
	}
	for i := range t.Foreign {
		f := &t.Foreign[i]
		part := "FOREIGN KEY (" + nameList(f.Columns) + ") REFERENCES " + Quote(f.Table) + " (" + nameList(f.References) + ")"
		switch f.OnDelete {
		case "cascade", "set null", "restrict":
			part += " ON DELETE " + strings.ToUpper(f.OnDelete)
		}
		parts = append(parts, part+" DEFERRABLE INITIALLY DEFERRED")
	}
	return parts
}

func columnList(t *Table, columns []uint32) string {
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = t.Columns[c].Name
	}
	return nameList(names)
}

func nameList(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = Quote(n)
	}
	return strings.Join(quoted, ", ")
}

// HasLocalDefault reports whether a client's own database fills the column in
// where a writer gives no value: its default is a constant, or the present time.
func (c *Column) HasLocalDefault() bool {
	expr, ok := portableDefault(c)
	return c.Default != "" && ok && expr != "NULL"
}

// portableDefault is a constant default, or the present time, as SQLite
// expression that gives the canonical form. Other defaults are the source's.
func portableDefault(c *Column) (string, bool) {
	switch strings.ToLower(uncast(c.Default)) {
	case "now()", "current_timestamp":
		switch c.Type {
		case TypeTimestampTZ:
			return "(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000+00:00')", true
		case TypeTimestamp:
			return "(strftime('%Y-%m-%dT%H:%M:%f', 'now') || '000')", true
		}
		return "", false
	case "current_date":
		return "(date('now'))", c.Type == TypeDate
	}
	if v, ok := c.ConstantDefault(); ok {
		return literal(v)
	}
	return "", false
}
