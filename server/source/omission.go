package source

import (
	"slices"
	"strings"

	"rockpool.dev/schema"
)

// Omission is something of a database that does not reach clients, or not as
// it is there: a whole table when Column is "".
type Omission struct {
	Table  string
	Column string
	// Why says what is the matter, as "it is a view, and only tables are followed".
	Why string
	// Hint says what to do now; it may be empty.
	Hint string
}

// String is "table.column: why".
func (o Omission) String() string {
	at := o.Table
	if o.Column != "" {
		at += "." + o.Column
	}
	return at + ": " + o.Why
}

// OmitUnsyncable takes the tables out of a schema that no source could sync,
// then foreign keys that lead to a table that is not there, and numbers the
// tables from 1 on. It returns why, in the order of the tables.
func OmitUnsyncable(s *schema.Schema) (out []Omission) {
	names := map[string]string{}
	s.Tables = slices.DeleteFunc(s.Tables, func(t schema.Table) bool {
		o := unsyncable(&t, names)
		if o.Why != "" {
			out = append(out, o)
			return true
		}
		names[strings.ToLower(t.Name)] = t.Name
		return false
	})
	for i := range s.Tables {
		t := &s.Tables[i]
		t.ID = uint32(i + 1)
		t.Foreign = slices.DeleteFunc(t.Foreign, func(f schema.ForeignKey) bool {
			if s.Table(f.Table) != nil {
				return false
			}
			out = append(out, Omission{Table: t.Name, Column: strings.Join(f.Columns, ", "), Why: "its foreign key refers to " + f.Table + ", which is left out: only the source checks it"})
			return true
		})
	}
	return out
}

// unsyncable says why a table cannot be synced; names are the tables before it,
// by their lower case. Why is "" where it can.
func unsyncable(t *schema.Table, names map[string]string) Omission {
	o := Omission{Table: t.Name}
	columns := map[string]string{}
	for _, c := range t.Columns {
		lower := strings.ToLower(c.Name)
		if other, ok := columns[lower]; ok {
			return Omission{t.Name, c.Name, "case alone tells it from " + other + ", and SQLite takes the two for one: the table is left out", "rename one of them"}
		}
		columns[lower] = c.Name
	}
	switch other, taken := names[strings.ToLower(t.Name)]; {
	case strings.HasPrefix(strings.ToLower(t.Name), "_rockpool_"):
		o.Why, o.Hint = "Rockpool keeps names that begin so for itself: it is left out", "rename it"
	case taken:
		o.Why, o.Hint = "case alone tells it from "+other+", and SQLite takes the two for one: it is left out", "rename one of them"
	case len(t.Key) == 0:
		o.Why, o.Hint = "it has no primary key of columns that are synced, so its rows cannot be told apart: it is left out", "give it a primary key"
	}
	return o
}
