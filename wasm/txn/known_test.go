package txn_test

import (
	"slices"
	"strings"
	"testing"

	"rockpool.dev/wire"
)

// Operations of one call share texts; each must still be its own.
func TestOperationsByTurns(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	rows, _, err := r.m.Operations([]wire.Operation{
		op(wire.OpInsert, "items", "id", uuid+"a", "name", "a"),
		op(wire.OpInsert, "items", "id", uuid+"b", "name", "b", "qty", 2),
		op(wire.OpInsert, "lines", "item", 1, "n", 1),
		op(wire.OpInsert, "items", "qty", 3, "name", "c", "id", uuid+"c"),
		op(wire.OpUpdate, "items", "id", uuid+"a", "qty", 7),
		op(wire.OpIncrement, "items", "id", uuid+"a", "qty", 7),
		op(wire.OpUpdate, "items", "qty", 9, "id", uuid+"b"),
		op(wire.OpDelete, "lines", "item", 1, "n", 1),
		op(wire.OpDelete, "items", "id", uuid+"c"),
		op(wire.OpUpsert, "items", "id", uuid+"a", "name", "A"),
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, row := range rows {
		got = append(got, strings.Join(row.Columns, ",")+": "+show(row.Values))
	}
	item := func(id, rest string) string { return "id,name,qty,price: " + uuid + id + "|" + rest + "|NULL" }
	want := []string{
		item("a", "a|NULL"), item("b", "b|2"), "item,n: 1|1", item("c", "c|3"),
		item("a", "a|7"), item("a", "a|14"), item("b", "b|9"),
		"item,n: 1|1", "id: " + uuid + "c", item("a", "A|14"),
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
