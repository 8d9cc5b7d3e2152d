package schema_test

import (
	"testing"

	"rockpool.dev/schema"
)

func TestJSONParts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		kind byte
		want string
	}{
		{`{"a": 1 , "b":[1, {"c":2}]}`, '{', `a=1|b=[1, {"c":2}]|`},
		{`[1,"x",null]`, '[', `=1|="x"|=null|`},
		{` {} `, '{', ``},
		{`[]`, '[', ``},
		{`"s"`, '"', ``},
		{` 12`, '0', ``},
		{`null`, 'n', ``},
		{`{"a"}`, 0, ``},
		{`{"a":1,}`, 0, ``},
		{`[1,]`, 0, ``},
		{`[1] x`, 0, ``},
		{`01`, 0, ``},
		{``, 0, ``},
	} {
		kind, parts := schema.JSONParts(c.text)
		got := ""
		for _, p := range parts {
			got += p.Key + "=" + p.Text + "|"
		}
		if kind != c.kind || got != c.want {
			t.Errorf("JSONParts(%s) = %c, %s, want %c, %s", c.text, kind, got, c.kind, c.want)
		}
	}
}

func TestArrayText(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want string }{
		{`{}`, `{}`},
		{`{a,b}`, `{a,b}`},
		{` { a , "b,c" } `, `{a,"b,c"}`},
		{`{"a\"b","\\",NULL,"NULL",""}`, `{"a\"b","\\",NULL,"NULL",""}`},
		{`{{1,2},{}}`, `{{1,2},{}}`},
	} {
		items, ok := schema.ParseArray(c.text)
		if got := string(schema.AppendArray(nil, items)); !ok || got != c.want {
			t.Errorf("ParseArray(%s) = %s, %v, want %s", c.text, got, ok, c.want)
		}
	}
	for _, text := range []string{``, `a`, `{`, `{a`, `{a,}`, `{"a}`, `{a}b`, `{{{{{{{1}}}}}}}`} {
		if _, ok := schema.ParseArray(text); ok {
			t.Errorf("ParseArray(%s) is an array, want none", text)
		}
	}
}
