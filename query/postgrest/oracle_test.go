package postgrest_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/query/postgrest"
	"rockpool.dev/schema"
)

// ponds and their fish, as Go values: nil is NULL.
type pond struct {
	id   int
	size *int
	name *string
	open *bool
	fish []fish
}

type fish struct {
	id     int
	weight *int
}

// truth is true, false or unknown, as SQL has it.
type truth int

const (
	no truth = iota
	unknown
	yes
)

func truthOf(b bool) truth {
	if b {
		return yes
	}
	return no
}

// condition is a filter's text, as its own parameter and within a group, and what it
// says of a pond.
type condition struct {
	param, grouped string
	holds          func(*pond) truth
}

var words = []string{"a", "B", "ab", "a,b", "(x)", `q"q`, `b\s`, "", "ä", "a_b", "null"}

// quoted is a value within a group or a list; braced one within an array.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

func oneOf[T any](t *rapid.T, what string, from ...T) T { return rapid.SampledFrom(from).Draw(t, what) }

// compared draws a test of a column whose values come by get, which is nil for NULL.
func compared[T any](t *rapid.T, column string, get func(*pond) *T, draw func() T, print func(T) string, order func(a, b T) int) condition {
	v := draw()
	op := oneOf(t, "op", "eq", "neq", "gt", "gte", "lt", "lte", "isdistinct", "is", "in", "any", "all")
	is := func(op string, a, b T) bool {
		c := order(a, b)
		switch op {
		case "eq":
			return c == 0
		case "neq":
			return c != 0
		case "gt":
			return c > 0
		case "gte":
			return c >= 0
		case "lt":
			return c < 0
		}
		return c <= 0
	}
	null := func(test func(T) bool) func(*pond) truth {
		return func(p *pond) truth {
			if at := get(p); at != nil {
				return truthOf(test(*at))
			}
			return unknown
		}
	}
	switch op {
	case "is":
		return condition{column + "=is.null", column + ".is.null", func(p *pond) truth { return truthOf(get(p) == nil) }}
	case "isdistinct":
		return condition{column + "=isdistinct." + escaped(print(v)), column + ".isdistinct." + quoted(print(v)), func(p *pond) truth {
			return truthOf(get(p) == nil || order(*get(p), v) != 0)
		}}
	case "in", "any", "all":
		inner := oneOf(t, "each", "eq", "gt", "lte")
		list := []T{v, draw()}
		texts := quoted(print(list[0])) + "," + quoted(print(list[1]))
		text := inner + "(" + op + ").{" + texts + "}"
		if op == "in" {
			inner, text = "eq", "in.("+texts+")"
		}
		return condition{column + "=" + escaped(text), column + "." + text, null(func(at T) bool {
			first, second := is(inner, at, list[0]), is(inner, at, list[1])
			if op == "all" {
				return first && second
			}
			return first || second
		})}
	}
	return condition{column + "=" + op + "." + escaped(print(v)), column + "." + op + "." + quoted(print(v)), null(func(at T) bool { return is(op, at, v) })}
}

// liked draws a like or ilike of the name.
func liked(t *rapid.T) condition {
	op := oneOf(t, "like", "like", "ilike")
	pattern := strings.Join(rapid.SliceOfN(rapid.SampledFrom([]string{"%", "*", "_", "a", "B", "b", "ä", ","}), 0, 5).Draw(t, "pattern"), "")
	return condition{"name=" + op + "." + escaped(pattern), "name." + op + "." + quoted(pattern), func(p *pond) truth {
		if p.name == nil {
			return unknown
		}
		if op == "ilike" {
			return truthOf(matches([]rune(strings.ToLower(*p.name)), []rune(strings.ToLower(pattern))))
		}
		return truthOf(matches([]rune(*p.name), []rune(pattern)))
	}}
}

func matches(s, pattern []rune) bool {
	switch {
	case len(pattern) == 0:
		return len(s) == 0
	case pattern[0] == '%' || pattern[0] == '*':
		return matches(s, pattern[1:]) || len(s) > 0 && matches(s[1:], pattern)
	}
	return len(s) > 0 && (pattern[0] == '_' || pattern[0] == s[0]) && matches(s[1:], pattern[1:])
}

