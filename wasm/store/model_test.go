package store_test

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"rockpool.dev/mutation"
	"rockpool.dev/value"
	"rockpool.dev/wire"
)

// modelRow is one item as the model keeps it.
type modelRow struct{ name, qty int }

// modelOp is one pending operation of the model.
type modelOp struct {
	mid  uint64
	kind mutation.Kind
	id   int
	// name is set by an insert and, when setName, by an update; qty is an
	// insert's value or an update's amount.
	name, qty int
	setName   bool
}

// model is a map and a list: the server's rows, and what is pending here.
type model struct {
	base map[int]modelRow
	ops  []modelOp
	mid  uint64
	// failed are mids out of view that still wait for their outcome.
	failed map[uint64]bool
	deps   map[uint64][]uint64
}

// visible is the fold, written as plainly as can be.
func (m *model) visible() map[int]modelRow {
	out := map[int]modelRow{}
	for id, r := range m.base {
		out[id] = r
	}
	for _, op := range m.ops {
		if m.failed[op.mid] {
			continue
		}
		r, here := out[op.id]
		switch op.kind {
		case mutation.Insert:
			out[op.id] = modelRow{op.name, op.qty}
		case mutation.Delete:
			delete(out, op.id)
		case mutation.Update:
			if !here {
				continue
			}
			if op.setName {
				r.name = op.name
			}
			r.qty += op.qty
			out[op.id] = r
		}
	}
	return out
}

func (m *model) waiting() []uint64 {
	var mids []uint64
	for _, op := range m.ops {
		if len(mids) == 0 || mids[len(mids)-1] != op.mid {
			mids = append(mids, op.mid)
		}
	}
	return mids
}

func (m *model) drop(mid uint64) {
	m.ops = slices.DeleteFunc(m.ops, func(op modelOp) bool { return op.mid == mid })
	delete(m.failed, mid)
}

// fail takes mid out, and out of view what depends on it.
func (m *model) fail(mid uint64) {
	out := map[uint64]bool{mid: true}
	for _, w := range m.waiting() {
		if slices.ContainsFunc(m.deps[w], func(d uint64) bool { return out[d] }) && !m.failed[w] {
			out[w] = true
			m.failed[w] = true
		}
	}
	m.drop(mid)
}

