package builder_test

import (
	"strconv"
	"strings"
	"testing"

	"rockpool.dev/query"
	"rockpool.dev/value"
	"rockpool.dev/wasm/builder"
)

// The caches say what they do: hits, misses, evictions, bytes; and they are
// bounded by entries and by bytes.
func TestCaches(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	ask := func(alias string) {
		t.Helper()
		st, err := r.b.Select(&query.Select{From: query.TableRef{Name: "products"}, Columns: []query.ResultExpr{{Expr: val(value.Int(1)), As: alias}}})
		if err == nil {
			_, err = r.b.Plan(r.c, st.SQL, nil)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	ask("a")
	ask("a")
	ask("b")
	texts, plans := r.b.Stats()
	if texts.Hits != 1 || texts.Misses != 2 || texts.Entries != 2 || texts.Evictions != 0 || texts.Bytes == 0 || texts.BytesMax != builder.CacheBytesMax {
		t.Errorf("texts = %+v", texts)
	}
	if plans.Hits != 1 || plans.Misses != 2 || plans.Entries != 2 || plans.Bytes == 0 {
		t.Errorf("plans = %+v", plans)
	}
	for i := range builder.SelectsMax {
		ask("c" + strconv.Itoa(i))
	}
	if texts, _ = r.b.Stats(); texts.Entries != builder.SelectsMax || texts.Evictions != 2 {
		t.Errorf("after SelectsMax more: %+v", texts)
	}
	for i := range 12 {
		ask(strings.Repeat("x", 300<<10) + strconv.Itoa(i))
	}
	texts, plans = r.b.Stats()
	if texts.Bytes > builder.CacheBytesMax || plans.Bytes > builder.CacheBytesMax || texts.Entries > 12 {
		t.Errorf("after long ones: %+v and %+v, want at most %d bytes of each", texts, plans, builder.CacheBytesMax)
	}
	r.b.SetSchema(r.b.Schema())
	if texts, plans = r.b.Stats(); texts.Bytes+plans.Bytes > 0 || texts.Entries+plans.Entries > 0 {
		t.Errorf("after all is forgotten: %+v and %+v", texts, plans)
	}
}