// drawCondition draws a test, its negation, or a group of some.
func drawCondition(t *rapid.T, depth int) (c condition) {
	number := func() int { return rapid.IntRange(-1, 3).Draw(t, "number") }
	kinds := 5
	if depth == 0 {
		kinds = 3
	}
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0:
		c = compared(t, "size", func(p *pond) *int { return p.size }, number, func(n int) string { return fmt.Sprint(n) }, cmp.Compare)
	case 1:
		c = compared(t, "name", func(p *pond) *string { return p.name }, func() string { return oneOf(t, "word", words...) }, func(s string) string { return s }, cmp.Compare)
	case 2:
		c = liked(t)
	case 3:
		want := rapid.Bool().Draw(t, "open")
		text := fmt.Sprintf("is.%v", want)
		c = condition{"open=" + text, "open." + text, func(p *pond) truth { return truthOf(p.open != nil && *p.open == want) }}
	default:
		word := oneOf(t, "group", "and", "or")
		a, b := drawCondition(t, depth-1), drawCondition(t, depth-1)
		text := "(" + a.grouped + "," + b.grouped + ")"
		c = condition{word + "=" + escaped(text), word + text, func(p *pond) truth {
			if word == "and" {
				return min(a.holds(p), b.holds(p))
			}
			return max(a.holds(p), b.holds(p))
		}}
		if rapid.Bool().Draw(t, "not") {
			return condition{"not." + c.param, "not." + c.grouped, negation(c.holds)}
		}
		return c
	}
	if rapid.Bool().Draw(t, "not") {
		column, test, _ := strings.Cut(c.param, "=")
		in := strings.TrimPrefix(c.grouped, column+".")
		return condition{column + "=not." + test, column + ".not." + in, negation(c.holds)}
	}
	return c
}

func negation(holds func(*pond) truth) func(*pond) truth {
	return func(p *pond) truth { return yes - holds(p) }
}

// nulls compares two values of which either may be NULL.
func nulls[T any](a, b *T, order func(a, b T) int, desc, first bool) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil && first, b == nil && !first:
		return -1
	case a == nil || b == nil:
		return 1
	case desc:
		return order(*b, *a)
	}
	return order(*a, *b)
}

// drawOrder draws a term of an order, and how it compares.
func drawOrder(t *rapid.T) (text string, compare func(a, b *pond) int) {
	column := oneOf(t, "by", "size", "name")
	desc := rapid.Bool().Draw(t, "desc")
	first := desc
	if text = column; desc {
		text += ".desc"
	}
	switch rapid.IntRange(0, 2).Draw(t, "nulls") {
	case 0:
		text, first = text+".nullsfirst", true
	case 1:
		text, first = text+".nullslast", false
	}
	return text, func(a, b *pond) int {
		if column == "size" {
			return nulls(a.size, b.size, cmp.Compare, desc, first)
		}
		return nulls(a.name, b.name, cmp.Compare, desc, first)
	}
}

func literalOf[T any](v *T) string {
	if v == nil {
		return "NULL"
	}
	return strings.ReplaceAll(fmt.Sprintf("'%v'", *v), "'true'", "1")
}

