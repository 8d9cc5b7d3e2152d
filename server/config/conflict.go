package config

import (
	"github.com/goccy/go-yaml"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
)

// Conflict is a table's strategy, and its columns' where they differ: either
// "manual" or { default: merge, columns: { stock: delta } }.
type Conflict struct {
	Default string            `yaml:"default"`
	Columns map[string]string `yaml:"columns"`
}

// UnmarshalYAML reads the short or the long form.
func (c *Conflict) UnmarshalYAML(text []byte) error {
	var short string
	if err := yaml.Unmarshal(text, &short); err == nil {
		c.Default = short
		return nil
	}
	type long Conflict
	return yaml.UnmarshalWithOptions(text, (*long)(c), yaml.Strict())
}

var strategies = map[string]schema.Strategy{
	"": schema.StrategyInherit, "merge": schema.StrategyMerge, "lww": schema.StrategyLWW, "manual": schema.StrategyManual,
	"delta": schema.StrategyDelta, "max": schema.StrategyMax, "min": schema.StrategyMin, "union": schema.StrategyUnion,
	"text": schema.StrategyText, "json": schema.StrategyJSON, "set": schema.StrategySet,
}

// Strategy reads a strategy's name.
func Strategy(name string, column bool) (schema.Strategy, error) {
	s, ok := strategies[name]
	if !ok || !column && s > schema.StrategyManual {
		return 0, fault.New(fault.InvalidArgument, "read a conflict strategy", "there is no strategy "+name+" here").
			WithHint("a table may be merge, lww or manual; a column also delta, max, min, union, text, json or set")
	}
	return s, nil
}

// Fits refuses a strategy that cannot merge a column's values:
// fault.InvalidArgument.
func Fits(c *schema.Column) error {
	ok, of := true, ""
	switch c.Strategy {
	case schema.StrategyText:
		ok, of = c.Type == schema.TypeText, "text merges text"
	case schema.StrategyJSON:
		ok, of = c.Type == schema.TypeJSON || c.Type == schema.TypeJSONB, "json merges json and jsonb"
	case schema.StrategySet:
		ok, of = c.Type == schema.TypeArray || c.Type == schema.TypeJSON || c.Type == schema.TypeJSONB, "set merges arrays, json and jsonb"
	}
	if ok {
		return nil
	}
	return fault.New(fault.InvalidArgument, "conflict strategy of column "+c.Name, "its type is "+c.Type.String()).WithHint(of)
}

func (c *Conflict) check() error {
	if _, err := Strategy(c.Default, false); err != nil {
		return err
	}
	for _, s := range c.Columns {
		if _, err := Strategy(s, true); err != nil {
			return err
		}
	}
	return nil
}

// Apply puts the file's strategies into a schema. fault.UnknownTable,
// fault.UnknownColumn for what the schema does not have.
func (c *Config) Apply(s *schema.Schema) error {
	for name, t := range c.Tables {
		table := s.Table(name)
		if table == nil {
			return fault.New(fault.UnknownTable, "tables."+name, "the source publishes no such table")
		}
		if t.Conflict.Default != "" {
			table.Strategy, _ = Strategy(t.Conflict.Default, false)
		}
		for col, name := range t.Conflict.Columns {
			at := table.Index(col)
			if at < 0 {
				return fault.New(fault.UnknownColumn, "tables."+table.Name+".conflict", "there is no column "+col)
			}
			table.Columns[at].Strategy, _ = Strategy(name, true)
			if err := Fits(&table.Columns[at]); err != nil {
				return fault.In("tables."+table.Name, err)
			}
		}
	}
	return nil
}