// TestModel drives the store and a map with the same random steps: visible
// rows are the fold of the server's rows and the pending operations, over
// restarts, adoptions, and every outcome.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		c := newClient(t)
		c.t = r
		defer c.conn.Close()
		c.follow(itemsID)
		m := &model{base: map[int]modelRow{}, failed: map[uint64]bool{}, deps: map[uint64][]uint64{}}
		ids := rapid.IntRange(1, 5)
		small := rapid.IntRange(0, 9)
		seq := 0
		put := func(f *frame, id int, row modelRow) {
			f.put(itemsID, id, fmt.Sprint("n", row.name), row.qty, nil, nil)
		}
		r.Repeat(map[string]func(*rapid.T){
			"write": func(r *rapid.T) {
				mid := m.mid + 1
				var sql []string
				for range rapid.IntRange(1, 3).Draw(r, "statements") {
					id := ids.Draw(r, "id")
					seq++
					_, here := m.visible()[id]
					// One operation a row in a transaction keeps the model plain.
					if slices.ContainsFunc(m.ops, func(op modelOp) bool { return op.mid == mid && op.id == id }) {
						continue
					}
					op := modelOp{mid: mid, id: id, name: seq}
					switch {
					case !here:
						op.kind, op.qty = mutation.Insert, 1000+small.Draw(r, "qty")
						sql = append(sql, fmt.Sprintf("INSERT INTO items(id, name, qty) VALUES (%d, 'n%d', %d)", id, op.name, op.qty))
					case rapid.Bool().Draw(r, "delete"):
						op.kind = mutation.Delete
						sql = append(sql, fmt.Sprintf("DELETE FROM items WHERE id = %d", id))
					case rapid.Bool().Draw(r, "increment"):
						op.kind, op.qty = mutation.Update, 1+small.Draw(r, "amount")
						sql = append(sql, fmt.Sprintf("UPDATE items SET qty = qty + %d WHERE id = %d", op.qty, id))
					default:
						op.kind, op.setName = mutation.Update, true
						sql = append(sql, fmt.Sprintf("UPDATE items SET name = 'n%d' WHERE id = %d", op.name, id))
					}
					m.ops = append(m.ops, op)
				}
				if len(sql) == 0 {
					return
				}
				if got := c.write(sql...); got != mid {
					r.Fatalf("mid = %d, want %d", got, mid)
				}
				m.mid = mid
				for _, tx := range c.decoded() {
					if tx.Mid == mid {
						m.deps[mid] = tx.Depends
					}
				}
			},
			"server": func(r *rapid.T) {
				f := c.frame()
				for range rapid.IntRange(1, 3).Draw(r, "changes") {
					id := ids.Draw(r, "id")
					if rapid.Bool().Draw(r, "gone") {
						delete(m.base, id)
						f.out(itemsID, id)
						continue
					}
					seq++
					m.base[id] = modelRow{seq, 2000 + small.Draw(r, "qty")}
					put(f, id, m.base[id])
				}
				f.apply()
			},
			"outcome": func(r *rapid.T) {
				waiting := m.waiting()
				if len(waiting) == 0 {
					r.Skip("nothing waits")
				}
				mid := waiting[0] // the source settles in order
				status := mutation.Status(rapid.IntRange(1, 6).Draw(r, "status"))
				f := c.frame().ack(mid, status)
				if status == mutation.Applied || status == mutation.Merged {
					// The frame that carries the ack carries the effect.
					for _, op := range m.ops {
						if op.mid != mid {
							continue
						}
						one := &model{base: m.base, ops: []modelOp{op}, failed: map[uint64]bool{}}
						after, here := one.visible()[op.id]
						if here {
							m.base[op.id] = after
							put(f, op.id, after)
						} else {
							delete(m.base, op.id)
							f.out(itemsID, op.id)
						}
					}
				}
				if status == mutation.Parked || status == mutation.Rejected || status == mutation.Blocked {
					m.fail(mid)
				} else {
					m.drop(mid)
				}
				a := f.apply()
				if len(a.Outcomes) != 1 {
					r.Fatalf("outcomes = %+v, want one", a.Outcomes)
				}
			},
			"restart": func(r *rapid.T) {
				c.reopen()
				if err := c.db.Ready(&wire.Ready{ID: c.shapes[itemsID], Bucket: c.buckets[itemsID], Table: itemsID}); err != nil {
					r.Fatal(err)
				}
			},
			"snapshot": func(r *rapid.T) {
				var rows []value.Row
				for id, x := range m.base {
					rows = append(rows, row(id, fmt.Sprint("n", x.name), x.qty, nil, nil))
				}
				c.snapshot(itemsID, rows...)
				if _, err := c.db.Adopt(c.shapes[itemsID]); err != nil {
					r.Fatal(err)
				}
			},
			"": func(r *rapid.T) {
				var want []string
				for id := 1; id <= 5; id++ {
					if x, here := m.visible()[id]; here {
						want = append(want, fmt.Sprintf("%d|n%d|%d", id, x.name, x.qty))
					}
				}
				if got := c.rows("SELECT id, name, qty FROM items ORDER BY id"); fmt.Sprint(got) != fmt.Sprint(want) {
					r.Fatalf("visible = %v\n   want = %v\npending %+v failed %v base %+v", got, want, m.ops, m.failed, m.base)
				}
				if got := int(c.db.Pending()); got != len(m.waiting()) {
					r.Fatalf("pending = %d, want %d", got, len(m.waiting()))
				}
				if len(m.ops) == 0 {
					if got := c.rows("SELECT count(*) FROM _rockpool_base"); got[0] != "0" {
						r.Fatalf("%s base images without a pending operation", got[0])
					}
				}
			},
		})
	})
}