// Whatever is asked of some rows, the answer is what a plain evaluation of the same
// filters over them in Go says: rows, order, page, count and what is embedded.
func TestRequestsAgainstAnOracle(t *testing.T) {
	t.Parallel()
	col := func(name string, t schema.Type, source string) schema.Column {
		return schema.Column{Name: name, Type: t, SourceType: source}
	}
	id := schema.Column{Name: "id", Type: schema.TypeInt, SourceType: "int4", NotNull: true}
	s := &schema.Schema{Tables: []schema.Table{
		{ID: 1, Name: "ponds", Columns: []schema.Column{id, col("size", schema.TypeInt, "int4"), col("name", schema.TypeText, "text"), col("open", schema.TypeBool, "bool")}, Key: []uint32{0}},
		{
			ID: 2, Name: "fish", Columns: []schema.Column{id, col("pond_id", schema.TypeInt, "int4"), col("weight", schema.TypeInt, "int4")}, Key: []uint32{0},
			Foreign: []schema.ForeignKey{{Columns: []string{"pond_id"}, Table: "ponds", References: []string{"id"}}},
		},
	}}
	w := openWorld(t, s)
	rapid.Check(t, func(t *rapid.T) {
		var ponds []*pond
		sql := "DELETE FROM fish; DELETE FROM ponds;"
		fishes := 0
		for n := range rapid.IntRange(0, 6).Draw(t, "ponds") {
			p := &pond{
				id: n + 1, size: rapid.Ptr(rapid.IntRange(-1, 3), true).Draw(t, "size"),
				name: rapid.Ptr(rapid.SampledFrom(words), true).Draw(t, "name"), open: rapid.Ptr(rapid.Bool(), true).Draw(t, "open"),
			}
			opened := strings.ReplaceAll(literalOf(p.open), "'false'", "0")
			sql += fmt.Sprintf("INSERT INTO ponds VALUES (%d,%s,%s,%s);", p.id, literalOf(p.size), literalOf(p.name), opened)
			for range rapid.IntRange(0, 2).Draw(t, "fish") {
				fishes++
				f := fish{fishes, rapid.Ptr(rapid.IntRange(0, 3), true).Draw(t, "weight")}
				p.fish = append(p.fish, f)
				sql += fmt.Sprintf("INSERT INTO fish VALUES (%d,%d,%s);", f.id, p.id, literalOf(f.weight))
			}
			ponds = append(ponds, p)
		}
		if err := w.conn.Exec(sql); err != nil {
			t.Fatal(err)
		}
		inner, least := rapid.Bool().Draw(t, "inner"), rapid.IntRange(0, 3).Draw(t, "least")
		target := "ponds?select=id,fish(id)"
		if inner {
			target = "ponds?select=id,fish!inner(id)"
		}
		target += fmt.Sprintf("&fish.weight=gte.%d&fish.order=id.desc", least)
		holds := func(p *pond) bool { return !inner || len(caught(p, least)) > 0 }
		for range rapid.IntRange(0, 3).Draw(t, "filters") {
			one, before := drawCondition(t, 2), holds
			target += "&" + one.param
			holds = func(p *pond) bool { return before(p) && one.holds(p) == yes }
		}
		text, compare := drawOrder(t)
		limit, offset := rapid.IntRange(0, 4).Draw(t, "limit"), rapid.IntRange(0, 2).Draw(t, "offset")
		target += fmt.Sprintf("&order=%s,id&limit=%d&offset=%d", text, limit, offset)

		var found []*pond
		for _, p := range ponds {
			if holds(p) {
				found = append(found, p)
			}
		}
		slices.SortStableFunc(found, compare)
		total := len(found)
		found = found[min(offset, total):min(offset+limit, total)]
		want := make([]string, len(found))
		for i, p := range found {
			want[i] = fmt.Sprintf(`{"id":%d,"fish":[%s]}`, p.id, strings.Join(caught(p, least), ","))
		}
		got := w.ask(postgrest.Request{Method: "GET", Target: target, Headers: map[string]string{"prefer": "count=exact"}})
		if offset > total {
			if got.Status != 416 {
				t.Fatalf("%s\n%s\n gave %d %s, want 416", sql, target, got.Status, got.Body)
			}
			return
		}
		if body := "[" + strings.Join(want, ",") + "]"; string(got.Body) != body || !strings.HasSuffix(header(got, "content-range"), fmt.Sprintf("/%d", total)) {
			t.Fatalf("%s\n%s\n gave %d %s %s\n want %s of %d", sql, target, got.Status, got.Body, header(got, "content-range"), body, total)
		}
	})
}

// caught are a pond's fish of some weight, the last first.
func caught(p *pond, least int) (list []string) {
	for _, f := range slices.Backward(p.fish) {
		if f.weight != nil && *f.weight >= least {
			list = append(list, fmt.Sprintf(`{"id":%d}`, f.id))
		}
	}
	return list
}
