package mutation_test

import (
	"encoding/binary"
	"math"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
)

// record appends one capture record in the layout that package sqlite states.
func record(log []byte, op mutation.Kind, depth uint8, old, now value.Row) []byte {
	body := now.Append(old.Append(nil))
	columns := max(len(old), len(now))
	log = binary.LittleEndian.AppendUint32(log, uint32(12+len(body)))
	log = append(log, byte(op), depth, byte(columns), 0)
	log = binary.LittleEndian.AppendUint32(log, 1)
	return append(log, body...)
}

func one(t *schema.Table) *schema.Schema {
	return &schema.Schema{Version: 1, Tables: []schema.Table{*t}}
}

// The cases of SYNC.md §6.1: whole rows in, intent out.
func TestNormalize(t *testing.T) {
	t.Parallel()
	a, b, moved := rowOf(1, "a", 5), rowOf(1, "b", 5), rowOf(2, "a", 5)
	for _, c := range []struct {
		name string
		log  []byte
		want []mutation.Kind
		cols int // of the first operation
	}{
		{"insert leaves NULLs to the source", record(nil, mutation.Insert, 0, nil, a), []mutation.Kind{mutation.Insert}, 3},
		{"update names the columns that changed", record(nil, mutation.Update, 0, a, b), []mutation.Kind{mutation.Update}, 1},
		{"delete", record(nil, mutation.Delete, 0, a, nil), []mutation.Kind{mutation.Delete}, 0},
		{"nothing changed", record(nil, mutation.Update, 0, a, a), nil, 0},
		{"insert, then update", record(record(nil, mutation.Insert, 0, nil, a), mutation.Update, 0, a, b), []mutation.Kind{mutation.Insert}, 3},
		{"insert, then delete", record(record(nil, mutation.Insert, 0, nil, a), mutation.Delete, 0, a, nil), nil, 0},
		{"delete and insert of one key is an update", record(record(nil, mutation.Delete, 0, a, nil), mutation.Insert, 0, nil, b), []mutation.Kind{mutation.Update}, 1},
		{"update there and back", record(record(nil, mutation.Update, 0, a, b), mutation.Update, 0, b, a), nil, 0},
		{"a new key is a delete and an insert", record(nil, mutation.Update, 0, a, moved), []mutation.Kind{mutation.Delete, mutation.Insert}, 0},
		{"a trigger's row is not sent", record(nil, mutation.Insert, 1, nil, a), nil, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			got, err := mutation.Normalize(one(item(merge, inherit)), c.log)
			if err != nil || len(got.Ops) != len(c.want) {
				t.Fatalf("Normalize = %+v, %v, want kinds %v", got.Ops, err, c.want)
			}
			for i, k := range c.want {
				if got.Ops[i].Kind != k {
					t.Errorf("operation %d is %d, want %d", i, got.Ops[i].Kind, k)
				}
			}
			if len(c.want) > 0 && len(got.Ops[0].Cols) != c.cols {
				t.Errorf("%d columns, want %d", len(got.Ops[0].Cols), c.cols)
			}
		})
	}
}

func TestNormalizeSendsAmountsOfDeltaColumns(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	table.Columns[2].Strategy = schema.StrategyDelta
	got, err := mutation.Normalize(one(table), record(nil, mutation.Update, 0, rowOf(1, "a", 5), rowOf(1, "a", 3)))
	if err != nil || len(got.Ops) != 1 || !got.Ops[0].New[0].Equal(value.Int(-2)) || len(got.Ops[0].Deltas) != 1 {
		t.Errorf("Normalize = %+v, %v, want an amount of -2", got.Ops, err)
	}
}

