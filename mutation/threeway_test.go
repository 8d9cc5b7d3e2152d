package mutation_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// What each merge makes of two sides, or that it is a conflict.
func TestMergeCases(t *testing.T) {
	t.Parallel()
	const conflict = "CONFLICT"
	for _, c := range []struct {
		name                     string
		merge                    func(b, m, t string) (string, bool)
		base, mine, theirs, want string
	}{
		{"two lines", mutation.MergeText, "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},
		{"lines that touch", mutation.MergeText, "a\nb\n", "A\nb\n", "a\nB\n", conflict},
		{"words of a line", mutation.MergeText, "ring the bell twice", "knock the bell twice", "ring the bell once", "knock the bell once"},
		{"words that touch", mutation.MergeText, "the cat sat", "the dog sat", "the cat ran", conflict},
		{"the same word", mutation.MergeText, "the cat", "the dog", "the cow", conflict},
		{"the same change", mutation.MergeText, "a b c", "a X c", "a X c", "a X c"},
		{"one side appends, one begins", mutation.MergeText, "milk and eggs", "fresh milk and eggs", "milk and eggs, bread", "fresh milk and eggs, bread"},
		{"both append", mutation.MergeText, "a\n", "a\nb\n", "a\nc\n", conflict},
		{"a line that is gone and changed", mutation.MergeText, "a\nb c d\ne\n", "a\ne\n", "a\nb c D\ne\n", conflict},
		{"a change in a line and a line behind it", mutation.MergeText, "one two three\n", "ONE two three\n", "one two three\nfour\n", "ONE two three\nfour\n"},
		{"letters beyond ASCII", mutation.MergeText, "ærlig talt går det", "Ærlig talt går det", "ærlig talt går det fint", "Ærlig talt går det fint"},
		{"both wrote into nothing", mutation.MergeText, "", "a", "b", conflict},

		{"two keys", mutation.MergeJSON, `{"a": 1, "b": 1}`, `{"a": 2, "b": 1}`, `{"a": 1, "b": 3}`, `{"a": 2, "b": 3}`},
		{"one key", mutation.MergeJSON, `{"a": 1}`, `{"a": 2}`, `{"a": 3}`, conflict},
		{"keys within", mutation.MergeJSON, `{"a": {"x": 1, "y": 1}}`, `{"a": {"x": 2, "y": 1}}`, `{"a": {"x": 1, "y": 2}}`, `{"a": {"x": 2, "y": 2}}`},
		{"added on both sides", mutation.MergeJSON, `{}`, `{"a": 1}`, `{"b": 1}`, `{"b": 1, "a": 1}`},
		{"the same added", mutation.MergeJSON, `{}`, `{"a": {"x": 1}}`, `{"a": {"y": 1}}`, `{"a": {"y": 1, "x": 1}}`},
		{"dropped and kept", mutation.MergeJSON, `{"a": 1, "b": 1}`, `{"b": 1}`, `{"a": 1, "b": 2}`, `{"b": 2}`},
		{"dropped and changed", mutation.MergeJSON, `{"a": 1}`, `{}`, `{"a": 2}`, conflict},
		{"arrays are whole", mutation.MergeJSON, `{"a": [1]}`, `{"a": [1, 2]}`, `{"a": [1, 3]}`, conflict},
		{"an object became a number", mutation.MergeJSON, `{"a": {"x": 1}}`, `{"a": 1}`, `{"a": {"x": 2}}`, conflict},
		{"no objects", mutation.MergeJSON, `1`, `2`, `3`, conflict},
		{"a key with a quote", mutation.MergeJSON, `{}`, `{"a\"b": 1}`, `{"c": 1}`, `{"c": 1, "a\"b": 1}`},

		{"added and taken out", mutation.MergeSet, "{a,b}", "{b,c}", "{a,b,d}", "{b,d,c}"},
		{"taken out on both sides", mutation.MergeSet, "{a,b}", "{b}", "{b,c}", "{b,c}"},
		{"nothing left", mutation.MergeSet, "{a,b}", "{a}", "{b}", "{}"},
		{"JSON", mutation.MergeSet, `["a", 1]`, `["a"]`, `["a", 1, {"x": 2}]`, `["a", {"x": 2}]`},
		{"no base", mutation.MergeSet, "", "{a}", "{b}", "{b,a}"},
		{"two dimensions", mutation.MergeSet, "{{1},{2}}", "{{1}}", "{{2}}", conflict},
	} {
		got, ok := c.merge(c.base, c.mine, c.theirs)
		if !ok {
			got = conflict
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
		// Whose side is whose makes no difference to what is a conflict.
		if _, other := c.merge(c.base, c.theirs, c.mine); other != ok {
			t.Errorf("%s: a conflict one way round only", c.name)
		}
	}
}

// edited is one side's version of numbered words: a fresh word in the place of
// some, some gone, some put between. Every word is in one text once.
type edited struct {
	text        string
	added, gone []string
	touched     map[int]bool // base words that it changed, or put something beside
}

func editWords(t *rapid.T, side string, base []string, sep string) edited {
	e := edited{touched: map[int]bool{}}
	var out []string
	fresh := func() string {
		w := fmt.Sprintf("%s%d", side, len(e.added))
		e.added = append(e.added, w)
		return w
	}
	for i, w := range base {
		switch rapid.SampledFrom([]string{"keep", "keep", "keep", "keep", "replace", "drop", "insert"}).Draw(t, side) {
		case "keep":
			out = append(out, w)
		case "replace":
			out = append(out, fresh())
			e.gone = append(e.gone, w)
			e.touched[i] = true
		case "drop":
			e.gone = append(e.gone, w)
			e.touched[i] = true
		case "insert":
			out = append(out, fresh(), w)
			e.touched[i] = true
		}
	}
	for _, w := range out {
		e.text += w + sep
	}
	return e
}

// A merged text has every word that either side added, and none that either
// side took out: nothing is lost and nothing comes back. Changes with two words
// between them always merge.
func TestMergeTextLosesNothing(t *testing.T) {
	t.Parallel()
	for name, sep := range map[string]string{"lines": "\n", "words": " "} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			merges := 0
			rapid.Check(t, func(t *rapid.T) {
				var base []string
				for i := range rapid.IntRange(0, 20).Draw(t, "words") {
					base = append(base, fmt.Sprintf("w%d", i))
				}
				was := strings.Join(base, sep)
				if len(base) > 0 {
					was += sep
				}
				mine, theirs := editWords(t, "m", base, sep), editWords(t, "t", base, sep)
				got, ok := mutation.MergeText(was, mine.text, theirs.text)
				back, okBack := mutation.MergeText(was, theirs.text, mine.text)
				if ok != okBack || got != back {
					t.Fatalf("%q, %v one way round and %q, %v the other", got, ok, back, okBack)
				}
				apart := true
				for i := range mine.touched {
					for d := -2; d <= 2; d++ {
						apart = apart && !theirs.touched[i+d]
					}
				}
				if !ok {
					if apart {
						t.Fatalf("%q and %q of %q are a conflict", mine.text, theirs.text, was)
					}
					return
				}
				merges++
				want := map[string]bool{}
				for _, w := range slices.Concat(base, mine.added, theirs.added) {
					want[w] = true
				}
				for _, w := range slices.Concat(mine.gone, theirs.gone) {
					delete(want, w)
				}
				have := strings.Fields(got)
				if len(have) != len(want) {
					t.Fatalf("%q and %q of %q became %q, want %v", mine.text, theirs.text, was, got, want)
				}
				for _, w := range have {
					if !want[w] {
						t.Fatalf("%q and %q of %q became %q, with %q", mine.text, theirs.text, was, got, w)
					}
				}
				for _, side := range []edited{mine, theirs} { // and keeps each side's order
					if !ordered(strings.Fields(side.text), have) {
						t.Fatalf("%q became %q: another order", side.text, got)
					}
				}
			})
			if merges < 10 {
				t.Errorf("only %d texts merged", merges)
			}
		})
	}
}

