package prisma

import (
	"cmp"
	"slices"
	"strings"

	"rockpool.dev/schema"
)

// deleteActions are Prisma's referential actions in SQL's words.
var deleteActions = map[string]string{
	"Cascade": "cascade", "Restrict": "restrict", "NoAction": "no action", "SetNull": "set null", "SetDefault": "set default",
}

// relations adds the foreign keys of a model's relation fields.
func (l *lowering) relations(m *declaration, t *schema.Table) {
	for _, f := range m.fields {
		to := l.models[f.typ]
		a := find(f.attrs, "relation")
		fields := a.arg("fields", -1)
		if to == nil || fields == nil {
			continue // no relation, or the side without the key
		}
		references := a.arg("references", -1)
		if references == nil {
			fail(a.pos, "the relation has fields and no references", "write references: [id]")
		}
		columns, targets := l.columnsOf(m, a, fields), l.columnsOf(to, a, references)
		if len(columns) != len(targets) {
			fail(references.pos, "fields and references are not of one length", "name as many references as fields")
		}
		key := schema.ForeignKey{Table: tableName(to), OnDelete: "restrict"}
		isOptional := false
		target := l.out.Schema.Table(key.Table)
		for i := range columns {
			key.Columns = append(key.Columns, t.Columns[columns[i]].Name)
			isOptional = isOptional || !t.Columns[columns[i]].NotNull
			if target == nil { // a view
				key.References = append(key.References, references.list[i].text)
				continue
			}
			key.References = append(key.References, target.Columns[targets[i]].Name)
		}
		if isOptional {
			key.OnDelete = "set null"
		}
		if given := a.arg("onDelete", -1); given != nil {
			if key.OnDelete = deleteActions[given.text]; key.OnDelete == "" {
				fail(given.pos, "there is no action "+given.text, cmp.Or(didYouMean(given.text, sortedKeys(deleteActions)), "actions are "+strings.Join(sortedKeys(deleteActions), ", ")))
			}
		}
		key.Name = cmp.Or(a.arg("map", -1).str(), t.Name+"_"+strings.Join(key.Columns, "_")+"_fkey")
		t.Foreign = append(t.Foreign, key)
	}
}

// manyToMany adds the tables of implicit many-to-many relations: Prisma names
// them _AToB after the models, or after the relation's name
// (https://www.prisma.io/docs/orm/prisma-schema/data-model/relations/many-to-many-relations).
func (l *lowering) manyToMany() {
	done := map[string]bool{}
	for _, m := range l.file.models {
		for _, f := range m.fields {
			to := l.models[f.typ]
			if to == nil || to.keyword != "model" || !f.list || l.isManySide(m, f, to) {
				continue
			}
			sides := []*declaration{m, to}
			slices.SortFunc(sides, func(a, b *declaration) int { return strings.Compare(a.name, b.name) })
			name := relationName(f)
			if name == "" {
				name = sides[0].name + "To" + sides[1].name
			}
			if name = "_" + name; done[name] {
				continue
			}
			done[name] = true
			l.joinTable(f, name, sides)
		}
	}
}

// isManySide tells the back of a one-to-many relation, whose other side has
// the key, or is no list.
func (l *lowering) isManySide(m *declaration, f *field, to *declaration) bool {
	back := false
	for _, other := range to.fields {
		if other != f && other.typ == m.name && relationName(other) == relationName(f) {
			if !other.list {
				return true
			}
			back = true
		}
	}
	if !back {
		fail(f.pos, "the relation "+m.name+"."+f.name+" has no field on the other side", "add one to "+to.name+", as "+strings.ToLower(m.name)+" "+m.name+" @relation(…)")
	}
	return false
}

func relationName(f *field) string {
	return find(f.attrs, "relation").arg("name", 0).str()
}

func (l *lowering) joinTable(f *field, name string, sides []*declaration) {
	t := schema.Table{Name: name, Key: []uint32{0, 1}}
	for i, side := range sides {
		target := l.out.Schema.Table(tableName(side))
		if len(target.Key) != 1 {
			fail(f.typePos, side.name+" has no key of one field, which an implicit many-to-many relation needs", "make the table between them a model")
		}
		id := target.Columns[target.Key[0]]
		column := string(rune('A' + i))
		t.Columns = append(t.Columns, schema.Column{Name: column, Type: id.Type, NotNull: true, SourceType: id.SourceType, Scale: id.Scale, HasScale: id.HasScale, Enum: id.Enum})
		t.Foreign = append(t.Foreign, schema.ForeignKey{
			Name: name + "_" + column + "_fkey", Columns: []string{column}, Table: target.Name, References: []string{id.Name}, OnDelete: "cascade",
		})
	}
	l.omit(name, "", "before version 6, Prisma made it without a primary key, and then its rows cannot be told apart", "if it is so: ALTER TABLE \""+name+"\" ADD PRIMARY KEY (\"A\", \"B\")")
	l.out.Schema.Tables = append(l.out.Schema.Tables, t)
}