func TestNormalizeGivesValuesTheirForm(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	table.Columns[1] = schema.Column{Name: "name", Type: schema.TypeDecimal, Scale: 2, HasScale: true}
	log := record(nil, mutation.Insert, 0, nil, value.Row{value.Int(1), value.Text("7.5"), value.Int(1), value.Null})
	got, err := mutation.Normalize(one(table), log)
	if err != nil || len(got.Rewrite) != 1 || got.Rewrite[0].Values[0].Str() != "7.50" || got.Ops[0].New[1].Str() != "7.50" {
		t.Errorf("Normalize = %+v, %v, want 7.50 in the operation and in a rewrite", got, err)
	}
	bad := record(nil, mutation.Insert, 0, nil, value.Row{value.Int(1), value.Text("seven"), value.Int(1), value.Null})
	if _, err := mutation.Normalize(one(table), bad); fault.KindOf(err) != fault.TypeMismatch {
		t.Errorf("Normalize of 'seven' = %v, want %v", err, fault.TypeMismatch)
	}
}

// Whatever a transaction did, its operations lead from the rows before to the
// rows after.
func TestNormalizeThenFoldIsTheTransaction(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	rapid.Check(t, func(r *rapid.T) {
		before, now := map[int64]value.Row{}, map[int64]value.Row{}
		for id := range int64(4) {
			if rapid.Bool().Draw(r, "exists") {
				before[id] = rowOf(id, "base", id)
				now[id] = before[id]
			}
		}
		var log []byte
		for range rapid.IntRange(0, 12).Draw(r, "steps") {
			id := rapid.Int64Range(0, 3).Draw(r, "id")
			row := rowOf(id, rapid.SampledFrom([]string{"x", "y"}).Draw(r, "name"), rapid.Int64Range(0, 2).Draw(r, "units"))
			switch old := now[id]; {
			case old == nil:
				log, now[id] = record(log, mutation.Insert, 0, nil, row), row
			case rapid.Bool().Draw(r, "delete"):
				log = record(log, mutation.Delete, 0, old, nil)
				delete(now, id)
			default:
				log, now[id] = record(log, mutation.Update, 0, old, row), row
			}
		}
		got, err := mutation.Normalize(one(table), log)
		if err != nil {
			r.Fatal(err)
		}
		for id := range int64(4) {
			var ops []mutation.Op
			for _, op := range got.Ops {
				if op.Key[0].Int() == id {
					ops = append(ops, op)
				}
			}
			if len(ops) > 1 {
				r.Fatalf("%d operations on one row", len(ops))
			}
			if after := mutation.Fold(table, before[id], ops); !after.Equal(now[id]) {
				r.Fatalf("row %d folds to %v, want %v", id, after, now[id])
			}
		}
	})
}

func FuzzNormalize(f *testing.F) {
	f.Add(record(nil, mutation.Update, 0, rowOf(1, "a", 5), rowOf(1, "b", 5)))
	f.Fuzz(func(t *testing.T, log []byte) {
		_, _ = mutation.Normalize(one(item(merge, inherit)), log)
	})
}

// TestAmount: what an amount gives back when it is added, for every kind of
// number, and where there is none.
func TestAmount(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]struct{ before, after, want value.Value }{
		"integers":           {value.Int(5), value.Int(3), value.Int(-2)},
		"floats":             {value.Float(1.5), value.Float(4), value.Float(2.5)},
		"decimals":           {value.Text("10.10"), value.Text("9.95"), value.Text("-0.15")},
		"beyond 64 bits":     {value.Int(math.MinInt64), value.Int(math.MaxInt64), value.Null},
		"down beyond":        {value.Int(math.MaxInt64), value.Int(-2), value.Null},
		"from nothing":       {value.Null, value.Int(1), value.Null},
		"words":              {value.Text("a"), value.Text("b"), value.Null},
		"an integer's float": {value.Int(1), value.Float(2), value.Null},
	} {
		got, ok := mutation.Amount(k.after, k.before)
		if ok == k.want.IsNull() || ok && !got.Equal(k.want) {
			t.Errorf("%s: Amount = %v, %v; want %v", name, got, ok, k.want)
		}
	}
}
