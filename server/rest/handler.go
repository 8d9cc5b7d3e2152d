package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"rockpool.dev/changelog"
	"rockpool.dev/fault"
	"rockpool.dev/query"
	"rockpool.dev/query/postgrest"
	"rockpool.dev/schema"
	"rockpool.dev/server/auth"
	"rockpool.dev/server/shape"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/sqlite"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

const (
	// Prefix is the path that it serves.
	Prefix = "/rest/v1/"
	// readsMax bounds the reads that run at once: the store's other readers are
	// left to clients' snapshots.
	readsMax = 4
	// timeout bounds one request, its wait for a turn too.
	timeout = 30 * time.Second
	// writeTimeout bounds the writing itself: the relay does nothing else meanwhile.
	writeTimeout = 5 * time.Second
	// rowsStep is how many rows are printed between two looks at the clock.
	rowsStep = 512
	// progressSteps is how many steps of SQLite's machine run between two such looks.
	progressSteps = 10_000
	// answerBytesMax bounds the body of an answer.
	answerBytesMax = 64 << 20
)

// Options are what a handler needs.
type Options struct {
	Store    *store.Store
	Catalog  *shape.Catalog
	Verifier Verifier
	// Change runs f as who on the truth (embedded.Source.Change); nil where the
	// store is a replica, which answers reads alone.
	Change func(who *source.Client, t *schema.Table, f func(w *store.Write) (keep bool, err error)) (*changelog.Tx, error)
	// Logged runs a write in its turn, hands its record to everybody it concerns,
	// and returns when it is durable.
	Logged func(ctx context.Context, write Write) error
	// Allowed says whether pages of an origin may ask.
	Allowed func(origin, host string) bool
}

// Verifier tells whose a token or an API key is (auth.Verifier).
type Verifier interface {
	VerifyKey(token string) (auth.Identity, error)
}

// Write is a write of the source; its record is nil when it changed nothing.
type Write = func() (*changelog.Tx, error)

// handler serves requests. Safe for concurrent use.
type handler struct {
	Options
	reads chan struct{}
}

// New returns the handler for Prefix.
func New(o Options) http.Handler { return &handler{o, make(chan struct{}, readsMax)} }

// Headers that requests of other origins may have, and methods.
const (
	allowHeaders = "apikey, authorization, x-client-info, accept-profile, content-profile, content-type, prefer, range, range-unit, x-supabase-api-version, x-retry-count, traceparent"
	allowMethods = "GET, HEAD, POST, PATCH, DELETE, OPTIONS"
)

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	origin := r.Header.Get("Origin")
	if !h.Allowed(origin, r.Host) {
		answer(w, (&postgrest.Error{Status: http.StatusForbidden, Code: "42501", Message: "pages of this origin may not use this relay"}).Response())
		return
	}
	if origin != "" {
		head := w.Header()
		head.Set("Access-Control-Allow-Origin", origin)
		head.Set("Access-Control-Allow-Headers", allowHeaders)
		head.Set("Access-Control-Allow-Methods", allowMethods)
		head.Set("Access-Control-Expose-Headers", "Content-Range, Location, Preference-Applied")
		head.Set("Access-Control-Max-Age", "600")
		head.Add("Vary", "Origin")
	}
	if r.Method == http.MethodOptions {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	ctx, stop := context.WithTimeout(r.Context(), timeout)
	defer stop()
	answer(w, h.serve(ctx, w, r))
}

func answer(w http.ResponseWriter, resp *postgrest.Response) {
	for _, one := range resp.Headers {
		w.Header().Set(one.Name, one.Value)
	}
	if len(resp.Body) > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(len(resp.Body)))
	}
	w.WriteHeader(resp.Status)
	_, _ = w.Write(resp.Body)
}

// serve answers one request of a caller.
func (h *handler) serve(ctx context.Context, w http.ResponseWriter, r *http.Request) *postgrest.Response {
	id, refused := h.caller(r)
	if refused != nil {
		return refused.Response()
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, wire.MutationBytesMax))
	if err != nil {
		return (&postgrest.Error{Status: http.StatusRequestEntityTooLarge, Code: "54000", Message: "the body is larger than " + strconv.Itoa(wire.MutationBytesMax) + " bytes"}).Response()
	}
	headers := map[string]string{}
	for name, values := range r.Header {
		headers[strings.ToLower(name)] = strings.Join(values, ",")
	}
	who := &source.Client{User: id.User, Role: id.Role, ClaimsJSON: id.ClaimsJSON, Claims: id.Claims}
	env := &postgrest.Env{Schema: h.Catalog.Schema(), NewKey: newKey, Visible: h.visible(who), Anonymous: id.User == ""}
	target := strings.TrimPrefix(r.URL.EscapedPath(), Prefix) + "?" + r.URL.RawQuery
	plan, refused := postgrest.Prepare(postgrest.Request{Method: r.Method, Target: target, Headers: headers, Body: string(body)}, env)
	if refused != nil {
		return refused.Response()
	}
	resp, err := h.run(ctx, plan, who, env)
	switch {
	case err == nil:
		return resp
	case errors.Is(err, context.DeadlineExceeded), ctx.Err() != nil:
		return (&postgrest.Error{Status: http.StatusGatewayTimeout, Code: "57014", Message: "canceling statement due to statement timeout"}).Response()
	default:
		return plan.Failure(err).Response()
	}
}

