package mutation_test

import (
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/fault"
	"rockpool.dev/mutation"
	"rockpool.dev/schema"
	"rockpool.dev/value"
	"rockpool.dev/version"
)

// A relay gets transactions from anybody: each that no client of ours makes is
// refused with its kind, and Decide never trusts it either.
func TestCheckRefusesWhatDoesNotFit(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	for _, c := range []struct {
		name  string
		op    mutation.Op
		spoil func(op *mutation.Op)
		want  fault.Kind
	}{
		{"sound update", rename, func(*mutation.Op) {}, fault.Unknown},
		{"sound insert", create, func(*mutation.Op) {}, fault.Unknown},
		{"sound delete", remove, func(*mutation.Op) {}, fault.Unknown},
		{"unknown table", rename, func(op *mutation.Op) { op.Table = 9 }, fault.UnknownTable},
		{"unknown kind", rename, func(op *mutation.Op) { op.Kind = 9 }, fault.SchemaMismatch},
		{"column beyond the table", rename, func(op *mutation.Op) { op.Cols = []uint32{99} }, fault.SchemaMismatch},
		{"a column twice", create, func(op *mutation.Op) { op.Cols = []uint32{0, 1, 1} }, fault.SchemaMismatch},
		{"fewer values than columns", rename, func(op *mutation.Op) { op.New = nil }, fault.SchemaMismatch},
		{"no old values", rename, func(op *mutation.Op) { op.Old = nil }, fault.SchemaMismatch},
		{"an amount beyond the columns", rename, func(op *mutation.Op) { op.Deltas = []uint32{7} }, fault.SchemaMismatch},
		{"a short key", rename, func(op *mutation.Op) { op.Key = nil }, fault.SchemaMismatch},
		{"an update of the key", rename, func(op *mutation.Op) { op.Cols = []uint32{0} }, fault.SchemaMismatch},
		{"an insert under another key", create, func(op *mutation.Op) { op.Key = value.Row{value.Int(2)} }, fault.SchemaMismatch},
		{"a delete with columns", remove, func(op *mutation.Op) { op.Cols, op.New = []uint32{1}, value.Row{value.Null} }, fault.SchemaMismatch},
		{"a value of another type", update(2, value.Int(1), value.Text("many")), func(*mutation.Op) {}, fault.TypeMismatch},
		{"a value not in its stored form", update(2, value.Int(1), value.Text("007")), func(*mutation.Op) {}, fault.TypeMismatch},
	} {
		op := c.op
		c.spoil(&op)
		tx := mutation.Tx{Mid: 1, Ops: []mutation.Op{op}}
		tx.Seal()
		if err := tx.Check(one(table)); fault.KindOf(err) != c.want {
			t.Errorf("%s: Check = %v, want kind %v", c.name, err, c.want)
		}
		if c.want == fault.SchemaMismatch {
			for _, cur := range []value.Row{nil, rowOf(1, "theirs", 5)} {
				if d := mutation.Decide(table, op, cur, mutation.Meeting{Conflict: true}); d.Status != mutation.Rejected || d.Write != nil || d.Delete {
					t.Errorf("%s: Decide = %+v, want a rejection that writes nothing", c.name, d)
				}
			}
		}
	}
}

func TestCheckRefusesAnotherDigest(t *testing.T) {
	t.Parallel()
	tx := mutation.Tx{Mid: 1, Ops: []mutation.Op{rename}}
	tx.Seal()
	tx.Ops = []mutation.Op{remove}
	if err := tx.Check(one(item(merge, inherit))); fault.KindOf(err) != fault.Protocol {
		t.Errorf("Check of a digest that is another's = %v, want kind %v", err, fault.Protocol)
	}
}

// drawOp is any operation on row 1.
func drawOp(r *rapid.T) mutation.Op {
	name := func(label string) value.Value {
		return value.Text(rapid.SampledFrom([]string{"a", "b", "c"}).Draw(r, label))
	}
	switch rapid.IntRange(0, 3).Draw(r, "kind") {
	case 0:
		return mutation.Op{Table: 1, Kind: mutation.Insert, Key: value.Row{value.Int(1)}, Cols: []uint32{0, 1}, New: value.Row{value.Int(1), name("new")}}
	case 1:
		return remove
	case 2:
		return update(2, value.Int(0), value.Int(rapid.Int64Range(-3, 3).Draw(r, "amount")), 0)
	default:
		return update(1, name("old"), name("new"))
	}
}

