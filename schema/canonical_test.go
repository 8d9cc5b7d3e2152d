package schema_test

import (
	"math"
	"testing"

	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// One stored form a type (SYNC.md §2): what users write, and what is kept.
func TestCanonical(t *testing.T) {
	t.Parallel()
	text, i, f := value.Text, value.Int, value.Float
	for _, c := range []struct {
		typ  string
		in   value.Value
		want value.Value // NULL: fault.TypeMismatch
	}{
		{"int8", text("007"), i(7)},
		{"int8", text("1e5"), i(100000)},
		{"int8", text("seven"), value.Null},
		{"int8", f(1), i(1)},
		{"int8", f(1.5), value.Null},
		{"int8", i(math.MinInt64), i(math.MinInt64)},
		{"int4", i(1 << 31), value.Null},
		{"int2", i(-32768), i(-32768)},
		{"int2", i(-32769), value.Null},
		{"bool", text("t"), i(1)},
		{"bool", text("FALSE"), i(0)},
		{"bool", i(2), value.Null},
		{"bool", f(1), i(1)},
		{"bool", text("maybe"), value.Null},
		{"float8", i(3), f(3)},
		{"float8", text("1e5"), f(1e5)},
		{"float8", text("NaN"), text("NaN")},
		{"float8", f(math.Inf(-1)), text("-Infinity")},
		{"float8", f(math.Copysign(0, -1)), f(0)},
		{"float8", text("0x10"), value.Null},
		{"float8", text("1_0"), value.Null},
		{"text", text("007"), text("007")},
		{"text", i(7), text("7")},
		{"text", value.Blob([]byte{1}), value.Null},
		{"numeric", text("1e5"), text("100000")},
		{"numeric", text("1.50"), text("1.5")},
		{"numeric", text("-0.0"), text("0")},
		{"numeric", text("abc"), value.Null},
		{"numeric", text("12345678901234567890.12"), text("12345678901234567890.12")},
		{"numeric", f(0.1), text("0.1")},
		{"timestamptz", text("2026-01-02T03:04:05.6+02:00"), text("2026-01-02T01:04:05.600000+00:00")},
		{"timestamptz", text("2026-01-02 03:04:05.1234567-07"), text("2026-01-02T10:04:05.123457+00:00")},
		{"timestamptz", text("2026-01-02T03:04:05.999Z"), text("2026-01-02T03:04:05.999000+00:00")},
		{"timestamptz", text("infinity"), text("infinity")},
		{"timestamptz", text("2026-02-30"), value.Null},
		{"timestamptz", i(5), value.Null},
		{"timestamp", text("2026-12-31T23:59:60"), text("2027-01-01T00:00:00.000000")},
		{"date", text("2026-01-02T03:04"), text("2026-01-02")},
		{"date", text("2024-02-29"), text("2024-02-29")},
		{"date", text("2023-02-29"), value.Null},
		{"time", text("3:04:05.500"), text("03:04:05.5")},
		{"time", text("24:00"), text("24:00:00")},
		{"time", text("25:00"), value.Null},
		{"uuid", text("{6E5D2C1A00004000800000000000000F}"), text("6e5d2c1a-0000-4000-8000-00000000000f")},
		{"uuid", text("6e5d"), value.Null},
		{"json", text(`{"b" :1}`), text(`{"b" :1}`)},
		{"json", text(`{b:1}`), value.Null},
		{"jsonb", text(`{"bb":1,"a":[1.50,1e3,"é\u0041\n"],"a":{}}`), text(`{"a": {}, "bb": 1}`)},
		{"jsonb", text(`[ "\ud83d\ude00", -0.0 ,null]`), text(`["😀", 0.0, null]`)},
		{"jsonb", text(`"\u0000"`), value.Null},
		{"jsonb", text(`[1,]`), value.Null},
		{"bytea", value.Blob([]byte{0, 255}), value.Blob([]byte{0, 255})},
		{"bytea", text(`\x00fF`), value.Blob([]byte{0, 255})},
		{"bytea", text("ab"), value.Blob([]byte("ab"))},
	} {
		col := &schema.Column{Name: "c", Type: schema.TypeOf(c.typ), SourceType: c.typ}
		got, err := col.Canonical(c.in)
		if c.want.IsNull() {
			if fault.KindOf(err) != fault.TypeMismatch {
				t.Errorf("%s: Canonical(%v) = %v, %v, want %v", c.typ, c.in, got, err, fault.TypeMismatch)
			}
			continue
		}
		if err != nil || !got.Equal(c.want) {
			t.Errorf("%s: Canonical(%v) = %v, %v, want %v", c.typ, c.in, got, err, c.want)
			continue
		}
		if again, err := col.Canonical(got); err != nil || !again.Equal(got) {
			t.Errorf("%s: Canonical of its own form %v = %v, %v", c.typ, got, again, err)
		}
		if back, err := col.FromText(col.ToText(got)); err != nil || !back.Equal(got) {
			t.Errorf("%s: %v through text is %v, %v", c.typ, got, back, err)
		}
	}
}

func TestCanonicalRoundsToTheScale(t *testing.T) {
	t.Parallel()
	col := &schema.Column{Name: "price", Type: schema.TypeDecimal, Scale: 2, HasScale: true}
	for in, want := range map[string]string{"7": "7.00", "7.005": "7.01", "-0.004": "0.00", "99.999": "100.00"} {
		if got, err := col.Canonical(value.Text(in)); err != nil || got.Str() != want {
			t.Errorf("Canonical(%s) = %v, %v, want %s", in, got, err, want)
		}
	}
}

func TestEnumTakesItsLabelsOnly(t *testing.T) {
	t.Parallel()
	col := &schema.Column{Name: "mood", Type: schema.TypeEnum, Enum: []string{"calm"}}
	if _, err := col.Canonical(value.Text("calm")); err != nil {
		t.Errorf("Canonical(calm): %v", err)
	}
	if _, err := col.Canonical(value.Text("wild")); fault.KindOf(err) != fault.TypeMismatch {
		t.Errorf("Canonical(wild) = %v, want %v", err, fault.TypeMismatch)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add(uint8(12), `{"a":[1e9,"\ud83d\ude00"]}`)
	f.Add(uint8(6), "2026-01-02T03:04:05.6+02:00")
	f.Fuzz(func(t *testing.T, typ uint8, in string) {
		col := &schema.Column{Name: "c", Type: schema.Type(typ % 17)}
		got, err := col.Canonical(value.Text(in))
		if err != nil {
			return
		}
		if again, err := col.Canonical(got); err != nil || !again.Equal(got) {
			t.Fatalf("type %v: the form %v of %q has itself the form %v, %v", col.Type, got, in, again, err)
		}
	})
}
