package rest_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/listen"
	"rockpool.dev/server/relay/relaytest"
	"rockpool.dev/server/rest"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

// names verifies tokens of the form user/role; without a user it is an API key.
type names struct{}

func (names) VerifyKey(token string) (auth.Identity, error) {
	user, role, ok := strings.Cut(token, "/")
	if user == "old" {
		return auth.Identity{}, fault.New(fault.TokenExpired, "verify a token", "it has expired")
	}
	if !ok {
		return auth.Identity{}, fault.New(fault.Unauthenticated, "verify a token", "it is no token")
	}
	claims := map[string]any{"sub": user, "role": role}
	if user == "" {
		delete(claims, "sub")
	}
	return auth.Identity{User: user, Role: role, Claims: claims, ClaimsJSON: "{}"}, nil
}

// served is a relay with its HTTP pages.
type served struct {
	t   *testing.T
	w   *relaytest.World
	url string
}

func serve(t *testing.T, rules string) *served {
	t.Helper()
	w := relaytest.NewWorld(t, relaytest.Options{Rules: rules, Seed: []value.Row{relaytest.Product(1, "tea", "4.50", 3), relaytest.Product(2, "pot", "12.00", 1)}})
	w.Now = time.Now().UnixMilli()
	o := listen.Options{Core: w.Core, Origins: []string{"https://app.example"}, Now: time.Now, Pages: map[string]http.Handler{}}
	var server *listen.Server
	o.Pages[rest.Prefix] = rest.New(rest.Options{
		Store: w.Store, Catalog: w.Catalog, Verifier: names{}, Change: w.Source.Change, Allowed: o.OriginAllowed,
		Logged: func(ctx context.Context, write rest.Write) error { return server.Logged(ctx, write) },
	})
	server = listen.Prepare(o)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server.Start(l)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		if err := server.Shutdown(ctx, nil); err != nil {
			t.Errorf("Shutdown: %v", err)
		}
	})
	return &served{t, w, "http://" + l.Addr().String() + rest.Prefix}
}

// ask sends a request as somebody and returns "status body".
func (s *served) ask(token, method, target, body string, headers ...string) string {
	s.t.Helper()
	resp := s.do(token, method, target, body, headers...)
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, text))
}

func (s *served) do(token, method, target, body string, headers ...string) *http.Response {
	s.t.Helper()
	req := httptest.NewRequestWithContext(context.Background(), method, s.url+target, strings.NewReader(body))
	req.RequestURI = ""
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	return resp
}

const shown = "return=representation"