// SYNC.md §3 rules 2 and 3, I7: whatever is pending, only an insert makes a
// row, folding in parts is folding at once, and neither argument changes.
func TestFoldLaws(t *testing.T) {
	t.Parallel()
	table := item(merge, inherit)
	rapid.Check(t, func(r *rapid.T) {
		ops := rapid.SliceOfN(rapid.Custom(drawOp), 0, 8).Draw(r, "ops")
		var base value.Row
		if rapid.Bool().Draw(r, "exists") {
			base = rowOf(1, "base", 5)
		}
		kept := append(value.Row(nil), base...)
		whole := mutation.Fold(table, base, ops)
		if !base.Equal(kept) {
			r.Fatalf("Fold changed its base to %v", base)
		}
		cut := rapid.IntRange(0, len(ops)).Draw(r, "cut")
		parts := mutation.Fold(table, mutation.Fold(table, base, ops[:cut]), ops[cut:])
		if (whole == nil) != (parts == nil) || !whole.Equal(parts) {
			r.Fatalf("folded at once %v, in two parts %v", whole, parts)
		}
		alive := base != nil
		for _, op := range ops {
			alive = op.Kind == mutation.Insert || alive && op.Kind != mutation.Delete
		}
		if alive != (whole != nil) {
			r.Fatalf("the row is %v, want alive %t", whole, alive)
		}
	})
}

// Amounts commute with each other, and with an edit of another column: the
// order in which two clients' updates arrive does not show.
func TestMergeCommutes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		column      schema.Strategy // of name
		left, right mutation.Op
	}{
		{"two amounts", inherit, update(2, value.Int(5), value.Int(-2), 0), update(2, value.Int(5), value.Int(7), 0)},
		{"an amount and a name", inherit, update(2, value.Int(5), value.Int(-2), 0), rename},
		{"two columns", inherit, rename, update(3, value.Null, value.Text("{x}"))},
		{"one column, the later clock", inherit, rename, update(1, value.Text("base"), value.Text("other"))},
		{"one column, max", schema.StrategyMax, rename, update(1, value.Text("base"), value.Text("other"))},
		{"one column, min", schema.StrategyMin, rename, update(1, value.Text("base"), value.Text("other"))},
	} {
		table := item(merge, c.column)
		run := func(first, second mutation.Op, a, b uint64) value.Row {
			meet := func(cur value.Row, op mutation.Op, conflict bool, mine, theirs uint64) value.Row {
				m := mutation.Meeting{Conflict: conflict, MineClient: string(rune('a' + mine)), TheirsClient: string(rune('a' + theirs))}
				m.MineHLC, m.TheirsHLC = 10, 10 // the client's name breaks the tie
				if d := mutation.Decide(table, op, cur, m); d.Write != nil {
					return d.Write
				}
				return cur
			}
			cur := meet(rowOf(1, "base", 5), first, false, a, b)
			return meet(cur, second, true, b, a)
		}
		if x, y := run(c.left, c.right, 0, 1), run(c.right, c.left, 1, 0); !x.Equal(y) {
			t.Errorf("%s: %v in one order, %v in the other", c.name, x, y)
		}
	}
}

// What a writer had seen is the source up to its cursor, in the cursor's epoch
// alone, and its own transactions before.
func TestSaw(t *testing.T) {
	t.Parallel()
	m := mutation.Tx{Mid: 4, Seen: version.Pos{Epoch: 2, Seq: 9}}
	for _, c := range []struct {
		epoch uint32
		dot   version.Dot
		want  bool
	}{
		{2, version.Dot{Actor: version.ActorSource, Counter: 9}, true},
		{2, version.Dot{Actor: version.ActorSource, Counter: 10}, false},
		{3, version.Dot{Actor: version.ActorSource, Counter: 1}, false},
		{2, version.Dot{Actor: "me", Counter: 3}, true},
		{2, version.Dot{Actor: "me", Counter: 4}, false},
		{2, version.Dot{Actor: "you", Counter: 1}, false},
	} {
		if got := m.Saw("me", c.epoch).Has(c.dot); got != c.want {
			t.Errorf("in epoch %d it had seen %+v: %v, want %v", c.epoch, c.dot, got, c.want)
		}
	}
}
