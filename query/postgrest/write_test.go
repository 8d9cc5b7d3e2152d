package postgrest_test

import (
	"testing"

	"rockpool.dev/query/postgrest"
)

// Each case runs on the shelf as it was, and asks once more afterwards.
func TestWrites(t *testing.T) {
	t.Parallel()
	representation := "return=representation"
	for _, c := range []struct {
		name, method, target, prefer, body string
		status                             int
		want                               string
		after, found                       string
	}{
		{"one row", "POST", "genres", "", `{"id":3,"label":"sea"}`, 201, ``, "genres?id=eq.3", `[{"id":3,"label":"sea"}]`},
		{"one row, shown", "POST", "genres", representation, `{"id":3,"label":"sea"}`, 201, `[{"id":3,"label":"sea"}]`, "", ""},
		{"several, in their order", "POST", "genres?select=id", representation, `[{"id":9,"label":"a"},{"id":3,"label":"b"}]`, 201, `[{"id":9},{"id":3}]`, "", ""},
		{"several, ordered", "POST", "genres?select=id&order=id", representation, `[{"id":9,"label":"a"},{"id":3,"label":"b"}]`, 201, `[{"id":3},{"id":9}]`, "", ""},
		{"none", "POST", "genres", representation, `[]`, 201, `[]`, "genres?select=count()", `[{"count":2}]`},
		{"rows come as they were written", "POST", "notes", "", `[{"id":"00000000-0000-0000-0000-00000000000b","body":"x"},{"id":"00000000-0000-0000-0000-00000000000a","body":"y"}]`, 201, ``, "notes?select=id", `[{"id":"00000000-0000-0000-0000-00000000000b"},{"id":"00000000-0000-0000-0000-00000000000a"}]`},
		{"a key is made", "POST", "notes", representation, `{"body":"x"}`, 201, `[{"id":"0198c0de-0000-7000-8000-000000000001","body":"x","level":3}]`, "", ""},
		{"columns, missing are null", "POST", `notes?columns="id","body","level"`, representation, `[{"id":"00000000-0000-0000-0000-00000000000a","body":"x"}]`, 201, `[{"id":"00000000-0000-0000-0000-00000000000a","body":"x","level":null}]`, "", ""},
		{"columns, missing are defaults", "POST", `notes?columns=id,body,level`, representation + ",missing=default", `[{"id":"00000000-0000-0000-0000-00000000000a","body":"x"}]`, 201, `[{"id":"00000000-0000-0000-0000-00000000000a","body":"x","level":3}]`, "", ""},
		{"columns, others are ignored", "POST", `genres?columns=id`, representation, `[{"id":4,"label":"x"}]`, 201, `[{"id":4,"label":null}]`, "", ""},
		{"types", "POST", "books?select=price,sold,meta,tags,at,marks,weight", representation, `{"id":7,"price":"1.10","sold":false,"meta":{"b":1,"a":[ 2 ]},"tags":["x","y z"],"at":"2026-03-04 05:06:07+02","marks":[1,2],"weight":3}`, 201, `[{"price":1.1,"sold":false,"meta":{"a": [2], "b": 1},"tags":["x","y z"],"at":"2026-03-04T03:06:07+00:00","marks":[1,2],"weight":3}]`, "", ""},
		{"with what it embeds", "POST", "reviews?select=stars,books(title)", representation, `{"id":9,"book_id":2,"stars":4}`, 201, `[{"stars":4,"books":{"title":"Beta"}}]`, "", ""},
		{"upsert", "POST", "genres", representation + ",resolution=merge-duplicates", `[{"id":1,"label":"noir"},{"id":3,"label":"sea"}]`, 201, `[{"id":1,"label":"noir"},{"id":3,"label":"sea"}]`, "genres?select=count()", `[{"count":3}]`},
		{"upsert, ignoring", "POST", "genres", representation + ",resolution=ignore-duplicates", `[{"id":1,"label":"noir"},{"id":3,"label":"sea"}]`, 201, `[{"id":3,"label":"sea"}]`, "genres?id=eq.1", `[{"id":1,"label":"crime"}]`},
		{"upsert on another key", "POST", "authors?on_conflict=name", representation + ",resolution=merge-duplicates", `{"id":1,"name":"Ada","mentor":3}`, 200, `[{"id":1,"name":"Ada","mentor":3}]`, "", ""},
		{"upsert, missing are defaults", "POST", "notes?columns=id,body,level", representation + ",resolution=merge-duplicates,missing=default", `[{"id":"00000000-0000-0000-0000-00000000000a","body":"x","level":9},{"id":"00000000-0000-0000-0000-00000000000a","body":"y"}]`, 201, `[{"id":"00000000-0000-0000-0000-00000000000a","body":"y","level":3},{"id":"00000000-0000-0000-0000-00000000000a","body":"y","level":3}]`, "", ""},
		{"upsert on no key", "POST", "authors?on_conflict=mentor", "resolution=merge-duplicates", `{"id":1,"name":"Ada","mentor":3}`, 400, `{"code":"42P10","details":null,"hint":null,"message":"there is no unique or exclusion constraint matching the ON CONFLICT specification"}`, "", ""},
		{"upsert of a key alone", "POST", "genres", representation + ",resolution=merge-duplicates", `{"id":1}`, 200, `[{"id":1,"label":"crime"}]`, "", ""},
		{"update", "PATCH", "books?author_id=eq.1&select=id,title&order=id", representation, `{"title":"same"}`, 200, `[{"id":1,"title":"same"},{"id":2,"title":"same"}]`, "", ""},
		{"update, silent", "PATCH", "books?id=eq.1", "", `{"title":"x","meta":null,"sold":0}`, 204, ``, "books?select=title,meta,sold&id=eq.1", `[{"title":"x","meta":null,"sold":false}]`},
		{"update of none", "PATCH", "books?id=eq.77", representation, `{"title":"x"}`, 200, `[]`, "", ""},
		{"update of nothing", "PATCH", "books?id=eq.1", representation, `{}`, 200, `[]`, "", ""},
		{"update that its filter leaves", "PATCH", "books?title=eq.Alpha&select=title", representation, `{"title":"x"}`, 200, `[{"title":"x"}]`, "", ""},
		{"update of the key", "PATCH", "genres?id=eq.1&select=id", representation, `{"id":10}`, 409, `{"code":"23503","details":null,"hint":null,"message":"the write violates a foreign key constraint of table \"genres\""}`, "", ""},
		{"update, limited", "PATCH", "books?id=gt.0&select=id&order=id.desc&limit=1", representation, `{"title":"x"}`, 200, `[{"id":4}]`, "books?select=id&title=eq.x", `[{"id":4}]`},
		{"update without a filter", "PATCH", "books", "", `{"title":"x"}`, 400, `{"code":"21000","details":null,"hint":null,"message":"UPDATE requires a WHERE clause"}`, "", ""},
		{"delete", "DELETE", "reviews?stars=lt.4", "", ``, 204, ``, "reviews?select=id", `[{"id":1}]`},
		{"delete, shown as it was", "DELETE", "reviews?stars=lt.4&select=id,books(title)&order=id", representation, ``, 200, `[{"id":2,"books":{"title":"Alpha"}},{"id":3,"books":{"title":"Beta"}}]`, "reviews?select=id", `[{"id":1}]`},
		{"delete without a filter", "DELETE", "reviews", "", ``, 400, `{"code":"21000","details":null,"hint":null,"message":"DELETE requires a WHERE clause"}`, "", ""},
		{"more than max-affected", "DELETE", "reviews?stars=lt.4", "handling=strict, max-affected=1", ``, 400, `{"code":"PGRST124","details":"The query affects 2 rows","hint":null,"message":"Query result exceeds max-affected preference constraint"}`, "reviews?select=count()", `[{"count":3}]`},
		{"rolled back", "DELETE", "reviews?stars=lt.4&select=id", "tx=rollback," + representation, ``, 200, `[{"id":2},{"id":3}]`, "reviews?select=count()", `[{"count":3}]`},
		// Errors
		{"a key that is taken", "POST", "genres", "", `{"id":1,"label":"x"}`, 409, `{"code":"23505","details":"Key (id)=(1) already exists.","hint":null,"message":"duplicate key value violates unique constraint \"genres_pkey\""}`, "", ""},
		{"all or nothing", "POST", "genres", "", `[{"id":5,"label":"x"},{"id":1,"label":"x"}]`, 409, `{"code":"23505","details":"Key (id)=(1) already exists.","hint":null,"message":"duplicate key value violates unique constraint \"genres_pkey\""}`, "genres?select=count()", `[{"count":2}]`},
		{"another key that is taken", "POST", "authors", "", `{"id":9,"name":"Ada"}`, 409, `{"code":"23505","details":"Key (name)=(Ada) already exists.","hint":null,"message":"duplicate key value violates unique constraint \"authors_name_key\""}`, "", ""},
		{"not null", "POST", "notes", "", `{"body":null}`, 400, `{"code":"23502","details":null,"hint":null,"message":"null value in column \"body\" of relation \"notes\" violates not-null constraint"}`, "", ""},
		{"a check", "POST", "reviews", "", `{"id":9,"stars":7}`, 400, `{"code":"23514","details":null,"hint":null,"message":"new row for relation \"reviews\" violates check constraint \"stars_range\""}`, "", ""},
		{"an unknown column", "POST", "genres", "", `{"id":9,"nope":7}`, 400, `{"code":"PGRST204","details":null,"hint":null,"message":"Could not find the 'nope' column of 'genres' in the schema cache"}`, "", ""},
		{"a wrong type", "POST", "reviews", "", `{"id":"x"}`, 400, `{"code":"22P02","details":null,"hint":null,"message":"invalid input syntax for type integer: \"x\""}`, "", ""},
		{"no JSON", "POST", "genres", "", `{"id":`, 400, `{"code":"PGRST102","details":null,"hint":null,"message":"Empty or invalid json"}`, "", ""},
		{"rows that differ", "POST", "genres", "", `[{"id":5},{"id":6,"label":"x"}]`, 400, `{"code":"PGRST102","details":null,"hint":null,"message":"All object keys must match"}`, "", ""},
		{"without a key", "POST", "genres", "", `{"label":"x"}`, 400, `{"code":"23502","details":null,"hint":null,"message":"null value in column \"id\" of relation \"genres\" violates not-null constraint"}`, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			r := w.ask(postgrest.Request{Method: c.method, Target: c.target, Body: c.body, Headers: map[string]string{"prefer": c.prefer, "content-type": "application/json"}})
			if r.Status != c.status || string(r.Body) != c.want {
				t.Errorf("gave %d %s\n want %d %s", r.Status, r.Body, c.status, c.want)
			}
			if c.after != "" {
				if got := string(w.get(c.after).Body); got != c.found {
					t.Errorf("then %s gave %s, want %s", c.after, got, c.found)
				}
			}
		})
	}
}

