package sqlgen_test

import (
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/sqlgen"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// TestValuesAreBoundAsStored: a moment, a uuid, a boolean or a number is found however
// it is written, since it is bound in the form that the column stores.
func TestValuesAreBoundAsStored(t *testing.T) {
	s := &schema.Schema{Tables: []schema.Table{{ID: 1, Name: "events", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeUUID, NotNull: true},
		{Name: "at", Type: schema.TypeTimestampTZ},
		{Name: "day", Type: schema.TypeDate},
		{Name: "open", Type: schema.TypeBool},
		{Name: "name", Type: schema.TypeText},
		{Name: "seats", Type: schema.TypeInt},
		{Name: "price", Type: schema.TypeFloat},
	}}}}
	bound := func(name string, v value.Value) (value.Row, error) {
		lit := query.Expr{Kind: query.ExprValue, Value: v}
		q := &query.Select{From: query.TableRef{Name: "events"}, Where: &query.Expr{Kind: query.ExprOr, Args: []query.Expr{
			*equal(column("", name), lit),
			{Kind: query.ExprIn, Args: []query.Expr{column("", name), lit}},
			{Kind: query.ExprBetween, Args: []query.Expr{column("", name), lit, lit}},
		}}}
		st, err := sqlgen.Select(q, sqlgen.Options{Dialect: sqlgen.SQLite, Schema: s})
		return st.Args, err
	}
	for _, c := range []struct {
		name string
		v    value.Value
		want value.Value
	}{
		{"at", value.Text("2026-11-23T21:07:33.811Z"), value.Text("2026-11-23T21:07:33.811000+00:00")},
		{"at", value.Text("2026-11-23 22:07:33+01"), value.Text("2026-11-23T21:07:33.000000+00:00")},
		{"at", value.Text("2026-11-23"), value.Text("2026-11-23T00:00:00.000000+00:00")},
		{"day", value.Text("2026-11-23"), value.Text("2026-11-23")},
		{"id", value.Text("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}"), value.Text("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")},
		{"open", value.Text("true"), value.Int(1)},
		{"at", value.Null, value.Null},
		{"name", value.Text("2026-11-23 22:07"), value.Text("2026-11-23 22:07")},
		{"seats", value.Text("9007199254740993"), value.Int(9007199254740993)},
		{"seats", value.Float(1.5), value.Float(1.5)},
		{"price", value.Text("12.5"), value.Float(12.5)},
		{"price", value.Int(12), value.Int(12)},
	} {
		got, err := bound(c.name, c.v)
		if err != nil || len(got) != 4 {
			t.Errorf("%s with %v: %v, %v", c.name, c.v, got, err)
			continue
		}
		for _, v := range got {
			if v != c.want {
				t.Errorf("%s with %v binds %v, want %v", c.name, c.v, v, c.want)
			}
		}
	}
	for name, text := range map[string]string{"at": "yesterday-ish", "seats": "a few", "price": "cheap"} {
		if _, err := bound(name, value.Text(text)); fault.KindOf(err) != fault.TypeMismatch {
			t.Errorf("%s is compared with %q: %v", name, text, err)
		}
	}
}
