package prisma

// file is what one schema holds, or several files of one.
type file struct {
	datasource *declaration
	models     []*declaration
	views      []*declaration
	enums      []*declaration
}

// declaration is a block: a keyword, a name and what is between its braces.
type declaration struct {
	keyword string
	name    string
	pos     pos
	doc     string
	// fields are a model's, an enum's values, or a datasource's settings.
	fields []*field
	// attrs are the block's own, @@map(…).
	attrs []attribute
}

// field is a line of a block.
type field struct {
	name string
	pos  pos
	doc  string
	// typ is the name of a model's field's type; typePos its place.
	typ     string
	typePos pos
	list    bool
	null    bool
	// unsupported is the database's type of an Unsupported("…").
	unsupported string
	// set is a setting's value.
	set   *expr
	attrs []attribute
}

// attribute is @name(args).
type attribute struct {
	// name has its dots: "db.VarChar".
	name string
	pos  pos
	args []arg
}

type arg struct {
	name  string // "" where none is given
	value expr
}

type exprKind uint8

const (
	exprText exprKind = iota + 1
	exprNumber
	exprWord // true, a field's name, an enum's value
	exprCall // now(), email(sort: Desc)
	exprList
)

type expr struct {
	kind exprKind
	text string
	pos  pos
	args []arg  // of a call
	list []expr // of a list
}

// attr returns the attribute of that name, or nil.
func find(attrs []attribute, name string) *attribute {
	for i := range attrs {
		if attrs[i].name == name {
			return &attrs[i]
		}
	}
	return nil
}

// arg returns the argument of that name, or the one that stands there without
// a name; nil when there is none.
func (a *attribute) arg(name string, place int) *expr {
	if a == nil {
		return nil
	}
	for i := range a.args {
		if a.args[i].name == name {
			return &a.args[i].value
		}
	}
	for i := range a.args {
		if a.args[i].name == "" && i == place {
			return &a.args[i].value
		}
	}
	return nil
}

// text is the string of an argument, or "".
func (e *expr) str() string {
	if e == nil || e.kind != exprText {
		return ""
	}
	return e.text
}
