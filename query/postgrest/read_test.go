package postgrest_test

import (
	"strconv"
	"testing"

	"rockpool.dev/query/postgrest"
)

// Each case is a request and the body of its answer, which begins with the
// status where that is not 200.
func TestReads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct{ target, want string }{
		{"genres", `[{"id":1,"label":"crime"},{"id":2,"label":"space"}]`},
		{"books?id=eq.1", `[{"id":1,"title":"Alpha","author_id":1,"editor_id":2,"price":9.50,"sold":true,"meta":{"a": {"b": [1, "x"]}, "n": 10},"tags":["red","dark blue"],"at":"2026-01-02T03:04:05.5+00:00","marks":[1,2],"weight":1.5,"kind":"novel"}]`},
		{"books?select=id,name:title&order=id&limit=2", `[{"id":1,"name":"Alpha"},{"id":2,"name":"Beta"}]`},
		{"books?select=id&order=id.desc&limit=2&offset=1", `[{"id":3},{"id":2}]`},
		// Casts
		{"books?select=id::text,sold::text,sold::int,price::int,at::date,meta::text,weight::text&id=eq.1", `[{"id":"1","sold":"true","sold":1,"price":10,"at":"2026-01-02","meta":"{\"a\": {\"b\": [1, \"x\"]}, \"n\": 10}","weight":"1.5"}]`},
		{"books?select=title::int&id=eq.1", `400 {"code":"22P02","details":null,"hint":null,"message":"invalid input syntax for type integer: \"Alpha\""}`},
		{"books?select=title::nope", `400 {"code":"42704","details":null,"hint":null,"message":"type \"nope\" does not exist"}`},
		// JSON paths
		{"books?select=meta->a->b&id=eq.1", `[{"b":[1, "x"]}]`},
		{"books?select=meta->a->b->-1,x:meta->a->b->>0&id=eq.1", `[{"b":"x","x":"1"}]`},
		{"books?select=meta->>a&id=eq.1", `[{"a":"{\"b\": [1, \"x\"]}"}]`},
		{"books?select=n:meta->>n::int&order=id&limit=2", `[{"n":10},{"n":9}]`},
		{"books?select=tags->1&id=eq.1", `[{"tags":"dark blue"}]`},
		{"books?select=id&meta->>n=eq.9", `[{"id":2}]`},
		{"books?select=id&meta->n=gt.9", `[{"id":1}]`},
		{"books?select=id&meta->a->b->>-1=eq.x", `[{"id":1}]`},
		{"books?select=id&order=meta->n.desc.nullslast&limit=2", `[{"id":1},{"id":2}]`},
		// Operators
		{"books?select=id&price=gt.9.5", `[{"id":2}]`},
		{"books?select=id&title=like.*lpha", `[{"id":1}]`},
		{"books?select=id&title=ilike.d*", `[{"id":4}]`},
		{"books?select=id&title=like(any).{A*,B*}&order=id", `[{"id":1},{"id":2}]`},
		{"books?select=id&title=like(all).{*a,B*}", `[{"id":2}]`},
		{"books?select=id&id=eq(any).{1,3}&order=id", `[{"id":1},{"id":3}]`},
		{"books?select=id&id=eq(any)." + many(2000) + "&order=id", `[{"id":1},{"id":2},{"id":3},{"id":4}]`},
		{"books?select=id&id=not.eq(any).{1,3}&order=id", `[{"id":2},{"id":4}]`},
		{"books?select=id&id=eq(any).{}", `[]`},
		{"books?select=id&id=in.(1,3)&order=id", `[{"id":1},{"id":3}]`},
		{"books?select=id&title=in.(\"Alpha\",Beta)&order=id", `[{"id":1},{"id":2}]`},
		{"books?select=id&id=in.()", `[]`},
		{"books?select=id&id=not.in.(1,2,3)", `[{"id":4}]`},
		{"books?select=id&sold=is.true&order=id", `[{"id":1},{"id":4}]`},
		{"books?select=id&sold=is.unknown", `[{"id":3}]`},
		{"books?select=id&sold=not.is.null&order=id", `[{"id":1},{"id":2},{"id":4}]`},
		{"books?select=id&sold=is.not_null&order=id", `[{"id":1},{"id":2},{"id":4}]`},
		{"books?select=id&sold=isdistinct.true&order=id", `[{"id":2},{"id":3}]`},
		{"books?select=id&tags=cs.{red}&order=id", `[{"id":1},{"id":2}]`},
		{"books?select=id&tags=cd.{red,blue}&order=id", `[{"id":2},{"id":4}]`},
		{"books?select=id&tags=ov.{\"dark blue\"}", `[{"id":1}]`},
		{"books?select=id&marks=cs.{2}", `[{"id":1}]`},
		{"books?select=id&meta=cs.{\"a\":{\"b\":[\"x\"]}}", `[{"id":1}]`},
		{"books?select=id&meta=eq.{\"n\":9}", `[{"id":2}]`},
		{"books?select=id&at=gt.2026-01-02T04:04:05.4%2B01:00", `[{"id":1}]`},
		{"books?select=id&kind=eq.poem", `[{"id":2}]`},
		// Groups
		{"books?select=id&or=(id.eq.1,title.eq.Beta)&order=id", `[{"id":1},{"id":2}]`},
		{"books?select=id&or=(and(id.gt.1,sold.is.false),title.in.(Gamma,\"x,y\"))&order=id", `[{"id":2},{"id":3}]`},
		{"books?select=id&not.and=(id.gte.2,id.lte.3)&order=id", `[{"id":1},{"id":4}]`},
		{"books?select=id&and=(or(id.eq.1,id.eq.2),not.or(id.eq.1,id.eq.9))", `[{"id":2}]`},
		{"books?select=id&or=(tags.cs.{red,\"dark blue\"},id.eq.4)&order=id", `[{"id":1},{"id":4}]`},
		// To-one
		{"books?select=title,authors!books_author_id_fkey(name)&order=id", `[{"title":"Alpha","authors":{"name":"Ada"}},{"title":"Beta","authors":{"name":"Ada"}},{"title":"Gamma","authors":{"name":"Bo"}},{"title":"delta","authors":null}]`},
		{"books?select=title,author:author_id(name)&id=eq.3", `[{"title":"Gamma","author":{"name":"Bo"}}]`},
		{"books?select=id,author:authors!author_id(name),editor:authors!editor_id(name)&id=eq.1", `[{"id":1,"author":{"name":"Ada"},"editor":{"name":"Bo"}}]`},
		{"books?select=title,author_id!inner(name)&author_id.name=eq.Bo", `[{"title":"Gamma","author_id":{"name":"Bo"}}]`},
		{"books?select=id,author_id(name)&author_id.name=eq.Bo&id=lt.4&order=id", `[{"id":1,"author_id":null},{"id":2,"author_id":null},{"id":3,"author_id":{"name":"Bo"}}]`},
		{"books?select=id,covers(file)&order=id&limit=2", `[{"id":1,"covers":{"file":"a.png"}},{"id":2,"covers":null}]`},
		{"covers?select=file,books(title,reviews(stars))", `[{"file":"a.png","books":{"title":"Alpha","reviews":[{"stars":5},{"stars":3}]}}]`},
		// To-many
		{"books?select=id,reviews(stars)&reviews.order=stars&order=id", `[{"id":1,"reviews":[{"stars":3},{"stars":5}]},{"id":2,"reviews":[{"stars":1}]},{"id":3,"reviews":[]},{"id":4,"reviews":[]}]`},
		{"books?select=id,r:reviews(stars)&r.order=stars.desc&r.limit=1&id=eq.1", `[{"id":1,"r":[{"stars":5}]}]`},
		{"books?select=id,reviews!inner(stars)&reviews.stars=gt.3", `[{"id":1,"reviews":[{"stars":5}]}]`},
		{"books?select=id,reviews(stars)&reviews.or=(stars.eq.5,stars.eq.1)&id=eq.1", `[{"id":1,"reviews":[{"stars":5}]}]`},
		{"books?select=id,reviews()&reviews=is.null&order=id", `[{"id":3},{"id":4}]`},
		{"books?select=id,reviews()&reviews=not.is.null&order=id", `[{"id":1},{"id":2}]`},
		{"books?select=id,reviews()&or=(reviews.is.null,id.eq.1)&order=id", `[{"id":1},{"id":3},{"id":4}]`},
		{"authors?select=name,books!author_id(title,reviews!inner(stars))&id=eq.1", `[{"name":"Ada","books":[{"title":"Alpha","reviews":[{"stars":5},{"stars":3}]},{"title":"Beta","reviews":[{"stars":1}]}]}]`},
		// Many-to-many
		{"books?select=id,genres(label)&order=id&limit=2&genres.order=label.desc", `[{"id":1,"genres":[{"label":"space"},{"label":"crime"}]},{"id":2,"genres":[{"label":"space"}]}]`},
		{"genres?select=label,books!inner(title)&books.title=eq.Beta", `[{"label":"space","books":[{"title":"Beta"}]}]`},
		{"books?select=id,genres!book_genres(id)&id=eq.1&genres.order=id", `[{"id":1,"genres":[{"id":1},{"id":2}]}]`},
		// Self
		{"authors?select=name,mentor(name)&id=eq.2", `[{"name":"Bo","mentor":{"name":"Ada"}}]`},
		{"authors?select=name,pupils:authors(name)&id=eq.1&pupils.order=name", `[{"name":"Ada","pupils":[{"name":"Bo"},{"name":"Cy"}]}]`},
		// Spread
		{"books?select=id,...author_id(author:name)&order=id&limit=1", `[{"id":1,"author":"Ada"}]`},
		{"books?select=id,...author_id(name,pupils:authors(name))&id=eq.3", `[{"id":3,"name":"Bo","pupils":[]}]`},
		{"books?select=id,...reviews(stars)&id=eq.1&reviews.order=stars", `[{"id":1,"stars":[3,5]}]`},
		// Aggregates
		{"reviews?select=count()", `[{"count":3}]`},
		{"reviews?select=book_id,stars.sum(),best:stars.max(),stars.avg()::int&order=book_id", `[{"book_id":1,"sum":8,"best":5,"avg":4},{"book_id":2,"sum":1,"best":1,"avg":1}]`},
		{"books?select=id,reviews(count)&order=id", `[{"id":1,"reviews":[{"count":2}]},{"id":2,"reviews":[{"count":1}]},{"id":3,"reviews":[{"count":0}]},{"id":4,"reviews":[{"count":0}]}]`},
		{"books?select=price.sum(),author_id(name)&author_id=not.is.null&order=author_id", `[{"sum":19.50,"author_id":{"name":"Ada"}},{"sum":null,"author_id":{"name":"Bo"}}]`},
		// Order
		{"books?select=id,author_id()&order=author_id(name).desc,id", `[{"id":4},{"id":3},{"id":1},{"id":2}]`},
		{"books?select=id&order=author_id(name)", `400 {"code":"PGRST108","details":null,"hint":"Verify that 'author_id' is included in the 'select' query parameter.","message":"'author_id' is not an embedded resource in this request"}`},
		{"books?select=id,author_id(name)&order=author_id(name).desc.nullslast,id&limit=1", `[{"id":3,"author_id":{"name":"Bo"}}]`},
		{"books?select=id&order=price.nullsfirst,id", `[{"id":3},{"id":4},{"id":1},{"id":2}]`},
		// Errors
		{"book", `404 {"code":"PGRST205","details":null,"hint":"Perhaps you meant the table 'public.books'","message":"Could not find the table 'public.book' in the schema cache"}`},
		{"rpc/f", `404 {"code":"PGRST202","details":"Functions run at the database alone.","hint":null,"message":"Could not find the function public.f in the schema cache"}`},
		{"books?select=nope", `400 {"code":"42703","details":null,"hint":null,"message":"column books.nope does not exist"}`},
		{"books?select=reviews(nope)", `400 {"code":"42703","details":null,"hint":null,"message":"column reviews_1.nope does not exist"}`},
		{"books?nope=eq.1", `400 {"code":"42703","details":null,"hint":null,"message":"column books.nope does not exist"}`},
		{"books?id=nope.1", `400 {"code":"PGRST100","details":"unknown single value operator nope","hint":null,"message":"\"failed to parse filter (nope.1)\" (line 1, column 6)"}`},
		{"books?id=1", `400 {"code":"PGRST100","details":"unexpected \"1\" expecting \"not\" or operator (eq, gt, ...)","hint":null,"message":"\"failed to parse filter (1)\" (line 1, column 1)"}`},
		{"books?id=eq.a", `400 {"code":"22P02","details":null,"hint":null,"message":"invalid input syntax for type integer: \"a\""}`},
		{"books?id=eq.99999999999", `400 {"code":"22003","details":null,"hint":null,"message":"value \"99999999999\" is out of range for type integer"}`},
		{"books?at=eq.x", `400 {"code":"22007","details":null,"hint":null,"message":"invalid input syntax for type timestamp with time zone: \"x\""}`},
		{"books?kind=eq.x", `400 {"code":"22P02","details":null,"hint":null,"message":"invalid input value for enum kind: \"x\""}`},
		{"books?tags=cs.x", `400 {"code":"22P02","details":"Array value must start with \"{\" or dimension information.","hint":null,"message":"malformed array literal: \"x\""}`},
		{"books?title=fts.x", `400 {"code":"0A000","details":null,"hint":null,"message":"the operator fts is not served by the local database"}`},
		{"books?select=id,(", `400 {"code":"PGRST100","details":"unexpected \"(\" expecting field name (* or [a..z0..9_$])","hint":null,"message":"\"failed to parse select parameter (id,()\" (line 1, column 4)"}`},
		{"books?select=id;drop", `400 {"code":"PGRST100","details":"unexpected \";\" expecting \",\" or end of input","hint":null,"message":"\"failed to parse select parameter (id;drop)\" (line 1, column 3)"}`},
		{"books?or=(id.eq.1", `400 {"code":"PGRST100","details":"unexpected end of input expecting \",\" or \")\"","hint":null,"message":"\"failed to parse logic tree ((id.eq.1)\" (line 1, column 9)"}`},
		{"books?order=id.smth", `400 {"code":"PGRST100","details":"unexpected \"s\" expecting \"asc\", \"desc\", \"nullsfirst\" or \"nullslast\"","hint":null,"message":"\"failed to parse order (id.smth)\" (line 1, column 4)"}`},
		{"books?select=genre(label)", `400 {"code":"PGRST200","details":"Searched for a foreign key relationship between 'books' and 'genre' in the schema 'public', but no matches were found.","hint":"Perhaps you meant 'genres' instead of 'genre'.","message":"Could not find a relationship between 'books' and 'genre' in the schema cache"}`},
		{"books?select=authors(name)", `300 {"code":"PGRST201","details":[{"cardinality":"many-to-one","embedding":"books with authors","relationship":"books_author_id_fkey using books(author_id) and authors(id)"},{"cardinality":"many-to-one","embedding":"books with authors","relationship":"books_editor_id_fkey using books(editor_id) and authors(id)"}],"hint":"Try changing 'authors' to one of the following: 'authors!books_author_id_fkey', 'authors!books_editor_id_fkey'. Find the desired relationship in the 'details' key.","message":"Could not embed because more than one relationship was found for 'books' and 'authors'"}`},
		{"books?reviews.stars=eq.1", `400 {"code":"PGRST108","details":null,"hint":"Verify that 'reviews' is included in the 'select' query parameter.","message":"'reviews' is not an embedded resource in this request"}`},
		{"books?select=id,reviews(stars)&order=reviews(stars)", `400 {"code":"PGRST118","details":"'books' and 'reviews' do not form a many-to-one or one-to-one relationship","hint":null,"message":"A related order on 'reviews' is not possible"}`},
		{"books?select=id,reviews(stars)&reviews=eq.1", `400 {"code":"PGRST120","details":"Only is null or not is null filters are allowed on embedded resources","hint":null,"message":"Bad operator on the 'reviews' embedded resource"}`},
		{"books?limit=-1", `416 {"code":"PGRST103","details":"Limit should be greater than or equal to zero.","hint":null,"message":"Requested range not satisfiable"}`},
	} {
		if got := shown(w.get(c.target)); got != c.want {
			t.Errorf("GET %s\n gave %s\n want %s", c.target, got, c.want)
		}
	}
}

