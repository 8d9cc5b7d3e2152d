package prisma

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"rockpool.dev/schema"
)

// lowering turns declarations into tables. Like the parser it stops at the
// first mistake.
type lowering struct {
	file     *file
	out      *Result
	provider string
	enums    map[string]*declaration
	models   map[string]*declaration
	// places are the index of each field's column in its model's table.
	places map[*field]int
}

func (l *lowering) run() (err *Error) {
	defer func() {
		if thrown := recover(); thrown != nil {
			e, ok := thrown.(*Error)
			if !ok {
				panic(thrown)
			}
			err = e
		}
	}()
	l.datasource()
	l.enums, l.models, l.places = map[string]*declaration{}, map[string]*declaration{}, map[*field]int{}
	for _, list := range [][]*declaration{l.file.enums, l.file.models, l.file.views} {
		for _, d := range list {
			if l.enums[d.name] != nil || l.models[d.name] != nil || scalars[d.name] != "" {
				fail(d.pos, "there are two declarations of "+d.name, "give one another name, and @@map it")
			}
			if d.keyword == "enum" {
				l.enums[d.name] = d
			} else {
				l.models[d.name] = d
			}
		}
	}
	for _, m := range l.file.models {
		l.model(m)
	}
	for i, m := range l.file.models {
		l.relations(m, &l.out.Schema.Tables[i])
	}
	l.manyToMany()
	return nil
}

func (l *lowering) datasource() {
	l.provider = "postgresql"
	d := l.file.datasource
	if d == nil {
		return
	}
	for _, f := range d.fields {
		if f.name != "provider" {
			continue
		}
		if l.provider = f.set.str(); !slices.Contains(providers, l.provider) {
			fail(f.set.pos, "the provider "+strconv.Quote(l.provider)+" is not one that Rockpool reads", cmp.Or(didYouMean(l.provider, providers), "it reads "+strings.Join(providers, ", ")))
		}
	}
}

// tableName is a model's name in the database.
func tableName(d *declaration) string {
	return cmp.Or(find(d.attrs, "map").arg("name", 0).str(), d.name)
}

// columnName is a field's name in the database.
func columnName(f *field) string {
	return cmp.Or(find(f.attrs, "map").arg("name", 0).str(), f.name)
}

func (l *lowering) model(m *declaration) {
	t := schema.Table{Name: tableName(m)}
	fields := map[string]string{}
	seen := map[string]bool{}
	for _, f := range m.fields {
		if seen[f.name] {
			fail(f.pos, m.name+" has two fields "+f.name, "give one another name")
		}
		seen[f.name] = true
		if l.models[f.typ] != nil {
			continue // a relation's side is no column
		}
		c := l.column(m, f)
		fields[c.Name] = f.name
		l.places[f] = len(t.Columns)
		t.Columns = append(t.Columns, c)
		at := []uint32{uint32(l.places[f])}
		if a := find(f.attrs, "id"); a != nil {
			if t.Key != nil {
				fail(a.pos, m.name+" has two fields with @id", "a key of several fields is @@id([…])")
			}
			t.Key = at
		}
		if a := find(f.attrs, "unique"); a != nil {
			t.Unique = append(t.Unique, schema.Unique{Name: cmp.Or(a.arg("map", -1).str(), t.Name+"_"+c.Name+"_key"), Columns: at})
		}
		if c.Type == schema.TypeUnknown {
			l.omit(t.Name, c.Name, "its type "+c.SourceType+" is kept as Postgres's text, which SQLite neither compares nor sorts by value", "compare it in Postgres, or add a column of a plain type")
		}
	}
	for i := range m.attrs {
		switch a := &m.attrs[i]; a.name {
		case "id":
			t.Key = l.columnsOf(m, a, a.arg("fields", 0))
			for _, k := range t.Key {
				t.Columns[k].NotNull = true
			}
		case "unique":
			u := schema.Unique{Columns: l.columnsOf(m, a, a.arg("fields", 0)), Name: a.arg("map", -1).str()}
			if u.Name == "" {
				u.Name = t.Name
				for _, c := range u.Columns {
					u.Name += "_" + t.Columns[c].Name
				}
				u.Name += "_key"
			}
			t.Unique = append(t.Unique, u)
		}
	}
	l.out.Schema.Tables = append(l.out.Schema.Tables, t)
	l.out.Models[t.Name], l.out.Fields[t.Name] = m.name, fields
}

// columnsOf reads a list of fields as columns.
func (l *lowering) columnsOf(m *declaration, a *attribute, list *expr) (out []uint32) {
	if list == nil || list.kind != exprList || len(list.list) == 0 {
		fail(a.pos, "@@"+a.name+" takes a list of fields", "write @@"+a.name+"([a, b])")
	}
	for i := range list.list {
		f := l.fieldOf(m, &list.list[i])
		at, ok := l.places[f]
		if !ok {
			fail(list.list[i].pos, f.name+" is a relation, which has no column", "name the fields of the relation's key")
		}
		out = append(out, uint32(at))
	}
	return out
}

// fieldOf finds the field that an expression names: id, or email(sort: Desc).
func (l *lowering) fieldOf(m *declaration, e *expr) *field {
	var names []string
	for _, f := range m.fields {
		if f.name == e.text && (e.kind == exprWord || e.kind == exprCall) {
			return f
		}
		names = append(names, f.name)
	}
	fail(e.pos, m.name+" has no field "+e.text, didYouMean(e.text, names))
	return nil
}

