// Package shape turns what a client asks for into what it may have: a bucket,
// which is one table's rows under the read policy and the shape's own
// condition, with the caller's claims and arguments put in (SYNC.md §5). It
// owns rockpool.yaml's rules once they are checked, and no rows.
package shape

import (
	"slices"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/policy"
	"rockpool.dev/server/source"
	"rockpool.dev/value"
)

// Rule is who may read and write one table; nil is nobody.
type Rule struct {
	Read, Write *policy.Predicate
}

// Shape is a named part of one table.
type Shape struct {
	Table string
	Where *policy.Predicate
}

// Catalog is every rule of a relay. It is not changed once made, and safe for
// concurrent use.
type Catalog struct {
	schema *schema.Schema
	rules  map[string]Rule
	shapes map[string]Shape
}

// New checks the rules against the schema: every table and column exists and
// every comparison can be made. The error names the table or shape.
func New(s *schema.Schema, rules map[string]Rule, shapes map[string]Shape) (*Catalog, error) {
	for name, r := range rules {
		t := s.Table(name)
		if t == nil {
			return nil, unknownTable("tables", name)
		}
		for what, p := range map[string]*policy.Predicate{"read": r.Read, "write": r.Write} {
			if p == nil {
				continue
			}
			if err := p.Check(t, nil); err != nil {
				return nil, fault.In("tables."+name+"."+what, err)
			}
		}
	}
	for name, sh := range shapes {
		t := s.Table(sh.Table)
		if t == nil {
			return nil, unknownTable("shapes."+name, sh.Table)
		}
		if other := s.Table(name); other != nil {
			return nil, fault.New(fault.InvalidArgument, "shapes."+name, "a shape must not have the name of a table")
		}
		if err := sh.Where.Check(t, sh.Where.Params()); err != nil {
			return nil, fault.In("shapes."+name+".where", err)
		}
	}
	return &Catalog{s, rules, shapes}, nil
}

func unknownTable(where, name string) error {
	return fault.New(fault.UnknownTable, where, "the source publishes no table "+name)
}

// Open returns the catalog of rockpool dev: everybody reads and writes all.
func Open(s *schema.Schema, shapes map[string]Shape) (*Catalog, error) {
	rules := map[string]Rule{}
	for i := range s.Tables {
		rules[s.Tables[i].Name] = Rule{policy.Always(true), policy.Always(true)}
	}
	return New(s, rules, shapes)
}

// Schema is what the rules were checked against.
func (c *Catalog) Schema() *schema.Schema { return c.schema }

// Closed lists the tables that nobody may read, sorted.
func (c *Catalog) Closed() []string {
	var out []string
	for i := range c.schema.Tables {
		if name := c.schema.Tables[i].Name; c.rules[name].Read == nil {
			out = append(out, name)
		}
	}
	slices.Sort(out)
	return out
}

// MayWrite is the write policy: it must hold for the row before and after.
func (c *Catalog) MayWrite(who *source.Client, t *schema.Table, old, new value.Row) error {
	rule := c.rules[t.Name].Write
	if rule == nil {
		return fault.New(fault.NoPolicy, "write to "+t.Name, "no policy lets anybody write it").
			WithHint("add tables." + t.Name + ".write to rockpool.yaml")
	}
	b, err := rule.Bind(t, policy.Env{Claims: who.Claims})
	if err != nil {
		return err
	}
	for _, row := range []value.Row{old, new} {
		if row != nil && !b.Match(row) {
			return fault.New(fault.Forbidden, "write to "+t.Name, "a row it writes is gone or not yours")
		}
	}
	return nil
}

// Readable says which rows of a table a caller may read.
func (c *Catalog) Readable(t *schema.Table, claims map[string]any) (*policy.Bound, error) {
	rule := c.rules[t.Name].Read
	if rule == nil {
		return nil, fault.New(fault.NoPolicy, "read "+t.Name, "no policy lets anybody read it").
			WithHint("add tables." + t.Name + ".read to rockpool.yaml")
	}
	return rule.Bind(t, policy.Env{Claims: claims})
}
