package postgrest_test

import (
	"errors"
	"strings"
	"testing"

	"rockpool.dev/query/postgrest"
	"rockpool.dev/query/sqlfn"
	"rockpool.dev/schema"
	"rockpool.dev/sqlite"
)

// The tables of a shelf of books: every kind of relation, and many types.
func shelf() *schema.Schema {
	col := func(name string, t schema.Type, source string) schema.Column {
		return schema.Column{Name: name, Type: t, SourceType: source}
	}
	id := schema.Column{Name: "id", Type: schema.TypeInt, SourceType: "int4", NotNull: true}
	text := func(name string) schema.Column { return col(name, schema.TypeText, "text") }
	number := func(name string) schema.Column { return col(name, schema.TypeInt, "int4") }
	return &schema.Schema{Version: 1, Tables: []schema.Table{
		{
			ID: 1, Name: "authors", Columns: []schema.Column{id, text("name"), number("mentor")}, Key: []uint32{0},
			Unique:  []schema.Unique{{Name: "authors_name_key", Columns: []uint32{1}}},
			Foreign: []schema.ForeignKey{{Name: "authors_mentor_fkey", Columns: []string{"mentor"}, Table: "authors", References: []string{"id"}}},
		},
		{ID: 2, Name: "books", Columns: []schema.Column{
			id, text("title"), number("author_id"), number("editor_id"), col("price", schema.TypeDecimal, "numeric"), col("sold", schema.TypeBool, "bool"),
			col("meta", schema.TypeJSONB, "jsonb"), col("tags", schema.TypeArray, "text[]"), col("at", schema.TypeTimestampTZ, "timestamptz"),
			col("marks", schema.TypeArray, "int4[]"), col("weight", schema.TypeFloat, "float8"),
			{Name: "kind", Type: schema.TypeEnum, SourceType: "kind", Enum: []string{"novel", "poem"}},
		}, Key: []uint32{0}, Foreign: []schema.ForeignKey{
			{Name: "books_author_id_fkey", Columns: []string{"author_id"}, Table: "authors", References: []string{"id"}},
			{Name: "books_editor_id_fkey", Columns: []string{"editor_id"}, Table: "authors", References: []string{"id"}},
		}},
		{
			ID: 3, Name: "reviews", Columns: []schema.Column{id, number("book_id"), number("stars"), text("body")}, Key: []uint32{0},
			Foreign: []schema.ForeignKey{{Name: "reviews_book_id_fkey", Columns: []string{"book_id"}, Table: "books", References: []string{"id"}}},
			Checks:  []schema.Check{{Name: "stars_range", Expr: "stars BETWEEN 1 AND 5"}},
		},
		{ID: 4, Name: "genres", Columns: []schema.Column{id, text("label")}, Key: []uint32{0}},
		{ID: 5, Name: "book_genres", Columns: []schema.Column{number("book_id"), number("genre_id")}, Key: []uint32{0, 1}, Foreign: []schema.ForeignKey{
			{Name: "book_genres_book_id_fkey", Columns: []string{"book_id"}, Table: "books", References: []string{"id"}},
			{Name: "book_genres_genre_id_fkey", Columns: []string{"genre_id"}, Table: "genres", References: []string{"id"}},
		}},
		{
			ID: 6, Name: "covers", Columns: []schema.Column{number("book_id"), text("file")}, Key: []uint32{0},
			Foreign: []schema.ForeignKey{{Name: "covers_book_id_fkey", Columns: []string{"book_id"}, Table: "books", References: []string{"id"}}},
		},
		{ID: 7, Name: "notes", Columns: []schema.Column{
			{Name: "id", Type: schema.TypeUUID, SourceType: "uuid", NotNull: true},
			{Name: "body", Type: schema.TypeText, SourceType: "text", NotNull: true},
			{Name: "level", Type: schema.TypeInt, SourceType: "int4", Default: "3"},
		}, Key: []uint32{0}},
	}}
}

const rows = `
INSERT INTO authors VALUES (1,'Ada',NULL),(2,'Bo',1),(3,'Cy',1);
INSERT INTO books VALUES
 (1,'Alpha',1,2,'9.50',1,'{"a": {"b": [1, "x"]}, "n": 10}','{red,"dark blue"}','2026-01-02T03:04:05.500000+00:00','{1,2}',1.5,'novel'),
 (2,'Beta',1,NULL,'10',0,'{"n": 9}','{red}',NULL,NULL,NULL,'poem'),
 (3,'Gamma',2,1,NULL,NULL,NULL,NULL,'2026-01-02T03:04:05.000000+00:00','{}',2,NULL),
 (4,'delta',NULL,NULL,'2','1','[]','{}',NULL,NULL,NULL,NULL);
INSERT INTO reviews VALUES (1,1,5,'good'),(2,1,3,'fair'),(3,2,1,NULL);
INSERT INTO genres VALUES (1,'crime'),(2,'space');
INSERT INTO book_genres VALUES (1,1),(1,2),(2,2);
INSERT INTO covers VALUES (1,'a.png');
`

// world is a database that answers requests.
type world struct {
	t    testing.TB
	conn *sqlite.Conn
	env  *postgrest.Env
}

// newWorld is a shelf of books.
func newWorld(t testing.TB) *world {
	t.Helper()
	w := openWorld(t, shelf())
	w.env.NewKey = func() string { return "0198c0de-0000-7000-8000-000000000001" }
	w.exec(rows)
	return w
}

// openWorld is a database with the empty tables of a schema.
func openWorld(t testing.TB, s *schema.Schema) *world {
	t.Helper()
	c, err := sqlite.Open(sqlite.Options{Memory: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := sqlfn.Register(c); err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, conn: c, env: &postgrest.Env{Schema: s}}
	ddl := "PRAGMA foreign_keys=ON;"
	for i := range s.Tables {
		ddl += strings.Join(schema.DDL(&s.Tables[i], schema.Truth), ";") + ";"
	}
	w.exec(ddl)
	return w
}

// ask answers a request as the Worker and the relay do.
func (w *world) ask(r postgrest.Request) *postgrest.Response {
	w.t.Helper()
	p, refused := postgrest.Prepare(r, w.env)
	if refused != nil {
		return refused.Response()
	}
	if !p.Writes() {
		resp, err := read(p, w.conn)
		if err != nil {
			return p.Failure(err).Response()
		}
		return resp
	}
	w.exec("BEGIN")
	resp, err := p.Write(w.conn)
	if err != nil {
		w.exec("ROLLBACK")
		if errors.Is(err, postgrest.ErrRollback) {
			return resp
		}
		return p.Failure(err).Response()
	}
	if err := w.conn.Exec("COMMIT"); err != nil {
		w.exec("ROLLBACK")
		return p.Failure(err).Response()
	}
	return resp
}

func read(p *postgrest.Plan, c *sqlite.Conn) (*postgrest.Response, error) {
	r, err := p.Read(c)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for {
		done, err := r.Step(2)
		if err != nil {
			return nil, err
		}
		if done {
			return r.Response()
		}
	}
}

func (w *world) exec(sql string) {
	w.t.Helper()
	if err := w.conn.Exec(sql); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) get(target string) *postgrest.Response {
	w.t.Helper()
	return w.ask(postgrest.Request{Method: "GET", Target: target})
}

func header(r *postgrest.Response, name string) string {
	for _, h := range r.Headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
