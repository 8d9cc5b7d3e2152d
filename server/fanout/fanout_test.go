package fanout_test

import (
	"math/rand/v2"
	"testing"

	"rockpool.dev/changelog"
	"rockpool.dev/schema"
	"rockpool.dev/server/fanout"
	"rockpool.dev/server/policy"
	"rockpool.dev/server/shape"
	"rockpool.dev/value"
	"rockpool.dev/version"
	"rockpool.dev/wire"
)

var tables = &schema.Schema{Version: 1, Tables: []schema.Table{{ID: 3, Name: "t", Key: []uint32{0}, Columns: []schema.Column{
	{Name: "id", Type: schema.TypeInt}, {Name: "a", Type: schema.TypeInt}, {Name: "b", Type: schema.TypeInt},
}}}}

func specs(t *testing.T) []*shape.Spec {
	t.Helper()
	var out []*shape.Spec
	for _, where := range []string{"true", "false", "a = 1", "a = 2", "a = 1 AND b = 2", "a = 1 AND b > 1", "b < 2", "a IS NULL", "a = NULL"} {
		w, err := policy.Parse(where)
		if err != nil {
			t.Fatal(err)
		}
		c, err := shape.New(tables, map[string]shape.Rule{"t": {Read: policy.Always(true)}}, map[string]shape.Shape{"s": {Table: "t", Where: w}})
		if err != nil {
			t.Fatal(err)
		}
		s, err := c.Resolve("s", nil, nil, func(uint32) []uint32 { return nil })
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	return out
}

// apply replays blocks on a bucket's rows.
func apply(t *testing.T, rows map[int64]value.Row, blocks fanout.Blocks) {
	t.Helper()
	for _, field := range blocks {
		var tx wire.Tx
		if err := tx.Decode(field); err != nil || len(tx.Blocks) != 1 {
			t.Fatalf("a block does not decode: %v", err)
		}
		for data := tx.Blocks[0].Data; len(data) > 0; {
			n := 3
			if data[0] == wire.BlockOut {
				n = 1
			}
			row, rest, ok := value.DecodeRow(data[1:], n)
			if !ok {
				t.Fatal("a row is not whole")
			}
			if data[0] == wire.BlockOut {
				if rows[row[0].Int()] == nil {
					t.Fatalf("a key went out that was never in: %v", row)
				}
				delete(rows, row[0].Int())
			} else {
				rows[row[0].Int()] = row
			}
			data = rest
		}
	}
}

// Routing by index gives each bucket what testing every row would, and Of the
// same as Route: an oracle over random transactions.
func TestRouteAgainstOracle(t *testing.T) {
	t.Parallel()
	const seed = 20261125
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	x := fanout.NewIndex()
	all := specs(t)
	got := map[uint32]map[int64]value.Row{}
	var buckets []*fanout.Bucket
	for _, s := range all {
		b := x.Acquire(s)
		buckets = append(buckets, b)
		got[b.ID] = map[int64]value.Row{}
	}
	truth := map[int64]value.Row{}
	for seq := range 400 {
		rec := &changelog.Tx{Pos: version.Pos{Epoch: 1, Seq: uint64(seq + 1)}}
		touched := map[int64]bool{}
		for range 1 + rng.IntN(4) {
			id := rng.Int64N(12)
			if touched[id] {
				continue
			}
			touched[id] = true
			c := changelog.Change{Table: 3, Old: truth[id]}
			if rng.IntN(4) > 0 {
				a := value.Int(rng.Int64N(3))
				if rng.IntN(5) == 0 {
					a = value.Null
				}
				c.New = value.Row{value.Int(id), a, value.Int(rng.Int64N(4))}
				truth[id] = c.New
			} else {
				delete(truth, id)
			}
			if c.Old != nil || c.New != nil {
				rec.Changes = append(rec.Changes, c)
			}
		}
		routed := map[uint32]fanout.Blocks{}
		for _, h := range x.Route(rec) {
			routed[h.Bucket.ID] = h.Blocks
		}
		for _, b := range buckets {
			if of := fanout.Of(b, rec); of.Bytes() != routed[b.ID].Bytes() {
				t.Fatalf("seq %d bucket %d: Of gives %d bytes, Route %d", seq, b.ID, of.Bytes(), routed[b.ID].Bytes())
			}
			apply(t, got[b.ID], routed[b.ID])
			want := 0
			for id, row := range truth {
				if b.Spec.Has(row) {
					want++
					if !got[b.ID][id].Equal(row) {
						t.Fatalf("seq %d bucket %d: row %d = %v, want %v", seq, b.ID, id, got[b.ID][id], row)
					}
				}
			}
			if len(got[b.ID]) != want {
				t.Fatalf("seq %d bucket %d (%s): %d rows, want %d", seq, b.ID, b.Spec.Key, len(got[b.ID]), want)
			}
		}
	}
}

// A bucket is shared by equal specs, goes with its last user, and its number
// is not used again.
func TestAcquireRelease(t *testing.T) {
	t.Parallel()
	x, all := fanout.NewIndex(), specs(t)
	a, b := x.Acquire(all[2]), x.Acquire(specs(t)[2])
	if a != b || x.Len() != 1 {
		t.Fatalf("equal specs gave %d buckets, want 1", x.Len())
	}
	x.Release(a)
	rec := &changelog.Tx{Changes: []changelog.Change{{Table: 3, New: value.Row{value.Int(1), value.Int(1), value.Int(1)}}}}
	if len(x.Route(rec)) != 1 {
		t.Fatal("a bucket that is still followed is not routed to")
	}
	x.Release(b)
	if x.Len() != 0 || len(x.Route(rec)) != 0 {
		t.Fatal("a bucket that nobody follows is left")
	}
	if c := x.Acquire(all[2]); c.ID == a.ID {
		t.Fatal("a bucket's number was used again")
	}
}
