package policy

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// Check tests a predicate against the table it is for: its columns exist, and
// what it compares can be compared as the source would. params are the names
// that :parameters may have.
func (p *Predicate) Check(t *schema.Table, params []string) error {
	return p.root.check(t, params)
}

// Params returns the names of the parameters, sorted.
func (p *Predicate) Params() []string {
	var names []string
	p.root.each(func(n *node) {
		for _, a := range n.args {
			if a.kind == opParam && !slices.Contains(names, a.name) {
				names = append(names, a.name)
			}
		}
	})
	slices.Sort(names)
	return names
}

func (n *node) each(f func(*node)) {
	f(n)
	for _, k := range n.kids {
		k.each(f)
	}
}

func (n *node) check(t *schema.Table, params []string) error {
	for _, k := range n.kids {
		if err := k.check(t, params); err != nil {
			return err
		}
	}
	for _, a := range n.args {
		if a.kind == opColumn && t.Index(a.name) < 0 {
			return fault.New(fault.UnknownColumn, "read a policy", "table "+t.Name+" has no column "+a.name).At(a.at)
		}
		if a.kind == opParam && !slices.Contains(params, a.name) {
			return refuse(a.at, "parameter :"+a.name+" is not allowed here")
		}
	}
	switch n.kind {
	case nodeCompare:
		return n.checkCompare(t)
	case nodeLike:
		if a := n.args[0]; a.kind == opColumn && !isText(t.Columns[t.Index(a.name)].Type) {
			return refuse(n.at, "LIKE needs a text column")
		}
	}
	return nil
}

func (n *node) checkCompare(t *schema.Table) error {
	var types []schema.Type
	for _, a := range n.args {
		if a.kind == opColumn {
			types = append(types, t.Columns[t.Index(a.name)].Type)
		}
	}
	if len(types) == 2 && classOf(types[0]) != classOf(types[1]) {
		return refuse(n.at, "it compares columns of different types")
	}
	for _, ty := range types {
		if n.op != "=" && n.op != "<>" && !ordered(ty) {
			return refuse(n.at, "values of this type can be compared with = and <> only: their order is the source's")
		}
		if ty == schema.TypeJSON {
			return refuse(n.at, "json has no equality; use jsonb")
		}
	}
	return nil
}

// class groups types whose stored forms compare with each other.
type class uint8

const (
	classText class = iota
	classNumber
	classDecimal
	classBytes
	classOpaque // compares with its own type only
)

func classOf(t schema.Type) class {
	switch t {
	case schema.TypeInt, schema.TypeBool, schema.TypeFloat:
		return classNumber
	case schema.TypeDecimal:
		return classDecimal
	case schema.TypeBytes:
		return classBytes
	case schema.TypeText, schema.TypeUUID, schema.TypeEnum, schema.TypeUnknown:
		return classText
	default:
		return classOpaque + class(t)
	}
}

// ordered says whether the order of the stored forms is the source's order.
func ordered(t schema.Type) bool {
	switch t {
	case schema.TypeInt, schema.TypeBool, schema.TypeFloat, schema.TypeDecimal, schema.TypeUUID, schema.TypeBytes,
		schema.TypeTimestampTZ, schema.TypeTimestamp, schema.TypeDate, schema.TypeTime:
		return true
	}
	return false
}

func isText(t schema.Type) bool { return t == schema.TypeText || t == schema.TypeUnknown }