// ordered reports whether what both have comes in the same order.
func ordered(side, merged []string) bool {
	last := -1
	for _, w := range side {
		if at := slices.Index(merged, w); at >= 0 {
			if at < last {
				return false
			}
			last = at
		}
	}
	return true
}

// A side that changed nothing takes the other's; equal sides are what they are.
// Any bytes may come.
func TestMergeIdentities(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		piece := rapid.SampledFrom([]string{"a", "b", " ", "\n", ".", "æ", "{", "}", ",", "[", "]", `"`, ":", "1"})
		text := rapid.Custom(func(t *rapid.T) string { return strings.Join(rapid.SliceOfN(piece, 0, 12).Draw(t, "pieces"), "") })
		b, x, y := text.Draw(t, "base"), text.Draw(t, "x"), text.Draw(t, "y")
		if got, ok := mutation.MergeText(b, b, x); !ok || got != x {
			t.Fatalf("unchanged and %q: %q, %v", x, got, ok)
		}
		if got, ok := mutation.MergeText(b, x, x); !ok || got != x {
			t.Fatalf("twice %q: %q, %v", x, got, ok)
		}
		one, ok1 := mutation.MergeText(b, x, y)
		other, ok2 := mutation.MergeText(b, y, x)
		if ok1 != ok2 || one != other {
			t.Fatalf("%q, %v and %q, %v", one, ok1, other, ok2)
		}
		mutation.MergeJSON(b, x, y) // neither may panic
		mutation.MergeSet(b, x, y)
	})
}

