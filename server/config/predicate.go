package config

import (
	"github.com/goccy/go-yaml"

	"rockpool.dev/fault"
	"rockpool.dev/server/policy"
	"rockpool.dev/server/shape"
)

// Predicate is a policy in the file: a text, true or false. nil is absent.
type Predicate struct {
	*policy.Predicate
}

// UnmarshalYAML reads a boolean or a predicate's text.
func (p *Predicate) UnmarshalYAML(text []byte) error {
	var v any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return err
	}
	switch v := v.(type) {
	case nil:
		return nil
	case bool:
		p.Predicate = policy.Always(v)
		return nil
	case string:
		var err error
		p.Predicate, err = policy.Parse(v)
		return err
	}
	return fault.New(fault.InvalidArgument, "read a policy", "it must be a predicate, true or false")
}

// Rules are the policies in the form that package shape takes.
func (c *Config) Rules() map[string]shape.Rule {
	out := map[string]shape.Rule{}
	for name, t := range c.Tables {
		out[name] = shape.Rule{Read: t.Read.Predicate, Write: t.Write.Predicate}
	}
	return out
}

// ShapeRules are the shapes in the form that package shape takes.
func (c *Config) ShapeRules() (map[string]shape.Shape, error) {
	out := map[string]shape.Shape{}
	for name, s := range c.Shapes {
		where := policy.Always(true)
		if s.Where != "" {
			var err error
			if where, err = policy.Parse(s.Where); err != nil {
				return nil, fault.In("shapes."+name+".where", err)
			}
		}
		out[name] = shape.Shape{Table: s.Table, Where: where}
	}
	return out, nil
}
