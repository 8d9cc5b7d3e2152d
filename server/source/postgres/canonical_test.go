package postgres_test

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"rockpool.dev/internal/testpg"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// forms are texts that people write, by Postgres type. Those of refused must
// fail on both sides; the others must get the stored form that Postgres's own
// print of them gets, or an ack would change what the user sees.
var forms = []struct {
	typ            string
	taken, refused []string
}{
	{"int4", []string{"007", " 12 ", "-0", "2147483647", "-2147483648"}, []string{"", "x", "2147483648", "1.5"}},
	{"int8", []string{"9223372036854775807", "-9223372036854775808"}, []string{"9223372036854775808", "0x10z"}},
	{"bool", []string{"t", "false", "YES", "off", "1", "0", " true "}, []string{"2", "maybe", ""}},
	{"float8", []string{"007", "1e5", "1.0", "-0", "0.1", "1e-7", "123456789012345678", "NaN", "inf", "-Infinity", "5e-324"}, []string{"", "x", "1e400"}},
	{"float4", []string{"0.1", "123456789", "1e-10", "16777217"}, []string{"1e39"}},
	{"numeric", []string{"007", "1e5", "1.0", "-0.0", "0.00", "12345678901234567890.12", "1.5e-3", ".5", "5.", "NaN", "-Infinity", "1e-20"}, []string{"", ".", "1e", "x"}},
	{"numeric(10,2)", []string{"007", "1e5", "1.0", "1.005", "-1.005", "0.004", "-0.004", "99.995"}, []string{"one"}},
	{"text", []string{"007", "1e5", "1.0", "", " x ", "🐚"}, nil},
	{"character(5)", []string{"ab", "ab   ", ""}, nil},
	{"timestamptz", []string{
		"2026-01-02T03:04:05Z", "2026-01-02T03:04:05.678Z", "2026-01-02 03:04", "2026-01-02", "2026-01-02T03:04:05.1234567+05:30", "2026-01-02 03:04:05-0730",
		"2026-01-02T23:59:59.9999999-01", "2024-02-29T24:00:00Z", "1969-12-31T23:59:59.5Z", "0001-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "infinity", "-infinity",
		"2026-03-29T02:30:00+01", "2000-02-29 12:00:00 UTC", "1900-03-01T00:00:00Z",
	}, []string{"soon", "2026-02-30", "2026-13-01", "2026-01-02T25:00", "2023-02-29", "2026-01-02T03:60", ""}},
	{"timestamp", []string{"2026-01-02T03:04:05Z", "2026-01-02 03:04:05.5+07", "infinity", "2026-12-31T23:59:60"}, []string{"never"}},
	{"date", []string{"2026-01-02", "2026-01-02T23:00:00Z", "2024-02-29", "infinity", "0044-03-15 BC"}, []string{"2023-02-29", "2026-00-10"}},
	{"time", []string{"3:04:05", "03:04", "03:04:05.500", "24:00", "23:59:59.9999999"}, []string{"25:00", "x"}},
	{"uuid", []string{"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11", "{a0eebc999c0b4ef8bb6d6bb9bd380a11}", "a0ee-bc99-9c0b-4ef8-bb6d-6bb9-bd38-0a11"}, []string{"a0ee", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a1g", "a0eebc999c0b4ef8bb6d6bb9bd380a11a"}},
	{"json", []string{`{"b" : 1, "a":2}`, `[1,2]`, `"x"`, `null`, " 1 "}, []string{`{b:1}`, `[1,]`, ``, `01`, `"\x"`}},
	{"jsonb", []string{
		`{"b" : 1, "a":2, "b": 3}`, `{"bb":1,"a":2,"":3,"ab":4}`, `[1.0, 1e5, -0, 1.50e1, 1E-3, 0.10, -0.0, 12345678901234567890]`, `"\u00e9\u0001\/\t\b\u007f"`,
		`"\ud83d\udc1a"`, `{"a":{"c":[],"b":{}}}`, ` [ ] `, `true`, `"a\"b\\c"`, `[[[[1]]]]`, `"日本"`, `{"z":null,"y":[true,false]}`,
	}, []string{`{a:1}`, `[1 2]`, `"\u0000"`, `"\ud83d"`, `nul`, `{"a":1,}`, `1.`, `+1`, `.5`, `1 2`}},
	{"bytea", []string{`\x00FFab`, `\x`, `abc`}, []string{`\x0`, `\xzz`}},
}

// TestCanonicalIsWhatPostgresPrints has Postgres as the oracle of
// schema.Canonical, FromText and ToText.
func TestCanonicalIsWhatPostgresPrints(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, testpg.Start(t).DSN())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	if _, err := conn.Exec(ctx, "SET TimeZone = 'UTC'; SET DateStyle = 'ISO, MDY'; SET bytea_output = 'hex'; SET extra_float_digits = 1"); err != nil {
		t.Fatal(err)
	}
	cast := func(typ, in string) (out string, err error) {
		err = conn.QueryRow(ctx, "SELECT CAST($1::text AS "+typ+")::text", in).Scan(&out)
		return out, err
	}
	for _, f := range forms {
		c := &schema.Column{Name: "c", Type: schema.TypeOf(f.typ), SourceType: f.typ}
		if err := conn.QueryRow(ctx, "SELECT format_type($1::regtype, NULL)", f.typ).Scan(&c.SourceType); err != nil {
			t.Fatal(err)
		}
		switch f.typ {
		case "numeric(10,2)":
			c.Scale, c.HasScale = 2, true
		case "character(5)":
			c.SourceType = f.typ
		}
		for _, in := range f.taken {
			printed, err := cast(f.typ, in)
			if err != nil {
				t.Errorf("%s: Postgres refuses %q: %v", f.typ, in, err)
				continue
			}
			want, err := c.FromText(printed)
			if err != nil {
				t.Errorf("%s: FromText(%q) = %v", f.typ, printed, err)
				continue
			}
			got, err := c.Canonical(value.Text(in))
			if err != nil || !got.Equal(want) {
				t.Errorf("%s: Canonical(%q) = %q %v, %v; Postgres prints %q, which is stored as %q %v", f.typ, in, c.ToText(got), got.Kind(), err, printed, c.ToText(want), want.Kind())
				continue
			}
			back, err := cast(f.typ, c.ToText(got))
			if err != nil || back != printed {
				if again, _ := c.FromText(back); err != nil || !again.Equal(want) {
					t.Errorf("%s: Postgres reads our %q as %q, %v; it printed %q", f.typ, c.ToText(got), back, err, printed)
				}
			}
		}
		for _, in := range f.refused {
			if printed, err := cast(f.typ, in); err == nil {
				t.Errorf("%s: Postgres takes %q for %q", f.typ, in, printed)
			}
			if got, err := c.Canonical(value.Text(in)); err == nil {
				t.Errorf("%s: Canonical(%q) = %q, want an error as in Postgres", f.typ, in, c.ToText(got))
			}
		}
	}
}