// match is a longest common subsequence: as long as the textbook's table says.
func TestMatchIsLongest(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "c", "d"}), 0, 24)
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		pairs, ok := mutation.Match(a, b)
		if !ok || len(pairs) != len(a) {
			t.Fatalf("Match = %v, %v", pairs, ok)
		}
		last, n := -1, 0
		for i, j := range pairs {
			if j < 0 {
				continue
			}
			if j <= last || a[i] != b[j] {
				t.Fatalf("pairs %v of %v and %v", pairs, a, b)
			}
			last, n = j, n+1
		}
		table := make([][]int, len(a)+1)
		table[0] = make([]int, len(b)+1)
		for i := range a {
			table[i+1] = make([]int, len(b)+1)
			for j := range b {
				table[i+1][j+1] = max(table[i][j+1], table[i+1][j])
				if a[i] == b[j] {
					table[i+1][j+1] = max(table[i+1][j+1], table[i][j]+1)
				}
			}
		}
		if want := table[len(a)][len(b)]; n != want {
			t.Fatalf("%d pairs of %v and %v, want %d", n, a, b, want)
		}
	})
}

// Texts that differ too much are a conflict, and that is said soon.
func TestMergeTextIsBounded(t *testing.T) {
	t.Parallel()
	var a, b, c strings.Builder
	for i := range 40000 {
		fmt.Fprintf(&a, "a%d\n", i)
		fmt.Fprintf(&b, "b%d\n", i)
		fmt.Fprintf(&c, "c%d\n", i)
	}
	if got, ok := mutation.MergeText(a.String(), b.String(), c.String()); ok {
		t.Errorf("merged into %d bytes", len(got))
	}
	large := a.String()
	if got, ok := mutation.MergeText(large, "x\n"+large, large+"y\n"); !ok || got != "x\n"+large+"y\n" {
		t.Errorf("a large text with two small changes: %d bytes, %v", len(got), ok)
	}
}

// tree is a JSON object of few keys, three levels deep.
func tree(depth int) *rapid.Generator[map[string]any] {
	return rapid.Custom(func(t *rapid.T) map[string]any {
		out := map[string]any{}
		for _, key := range []string{"a", "b", "c"} {
			switch rapid.IntRange(0, 4).Draw(t, key) {
			case 0:
			case 1:
				if depth > 0 {
					out[key] = tree(depth-1).Draw(t, key+" within")
					continue
				}
				fallthrough
			default:
				out[key] = rapid.SampledFrom([]any{1.0, 2.0, "x", nil, []any{1.0}}).Draw(t, key+" leaf")
			}
		}
		return out
	})
}

// leaves lists every path with the JSON of what it ends in; an empty object is
// an end.
func leaves(at string, v any, out map[string]string) map[string]string {
	if m, ok := v.(map[string]any); ok && len(m) > 0 {
		for key, of := range m {
			leaves(at+"/"+key, of, out)
		}
		return out
	}
	text, _ := json.Marshal(v)
	out[at] = string(text)
	return out
}