// caller is whose token a request brings: the session's, or the API key.
func (h *handler) caller(r *http.Request) (auth.Identity, *postgrest.Error) {
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Bearer") {
		token = r.Header.Get("apikey")
	}
	id, err := h.Verifier.VerifyKey(token) // of none too: rockpool dev lets everybody in
	switch {
	case err == nil:
		return id, nil
	case token == "":
		return id, &postgrest.Error{Status: http.StatusUnauthorized, Code: "PGRST302", Message: "Anonymous access is disabled"}
	case fault.KindOf(err) == fault.TokenExpired:
		return id, &postgrest.Error{Status: http.StatusUnauthorized, Code: "PGRST303", Message: "JWT expired", Hint: fault.HintOf(err)}
	}
	return id, &postgrest.Error{Status: http.StatusUnauthorized, Code: "PGRST301", Message: err.Error(), Hint: fault.HintOf(err)}
}

// visible is which rows a caller may read of a table.
func (h *handler) visible(who *source.Client) func(*schema.Table, string) (*query.Expr, error) {
	return func(t *schema.Table, as string) (*query.Expr, error) {
		b, err := h.Catalog.Readable(t, who.Claims)
		if err == nil {
			var e *query.Expr
			if e, err = b.Expr(as); err == nil {
				return e, nil
			}
		}
		return nil, &postgrest.Error{
			Status: http.StatusForbidden, Code: "42501", Message: "permission denied for table " + t.Name, Details: err.Error(), Hint: fault.HintOf(err),
		}
	}
}

func (h *handler) run(ctx context.Context, plan *postgrest.Plan, who *source.Client, env *postgrest.Env) (*postgrest.Response, error) {
	if !plan.Writes() {
		return h.read(ctx, plan)
	}
	if h.Change == nil {
		return nil, &postgrest.Error{
			Status: http.StatusMethodNotAllowed, Code: "25006", Message: "cannot write in a read-only transaction",
			Hint: "this relay follows a database: write there, or through a client of Rockpool",
		}
	}
	var resp *postgrest.Response
	err := h.Logged(ctx, func() (*changelog.Tx, error) {
		return h.Change(who, env.Schema.Table(plan.Table()), func(w *store.Write) (keep bool, err error) {
			env.Identity = func(t *schema.Table, column int) (value.Value, error) { return w.Identity(t.ID, column) }
			ctx, stop := context.WithTimeout(ctx, writeTimeout)
			defer stop()
			defer bounded(ctx, w.Conn())()
			if resp, err = plan.Write(w.Conn()); ctx.Err() != nil {
				return false, ctx.Err()
			}
			if errors.Is(err, postgrest.ErrRollback) {
				return false, nil
			}
			return true, err
		})
	})
	return resp, err
}

// read runs a reading plan on a view of the store.
func (h *handler) read(ctx context.Context, plan *postgrest.Plan) (*postgrest.Response, error) {
	select {
	case h.reads <- struct{}{}:
		defer func() { <-h.reads }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	view, err := h.Store.View()
	if err != nil {
		return nil, err
	}
	defer view.Close()
	return rows(ctx, plan, view.Conn())
}

// bounded stops what a connection computes when ctx ends, until the caller calls end.
func bounded(ctx context.Context, c *sqlite.Conn) (end func()) {
	c.SetProgress(progressSteps, func() bool { return ctx.Err() != nil })
	return func() { c.SetProgress(0, nil) }
}

func rows(ctx context.Context, plan *postgrest.Plan, c *sqlite.Conn) (*postgrest.Response, error) {
	defer bounded(ctx, c)()
	read, err := plan.Read(c)
	if err != nil {
		return nil, err
	}
	defer read.Close()
	for {
		done, err := read.Step(rowsStep)
		switch {
		case err != nil:
			return nil, err
		case ctx.Err() != nil:
			return nil, ctx.Err()
		case read.Bytes() > answerBytesMax:
			return nil, fault.New(fault.TooLarge, "answer a request", "its rows are more than "+strconv.Itoa(answerBytesMax)+" bytes").
				WithHint("read them in pages, with limit and offset")
		case done:
			return read.Response()
		}
	}
}