func TestWritesTellRangesAndPlaces(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ method, target, prefer, body, contentRange, location, applied string }{
		{"POST", "genres", "count=exact", `[{"id":5},{"id":6}]`, "*/2", "", "count=exact"},
		{"POST", "genres", "return=headers-only", `{"id":5}`, "*/*", "/genres?id=eq.5", "return=headers-only"},
		{"POST", "book_genres", "return=headers-only", `{"book_id":3,"genre_id":1}`, "*/*", "/book_genres?book_id=eq.3&genre_id=eq.1", "return=headers-only"},
		{"PATCH", "books?id=lt.3", "count=exact, nope=1", `{"title":"x"}`, "0-1/2", "", "count=exact"},
		{"PATCH", "books?id=gt.30", "", `{"title":"x"}`, "*/*", "", ""},
		{"DELETE", "reviews?id=lt.3", "count=exact,return=minimal", ``, "*/2", "", "count=exact, return=minimal"},
	} {
		w := newWorld(t)
		r := w.ask(postgrest.Request{Method: c.method, Target: c.target, Body: c.body, Headers: map[string]string{"prefer": c.prefer}})
		got := [3]string{header(r, "content-range"), header(r, "location"), header(r, "preference-applied")}
		if want := [3]string{c.contentRange, c.location, c.applied}; got != want || len(r.Body) > 0 {
			t.Errorf("%s %s: %q and %s, want %q and no body", c.method, c.target, got, r.Body, want)
		}
	}
}