// A merged object has, at every path, what the side says that changed it.
func TestMergeJSONLosesNothing(t *testing.T) {
	t.Parallel()
	merges := 0
	rapid.Check(t, func(t *rapid.T) {
		base := tree(2).Draw(t, "base")
		side := func(name string) map[string]any {
			out := clone(base)
			for range rapid.IntRange(0, 2).Draw(t, name+" changes") {
				change(t, name, out)
			}
			return out
		}
		mine, theirs := side("mine"), side("theirs")
		text := func(v any) string { b, _ := json.Marshal(v); return string(b) }
		c := &schema.Column{Name: "c", Type: schema.TypeJSONB, Strategy: schema.StrategyJSON}
		canonical := func(v any) value.Value {
			out, err := c.Canonical(value.Text(text(v)))
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		table := &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}, *c}}
		d := decide(table, canonical(base), canonical(mine), canonical(theirs))
		o := decide(table, canonical(base), canonical(theirs), canonical(mine))
		if (d.Status == mutation.Parked) != (o.Status == mutation.Parked) {
			t.Fatalf("status %d one way round, %d the other", d.Status, o.Status)
		}
		if d.Status == mutation.Parked {
			return
		}
		if !stands(d, canonical(theirs)).Equal(stands(o, canonical(mine))) {
			t.Fatalf("%v one way round, %v the other", d.Write, o.Write)
		}
		merges++
		var got any
		if err := json.Unmarshal([]byte(stands(d, canonical(theirs)).Str()), &got); err != nil {
			t.Fatal(err)
		}
		was, m, th, have := leaves("", base, map[string]string{}), leaves("", mine, map[string]string{}), leaves("", theirs, map[string]string{}), leaves("", got, map[string]string{})
		for _, side := range []map[string]string{m, th} {
			for path, v := range side {
				if was[path] != v && v != "{}" && have[path] != v {
					t.Fatalf("%s: %s was lost: base %v, mine %v, theirs %v, got %v", path, v, was, m, th, have)
				}
			}
			for path, v := range was {
				if _, kept := side[path]; !kept && have[path] == v && v != "{}" {
					t.Fatalf("%s: %s is back: base %v, mine %v, theirs %v, got %v", path, v, was, m, th, have)
				}
			}
		}
	})
	if merges < 10 {
		t.Errorf("only %d merged", merges)
	}
}

func clone(m map[string]any) map[string]any {
	out := map[string]any{}
	for key, v := range m {
		if in, ok := v.(map[string]any); ok {
			v = clone(in)
		}
		out[key] = v
	}
	return out
}

// change sets or drops one key somewhere.
func change(t *rapid.T, name string, m map[string]any) {
	key := rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, name+" key")
	if in, ok := m[key].(map[string]any); ok && rapid.Bool().Draw(t, name+" within") {
		change(t, name, in)
		return
	}
	if rapid.IntRange(0, 2).Draw(t, name+" drops") == 0 {
		delete(m, key)
		return
	}
	m[key] = rapid.SampledFrom([]any{3.0, "new " + name, true}).Draw(t, name+" value")
}

// decide has an update from base to mine meet theirs.
func decide(t *schema.Table, base, mine, theirs value.Value) mutation.Decision {
	return mutation.Decide(t, update(1, base, mine), value.Row{value.Int(1), theirs}, mutation.Meeting{Conflict: true, MineHLC: 2, TheirsHLC: 1})
}

// stands is the column's value after a decision that did not park.
func stands(d mutation.Decision, theirs value.Value) value.Value {
	if d.Write == nil {
		return theirs
	}
	return d.Write[1]
}