// many is an array of the numbers below n.
func many(n int) string {
	list := "{0"
	for i := 1; i < n; i++ {
		list += "," + strconv.Itoa(i)
	}
	return list + "}"
}

func shown(r *postgrest.Response) string {
	if r.Status == 200 {
		return string(r.Body)
	}
	return status(r) + " " + string(r.Body)
}

func status(r *postgrest.Response) string { return strconv.Itoa(r.Status) }

func TestRangesCountsAndMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		name, method, target string
		headers              map[string]string
		status               int
		contentRange         string
		body                 string
	}{
		{"no count", "GET", "genres?select=id", nil, 200, "0-1/*", `[{"id":1},{"id":2}]`},
		{"all, counted", "GET", "genres?select=id", map[string]string{"prefer": "count=exact"}, 200, "0-1/2", `[{"id":1},{"id":2}]`},
		{"a page, counted", "GET", "books?select=id&order=id&offset=1&limit=2", map[string]string{"prefer": "count=exact"}, 206, "1-2/4", `[{"id":2},{"id":3}]`},
		{"a Range header", "GET", "books?select=id&order=id", map[string]string{"range": "1-2"}, 200, "1-2/*", `[{"id":2},{"id":3}]`},
		{"an open Range header", "GET", "books?select=id&order=id", map[string]string{"range": "2-", "prefer": "count=exact"}, 206, "2-3/4", `[{"id":3},{"id":4}]`},
		{"none, counted", "GET", "books?id=eq.9", map[string]string{"prefer": "count=exact"}, 200, "*/0", `[]`},
		{"beyond the end", "GET", "books?offset=10", map[string]string{"prefer": "count=exact"}, 416, "", `{"code":"PGRST103","details":"An offset of 10 was requested, but there are only 4 rows.","hint":null,"message":"Requested range not satisfiable"}`},
		{"the head, counted", "HEAD", "books?limit=2", map[string]string{"prefer": "count=exact"}, 206, "0-1/4", ``},
		{"the head", "HEAD", "books", nil, 200, "0-3/*", ``},
		{"inner counted", "GET", "books?select=id,reviews!inner(stars)&reviews.stars=gt.3", map[string]string{"prefer": "count=exact"}, 200, "0-0/1", `[{"id":1,"reviews":[{"stars":5}]}]`},
		{"one object", "GET", "books?select=id&id=eq.1", map[string]string{"accept": "application/vnd.pgrst.object+json"}, 200, "0-0/*", `{"id":1}`},
		{"no object", "GET", "books?select=id&id=eq.9", map[string]string{"accept": "application/vnd.pgrst.object+json"}, 406, "", `{"code":"PGRST116","details":"The result contains 0 rows","hint":null,"message":"Cannot coerce the result to a single JSON object"}`},
		{"several objects", "GET", "books?select=id", map[string]string{"accept": "application/vnd.pgrst.object+json"}, 406, "", `{"code":"PGRST116","details":"The result contains 4 rows","hint":null,"message":"Cannot coerce the result to a single JSON object"}`},
		{"nulls stripped", "GET", "books?select=id,price,author_id(id,mentor)&id=in.(3,4)&order=id", map[string]string{"accept": "application/vnd.pgrst.array+json;nulls=stripped"}, 200, "0-1/*", `[{"id":3,"author_id":{"id":2,"mentor":1}},{"id":4,"price":2}]`},
		{"csv", "GET", "books?select=id,title,sold,at,tags&order=id&limit=2", map[string]string{"accept": "text/csv"}, 200, "0-1/*", "id,title,sold,at,tags\n1,Alpha,t,\"2026-01-02 03:04:05.5+00\",\"{red,\"\"dark blue\"\"}\"\n2,Beta,f,,{red}"},
		{"another type", "GET", "books", map[string]string{"accept": "application/vnd.pgrst.plan+text; for=\"application/json\""}, 406, "", `{"code":"PGRST107","details":null,"hint":null,"message":"None of these media types are available: application/vnd.pgrst.plan+text; for=\"application/json\""}`},
		{"another schema", "GET", "books", map[string]string{"accept-profile": "private"}, 406, "", `{"code":"PGRST106","details":null,"hint":"Only the following schemas are exposed: public","message":"Invalid schema: private"}`},
		{"an unknown preference", "GET", "books", map[string]string{"prefer": "handling=strict, nope=1"}, 400, "", `{"code":"PGRST122","details":"Invalid preferences: nope=1","hint":null,"message":"Invalid preferences given with handling=strict"}`},
		{"another method", "PUT", "books", nil, 405, "", `{"code":"PGRST117","details":null,"hint":null,"message":"Unsupported HTTP method: PUT"}`},
	} {
		r := w.ask(postgrest.Request{Method: c.method, Target: c.target, Headers: c.headers})
		if r.Status != c.status || header(r, "content-range") != c.contentRange || string(r.Body) != c.body {
			t.Errorf("%s: %d, %q, %s\n want %d, %q, %s", c.name, r.Status, header(r, "content-range"), r.Body, c.status, c.contentRange, c.body)
		}
	}
}
