package config_test

import (
	"strings"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/config"
)

const good = `
listen: 127.0.0.1:7400
origins: ["https://app.example"]
tables:
  products: { read: true, write: "auth.role = 'staff'", conflict: { default: lww, columns: { stock: delta } } }
  orders: { read: "customer = auth.sub", conflict: manual }
  hidden: {}
shapes:
  of_customer: { table: orders, where: "customer = :customer" }
auth: { jwks: "https://issuer.example/keys", audience: authenticated }
limits: { sessions: 5 }
`

// The file of DESIGN.md's form reads, and its strategies reach the schema.
func TestParse(t *testing.T) {
	t.Parallel()
	c, err := config.Parse([]byte(good))
	if err != nil {
		t.Fatal(err)
	}
	rules := c.Rules()
	if rules["products"].Read == nil || rules["products"].Write == nil || rules["orders"].Write != nil || rules["hidden"].Read != nil {
		t.Fatalf("rules %+v: what is absent must be nobody's", rules)
	}
	s := &schema.Schema{Tables: []schema.Table{
		{Name: "products", Columns: []schema.Column{{Name: "stock"}}}, {Name: "orders"}, {Name: "hidden"},
	}}
	if err := c.Apply(s); err != nil {
		t.Fatal(err)
	}
	if s.Tables[0].Strategy != schema.StrategyLWW || s.Tables[0].Columns[0].Strategy != schema.StrategyDelta || s.Tables[1].Strategy != schema.StrategyManual {
		t.Fatalf("strategies %+v", s.Tables)
	}
	if shapes, err := c.ShapeRules(); err != nil || shapes["of_customer"].Table != "orders" {
		t.Fatalf("shapes %+v (%v)", shapes, err)
	}
	if err := c.Apply(&schema.Schema{}); fault.KindOf(err) != fault.UnknownTable {
		t.Fatalf("Apply to a schema without the tables = %v, want unknown_table", err)
	}
}

// A strategy merges values of its types only.
func TestStrategyOfAnotherType(t *testing.T) {
	t.Parallel()
	types := []schema.Type{schema.TypeInt, schema.TypeText, schema.TypeJSON, schema.TypeJSONB, schema.TypeArray}
	for name, want := range map[string]string{"text": "01000", "json": "00110", "set": "00111", "lww": "11111"} {
		c, err := config.Parse([]byte("tables: { t: { conflict: { columns: { a: " + name + " } } } }"))
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, typ := range types {
			err := c.Apply(&schema.Schema{Tables: []schema.Table{{Name: "t", Columns: []schema.Column{{Name: "a", Type: typ}}}}})
			if err == nil {
				got += "1"
				continue
			}
			got += "0"
			if fault.KindOf(err) != fault.InvalidArgument || fault.HintOf(err) == "" || !strings.Contains(err.Error(), "column a") {
				t.Errorf("%s of %v: %v, want the column and a remedy", name, typ, err)
			}
		}
		if got != want {
			t.Errorf("%s fits %s of %v, want %s", name, got, types, want)
		}
	}
}

// What is misspelt or cannot be is refused, and named.
func TestRefused(t *testing.T) {
	t.Parallel()
	for text, names := range map[string]string{
		"tabels: {}":                                         "tabels",
		"tables: { t: { raed: true } }":                      "raed",
		"tables: { t: { read: \"a ~ 'x'\" } }":               "character",
		"tables: { t: { read: 7 } }":                         "true or false",
		"tables: { t: { conflict: sometimes } }":             "sometimes",
		"tables: { t: { conflict: delta } }":                 "delta",
		"tables: { t: { conflict: { defualt: lww } } }":      "defualt",
		"tables: { t: { conflict: { columns: { a: x } } } }": "strategy x",
		"shapes: { s: { where: 'a = 1' } }":                  "names no table",
		"auth: { secret: hunter2 }":                          "secret",
		"listen: [1":                                         "",
	} {
		_, err := config.Parse([]byte(text))
		if err == nil || !strings.Contains(err.Error(), names) {
			t.Errorf("%s: %v, want an error that names %q", text, err, names)
		}
	}
}