// An element is in the merged set as the side says that changed it, whoever
// comes first; and what the writer sees meanwhile is what will stand.
func TestMergeSetLosesNothing(t *testing.T) {
	t.Parallel()
	for _, c := range []schema.Column{
		{Name: "c", Type: schema.TypeArray, SourceType: "text[]", Strategy: schema.StrategySet},
		{Name: "c", Type: schema.TypeJSONB, Strategy: schema.StrategySet},
	} {
		rapid.Check(t, func(t *rapid.T) {
			all := []string{"1", "2", "3", "4", "5"}
			sets := make([]map[string]bool, 3)
			values := make([]value.Value, 3)
			for i := range sets {
				sets[i] = map[string]bool{}
				var in []string
				for _, e := range all {
					if rapid.Bool().Draw(t, e) {
						sets[i][e], in = true, append(in, e)
					}
				}
				values[i] = value.Text("{" + strings.Join(in, ",") + "}")
				if c.Type == schema.TypeJSONB {
					values[i] = value.Text("[" + strings.Join(in, ", ") + "]")
				}
			}
			table := &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{{Name: "id", Type: schema.TypeInt}, c}}
			if values[0].Equal(values[1]) {
				return // no write
			}
			for _, way := range [][2]int{{1, 2}, {2, 1}} {
				mine, theirs := way[0], way[1]
				if values[0].Equal(values[mine]) {
					continue
				}
				d := decide(table, values[0], values[mine], values[theirs])
				if d.Status == mutation.Parked || d.Status == mutation.Rejected {
					t.Fatalf("status %d", d.Status)
				}
				got := stands(d, values[theirs])
				in := strings.FieldsFunc(got.Str(), func(r rune) bool { return strings.ContainsRune("{}[], ", r) })
				for _, e := range all {
					want := sets[mine][e]
					if want == sets[0][e] {
						want = sets[theirs][e]
					}
					if slices.Contains(in, e) != want {
						t.Fatalf("%s: %v in %v; base %v, mine %v, theirs %v", e, !want, in, values[0].Str(), values[mine].Str(), values[theirs].Str())
					}
				}
				shown := mutation.Show(table, value.Row{value.Int(1), values[theirs]}, []mutation.Op{update(1, values[0], values[mine])})
				if !shown[1].Equal(got) {
					t.Fatalf("the writer sees %s, and %s will stand", shown[1].Str(), got.Str())
				}
			}
		})
	}
}

// What cannot be merged waits for a person, and the writer goes on seeing his own.
func TestConflictingMergesPark(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		strategy           schema.Strategy
		typ                schema.Type
		base, mine, theirs string
	}{
		{schema.StrategyText, schema.TypeText, "a", "b", "c"},
		{schema.StrategyJSON, schema.TypeJSONB, `{"a": 1}`, `{"a": 2}`, `{"a": 3}`},
		{schema.StrategySet, schema.TypeArray, "{}", "{{1}}", "{2}"},
	} {
		table := &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
			{Name: "id", Type: schema.TypeInt}, {Name: "c", Type: c.typ, Strategy: c.strategy},
		}}
		base, mine, theirs := value.Text(c.base), value.Text(c.mine), value.Text(c.theirs)
		d := decide(table, base, mine, theirs)
		if d.Status != mutation.Parked || d.Conflict == nil || d.Conflict.Rule != mutation.RuleManual || len(d.Conflict.Cols) != 1 || d.Write != nil {
			t.Errorf("%s and %s: %+v, want it parked", c.mine, c.theirs, d)
		}
		if shown := mutation.Show(table, value.Row{value.Int(1), theirs}, []mutation.Op{update(1, base, mine)}); !shown[1].Equal(mine) {
			t.Errorf("the writer sees %v", shown[1])
		}
		if d := decide(table, base, value.Null, theirs); d.Status != mutation.Parked {
			t.Errorf("NULL met %s: status %d, want it parked", c.theirs, d.Status)
		}
	}
}

// A value that joined both sides took nothing from anybody; one beside it may have.
func TestJoinedIsNotOverwritten(t *testing.T) {
	t.Parallel()
	table := &schema.Table{ID: 1, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
		{Name: "id", Type: schema.TypeInt},
		{Name: "note", Type: schema.TypeText, Strategy: schema.StrategyText},
		{Name: "city", Type: schema.TypeText},
	}}
	text := value.Text
	op := mutation.Op{
		Table: 1, Kind: mutation.Update, Key: value.Row{value.Int(1)}, Cols: []uint32{1, 2},
		Old: value.Row{text("a b c d"), text("Oslo")}, New: value.Row{text("A b c d"), text("Bergen")},
	}
	for city, lost := range map[string]bool{"Oslo": false, "Tromsø": true} {
		d := mutation.Decide(table, op, value.Row{value.Int(1), text("a b c D"), text(city)}, mutation.Meeting{Conflict: true, MineHLC: 2, TheirsHLC: 1})
		if d.Status != mutation.Merged || d.Write[1].Str() != "A b c D" || d.Write[2].Str() != "Bergen" {
			t.Fatalf("Decide = %+v", d)
		}
		if d.Conflict.Overwrote() != lost {
			t.Errorf("with %s there, Overwrote = %v by rule %d, want %v", city, !lost, d.Conflict.Rule, lost)
		}
	}
}
