package sqloracle

import (
	"context"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/value"
)

// ask runs one expression on both databases, with text arguments, and fails
// unless both give the same text, or both an error.
func (p *pair) ask(t *rapid.T, lite, postgres string, args ...string) {
	bound, texts := make([]value.Value, len(args)), make([][]byte, len(args))
	for i, a := range args {
		bound[i], texts[i] = value.Text(a), []byte(a)
	}
	got, liteErr := p.one("SELECT "+lite, bound...)
	res := p.pg.PgConn().ExecParams(context.Background(), "SELECT "+postgres, texts, nil, nil, nil).Read()
	if liteErr != nil || res.Err != nil {
		if (liteErr == nil) != (res.Err == nil) {
			t.Fatalf("%s of %q: SQLite %q, %v; Postgres %v", lite, args, got, liteErr, res.Err)
		}
		return
	}
	want := "NULL"
	if cell := res.Rows[0][0]; cell != nil {
		want = string(cell)
		if res.FieldDescriptions[0].DataTypeOID == 16 {
			want = map[string]string{"t": "1", "f": "0"}[want]
		}
	}
	if got != want {
		t.Fatalf("%s of %q: SQLite %q, Postgres %q", lite, args, got, want)
	}
}

func (p *pair) one(sql string, args ...value.Value) (string, error) {
	s, err := p.lite.Cached(sql)
	if err != nil {
		return "", err
	}
	rows, err := s.Query(args...)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	out := ""
	for rows.Next() {
		out = "NULL"
		if v := rows.Value(0); !v.IsNull() {
			out = plain(v)
		}
	}
	return out, rows.Err()
}

// TestFunctionsAnswerAsPostgres: sqlfn's functions against Postgres's own.
func TestFunctionsAnswerAsPostgres(t *testing.T) {
	p := newPair(t)
	number := rapid.StringMatching(`-?(0|[1-9][0-9]{0,24})(\.[0-9]{1,18})?`)
	letters := rapid.SampledFrom([]string{"a", "A", "b", "%", "_", `\`, "[", "*", "?", "ä", "Ä", "ß", "Σ", "σ", "я", "Я", "日", "🐚", " "})
	words := rapid.Map(rapid.SliceOfN(letters, 0, 8), func(s []string) string { return strings.Join(s, "") })
	rapid.Check(t, func(t *rapid.T) {
		a, b := number.Draw(t, "a"), number.Draw(t, "b")
		p.ask(t, "decimal_add(?, ?)", "$1::numeric + $2::numeric", a, b)
		p.ask(t, "decimal_sub(?, ?)", "$1::numeric - $2::numeric", a, b)
		p.ask(t, "decimal_mul(?, ?)", "$1::numeric * $2::numeric", a, b)
		p.ask(t, "decimal_div(?, ?)", "$1::numeric / nullif($2::numeric, 0)", a, b)
		p.ask(t, "decimal_mod(?, ?)", "$1::numeric % nullif($2::numeric, 0)", a, b)
		p.ask(t, "decimal_abs(?)", "abs($1::numeric)", a)
		places := strconv.Itoa(rapid.IntRange(-30, 25).Draw(t, "places"))
		p.ask(t, "pg_round(?, CAST(? AS INTEGER))", "round($1::numeric, $2::int4)", a, places)
		p.ask(t, "? < ? COLLATE rockpool_decimal", "$1::numeric < $2::numeric", a, b)
		p.ask(t, "? = ? COLLATE rockpool_decimal", "$1::numeric = $2::numeric", a, b)
		list := rapid.SliceOfN(number, 1, 6).Draw(t, "list")
		lite, postgres := make([]string, len(list)), make([]string, len(list))
		for i := range list {
			lite[i], postgres[i] = "(?)", "($"+string(rune('1'+i))+"::text)"
		}
		p.ask(t, "decimal_sum(column1) FROM (VALUES "+strings.Join(lite, ", ")+")", "sum(column1::numeric) FROM (VALUES "+strings.Join(postgres, ", ")+") v", list...)
		p.ask(t, "decimal_avg(column1) FROM (VALUES "+strings.Join(lite, ", ")+")", "avg(column1::numeric) FROM (VALUES "+strings.Join(postgres, ", ")+") v", list...)
		text, pattern := words.Draw(t, "text"), words.Draw(t, "pattern")
		if bare := strings.TrimRight(pattern, `\`); (len(pattern)-len(bare))%2 == 1 {
			pattern = bare // Postgres refuses an open escape only where it gets to it, sqlfn always
		}
		p.ask(t, "pg_like(?, ?)", "$1::text LIKE $2::text", text, pattern)
		p.ask(t, "pg_ilike(?, ?)", "$1::text ILIKE $2::text", text, pattern)
		from, count := strconv.Itoa(rapid.IntRange(-4, 9).Draw(t, "from")), strconv.Itoa(rapid.IntRange(-1, 9).Draw(t, "count"))
		p.ask(t, "pg_substr(?, CAST(? AS INTEGER), CAST(? AS INTEGER))", "substr($1::text, $2::int4, $3::int4)", text, from, count)
		p.ask(t, "pg_lower(?)", "lower($1::text)", text)
		p.ask(t, "pg_upper(?)", "upper($1::text)", text)
	})
}