// Whose rows are read and written is what rockpool.yaml says, in every place of
// a request.
func TestPolicies(t *testing.T) {
	t.Parallel()
	s := serve(t, relaytest.Rules)
	const mine, hers = "0198c0de-0000-7000-8000-00000000000a", "0198c0de-0000-7000-8000-00000000000b"
	for _, c := range []struct{ token, method, target, body, prefer, want string }{
		{"ann/user", "POST", "orders?select=id,number,customer", `{"id":"` + mine + `","customer":"ann"}`, shown, `201 [{"id":"` + mine + `","number":1,"customer":"ann"}]`},
		{"bea/user", "POST", "orders?select=number", `{"id":"` + hers + `","customer":"bea"}`, shown, `201 [{"number":2}]`},
		{"ann/user", "GET", "orders?select=customer", "", "", `200 [{"customer":"ann"}]`},
		{"ann/user", "GET", "orders?select=customer&id=eq." + hers, "", "", `200 []`},
		{"ann/user", "GET", "orders?select=count()", "", "", `200 [{"count":1}]`},
		{"ann/user", "PATCH", "orders?id=eq." + hers, `{"note":"x"}`, shown, `200 []`},
		{"ann/user", "DELETE", "orders?id=eq." + hers, "", "count=exact", `204`},
		{"bea/user", "GET", "orders?select=note", "", "", `200 [{"note":null}]`},
		{"ann/user", "PATCH", "orders?id=eq." + mine, `{"customer":"bea"}`, "", `403 {"code":"42501","details":null,"hint":null,"message":"new row violates row-level security policy for table \"orders\""}`},
		{"ann/user", "POST", "orders", `{"id":"` + hers + `","customer":"ann"}`, "resolution=merge-duplicates", `403 {"code":"42501","details":null,"hint":null,"message":"new row violates row-level security policy for table \"orders\""}`},
		{"ann/user", "POST", "products", `{"id":9,"name":"x"}`, "", `403 {"code":"42501","details":null,"hint":null,"message":"new row violates row-level security policy for table \"products\""}`},
		{"ann/user", "GET", "lines", "", "", `403 {"code":"42501","details":"read lines: no policy lets anybody read it","hint":"add tables.lines.read to rockpool.yaml","message":"permission denied for table lines"}`},
		{"ann/user", "GET", "orders?select=id,lines(id)", "", "", `403 {"code":"42501","details":"read lines: no policy lets anybody read it","hint":"add tables.lines.read to rockpool.yaml","message":"permission denied for table lines"}`},
		{"ann/user", "GET", "orders?select=id,lines()&lines=is.null", "", "", `403 {"code":"42501","details":"read lines: no policy lets anybody read it","hint":"add tables.lines.read to rockpool.yaml","message":"permission denied for table lines"}`},
		{"eve/staff", "PATCH", "products?id=eq.1&select=name,price", `{"name":"chai"}`, shown, `200 [{"name":"chai","price":4.50}]`},
		{"eve/staff", "PATCH", "products?id=eq.1", `{"name":"pot"}`, "", `409 {"code":"23505","details":"Key (name)=(pot) already exists.","hint":null,"message":"duplicate key value violates unique constraint \"products_name_key\""}`},
		{"eve/staff", "PATCH", "products?id=eq.1", `{"stock":-1}`, "", `400 {"code":"23514","details":null,"hint":null,"message":"new row for relation \"products\" violates check constraint \"stock_not_negative\""}`},
		{"eve/staff", "DELETE", "products?id=gt.0", "", "tx=rollback", `204`},
		{"ann/user", "GET", "products?select=name&order=id", "", "", `200 [{"name":"chai"},{"name":"pot"}]`},
		{"", "GET", "products", "", "", `401 {"code":"PGRST302","details":null,"hint":null,"message":"Anonymous access is disabled"}`},
		{"forged", "GET", "products", "", "", `401 {"code":"PGRST301","details":null,"hint":null,"message":"verify a token: it is no token"}`},
		{"old/x", "GET", "products", "", "", `401 {"code":"PGRST303","details":null,"hint":null,"message":"JWT expired"}`},
		// An API key reads what everybody may, and is told to sign in for the rest.
		{"/anon", "GET", "products?select=name&order=id", "", "", `200 [{"name":"chai"},{"name":"pot"}]`},
		{"/anon", "GET", "orders", "", "", `200 []`},
		{"/anon", "GET", "lines", "", "", `401 {"code":"42501","details":"read lines: no policy lets anybody read it","hint":"add tables.lines.read to rockpool.yaml","message":"permission denied for table lines"}`},
		{"/anon", "POST", "products", `{"id":9,"name":"x"}`, "", `401 {"code":"42501","details":null,"hint":null,"message":"new row violates row-level security policy for table \"products\""}`},
		{"ann/user", "GET", "_rockpool_client", "", "", `404 {"code":"PGRST205","details":null,"hint":null,"message":"Could not find the table 'public._rockpool_client' in the schema cache"}`},
		{"ann/user", "POST", "rpc/f", "{}", "", `404 {"code":"PGRST202","details":"Functions run at the database alone.","hint":null,"message":"Could not find the function public.f in the schema cache"}`},
	} {
		if got := s.ask(c.token, c.method, c.target, c.body, "Prefer", c.prefer); got != c.want {
			t.Errorf("%s %s %s\n gave %s\n want %s", c.token, c.method, c.target, got, c.want)
		}
	}
}

