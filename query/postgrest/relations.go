package postgrest

import (
	"strings"

	"rockpool.dev/query"
	"rockpool.dev/schema"
)

// cardinality is how many rows stand at each end of a relation.
type cardinality uint8

const (
	manyToOne cardinality = iota + 1
	oneToOne
	oneToMany
	manyToMany
)

var cardinalityNames = [...]string{
	manyToOne: "many-to-one", oneToOne: "one-to-one", oneToMany: "one-to-many", manyToMany: "many-to-many",
}

// relation is a way from a table to another by foreign keys.
type relation struct {
	card      cardinality
	from, to  *schema.Table
	name      string // of the foreign key
	near, far []string
	// self says that both tables are one.
	self bool
	// junction stands between both: its near columns refer to from, far to to.
	junction                    *schema.Table
	junctionNear, junctionFar   []string
	junctionNearName, nameOfFar string
}

func (r *relation) toOne() bool { return r.card == manyToOne || r.card == oneToOne }

// foreignName is a foreign key's name, as Postgres would have given it where the
// schema has none.
func foreignName(t *schema.Table, f *schema.ForeignKey) string {
	if f.Name != "" {
		return f.Name
	}
	return t.Name + "_" + strings.Join(f.Columns, "_") + "_fkey"
}

// relationsOf lists the relations of a table, to others and to itself.
func relationsOf(s *schema.Schema, t *schema.Table) (list []*relation) {
	for i := range t.Foreign {
		f := &t.Foreign[i]
		other := s.Table(f.Table)
		if other == nil || len(f.Columns) != len(f.References) {
			continue
		}
		r := &relation{card: manyToOne, from: t, to: other, name: foreignName(t, f), near: f.Columns, far: f.References, self: other == t}
		if isUnique(t, f.Columns) {
			r.card = oneToOne
		}
		list = append(list, r)
	}
	for i := range s.Tables {
		other := &s.Tables[i]
		for j := range other.Foreign {
			f := &other.Foreign[j]
			if f.Table != t.Name || len(f.Columns) != len(f.References) {
				continue
			}
			r := &relation{card: oneToMany, from: t, to: other, name: foreignName(other, f), near: f.References, far: f.Columns, self: other == t}
			if isUnique(other, f.Columns) {
				r.card = oneToOne
			}
			list = append(list, r)
			list = append(list, throughJunction(s, t, other, f)...)
		}
	}
	return list
}

// throughJunction lists what a table reaches by the other foreign keys of one
// that refers to it, where both keys are of the junction's primary key.
func throughJunction(s *schema.Schema, t, junction *schema.Table, near *schema.ForeignKey) (list []*relation) {
	if !inKey(junction, near.Columns) {
		return nil
	}
	for i := range junction.Foreign {
		far := &junction.Foreign[i]
		other := s.Table(far.Table)
		if far == near || other == nil || len(far.Columns) != len(far.References) || !inKey(junction, far.Columns) {
			continue
		}
		list = append(list, &relation{
			card: manyToMany, from: t, to: other, near: near.References, far: far.References, self: other == t,
			junction: junction, junctionNear: near.Columns, junctionFar: far.Columns,
			junctionNearName: foreignName(junction, near), nameOfFar: foreignName(junction, far),
		})
	}
	return list
}

func inKey(t *schema.Table, columns []string) bool {
	for _, name := range columns {
		if at := t.Index(name); at < 0 || !t.IsKey(at) {
			return false
		}
	}
	return len(columns) > 0
}

// isUnique reports whether columns hold a key of their table.
func isUnique(t *schema.Table, columns []string) bool {
	holds := func(key []uint32) bool {
		if len(key) == 0 || len(key) > len(columns) {
			return false
		}
		for _, k := range key {
			found := false
			for _, name := range columns {
				found = found || name == t.Columns[k].Name
			}
			if !found {
				return false
			}
		}
		return true
	}
	if holds(t.Key) {
		return true
	}
	for i := range t.Unique {
		if holds(t.Unique[i].Columns) {
			return true
		}
	}
	return false
}

// findRelation is the one relation that an embed means.
func findRelation(s *schema.Schema, origin *schema.Table, target, hint string) (*relation, *Error) {
	var found []*relation
	for _, r := range relationsOf(s, origin) {
		if r.means(target, hint) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 0:
		return nil, noRelation(s, origin, target, hint)
	case 1:
		return found[0], nil
	}
	return nil, ambiguous(origin, target, found)
}

// means follows PostgREST's rules for names and hints,
// https://docs.postgrest.org/en/v12/references/api/resource_embedding.html.
func (r *relation) means(target, hint string) bool {
	single := func(columns []string, name string) bool {
		return r.card != manyToMany && len(columns) == 1 && columns[0] == name
	}
	named := r.card != manyToMany && r.name != ""
	if r.self && r.card != manyToMany {
		if hint == "" {
			return target == r.to.Name && r.card == oneToMany || single(r.near, target) && r.card == manyToOne
		}
		return target == r.to.Name && r.card == oneToMany && single(r.far, hint)
	}
	if hint == "" {
		return target == r.to.Name || named && target == r.name || single(r.near, target)
	}
	return target == r.to.Name && (named && hint == r.name || single(r.near, hint) || single(r.far, hint) ||
		r.junction != nil && hint == r.junction.Name)
}

func noRelation(s *schema.Schema, origin *schema.Table, target, hint string) *Error {
	e := refuse("PGRST200", "Could not find a relationship between '"+origin.Name+"' and '"+target+"' in the schema cache").with("Searched for a foreign key relationship between '"+origin.Name+"' and '"+target+"'", "")
	if hint != "" {
		e.Details += " using the hint '" + hint + "'"
	}
	e.Details += " in the schema '" + publicSchema + "', but no matches were found."
	var names []string
	for _, r := range relationsOf(s, origin) {
		names = append(names, r.to.Name)
	}
	if near := query.Suggest(target, names); near != "" && near != target {
		e.Hint = "Perhaps you meant '" + near + "' instead of '" + target + "'."
	}
	return e
}

func ambiguous(origin *schema.Table, target string, found []*relation) *Error {
	list := func(names []string) string { return "(" + strings.Join(names, ", ") + ")" }
	details, hints := "[", ""
	for i, r := range found {
		using, hint := r.name, r.name
		if r.card == manyToMany {
			hint = r.junction.Name
			using = hint + " using " + r.junctionNearName + list(r.junctionNear) + " and " + r.nameOfFar + list(r.junctionFar)
		} else {
			using += " using " + r.from.Name + list(r.near) + " and " + r.to.Name + list(r.far)
		}
		if i > 0 {
			details, hints = details+",", hints+", "
		}
		details += `{"cardinality":"` + cardinalityNames[r.card] + `","embedding":` +
			jsonText(r.from.Name+" with "+r.to.Name) +
			`,"relationship":` + jsonText(using) + `}`
		hints += "'" + r.to.Name + "!" + hint + "'"
	}
	return &Error{
		Status: 300, Code: "PGRST201", raw: true, Details: details + "]",
		Message: "Could not embed because more than one relationship was found for '" + origin.Name + "' and '" + target + "'",
		Hint: "Try changing '" + target + "' to one of the following: " + hints +
			". Find the desired relationship in the 'details' key.",
	}
}