func (l *lowering) column(m *declaration, f *field) schema.Column {
	c := schema.Column{Name: columnName(f), NotNull: !f.null && !f.list}
	enum := l.enums[f.typ]
	switch {
	case f.unsupported != "":
		c.SourceType = f.unsupported
	case enum != nil:
		c.Type, c.SourceType = schema.TypeEnum, typeName(tableName(enum))
		for _, v := range enum.fields {
			c.Enum = append(c.Enum, columnName(v))
		}
	case scalars[f.typ] != "":
		c.SourceType = scalars[f.typ]
		if other := sqliteScalars[f.typ]; other != "" && l.provider == "sqlite" {
			c.SourceType = other
		}
	default:
		known := append(append(sortedKeys(scalars), sortedKeys(l.enums)...), sortedKeys(l.models)...)
		fail(f.typePos, "there is no type "+f.typ, cmp.Or(didYouMean(f.typ, known), "scalars are "+strings.Join(sortedKeys(scalars), ", ")))
	}
	for i := range f.attrs {
		if a := &f.attrs[i]; strings.HasPrefix(a.name, "db.") {
			c.SourceType = native(a)
		}
	}
	if f.list {
		c.SourceType += "[]"
		c.Type, c.Enum = schema.TypeArray, nil
	}
	if c.Type == schema.TypeUnknown {
		c.Type = schema.TypeOf(c.SourceType)
	}
	c.Scale, c.HasScale = scaleOf(&c)
	if a := find(f.attrs, "default"); a != nil {
		l.setDefault(&c, f, a, enum)
	}
	return c
}

// native is the database's type of an @db.X(…).
func native(a *attribute) string {
	name := strings.TrimPrefix(a.name, "db.")
	pattern, ok := natives[name]
	if !ok {
		fail(a.pos, "there is no native type @"+a.name, didYouMean(name, sortedKeys(natives)))
	}
	modifier := ""
	if len(a.args) > 0 {
		var parts []string
		for _, one := range a.args {
			if one.value.kind != exprNumber {
				fail(one.value.pos, "@"+a.name+" takes numbers", "")
			}
			parts = append(parts, one.value.text)
		}
		modifier = "(" + strings.Join(parts, ",") + ")"
	}
	return strings.Replace(pattern, "%", modifier, 1)
}

func scaleOf(c *schema.Column) (uint32, bool) {
	_, inner, ok := strings.Cut(c.SourceType, "(")
	if c.Type != schema.TypeDecimal || !ok {
		return 0, false
	}
	_, scale, hasScale := strings.Cut(strings.TrimSuffix(inner, ")"), ",")
	n, err := strconv.ParseUint(strings.TrimSpace(scale), 10, 8)
	return uint32(n), err == nil || !hasScale
}

// setDefault reads @default. What Prisma's client makes, as uuid() and cuid(),
// the database does not: such a column has no default.
func (l *lowering) setDefault(c *schema.Column, f *field, a *attribute, enum *declaration) {
	e := a.arg("value", 0)
	if e == nil {
		fail(a.pos, "@default takes a value", "")
	}
	switch {
	case e.kind == exprCall:
		switch e.text {
		case "autoincrement", "sequence":
			c.Identity = true
		case "now":
			c.Default = "now()"
		case "dbgenerated":
			if len(e.args) > 0 {
				c.Default = e.args[0].value.str()
			}
		case "uuid", "cuid", "ulid", "nanoid", "auto":
		default:
			fail(e.pos, "there is no function "+e.text+"()", didYouMean(e.text, []string{"autoincrement", "now", "dbgenerated", "uuid", "cuid", "ulid", "nanoid"}))
		}
	case e.kind == exprList && f.list:
		c.Default = quoteText(arrayText(e.list))
	case e.kind == exprWord && enum != nil:
		c.Default = quoteText(l.label(enum, e))
	case e.kind == exprWord && (e.text == "true" || e.text == "false"), e.kind == exprNumber:
		c.Default = e.text
	case e.kind == exprText:
		c.Default = quoteText(e.text)
	default:
		fail(e.pos, "this is no default for "+f.name, "")
	}
}

func (l *lowering) label(enum *declaration, e *expr) string {
	var names []string
	for _, v := range enum.fields {
		if v.name == e.text {
			return columnName(v)
		}
		names = append(names, v.name)
	}
	fail(e.pos, enum.name+" has no value "+e.text, didYouMean(e.text, names))
	return ""
}

// arrayText is a list as Postgres writes an array.
func arrayText(list []expr) string {
	items := make([]string, len(list))
	for i, e := range list {
		items[i] = e.text
		if e.kind == exprText {
			items[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(e.text) + `"`
		}
	}
	return "{" + strings.Join(items, ",") + "}"
}

// typeName is a type's name as Postgres prints it: quoted unless it is plain.
func typeName(name string) string {
	for i, r := range name {
		if r != '_' && (r < 'a' || r > 'z') && (i == 0 || r < '0' || r > '9') {
			return `"` + strings.ReplaceAll(name, `"`, `""`) + `"`
		}
	}
	return name
}
