package generatetest

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	types "rockpool.dev/server/generate/generatetest/types/frompostgres"
)

// columnsOf lists the columns that a struct's tags name, for SELECT.
func columnsOf[T any]() string {
	var names []string
	for f := range reflect.TypeFor[T]().Fields() {
		name := pgx.Identifier{f.Tag.Get("db")}.Sanitize()
		if f.Name == "Span" || f.Name == "Period" { // as their comments say
			name += "::text AS " + name
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// TestStructsAreFilled: pgx fills the generated struct from a row that has a
// value in every column, and from one that has NULL wherever it may.
func TestStructsAreFilled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	conn := postgresWith(ctx, t, "types.postgres.sql")
	if _, err := conn.Exec(ctx, `
INSERT INTO every_type (id, plain, single, short, padded, at_zone, at, day, hour, token, doc, raw, feelings, tags, numbers, span, period, "Camel Case") VALUES
('01890000-0000-7000-8000-000000000001', 1, 0.5, 'short', 'pad', '2026-01-02 03:04:05.000006+00', '2026-01-02 03:04:05', '2026-01-02', '03:04:05',
 '01890000-0000-7000-8000-000000000002', '{"a":1}', '\x00ff', '{sad,happy}', '{a,"b c"}', '{1,2}', '1 day 02:00:00', '[1,5)', 'camel'),
('01890000-0000-7000-8000-000000000003', 2, NULL, NULL, NULL, '2026-01-02 03:04:05+00', NULL, '2026-01-02', NULL,
 '01890000-0000-7000-8000-000000000004', NULL, NULL, NULL, '{}', NULL, NULL, NULL, NULL)`); err != nil {
		t.Fatal(err)
	}
	read := func(plain int) (types.EveryType, error) {
		rows, err := conn.Query(ctx, "SELECT "+columnsOf[types.EveryType]()+" FROM every_type WHERE plain = $1", plain)
		if err != nil {
			return types.EveryType{}, err
		}
		return pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[types.EveryType])
	}
	full, err := read(1)
	if err != nil {
		t.Fatal(err)
	}
	text := func(s string) *string { return &s }
	half, at := float32(0.5), time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	want := types.EveryType{
		ID: "01890000-0000-7000-8000-000000000001", Small: 7, Plain: 1, Big: 9007199254740993, Counted: 1, Served: 1, Flag: true,
		Single: &half, Double: 0.5, Words: "it's", Short: text("short"), Padded: text("pad  "), Exact: "0", Money: "1.50",
		AtZone: at.Add(6 * time.Microsecond), At: &at, Day: at.Truncate(24 * time.Hour), Hour: text("03:04:05.000000"),
		Token: "01890000-0000-7000-8000-000000000002", Doc: json.RawMessage(`{"a":1}`), Docb: json.RawMessage(`{}`), Raw: []byte{0, 255},
		Feeling: types.MoodSoSo, Feelings: text("{sad,happy}"), Tags: []string{"a", "b c"}, Numbers: []int32{1, 2},
		Span: text("1 day 02:00:00"), Period: text("[1,5)"), CamelCase: text("camel"),
	}
	full.AtZone = full.AtZone.UTC()
	if !reflect.DeepEqual(full, want) {
		got, _ := json.Marshal(full) // for people: pointers as values
		wanted, _ := json.Marshal(want)
		t.Errorf("the row is\n%s, want\n%s", got, wanted)
	}
	empty, err := read(2)
	if err != nil {
		t.Fatal(err)
	}
	if empty.Single != nil || empty.Doc != nil || empty.Raw != nil || empty.Numbers != nil || empty.Span != nil || len(empty.Tags) != 0 {
		t.Errorf("the row of NULLs is %+v", empty)
	}
}
