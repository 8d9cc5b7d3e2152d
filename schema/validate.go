package schema

import (
	"strings"

	"rockpool.dev/fault"
)

// Validate checks that every table has an ID, a name and a key, that names and
// IDs are unique, also to SQLite, which takes upper and lower case for the
// same, and that indexes point at columns. fault.InvalidArgument
// names the first table that does not hold.
func (s *Schema) Validate() error {
	names, ids := map[string]bool{}, map[uint32]bool{}
	for i := range s.Tables {
		t := &s.Tables[i]
		switch {
		case t.Name == "":
			return invalid("a table has no name")
		case t.ID == 0 || ids[t.ID]:
			return invalid("table " + t.Name + " has no ID of its own")
		case names[strings.ToLower(t.Name)]:
			return invalid("two tables are named " + t.Name)
		case strings.HasPrefix(strings.ToLower(t.Name), "_rockpool_"):
			return invalid("table " + t.Name + " has a name that Rockpool keeps for itself")
		case len(t.Key) == 0:
			return invalid("table " + t.Name + " has no primary key")
		}
		names[strings.ToLower(t.Name)], ids[t.ID] = true, true
		columns := map[string]bool{}
		for _, c := range t.Columns {
			if c.Name == "" || columns[strings.ToLower(c.Name)] {
				return invalid("table " + t.Name + " has a column without a name of its own")
			}
			columns[strings.ToLower(c.Name)] = true
		}
		lists := [][]uint32{t.Key}
		for _, u := range t.Unique {
			lists = append(lists, u.Columns)
		}
		for _, list := range lists {
			for _, c := range list {
				if int(c) >= len(t.Columns) {
					return invalid("table " + t.Name + " has a key over a column that it lacks")
				}
			}
		}
	}
	return nil
}

func invalid(msg string) error { return fault.New(fault.InvalidArgument, "check the schema", msg) }
