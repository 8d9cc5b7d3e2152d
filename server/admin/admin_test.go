package admin

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"rockpool.dev/schema"
	"rockpool.dev/server/source"
	"rockpool.dev/server/store"
	"rockpool.dev/value"
)

var tables = &schema.Schema{Version: 3, Tables: []schema.Table{
	{ID: 1, Name: "a", Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, SourceType: "integer"}}, Key: []uint32{0}},
	{ID: 2, Name: "b", Columns: []schema.Column{{Name: "id", Type: schema.TypeInt, SourceType: "integer"}}, Key: []uint32{0}},
}}

// options are those of a relay whose store has two rows in a.
func options(t *testing.T) Options {
	t.Helper()
	st, err := store.Open(store.Options{Path: filepath.Join(t.TempDir(), "r.db"), Schema: tables, NewEpoch: 5})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = st.Close() })
	err = st.Load(func(to source.Loader) (uint64, error) {
		return 9, errors.Join(to.Row(&tables.Tables[0], value.Row{value.Int(1)}), to.Row(&tables.Tables[0], value.Row{value.Int(2)}))
	})
	if err != nil {
		t.Fatal(err)
	}
	start := time.Unix(1000, 0)
	return Options{
		Store: st, Kind: "postgres", Version: "test", Started: start, Now: func() time.Time { return start.Add(2 * time.Second) },
		Source: func(context.Context) error { return nil }, Snapshots: func() uint64 { return 77 },
		Figures: func(context.Context) (Figures, bool) {
			return Figures{
				Sessions: 4, Outcomes: map[string]uint64{"applied": 6}, Refused: map[string]uint64{"rate": 2},
				Pool: map[string]float64{"acquired": 3},
			}, true
		},
	}
}

func get(h http.Handler, path string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
	return w
}

// A monitor must see the difference between well, without its source, and dead.
func TestHealth(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Options)
		code   int
		status string
	}{
		{"well", func(*Options) {}, http.StatusOK, "ok"},
		{"no source", func(o *Options) { o.Source = func(context.Context) error { return errors.New("no server") } }, http.StatusServiceUnavailable, "degraded"},
		{"stuck", func(o *Options) {
			o.Figures = func(context.Context) (Figures, bool) { return Figures{}, false }
		}, http.StatusServiceUnavailable, "down"},
	} {
		o := options(t)
		c.change(&o)
		w := get(Health(o), "/health")
		var h health
		if err := json.Unmarshal(w.Body.Bytes(), &h); err != nil {
			t.Fatalf("%s: %v: %s", c.name, err, w.Body)
		}
		if w.Code != c.code || h.Status != c.status || (h.Problem == "") != (c.status == "ok") || h.Epoch != 5 || h.Schema != 3 || h.UptimeMs != 2000 {
			t.Errorf("%s: %d %+v, want %d %s", c.name, w.Code, h, c.code, c.status)
		}
		if w.Header().Get("Cache-Control") != "no-store" {
			t.Errorf("%s: health may be cached", c.name)
		}
	}
}

func TestDigest(t *testing.T) {
	o := options(t)
	var all, one digest
	for path, d := range map[string]*digest{"/digest": &all, "/digest?table=b": &one} {
		if err := json.Unmarshal(get(Digest(o), path).Body.Bytes(), d); err != nil {
			t.Fatal(err)
		}
	}
	if all.Tables["a"].Rows != 2 || all.Tables["b"].Rows != 0 || all.Tables["a"].Digest == all.Tables["b"].Digest {
		t.Errorf("digests %+v, want two rows in a and none in b", all)
	}
	if len(one.Tables) != 1 || one.Tables["b"] != all.Tables["b"] {
		t.Errorf("digest of b alone %+v", one)
	}
}

func TestMetrics(t *testing.T) {
	body := get(Metrics(options(t)), "/metrics").Body.String()
	for _, line := range []string{
		"rockpool_sessions 4", "rockpool_snapshot_bytes 77", `rockpool_outcomes_total{status="applied"} 6`,
		`rockpool_refused_total{kind="rate"} 2`, `rockpool_pool{figure="acquired"} 3`,
	} {
		if !strings.Contains(body, line+"\n") {
			t.Errorf("the figures lack %q", line)
		}
	}
}