func TestASingleObjectIsRolledBackWhenItIsNone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ask(postgrest.Request{Method: "PATCH", Target: "books?id=lt.3", Body: `{"title":"x"}`, Headers: map[string]string{
		"prefer": "return=representation", "accept": "application/vnd.pgrst.object+json",
	}})
	if r.Status != 406 || string(w.get("books?select=count()&title=eq.x").Body) != `[{"count":0}]` {
		t.Errorf("gave %d %s, and the update stayed", r.Status, r.Body)
	}
}

// A single row that was written and may not be shown is no object: the answer had no
// body, which supabase-js takes for success.
func TestAWrittenRowThatDoesNotShow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.ask(postgrest.Request{Method: "POST", Target: "reviews?select=id,books!inner(title)", Body: `{"id":9,"stars":4}`, Headers: map[string]string{
		"prefer": "return=representation", "accept": "application/vnd.pgrst.object+json",
	}})
	if want := `406 {"code":"PGRST116","details":"The result contains 0 rows","hint":null,"message":"Cannot coerce the result to a single JSON object"}`; shown(r) != want {
		t.Errorf("gave %s\n want %s", shown(r), want)
	}
	if got := shown(w.get("reviews?id=eq.9")); got != "[]" {
		t.Errorf("and the row stayed: %s", got)
	}
}

// A time zone is not applied, so the answer does not say so.
func TestATimeZoneIsNotApplied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for prefer, want := range map[string]string{"timezone=Asia/Tokyo": "200 ", "handling=strict,timezone=Asia/Tokyo": "400 "} {
		r := w.ask(postgrest.Request{Method: "GET", Target: "genres", Headers: map[string]string{"prefer": prefer}})
		if got := status(r) + " " + header(r, "preference-applied"); got != want {
			t.Errorf("%s: %q, want %q", prefer, got, want)
		}
	}
}
