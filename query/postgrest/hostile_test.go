package postgrest_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"rockpool.dev/query/postgrest"
)

// codes are all that a request may be told, whatever its text. XX000 and 54001
// are not among them: they would be errors of SQLite.
var codes = map[string]bool{
	"PGRST100": true, "PGRST102": true, "PGRST103": true, "PGRST106": true, "PGRST107": true, "PGRST108": true, "PGRST116": true, "PGRST117": true,
	"PGRST118": true, "PGRST120": true, "PGRST122": true, "PGRST124": true, "PGRST126": true, "PGRST127": true, "PGRST200": true, "PGRST201": true,
	"PGRST202": true, "PGRST204": true, "PGRST205": true, "0A000": true, "21000": true, "22003": true, "22007": true, "22025": true, "22P02": true,
	"22P05": true, "23502": true, "23503": true, "23505": true, "23514": true, "42703": true, "42704": true, "42804": true, "42883": true, "42P10": true,
	"428C9": true, "54000": true,
}

// told checks that an answer is JSON and that an error is one of PostgREST's or
// Postgres's own.
func told(t *testing.T, r *postgrest.Response, what string) {
	t.Helper()
	if len(r.Body) == 0 || strings.HasPrefix(header(r, "content-type"), "text/csv") {
		return
	}
	var body any
	if err := json.Unmarshal(r.Body, &body); err != nil {
		t.Fatalf("%s: %v: %s", what, err, r.Body)
	}
	if r.Status < 300 {
		return
	}
	e, _ := body.(map[string]any)
	code, _ := e["code"].(string)
	if !codes[code] || len(e) != 4 {
		t.Fatalf("%s: an error that PostgREST has not: %d %s", what, r.Status, r.Body)
	}
}

// A hundred hostile texts in every place: the tables are whole afterwards, and
// none of the answers is an error of SQL.
func TestHostileTexts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../testdata/injections.json")
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	before := string(w.get("books?order=id").Body)
	for _, hostile := range all {
		h := escaped(hostile)
		for _, target := range []string{
			h, "books?select=" + h, "books?select=id::" + h, "books?select=" + h + ":id", "books?select=meta->" + h, "books?select=reviews(" + h + ")",
			"books?select=reviews!" + h + "(id)", "books?order=" + h, "books?order=reviews(" + h + ")", "books?" + h + "=eq.1", "books?title=" + h,
			"books?title=eq." + h, "books?title=like." + h, "books?title=in.(" + h + ")", "books?meta->>" + h + "=eq.x", "books?meta->" + h + "=eq.1", "books?meta=cs." + h,
			"books?tags=cs." + h, "books?or=(" + h + ")", "books?or=(title.eq." + h + ")", "books?limit=" + h, "books?select=id,r:reviews(id)&r." + h + "=eq.1",
			"books?title=eq(any)." + h, "books?title=fts(" + h + ").x",
		} {
			told(t, w.get(target), target)
		}
		quoted, _ := json.Marshal(hostile)
		for _, body := range []string{hostile, `{"id":90,"title":` + string(quoted) + `}`, `{` + string(quoted) + `:1}`} {
			told(t, w.ask(postgrest.Request{Method: "POST", Target: "books?columns=" + h, Body: body}), "POST columns "+hostile)
			told(t, w.ask(postgrest.Request{Method: "POST", Target: "books?on_conflict=" + h, Body: body, Headers: map[string]string{"prefer": "resolution=merge-duplicates,tx=rollback"}}), "POST "+body)
			told(t, w.ask(postgrest.Request{Method: "PATCH", Target: "books?id=eq.77", Body: body, Headers: map[string]string{"prefer": h}}), "PATCH "+body)
		}
	}
	if after := string(w.get("books?order=id").Body); after != before {
		t.Errorf("the books are %s\n they were %s", after, before)
	}
}

func escaped(s string) string {
	const digits = "0123456789abcdef"
	var b strings.Builder
	for i := range len(s) {
		b.WriteString("%" + string(digits[s[i]>>4]) + string(digits[s[i]&15]))
	}
	return b.String()
}

// FuzzRequest: no request panics, every answer is JSON, and no error is SQL's.
func FuzzRequest(f *testing.F) {
	for _, seed := range []struct{ method, target, body, prefer string }{
		{"GET", "books?select=id,a:title::text,meta->a->>b,reviews!inner(stars.sum()),...author_id(name)&or=(id.eq.1,not.and(title.like.*a,id.in.(1,\"2\")))&order=id.desc.nullslast&reviews.limit=1", "", "count=exact"},
		{"POST", "books?columns=\"id\",title&on_conflict=id&select=*", `[{"id":9,"title":"x"}]`, "return=representation,resolution=merge-duplicates,missing=default"},
		{"PATCH", "books?id=eq.1&tags=cs.{a}&meta=cs.{}", `{"meta":{"a":[1,null]},"tags":["x"]}`, "return=representation"},
		{"DELETE", "reviews?books.title=eq.x&select=*,books(*)&stars=eq(any).{1,2}", ``, "handling=strict, max-affected=2"},
	} {
		f.Add(seed.method, seed.target, seed.body, seed.prefer)
	}
	w := newWorld(f)
	f.Fuzz(func(t *testing.T, method, target, body, prefer string) {
		w.t = t
		resp := w.asIfNever(postgrest.Request{Method: method, Target: target, Body: body, Headers: map[string]string{"prefer": prefer}})
		told(t, resp, target)
	})
}

// What 64 KiB of URL and some megabytes of body may ask for takes a moment, and no
// more than its length deserves.
func TestLargeRequestsEnd(t *testing.T) {
	t.Parallel()
	many := func(s string, n int) string { return s[:len(s)-1] + strings.Repeat(","+s[:len(s)-1], n-1) }
	for _, c := range []struct{ name, target, body, want string }{
		{"columns that repeat", "genres?columns=" + many("id,", 20_000), "[" + many(`{"label":"x"},`, 200_000) + "]", "23502"},
		{"lists within lists", "books", `{"id":50,"tags":` + strings.Repeat("[", 250) + many("1,", 2_000_000) + strings.Repeat("]", 250) + "}", "22P02"},
	} {
		answered := make(chan *postgrest.Response, 1)
		go func() {
			answered <- newWorld(t).ask(postgrest.Request{Method: "POST", Target: c.target, Body: c.body})
		}()
		select {
		case r := <-answered:
			if !strings.Contains(string(r.Body), c.want) {
				t.Errorf("%s: %d %.200s", c.name, r.Status, r.Body)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s: no answer after 30 s", c.name)
		}
	}
}
