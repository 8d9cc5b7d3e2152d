package sqloracle

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// pool is a type of Postgres and values that rows of it take: few, so that
// comparisons meet.
type pool struct {
	name, source string
	values       []string
}

// pools has each type of package schema, in each of the forms that Postgres has
// for it.
var pools = []pool{
	{"i2", "int2", []string{"-3", "-1", "0", "1", "2", "3", "7"}},
	{"i4", "int4", []string{"-3", "-1", "0", "1", "2", "3", "7", "10", "100000"}},
	{"i8", "int8", []string{"-7", "-2", "0", "1", "2", "5", "10"}},
	{"wide", "int8", []string{"9007199254740993", "-9007199254740993", "9007199254740992", "0", "1", "3000000000"}},
	{"yes", "bool", []string{"true", "false"}},
	{"f4", "float4", []string{"-2.5", "-0.5", "0", "0.25", "0.5", "1", "3.75"}},
	{"f8", "float8", []string{"-2.5", "-0.5", "0", "0.25", "0.5", "1", "2", "3.75", "100"}},
	{"wild4", "float4", []string{"0.1", "-0.3", "1e10", "1", "3.4e38", "1e-20"}},
	{"wild8", "float8", []string{"0.1", "-0.3", "1e300", "1", "1e-7", "12345.678", "0.30000000000000004"}},
	{"s", "text", []string{"", "a", "A", "ab", "aB", "b", "Ä", "ä", "ß", "straße", "100%", "a_b", `a\b`, " a ", "[a]", "*", "?", "日本", "🐚", "'", `"`, "é", "1", "1.0", "Z", "z", "_", "-"}},
	{"vc", "varchar(12)", []string{"", "a", "b", "ab", "Zoë", "10", "9", "abc def", "B"}},
	{"bc", "char(6)", []string{"", "a", "ab", "b", "Ab", "abcdef"}},
	{"d", "numeric(10,2)", []string{"-1.50", "0.00", "0.10", "1.00", "1.50", "9.99", "10.00", "100.50", "2.00", "3.00"}},
	{"dn", "numeric", []string{"-1.5", "0", "0.001", "1", "2", "12345678901234567890.12", "9.99", "10", "1.50000000000000000001", "7"}},
	{"at", "timestamptz", []string{"2026-01-02 03:04:05+00", "2026-01-02 03:04:05.000001+00", "1969-12-31 23:59:59.5+00", "2030-12-31 00:00:00+00", "2026-01-02 00:00:00+00"}},
	{"wall", "timestamp", []string{"2026-01-02 03:04:05", "2026-01-02 03:04:05.25", "1969-12-31 23:59:59", "2026-01-02 00:00:00"}},
	{"day", "date", []string{"2026-01-02", "2026-01-03", "1969-12-31", "0001-01-01", "9999-12-31"}},
	{"clock", "time", []string{"03:04:05", "03:04:05.5", "00:00:00", "23:59:59.999999", "24:00:00"}},
	{"u", "uuid", []string{"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a12"}},
	{"j", "jsonb", []string{`{"a": 1}`, `{"a": "x", "b": [1, 2]}`, `{"k": {"c": true}}`, `[1, "two", null]`, `{}`, `{"a": null}`, `{"a": 1.50, "b": [{"c": 2}]}`, `"a"`, `12345678901234567890`, `{"0": "zero", "a": "ä\n\"q\""}`, `[[0, 1], {"a": 3}]`, `null`}},
	{"js", "json", []string{`{"a":1}`, `{ "a" : "x" , "b":[1,2] }`, `[1,"two",null]`, `{"a": 1e2, "k": {"c": false}}`, `{}`}},
	{"bytes", "bytea", []string{`\x`, `\x00`, `\x00ff`, `\x61`, `\x6162`, `\xff`}},
	{"mood", "mood", []string{"sad", "ok", "happy", "angry"}},
	{"span", "interval", []string{"1 day", "02:00:00", "1 mon 2 days", "00:00:00"}},
	{"ints", "int4[]", []string{"{}", "{1}", "{1,2}", "{2,NULL,3}", "{{1,2},{3,4}}"}},
	{"texts", "text[]", []string{"{}", "{a}", `{a,"b c"}`, `{"",NULL,"\""}`, "{b}"}},
	{"range", "int4range", []string{"[1,5)", "empty", "[2,)"}},
}

// generated is the SQL of a random schema with random rows; the same number
// gives the same.
func generated(number uint64) string {
	r := rand.New(rand.NewPCG(number, 4))
	var sql strings.Builder
	sql.WriteString("CREATE TYPE mood AS ENUM ('sad', 'ok', 'happy', 'angry');\n")
	tables := 2 + r.IntN(2)
	for n := range tables {
		table := fmt.Sprintf("t%d", n)
		columns := []pool{}
		for _, i := range r.Perm(len(pools))[:len(pools)/2+r.IntN(len(pools)/2+1)] {
			columns = append(columns, pools[i])
		}
		fmt.Fprintf(&sql, "CREATE TABLE %s(id int4 PRIMARY KEY", table)
		for _, c := range columns {
			fmt.Fprintf(&sql, ", %s %s", c.name, c.source)
		}
		sql.WriteString(");\n")
		for id := range 3 + r.IntN(22) {
			fmt.Fprintf(&sql, "INSERT INTO %s VALUES (%d", table, id)
			for _, c := range columns {
				if r.IntN(6) == 0 {
					sql.WriteString(", NULL")
				} else {
					fmt.Fprintf(&sql, ", '%s'", strings.ReplaceAll(c.values[r.IntN(len(c.values))], "'", "''"))
				}
			}
			sql.WriteString(");\n")
		}
	}
	return sql.String()
}