// A write is in the log when it is answered, in order, with whatever it cascaded to.
func TestWritesAreLogged(t *testing.T) {
	t.Parallel()
	s := serve(t, "")
	before := s.w.Store.Head().Seq
	for i, c := range []struct{ method, target, body string }{
		{"POST", "products", `[{"id":7,"name":"a"},{"id":8,"name":"b"}]`},
		{"PATCH", "products?id=gte.7", `{"stock":5}`},
		{"DELETE", "products?id=eq.8", ``},
	} {
		if got := s.ask("ann/user", c.method, c.target, c.body); !strings.HasPrefix(got, "20") {
			t.Fatalf("%s: %s", c.method, got)
		}
		if head := s.w.Store.Head().Seq; head != before+uint64(i)+1 {
			t.Errorf("after %s the log is at %d, want %d", c.method, head, before+uint64(i)+1)
		}
	}
	if got := s.ask("ann/user", "PATCH", "products?id=eq.77", `{"stock":5}`); got != "204" {
		t.Error(got)
	}
	if head := s.w.Store.Head().Seq; head != before+3 {
		t.Errorf("a write of no row was logged")
	}
}

func TestOtherOrigins(t *testing.T) {
	t.Parallel()
	s := serve(t, "")
	resp := s.do("", "OPTIONS", "products", "", "Origin", "https://app.example")
	_ = resp.Body.Close()
	if resp.StatusCode != 204 || resp.Header.Get("Access-Control-Allow-Origin") != "https://app.example" || !strings.Contains(resp.Header.Get("Access-Control-Allow-Headers"), "prefer") {
		t.Errorf("preflight: %d %v", resp.StatusCode, resp.Header)
	}
	resp = s.do("ann/user", "HEAD", "products", "", "Origin", "https://app.example", "Prefer", "count=exact")
	_ = resp.Body.Close()
	if resp.Header.Get("Content-Range") != "0-1/2" || !strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), "Content-Range") {
		t.Errorf("HEAD: %d %v", resp.StatusCode, resp.Header)
	}
	if got := s.ask("ann/user", "GET", "products", "", "Origin", "https://evil.example"); !strings.HasPrefix(got, "403") {
		t.Errorf("another origin: %s", got)
	}
}

// What is only tried is under the write policy as well: else an upsert that makes a
// row the caller's shows him the rest of it.
func TestTriedWritesNeedThePolicy(t *testing.T) {
	t.Parallel()
	s := serve(t, relaytest.Rules)
	const hers = "0198c0de-0000-7000-8000-00000000000b"
	if got := s.ask("bea/user", "POST", "orders", `{"id":"`+hers+`","customer":"bea","note":"secret"}`); got != "201" {
		t.Fatal(got)
	}
	const refused = `403 {"code":"42501","details":null,"hint":null,"message":"new row violates row-level security policy for table \"orders\""}`
	got := s.ask("ann/user", "POST", "orders", `{"id":"`+hers+`","customer":"ann"}`, "Prefer", "resolution=merge-duplicates,tx=rollback,"+shown)
	if got != refused {
		t.Errorf("gave %s\n want %s", got, refused)
	}
}

// A write is given up when its time is over, and holds the store's one writer no
// longer.
func TestAWriteIsStopped(t *testing.T) {
	t.Parallel()
	s := serve(t, "")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	h := rest.New(rest.Options{
		Store: s.w.Store, Catalog: s.w.Catalog, Verifier: names{}, Allowed: func(_, _ string) bool { return true },
		Change: func(who *source.Client, t *schema.Table, f func(*store.Write) (bool, error)) (*changelog.Tx, error) {
			return s.w.Source.Change(who, t, func(w *store.Write) (bool, error) {
				cancel()
				return f(w)
			})
		},
		Logged: func(_ context.Context, write rest.Write) error {
			_, err := write()
			return err
		},
	})
	var body strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&body, `,{"id":%d,"name":"p%d"}`, i+10, i)
	}
	req := httptest.NewRequestWithContext(ctx, "POST", rest.Prefix+"products", strings.NewReader("["+body.String()[1:]+"]"))
	req.Header.Set("Authorization", "Bearer ann/user")
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, req)
	if answer.Code != http.StatusGatewayTimeout || !strings.Contains(answer.Body.String(), "57014") {
		t.Errorf("gave %d %s", answer.Code, answer.Body)
	}
	if got := s.ask("ann/user", "GET", "products?select=count()", ""); got != `200 [{"count":2}]` {
		t.Error(got)
	}
}
